// Private to backends/timing*.c: what a problem consists of.

#ifndef VISE_TIMING_PROBLEM_H
#define VISE_TIMING_PROBLEM_H

#include "backends/timing.h"

struct vise_timing {
    vise_timing_shape s;
    int64_t groups, panels, copies;
    int64_t code_bytes, scale_bytes; // of one panel
    int64_t row_bytes;               // of x
    void *x;                         // strips, as the kernel wants them; GEMM: rows
    float *xscale;                   // [m][groups]
    int32_t *xsum;                   // [m][groups], GROUPED only
    uint8_t *codes;                  // [copies][panels]
    uint8_t *scales;                 // [copies][panels]
    int32_t *wsum;                   // [panels][32], INT8 only
    float *upper;                    // [panels][32]
    float *y;                        // [m][n]
};

static inline bool vise_timed_gemm(vise_timed what) {
    return what >= VISE_TIMED_GEMM;
}

// Runs strips [first, end) of the activations `x` times panel j of a copy, into y [m][n].
void vise_timing_panel(const vise_timing *t, const vise_kernels *k, int64_t copy, int64_t j,
                       int64_t first, int64_t end, const void *x, float *y);
// One of `pieces` ranges of channels.
void vise_timing_gemm(const vise_timing *t, const vise_kernels *k, int64_t copy, int64_t piece,
                      int64_t pieces);

#endif
