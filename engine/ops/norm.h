// Normalisation of rows, and the modulation that diffusion transformers follow it with.
// Rows are the last dimension of f32 tensors.  Mean and variance are computed in double.
// The output may be `x` itself.

#ifndef VISE_OPS_NORM_H
#define VISE_OPS_NORM_H

#include "engine/context.h"
#include "engine/tensor.h"

// (x - mean) / sqrt(variance + eps) * weight + bias; both vectors of any float dtype or NULL.
vise_status vise_layer_norm(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                            double eps, const vise_tensor *weight, const vise_tensor *bias,
                            vise_error *err);

// x / sqrt(mean of x^2 + eps) * weight
vise_status vise_rms_norm(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                          const vise_tensor *weight, double eps, vise_error *err);

// x (1 + scale) + shift: x is [B, T, D], the others [B, D] and perhaps strided, one row for
// each batch.  A row of `out` may not lie over `shift` or `scale`.
vise_status vise_modulate(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                          const vise_tensor *shift, const vise_tensor *scale, vise_error *err);

// x + gate y: x and y are [B, T, D], gate as above.  `out` may also be `y`.
vise_status vise_gated_add(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                           const vise_tensor *y, const vise_tensor *gate, vise_error *err);

#endif
