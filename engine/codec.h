// The arithmetic of schemes on one run of values: range -> step -> codes -> values.  This is
// the only place that knows the conventions; engine/scheme.h gives their formulas.
//
// Codes here are *centred*, one to an int8_t: the code itself when codes are signed, the
// code - 2^(bits-1) when they are unsigned or f4e2m1; an f8e4m3 is its own bits.  A nibble is
// always the centred code + 8.

#ifndef VISE_CODEC_H
#define VISE_CODEC_H

#include "engine/kernels.h"
#include "engine/scheme.h"

// A matrix of f32, f16 or bf16 that is read in pieces as f32; rows may be strided.
typedef struct vise_matrix {
    const vise_kernels *kernels;
    const char *data;
    vise_dtype dtype;
    int64_t rows, cols, stride;
} vise_matrix;

// E-TN-04 (VISE_EINVAL) if `t` has another dtype; `what` names it.  Every tensor is a matrix:
// the last dimension is the columns.
vise_status vise_matrix_of(vise_matrix *out, const vise_kernels *kernels, const vise_tensor *t,
                           const char *what, vise_error *err);

enum { VISE_PIECE = 1024 }; // columns read, coded or decoded at once

// `count` (<= VISE_PIECE) columns of a row from `first` on, as f32: in place, or converted
// into `buffer`.
const float *vise_matrix_read(const vise_matrix *m, int64_t row, int64_t first, int64_t count,
                              float buffer[VISE_PIECE]);

// A rectangle of a matrix: what shares a step.
typedef struct vise_run {
    int64_t row, rows, first, count; // from column `first` on, `count` columns
} vise_run;

// What a convention needs to know of a run.  Symmetric schemes: hi is the largest |x|, lo is
// 0.  NaN and infinity stay in it.
typedef struct vise_range {
    float lo, hi;
} vise_range;

vise_range vise_range_of(const vise_scheme *s, const vise_matrix *m, const vise_run *run);
vise_range vise_range_merge(vise_range a, vise_range b); // exact, in any order
bool vise_range_finite(vise_range r);

// The upper level of a scale, as computed and as stored; both 1 with one level.
typedef struct vise_upper {
    float exact, stored;
} vise_upper;

// Makes it for the finite range of a tensor or row.  False if it does not fit its dtype.
bool vise_upper_make(vise_upper *out, const vise_scheme *s, vise_range r);

typedef struct vise_step {
    float scale, zero, upper; // as stored; `zero` is 0 and `upper` 1 where there is none
    float factor;     // what the conventions that multiply multiply by; 0: all codes are 0
    float code_scale; // svdq_nvfp4: the 16-bit g that codes are made with
} vise_step;

// Makes the step of a run whose range is finite.  False if the scale or the zero point does not
// fit the scale dtype, or a code would decode to infinity.
bool vise_step_make(vise_step *out, const vise_scheme *s, vise_range r, vise_upper upper);

// The two halves of it for symmetric schemes whose codes are made with the scale as it is
// stored: the scale before it is rounded for storage, and the step that rounding a scale gives.
bool vise_step_is_stored(const vise_scheme *s);
float vise_step_exact(const vise_scheme *s, vise_range r, vise_upper upper);
vise_step vise_step_rounded(const vise_scheme *s, float exact, vise_upper upper);

// The step of a given, finite scale > 0, for symmetric schemes of one level.
vise_step vise_step_of_scale(float scale);

void vise_step_encode(const vise_kernels *k, const vise_scheme *s, vise_step step, int8_t *q,
                      const float *x, int64_t n);
void vise_step_decode(const vise_kernels *k, const vise_scheme *s, vise_step step, float *x,
                      const int8_t *q, int64_t n);

// Scales and zero points as they are stored.  `dtype` is f32, f16, bf16, f8e4m3 or u8.
float vise_step_load(vise_dtype dtype, const void *data, int64_t i);
void vise_step_store(vise_dtype dtype, void *data, int64_t i, float value);

#endif
