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

#endif
