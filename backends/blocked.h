// Private to backends/: an f32 product of any shape and transposition out of what a backend
// does well: one micro-kernel on packed strips and panels, and the packing.

#ifndef VISE_BLOCKED_H
#define VISE_BLOCKED_H

#include "engine/kernels.h"

enum { VISE_MAX_MR = 12, VISE_MAX_NR = 32 };

typedef struct vise_microkernel {
    int mr, nr; // rows of a strip, at most; columns of a panel

    // c[i][j] (+)= sum over p of a[p][i] * b[p][j] for i < rows, 1 to mr, and j < nr;
    // a is [k][rows], b [k][nr].
    void (*run)(float *c, int64_t ldc, const float *a, const float *b, int64_t k, int rows,
                bool add);

    // out[p][i] = x[i][p], or x[p][i], for p < depth and i < count, and 0 from there up to
    // `width`, which is at most nr.
    void (*transpose)(float *out, int width, const float *x, int64_t ldx, int count,
                      int64_t depth);
    void (*copy)(float *out, int width, const float *x, int64_t ldx, int count, int64_t depth);
} vise_microkernel;

void vise_blocked_gemm(const vise_gemm *g, const vise_microkernel *micro);

#endif
