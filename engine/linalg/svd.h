// Singular value decomposition: a = u diag(s) vt, cut to the `rank` largest values.
//
// Full: LAPACK's divide and conquer, f32 or f64 as the input is.
//
// Randomized, f32 only: with q = min(min(m, n), rank + oversample) and Omega[n, q] normal from
// `seed` (a transposed first when m < n):
//
//   Q = orth(a Omega);  iterations times:  Q = orth(a' Q), Q = orth(a Q)
//   u1 s vt = svd(Q' a);  u = Q u1
//
// Bases are made by CholeskyQR (engine/linalg/orthonormal.h), those between the iterations only
// well enough to keep apart what they span.
//
// The same input and options give the same bits, whatever the number of threads.  A call of
// LAPACK runs to its end: Ctrl-C is answered after it.

#ifndef VISE_LINALG_SVD_H
#define VISE_LINALG_SVD_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef struct vise_svd_options {
    bool randomized;
    int64_t rank;       // 0 (empty factors) to min(m, n)
    int64_t seed;       // of Omega, 0 to 2^32 - 1
    int64_t oversample; // >= 0
    int64_t iterations; // >= 0
} vise_svd_options;

// u[m, rank], s[rank] (descending), vt[rank, n], of the dtype of `a`.  E-NU-01 if `a` holds a
// NaN or an infinity, E-NU-02 if the iteration fails (both VISE_ENUMERIC), E-NU-03 if the rank
// is out of range, E-NU-04 if `a` is too large for LAPACK's 32-bit sizes.
vise_status vise_svd(const vise_context *ctx, vise_tensor *u, vise_tensor *s, vise_tensor *vt,
                     const vise_tensor *a, const vise_svd_options *opt, vise_error *err);

#endif
