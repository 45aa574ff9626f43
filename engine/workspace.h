// Scratch memory that outlives a call: what operators take while they run, and give back before
// they return, so that running the same operators again allocates nothing.
//
// While a context has a workspace, vise_work_take() cuts pieces off one block.  A piece that
// does not fit comes from vise_alloc() instead and is noted: the next vise_workspace_begin()
// makes the block as large as was wanted.  Without a workspace all pieces do.  Pieces are taken
// and given back by the thread that calls the operators, never inside a tile.

#ifndef VISE_WORKSPACE_H
#define VISE_WORKSPACE_H

#include <stddef.h>

#include "engine/context.h"

struct vise_workspace {
    char *base; // NULL when empty
    int64_t size;
    int64_t top, pieces; // in use: bytes, those that did not fit included; pieces
    int64_t wanted;      // the most bytes that were in use at once
};

// Makes room for all that was wanted so far.  Nothing is in use.  E-MM-01.
vise_status vise_workspace_begin(vise_workspace *w, vise_error *err);
void vise_workspace_release(vise_workspace *w); // all-zero is fine, and what it leaves

// A piece of `bytes` bytes that hold anything; 64-byte aligned.  NULL when out of memory.
void *vise_work_take(const vise_context *ctx, int64_t bytes);
void vise_work_give(const vise_context *ctx, void *piece); // NULL is fine

#endif
