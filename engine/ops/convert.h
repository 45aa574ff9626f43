// Conversion of whole tensors on all threads.

#ifndef VISE_OPS_CONVERT_H
#define VISE_OPS_CONVERT_H

#include "engine/context.h"
#include "engine/tensor.h"

// What vise_tensor_convert() does, bit for bit.
vise_status vise_convert(const vise_context *ctx, vise_tensor *out, const vise_tensor *t,
                         vise_dtype dtype, vise_error *err);

#endif
