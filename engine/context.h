// The context: what every computing function takes first.

#ifndef VISE_CONTEXT_H
#define VISE_CONTEXT_H

#include <stdatomic.h>

#include "engine/kernels.h"
#include "engine/pool.h"

typedef struct vise_workspace vise_workspace; // engine/workspace.h

typedef struct vise_context {
    vise_kernels kernels;
    vise_pool *pool;
    const atomic_int *cancel;  // set by whoever wants the work to stop; may be NULL
    vise_workspace *workspace; // where operators take scratch from; may be NULL
} vise_context;

// Cuts a job into `tiles` tiles and computes them all.  See engine/pool.h.
static inline vise_status vise_parallel(const vise_context *ctx, int64_t tiles, vise_tile_fn fn,
                                        void *job, vise_error *err) {
    return vise_pool_run(ctx->pool, ctx->cancel, tiles, fn, job, err);
}

#endif
