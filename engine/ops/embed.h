// Rows picked from a table.

#ifndef VISE_OPS_EMBED_H
#define VISE_OPS_EMBED_H

#include "engine/context.h"
#include "engine/tensor.h"

// out[..., D] = table[ids[...]], in f32.  The table [V, D] is of any float dtype, perhaps
// mapped or strided; ids are i64 or i32 and count from 0.  E-TN-11 names an id outside it.
vise_status vise_embedding(const vise_context *ctx, vise_tensor *out, const vise_tensor *table,
                           const vise_tensor *ids, vise_error *err);

#endif
