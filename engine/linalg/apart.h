// A computation that cannot be stopped half-way, and that Ctrl-C does not have to wait for.

#ifndef VISE_LINALG_APART_H
#define VISE_LINALG_APART_H

#include "engine/context.h"
#include "engine/tensor.h"

enum { VISE_APART_TENSORS = 4 };

// What runs: `t` are the tensors that it reads and writes, closed past those that were given.
typedef vise_status vise_apart_fn(const vise_tensor t[VISE_APART_TENSORS], vise_error *err);

// Runs `fn` on tensors that are contiguous and its own.  One of many `steps` runs in a thread:
// when the cancel flag is set, the call fails with E-RN-01 at once and that thread goes on
// until `fn` returns, then frees what it holds: none of the tensors may be used again, only
// released. Else fails as `fn` does.
vise_status vise_apart(const vise_context *ctx, vise_apart_fn *fn, double steps,
                       const vise_tensor *const t[], int count, vise_error *err);

// Does a computation go on that nobody waits for?  OpenBLAS unmaps its buffers when exit()
// closes the libraries, under the feet of that thread: a program then ends with _exit().
bool vise_apart_unattended(void);

#endif
