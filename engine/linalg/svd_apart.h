// A decomposition by LAPACK that Ctrl-C does not have to wait for.

#ifndef VISE_LINALG_SVD_APART_H
#define VISE_LINALG_SVD_APART_H

#include <stdbool.h>

#include "engine/context.h"
#include "engine/tensor.h"

// a[m, n] = u[m, k] diag(s[k]) vt[k, n] with k = min(m, n) >= 1, all contiguous and of one
// dtype, f32 or f64; `a` is overwritten.
//
// LAPACK cannot be stopped half-way.  A decomposition that takes long therefore runs in a
// thread of its own; when the cancel flag is set, the call fails with E-RN-01 at once and that
// thread goes on until LAPACK returns, then frees what it holds: none of the four tensors may
// be used again, only released.  Else fails as vise_lapack_svd().
vise_status vise_svd_apart(const vise_context *ctx, const vise_tensor *a, const vise_tensor *u,
                           const vise_tensor *s, const vise_tensor *vt, vise_error *err);

// Does a decomposition go on that nobody waits for?  OpenBLAS unmaps its buffers when exit()
// closes the libraries, under the feet of that thread: a program then ends with _exit().
bool vise_svd_unattended(void);

#endif
