// Private to backends/: an f32 product of any shape and transposition out of one micro-kernel
// that multiplies packed strips.

#ifndef VISE_BLOCKED_H
#define VISE_BLOCKED_H

#include "engine/kernels.h"

enum { VISE_MAX_MR = 12, VISE_MAX_NR = 32 };

// tile[i][j] = sum over k of a[k][i] * b[k][j], a [k][mr], b [k][nr], tile [mr][nr].
typedef struct vise_microkernel {
    int mr, nr;
    void (*run)(float *tile, const float *a, const float *b, int64_t k);
} vise_microkernel;

void vise_blocked_gemm(const vise_gemm *g, const vise_microkernel *micro);

#endif
