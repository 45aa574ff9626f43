// Arithmetic on f32 tensors, element by element.  The output may be the first input itself.

#ifndef VISE_OPS_ELEMENTWISE_H
#define VISE_OPS_ELEMENTWISE_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef enum vise_binary_op { VISE_ADD, VISE_SUB, VISE_MUL, VISE_DIV } vise_binary_op;

// out = a op b.  `b` has the shape of `a` or of its last dimensions: then it is used again
// for each of the others.
vise_status vise_binary(const vise_context *ctx, vise_tensor *out, vise_binary_op op,
                        const vise_tensor *a, const vise_tensor *b, vise_error *err);
vise_status vise_binary_scalar(const vise_context *ctx, vise_tensor *out, vise_binary_op op,
                               const vise_tensor *a, float b, vise_error *err);

// out = a + alpha * x, two roundings; `x` as `b` above.
vise_status vise_axpy(const vise_context *ctx, vise_tensor *out, const vise_tensor *a,
                      float alpha, const vise_tensor *x, vise_error *err);

// out = a kept within [lo, hi]; NaN stays NaN.
vise_status vise_clamp(const vise_context *ctx, vise_tensor *out, const vise_tensor *a,
                       float lo, float hi, vise_error *err);

#endif
