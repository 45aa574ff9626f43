// From the range of a run to its step: the scale, the zero point and what codes are made with.
// The conventions' formulas are those of engine/scheme.h.

#ifndef VISE_STEPS_H
#define VISE_STEPS_H

#include "engine/kernels.h"
#include "engine/scheme.h"

// What a convention needs to know of a run (vise_scheme_sides()).  Where it is just the largest
// |x|, that is hi, and lo is 0.  NaN and infinity stay in it.
typedef struct vise_range {
    float lo, hi;
} vise_range;

vise_range vise_range_merge(vise_range a, vise_range b); // exact, in any order
bool vise_range_finite(vise_range r);

// The upper level of a scale, as computed and as stored; both 1 with one level.
typedef struct vise_upper {
    float exact, stored;
} vise_upper;

// Makes it for the finite range of a tensor or row.  False if it does not fit its dtype.
bool vise_upper_make(vise_upper *out, const vise_scheme *s, vise_range r);

typedef struct vise_step {
    float scale, zero, upper; // as stored; `zero` is 0 and `upper` 1 where there is none; a
                              // `zero` of gguf_q4_1 is still to be rounded
    float by; // what codes are made with: values are multiplied or divided by it
} vise_step;

// The steps of runs that lie side by side in a row, which share the upper level.
enum { VISE_RUNS = 64, VISE_RUN_LANES = 16 };
typedef struct vise_steps {
    float scale[VISE_RUNS], zero[VISE_RUNS], by[VISE_RUNS];
    float upper;
} vise_steps;

vise_step vise_steps_at(const vise_steps *s, int64_t i);
void vise_steps_put(vise_steps *s, int64_t i, vise_step step);

// Makes the steps of `count` (<= VISE_RUNS) runs.  lo and hi hold whole multiples of
// VISE_RUN_LANES, filled up with zeros.  False if a range is not finite, if a scale or zero
// point does not fit the scale dtype, or if a code would decode to infinity.
bool vise_steps_make(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                     const float *lo, const float *hi, int64_t count, vise_upper upper);
bool vise_step_make(const vise_kernels *k, vise_step *out, const vise_scheme *s, vise_range r,
                    vise_upper upper);

// The two halves of it for symmetric schemes whose codes are made with the scale as it is
// stored: the scales before they are rounded for storage, and the steps that rounding gives.
bool vise_step_is_stored(const vise_scheme *s);
void vise_steps_exact(const vise_scheme *s, float exact[VISE_RUNS], const float hi[VISE_RUNS],
                      int64_t count, vise_upper upper);
void vise_steps_rounded(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                        const float exact[VISE_RUNS], int64_t count, vise_upper upper);

// What codes are made with when the steps are given as they are stored, in out->scale,
// out->zero and out->upper: a scale of 0 gives codes of 0.  False if a code would decode to
// infinity.
bool vise_steps_given(vise_steps *out, const vise_scheme *s, int64_t count);

// The step of a given, finite scale > 0, for symmetric schemes of one level.
vise_step vise_step_of_scale(const vise_scheme *s, float scale);

// Scales and zero points as they are stored.  `dtype` is f32, f16, bf16, f8e4m3 or u8.
float vise_step_load(vise_dtype dtype, const void *data, int64_t i);
void vise_steps_store(const vise_kernels *k, vise_dtype dtype, void *data, int64_t i,
                      const float *values, int64_t count);

// Each value as it is stored.
void vise_steps_round(const vise_kernels *k, vise_dtype dtype, float *x, int64_t count);

// Does this convention multiply values by the step's `by`, or divide them?
vise_code_form vise_step_form(const vise_scheme *s);

// x[i] = the value of an f8e4m3 that is not NaN.
void vise_f8_values(const vise_kernels *k, float *x, const void *codes, int64_t n);

#endif
