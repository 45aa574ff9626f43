// Problems to time kernels with: the operands of one layer's product, filled with random codes,
// and a way to run it panel by panel.  Whoever times it holds the clock and the threads.

#ifndef VISE_TIMING_H
#define VISE_TIMING_H

#include "engine/kernels.h"

typedef enum vise_timed {
    VISE_TIMED_INT8,    // int8_product
    VISE_TIMED_GROUPED, // grouped_product of integers
    VISE_TIMED_NVFP4,   // grouped_product of f4e2m1 with two levels of scales
    VISE_TIMED_FLOAT8,  // float8_product
    VISE_TIMED_F32,     // panel_product of each vise_panel_kind, in its order
    VISE_TIMED_F16,
    VISE_TIMED_BF16,
    VISE_TIMED_W8,
    VISE_TIMED_W4,
    VISE_TIMED_W8F,
    VISE_TIMED_GEMM,     // x w', f32
    VISE_TIMED_GEMM_FEW, // the same
    VISE_TIMED_COUNT
} vise_timed;

const char *vise_timed_name(vise_timed what);

typedef struct vise_timing_shape {
    vise_timed what;
    int64_t m, k, n;        // k a multiple of the group
    int64_t group;          // inputs a scale; a multiple of 8.  INT8, GEMM: not used
    int64_t cold;           // bytes of weights at least, in copies that a run goes through
    vise_dtype scale_dtype; // GROUPED and what has weights without activation codes
    bool blocks;            // GROUPED: activations with a scale a group, not one a row
} vise_timing_shape;

typedef struct vise_timing vise_timing;

// E-MM-01.  E-HW-08 (VISE_EINVAL) for a shape that no kernel of this kind takes.
vise_status vise_timing_new(vise_timing **out, const vise_timing_shape *s, vise_error *err);
void vise_timing_release(vise_timing *t);

int64_t vise_timing_copies(const vise_timing *t);
// What one copy of the weights takes, with its scales.
int64_t vise_timing_weights(const vise_timing *t);
// What it takes altogether.
int64_t vise_timing_bytes(const vise_timing *t);

// A run is all of its tiles, in any order, at the same time if you like.  A gemm is cut into
// one call a thread.
int64_t vise_timing_tiles(const vise_timing *t, int threads);
void vise_timing_run(const vise_timing *t, const vise_kernels *k, int threads, int64_t tile);

// Judges the last rows of the last channels against `ref`, gemms against plain sums: E-HW-05 if
// they differ by more than engine/products.h allows.  E-MM-01.
vise_status vise_timing_check(const vise_timing *t, const vise_kernels *k, vise_error *err);

#endif
