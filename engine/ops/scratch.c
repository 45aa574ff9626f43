#include "engine/ops/scratch.h"

#include "engine/workspace.h"

vise_status vise_scratch_new(vise_scratch *s, const vise_context *ctx, int64_t tiles,
                             int64_t bytes, vise_error *err) {
    int threads = vise_pool_threads(ctx->pool);
    int slots = tiles < threads ? (int)tiles : threads;
    bytes = (bytes + 64) & ~(int64_t)63; // slots start on cache lines and are not empty
    int64_t all;
    char *base = NULL;
    if (!__builtin_mul_overflow(bytes, (int64_t)slots, &all)) base = vise_work_take(ctx, all);
    if (!base) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01",
                         "no memory for %d x %lld bytes of scratch", slots, (long long)bytes);
    }
    s->ctx = ctx;
    s->base = base;
    s->bytes = bytes;
    s->slots = slots;
    for (int i = 0; i < slots; i++) atomic_init(&s->taken[i], false);
    return VISE_OK;
}

void vise_scratch_release(vise_scratch *s) {
    if (s->base) vise_work_give(s->ctx, s->base);
    s->base = NULL;
}

void *vise_scratch_take(vise_scratch *s) {
    for (int i = 0;; i = (i + 1) % s->slots) {
        if (!atomic_exchange(&s->taken[i], true)) return s->base + i * s->bytes;
    }
}

void vise_scratch_give(vise_scratch *s, const void *slot) {
    int64_t i = ((const char *)slot - s->base) / s->bytes;
    atomic_store(&s->taken[i], false);
}
