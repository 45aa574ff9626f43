// Scaled dot-product attention over f32 tensors, with grouped key-value heads.

#ifndef VISE_OPS_ATTENTION_H
#define VISE_OPS_ATTENTION_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef struct vise_attention_options {
    int64_t heads, kv_heads; // kv_heads divides heads
    bool causal;             // query i sees keys 0 .. position + i only
    int64_t position;        // of the first query among the keys
} vise_attention_options;

// out[B, Tq, H dh] from q of that shape and k, v of [B, Tk, Hkv dh]; the scale is
// 1 / sqrt(dh).  Keys past those that a causal query sees may hold anything finite.  Scores
// live in blocks, never as a whole: see engine/attention_tile.h.
vise_status vise_attention(const vise_context *ctx, vise_tensor *out, const vise_tensor *q,
                           const vise_tensor *k, const vise_tensor *v,
                           const vise_attention_options *opt, vise_error *err);

#endif
