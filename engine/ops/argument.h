// What the operators ask of their arguments, beyond vise_tensor_expect(), and how they read
// weights of any float dtype.

#ifndef VISE_OPS_ARGUMENT_H
#define VISE_OPS_ARGUMENT_H

#include "engine/kernels.h"
#include "engine/tensor.h"

// E-TN-08 unless `t` has exactly this shape.  It may be strided.
vise_status vise_argument_shape(const vise_tensor *t, int ndim, const int64_t shape[],
                                const char *what, vise_error *err);

// E-TN-08 unless `t` has `ndim` dimensions.
vise_status vise_argument_rank(const vise_tensor *t, int ndim, const char *what,
                               vise_error *err);

// E-TN-04 unless `t` is of a float dtype.
vise_status vise_argument_float(const vise_tensor *t, const char *what, vise_error *err);

// E-TN-12 if `out` is made already and shares bytes with `in`.  An operator that works
// element by element, or row by row, says `same_ok`: then `in` itself may be the output.
vise_status vise_argument_apart(const vise_tensor *out, const vise_tensor *in, bool same_ok,
                                const char *what, vise_error *err);

// Makes `*out` a vector of `n` elements of any float dtype in f32, a copy unless it is f32
// already; leaves it closed if `v` is NULL.  The caller releases it and does not write to it.
vise_status vise_argument_vector(vise_tensor *out, const vise_tensor *v, int64_t n,
                                 const char *what, vise_error *err);

// Converts elements [col, col + n) of row `row` of a float matrix to f32.
void vise_argument_load(const vise_kernels *k, float *y, const vise_tensor *t, int64_t row,
                        int64_t col, int64_t n);

#endif
