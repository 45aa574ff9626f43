// oneDNN's product of a layer, to be timed beside ours: opened at run time if it is installed,
// never linked.  Only `vise bench` uses it.

#ifndef VISE_ONEDNN_H
#define VISE_ONEDNN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/error.h"

typedef enum vise_onednn_kind {
    VISE_ONEDNN_INT8, // s8 x s8 -> f32 with a scale a channel
    VISE_ONEDNN_BF16, // bf16 x bf16 -> f32
    VISE_ONEDNN_F32,
    VISE_ONEDNN_KINDS
} vise_onednn_kind;

typedef struct vise_onednn vise_onednn;

// A product of m rows, its weights put once into the layout that oneDNN chooses, in copies of
// `cold` bytes together at least.  E-HW-09 (VISE_EHOST) where oneDNN 2 is not installed or has
// no such product, E-MM-01.
vise_status vise_onednn_new(vise_onednn **out, vise_onednn_kind kind, int64_t m, int64_t k,
                            int64_t n, int64_t cold, vise_error *err);
void vise_onednn_release(vise_onednn *o);

int64_t vise_onednn_copies(const vise_onednn *o);
int64_t vise_onednn_weights(const vise_onednn *o); // bytes of one copy

// The product with every copy of the weights, on `threads` threads of OpenMP.
vise_status vise_onednn_run(const vise_onednn *o, int threads, vise_error *err);
// Runs it and judges some of its results against plain sums: E-HW-05.
vise_status vise_onednn_check(const vise_onednn *o, vise_error *err);

#endif
