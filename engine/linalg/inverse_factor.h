// The factor that GPTQ needs: upper U with U' U = (H + damping * mean(diag H) * I)^-1.
//
// Cholesky of the matrix with its columns and rows turned over, J H J = L L', gives the inverse
// without making it: U = J L^-1 J.  That is 2/3 n^3 operations where factor, inverse and factor
// of the inverse take 4/3 n^3.

#ifndef VISE_LINALG_INVERSE_FACTOR_H
#define VISE_LINALG_INVERSE_FACTOR_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef struct vise_factor_options {
    double damping;
    const vise_tensor *order; // of the columns, engine/linalg/order.h; NULL: as they stand
    bool f64;                 // computes in double
} vise_factor_options;

// out, f32 [n, n], which is made if it is closed and holds anything after a failure, of a
// symmetric h[n, n], f32 or f64, of which the upper triangle (in the order that is asked for)
// is read.  A column whose diagonal element is 0 is dead: its inputs are always 0.  It counts
// neither in the mean nor in the factor, whose row and column are 0 there.
//
// f32: in blocks of 256, on all threads.  f64: LAPACK.  The same bits for any number of
// threads. E-NU-10 (VISE_ENUMERIC) names the column at which the matrix is not positive
// definite.  E-NU-01, E-NU-04, E-NU-12, E-TN-08, E-MM-01, E-RN-01.
vise_status vise_inverse_factor(const vise_context *ctx, vise_tensor *out, const vise_tensor *h,
                                const vise_factor_options *opt, vise_error *err);

#endif
