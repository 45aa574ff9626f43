#include "engine/workspace.h"

#include <assert.h>
#include <string.h>

#include "engine/mem.h"

enum { ALIGN = 64 };

vise_status vise_workspace_begin(vise_workspace *w, vise_error *err) {
    assert(w->pieces == 0);
    if (w->size >= w->wanted) return VISE_OK;
    char *base = vise_alloc((size_t)w->wanted);
    if (!base) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld bytes of workspace",
                         (long long)w->wanted);
    }
    vise_free(w->base);
    w->base = base;
    w->size = w->wanted;
    return VISE_OK;
}

void vise_workspace_release(vise_workspace *w) {
    vise_free(w->base);
    memset(w, 0, sizeof *w);
}

void *vise_work_take(const vise_context *ctx, int64_t bytes) {
    vise_workspace *w = ctx->workspace;
    int64_t room, end;
    if (__builtin_add_overflow(bytes, ALIGN, &room)) return NULL; // an empty piece is one too
    room &= ~(int64_t)(ALIGN - 1);
    if (!w || __builtin_add_overflow(w->top, room, &end)) return vise_alloc((size_t)bytes);
    void *piece = w->base && end <= w->size ? w->base + w->top : vise_alloc((size_t)bytes);
    if (!piece) return NULL;
    w->top = end;
    w->pieces++;
    if (end > w->wanted) w->wanted = end;
    return piece;
}

void vise_work_give(const vise_context *ctx, void *piece) {
    vise_workspace *w = ctx->workspace;
    if (!piece) return;
    if (!w) {
        vise_free(piece);
        return;
    }
    const char *p = piece;
    if (!w->base || p < w->base || p >= w->base + w->size) vise_free(piece);
    if (--w->pieces == 0) w->top = 0;
}
