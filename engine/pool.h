// The thread pool.  Work is cut into tiles by its shape alone, never by the number of
// threads, so results do not depend on how many run.

#ifndef VISE_POOL_H
#define VISE_POOL_H

#include <stdatomic.h>
#include <stdint.h>

#include "engine/error.h"

typedef struct vise_pool vise_pool;

// Computes tile number `tile`.  Tiles run in any order and at the same time.
typedef void (*vise_tile_fn)(void *job, int64_t tile);

// Starts a pool that computes with `threads` threads, the caller's included (1 to 256).
vise_status vise_pool_new(vise_pool **out, int threads, vise_error *err);
void vise_pool_release(vise_pool *pool);
int vise_pool_threads(const vise_pool *pool);

// Runs `fn(job, 0) ... fn(job, tiles - 1)` and returns when all are done.  When `*cancel`
// becomes non-zero the tiles that have not started are dropped: VISE_ECANCEL, and what the
// job writes is half made.  Calls from inside a tile are not allowed.
vise_status vise_pool_run(vise_pool *pool, const atomic_int *cancel, int64_t tiles,
                          vise_tile_fn fn, void *job, vise_error *err);

#endif
