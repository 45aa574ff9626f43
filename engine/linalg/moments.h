// Second moments: sums of x' x over rows of activations.
//
// Rows are taken in chunks of 1,024, the last may be shorter.  The products of a chunk are f32
// products as kernels.gemm makes them; chunks are added in double, in order.  The same bits for
// any number of threads.
//
// Only the lower triangle is kept, as a staircase: rows come in steps of 512, and every row of
// a step has the columns up to the end of the step.  Sums of equal width add up element by
// element.

#ifndef VISE_LINALG_MOMENTS_H
#define VISE_LINALG_MOMENTS_H

#include "engine/context.h"
#include "engine/tensor.h"

enum { VISE_MOMENTS_CHUNK = 1024, VISE_MOMENTS_STEP = 512 };

// Doubles that a sum of width n takes; -1 if that overflows.
int64_t vise_moments_count(int64_t n);

// sum += x' x for x[rows, n], f32; rows are `stride` apart.  E-MM-01, E-RN-01 (`sum` is then
// half added to), E-NU-04.  NaN and infinity go into the sum.
vise_status vise_moments_add(const vise_context *ctx, double *sum, const float *x, int64_t rows,
                             int64_t n, int64_t stride, vise_error *err);

// The whole matrix, f32 [n, n]: sum * by.  Fails as vise_parallel().
vise_status vise_moments_matrix(const vise_context *ctx, float *out, const double *sum,
                                int64_t n, double by, vise_error *err);

// out[n, n] = x' x of the last dimension of `x`, times `by`; made if it is closed.
vise_status vise_moments(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                         double by, vise_error *err);

#endif
