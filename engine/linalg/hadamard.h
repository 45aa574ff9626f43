// Hadamard transforms by stages.
//
// H_n for n = 2^k m is H_m (x) H_{2^k}: element a 2^k + b of a block is entry b of part a.
// H_{2^k} is Sylvester's matrix in natural order, made by k stages of sums and differences; H_m
// is one of engine/linalg/hadamard_base.h, multiplied with.  Divided by sqrt(n) it is
// orthogonal.

#ifndef VISE_LINALG_HADAMARD_H
#define VISE_LINALG_HADAMARD_H

#include "engine/context.h"
#include "engine/tensor.h"

// The largest block that there is a transform for and that divides `inputs` (>= 1).
int64_t vise_hadamard_size(int64_t inputs);

// Each block of n elements along the last dimension of `x`, f32, becomes H_n times it, or H_n'
// times it, over sqrt(n).  `out` may be `x`, and is made if it is closed.  E-NU-11
// (VISE_EINVAL) if there is no transform of n or n does not divide the dimension.  E-TN-04,
// E-MM-01, E-RN-01.
vise_status vise_hadamard(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                          int64_t n, bool transpose, vise_error *err);

#endif
