// The transpose of a matrix, of any element type.

#ifndef VISE_OPS_TRANSPOSE_H
#define VISE_OPS_TRANSPOSE_H

#include "engine/context.h"
#include "engine/tensor.h"

// out[c][r] = t[r][c]; the rows of `t` may be strided.  VISE_EINVAL: E-TN-08 if it is no
// matrix, E-TN-12 if `out` overlaps it.
vise_status vise_transpose(const vise_context *ctx, vise_tensor *out, const vise_tensor *t,
                           vise_error *err);

#endif
