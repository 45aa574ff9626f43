#include "engine/ops/convert.h"

enum { TILE = 65536 }; // elements a tile

typedef struct conversion {
    const vise_kernels *kernels;
    const vise_tensor *from;
    vise_tensor *to;
    int64_t run; // elements that lie one after another
} conversion;

static void convert_run(const conversion *c, int64_t at, int64_t n) {
    const vise_kernels *k = c->kernels;
    const vise_dtype from = c->from->dtype, to = c->to->dtype;
    const void *x = vise_tensor_at(c->from, at);
    void *y = vise_tensor_at(c->to, at);
    if (from == VISE_F16 && to == VISE_F32) {
        k->f16_to_f32(y, x, n);
    } else if (from == VISE_BF16 && to == VISE_F32) {
        k->bf16_to_f32(y, x, n);
    } else if (from == VISE_F32 && to == VISE_F16) {
        k->f32_to_f16(y, x, n);
    } else if (from == VISE_F32 && to == VISE_BF16) {
        k->f32_to_bf16(y, x, n);
    } else {
        vise_elements_convert(y, to, x, from, n);
    }
}

static void convert_tile(void *job, int64_t tile) {
    const conversion *c = job;
    int64_t end = vise_tensor_count(c->from), n;
    if (end - tile * TILE > TILE) end = (tile + 1) * TILE;
    for (int64_t at = tile * TILE; at < end; at += n) {
        n = c->run - at % c->run;
        if (n > end - at) n = end - at;
        convert_run(c, at, n);
    }
}

vise_status vise_convert(const vise_context *ctx, vise_tensor *out, const vise_tensor *t,
                         vise_dtype dtype, vise_error *err) {
    bool done;
    vise_status st = vise_tensor_copy_output(out, t, dtype, &done, err);
    if (st || done) return st;
    int64_t count = vise_tensor_count(t);
    conversion c = {.kernels = &ctx->kernels, .from = t, .to = out, .run = count};
    if (!vise_tensor_contiguous(t)) c.run = t->shape[1];
    return vise_parallel(ctx, (count - 1) / TILE + 1, convert_tile, &c, err);
}
