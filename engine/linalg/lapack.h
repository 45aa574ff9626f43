// The LAPACK routines that we use, on row-major matrices without a copy: the routine is handed
// the transpose, which is what a row-major matrix looks like to it.

#ifndef VISE_LINALG_LAPACK_H
#define VISE_LINALG_LAPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/tensor.h"

// a[m, n] = u[m, k] diag(s[k]) vt[k, n] with k = min(m, n) >= 1; `a` is overwritten.  f32 or
// f64.  E-NU-02 if it does not converge, E-NU-04 if sizes pass 32 bits, E-MM-01.
vise_status vise_lapack_svd(vise_dtype dtype, int64_t m, int64_t n, void *a, void *u, void *s,
                            void *vt, vise_error *err);

// Makes the rows of y[q, m], q <= m, an orthonormal base of what they span (and of more, when
// they are dependent).  f32.
vise_status vise_lapack_orthonormal(int64_t q, int64_t m, float *y, vise_error *err);

// Replaces a symmetric g[q, q] by the inverse of its Cholesky factor l, g = l l', a lower
// triangle with zeros above.  f32.  False if g is not positive definite.
bool vise_lapack_inverse_factor(int64_t q, float *g);

// Replaces the lower triangle of a symmetric a[n, n], whose rows are `stride` apart, by that of
// its Cholesky factor l, a = l l'.  f32 or f64.  0, or the row, counted from 1, at which `a`
// turns out not to be positive definite; -1 if sizes pass 32 bits.
int64_t vise_lapack_cholesky(vise_dtype dtype, int64_t n, void *a, int64_t stride);

// Inverts a lower triangle in place; its diagonal has no 0.  False if sizes pass 32 bits.
bool vise_lapack_invert_lower(vise_dtype dtype, int64_t n, void *l, int64_t stride);

// Replaces a lower Cholesky factor by the lower triangle of the inverse of l l', f32.  For
// bench/ alone, where the published way to the factor of engine/linalg/inverse_factor.h is
// timed.
bool vise_lapack_inverse_of_factor(int64_t n, float *l);

// a[n, n] = v' diag(values) v for a symmetric `a`, which becomes v: a row for each of the
// values, which ascend.  f32 or f64.  E-NU-02, E-NU-04, E-MM-01.
vise_status vise_lapack_eigh(vise_dtype dtype, int64_t n, void *a, void *values,
                             vise_error *err);

#endif
