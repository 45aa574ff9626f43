// What is asked of the symmetric matrices that algorithms are given, and what is computed with
// them: eigenvalues and quadratic forms.

#ifndef VISE_LINALG_SYMMETRIC_H
#define VISE_LINALG_SYMMETRIC_H

#include "engine/context.h"
#include "engine/tensor.h"

// E-TN-08 unless `t` is a square matrix, E-NU-01 (VISE_ENUMERIC) if it holds a NaN or an
// infinity, which is named with `what`.
vise_status vise_check_square(const vise_tensor *t, const char *what, vise_error *err);

// The same of any matrix: only its values are looked at.
vise_status vise_check_finite(const vise_tensor *t, const char *what, vise_error *err);

// a = vectors diag(values) vectors' for a symmetric a[n, n], f32 or f64, of which the lower
// triangle is read.  Values ascend; column i of vectors[n, n] belongs to value i.  E-NU-01,
// E-NU-02, E-NU-04, E-MM-01, E-RN-01.
vise_status vise_eigh(const vise_context *ctx, vise_tensor *values, vise_tensor *vectors,
                      const vise_tensor *a, vise_error *err);

// tr(delta m delta') for delta[rows, n] and m[n, n], f32: products in f32 over tiles, their sum
// in double, cut by shape.  E-TN-08, E-NU-01, E-MM-01, E-RN-01.
vise_status vise_quadratic(const vise_context *ctx, double *out, const vise_tensor *delta,
                           const vise_tensor *m, vise_error *err);

#endif
