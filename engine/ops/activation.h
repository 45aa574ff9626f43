// Functions of f32 tensors that networks apply between products.  The output may be `x`.

#ifndef VISE_OPS_ACTIVATION_H
#define VISE_OPS_ACTIVATION_H

#include "engine/context.h"
#include "engine/ops/row_functions.h"
#include "engine/tensor.h"

// exp(x - max) / sum over the last dimension.
vise_status vise_softmax(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                         vise_error *err);
// x / (1 + exp(-x))
vise_status vise_silu(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      vise_error *err);
// silu(gate) * up, the bits of the two steps one after the other.  The output may be `up` too.
vise_status vise_silu_mul(const vise_context *ctx, vise_tensor *out, const vise_tensor *gate,
                          const vise_tensor *up, vise_error *err);
// x times the normal distribution up to x: by the error function, or by the tanh formula.
vise_status vise_gelu(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      vise_gelu_kind kind, vise_error *err);

#endif
