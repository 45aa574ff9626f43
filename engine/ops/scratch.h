// Scratch memory for tiles: as many slots as tiles can run at once, made before the tiles
// start, so that no tile can run out of memory.  What a slot holds when a tile takes it is
// left over from another tile.

#ifndef VISE_OPS_SCRATCH_H
#define VISE_OPS_SCRATCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/context.h"

typedef struct vise_scratch {
    const vise_context *ctx;
    char *base; // NULL when closed
    int64_t bytes;
    int slots;
    atomic_bool taken[256]; // the most threads a pool can have
} vise_scratch;

// Makes slots of `bytes` each for a job of `tiles` tiles.  E-MM-01.
vise_status vise_scratch_new(vise_scratch *s, const vise_context *ctx, int64_t tiles,
                             int64_t bytes, vise_error *err);
void vise_scratch_release(vise_scratch *s); // all-zero is fine

// Inside a tile.  There is always a free slot.
void *vise_scratch_take(vise_scratch *s);
void vise_scratch_give(vise_scratch *s, const void *slot);

#endif
