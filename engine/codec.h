// Values in runs to codes and back: the arithmetic of schemes, beside that of the steps
// (engine/steps.h).
//
// Codes here are *centred*, one to an int8_t: the code itself when codes are signed, the
// code - 2^(bits-1) when they are unsigned or f4e2m1; an f8e4m3 is its own bits.  A nibble is
// always the centred code + 8, and so is one that holds a code of 2 or 3 bits.

#ifndef VISE_CODEC_H
#define VISE_CODEC_H

#include "engine/steps.h"

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

enum { VISE_PIECE = 4096 }; // columns read, coded or decoded at once

// `count` (<= VISE_PIECE) columns of a row from `first` on, as f32: in place, or converted
// into `buffer`.
const float *vise_matrix_read(const vise_matrix *m, int64_t row, int64_t first, int64_t count,
                              float buffer[VISE_PIECE]);

// A rectangle of a matrix: what shares a step.
typedef struct vise_run {
    int64_t row, rows, first, count; // from column `first` on, `count` columns
} vise_run;

vise_range vise_range_of(const vise_scheme *s, const vise_matrix *m, const vise_run *run);

// The ranges of `n` values in runs of `width` columns, the last perhaps shorter; at most
// VISE_RUNS of them, filled up as vise_steps_make() takes them.
void vise_ranges_of(const vise_kernels *k, const vise_scheme *s, float lo[VISE_RUNS],
                    float hi[VISE_RUNS], const float *x, int64_t n, int64_t width);

// How a scheme makes codes: of what kind, and by what formula.  Scales and values are not set.
vise_group_codes vise_coding_of(const vise_scheme *s);
// Are values divided by the stored upper level before that?
bool vise_coding_in_units(const vise_scheme *s);

// The codes of `n` (<= VISE_PIECE) values in runs of `width`, or with one step.  `ahead`, if
// not NULL, is what will be read next.
void vise_steps_encode(const vise_kernels *k, const vise_scheme *s, const vise_steps *steps,
                       int8_t *q, const float *x, int64_t n, int64_t width, const char *ahead);
void vise_step_encode(const vise_kernels *k, const vise_scheme *s, vise_step step, int8_t *q,
                      const float *x, int64_t n);
void vise_step_decode(const vise_kernels *k, const vise_scheme *s, vise_step step, float *x,
                      const int8_t *q, int64_t n);

#endif
