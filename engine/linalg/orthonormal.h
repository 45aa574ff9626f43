// Orthonormal bases of a few long rows.

#ifndef VISE_LINALG_ORTHONORMAL_H
#define VISE_LINALG_ORTHONORMAL_H

#include "engine/context.h"

// How well: a base that only has to keep apart what the rows span, or one that is orthonormal
// to a few roundings.
typedef enum vise_base { VISE_BASE_ROUGH, VISE_BASE_GOOD } vise_base;

// Makes the rows of y[q, m], q <= m, a base of what they span: CholeskyQR, twice for a good one
// (Yamamoto et al. 2015), of the speed of matrix products.  Rows so dependent that this would
// lose digits are left as they are: `*done` says.  Sums are cut by shape: the same bits for any
// number of threads.  E-MM-01, E-RN-01.
vise_status vise_cholesky_rows(const vise_context *ctx, vise_base base, int64_t q, int64_t m,
                               float *y, bool *done, vise_error *err);

// The same for any rows (the base spans more when they are dependent): those are left to
// LAPACK's Householder reflections.  E-NU-04 if sizes pass 32 bits.
vise_status vise_orthonormal_rows(const vise_context *ctx, vise_base base, int64_t q, int64_t m,
                                  float *y, vise_error *err);

#endif
