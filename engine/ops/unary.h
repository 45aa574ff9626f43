// Functions of single elements of f32 tensors.  The output may be the input itself.

#ifndef VISE_OPS_UNARY_H
#define VISE_OPS_UNARY_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef enum vise_unary_op {
    VISE_ABS,
    VISE_SIGN,  // -1, 0 or 1; NaN stays NaN
    VISE_ROUND, // to the nearest integer, ties to even
    VISE_POWER, // to the power of a number, computed in double
} vise_unary_op;

// out = op(a).  `exponent` is that of VISE_POWER.
vise_status vise_unary(const vise_context *ctx, vise_tensor *out, vise_unary_op op,
                       const vise_tensor *a, double exponent, vise_error *err);

#endif
