// The inverse of a Cholesky factor, in blocks, at the speed of matrix products.

#ifndef VISE_LINALG_BLOCKED_FACTOR_H
#define VISE_LINALG_BLOCKED_FACTOR_H

#include "engine/context.h"

// Replaces the lower triangle of a symmetric a[n, n] by that of l^-1, a = l l', f32, in place.
// *failed is 0, or the row, counted from 1, at which `a` is not positive definite.  Blocks are
// cut by shape; the cancel flag is looked at between products.  E-MM-01, E-NU-04, E-RN-01.
vise_status vise_blocked_factor(const vise_context *ctx, float *a, int64_t n, int64_t *failed,
                                vise_error *err);

#endif
