// Blocks of the left side (ROWS x DEPTH) stay in L2, panels of the right side (DEPTH x nr) in
// L1.  Both are packed, so the micro-kernel reads them straight through whatever the
// transposition; the strips of a block are of nearly equal height.  The buffers, 784 KiB, are
// on the stack.

#include "backends/blocked.h"

#include <string.h>

enum { DEPTH = 256, ROWS = 516, PANELS = 8, COPIED = 8 };

static int64_t at_most(int64_t n, int64_t most) {
    return n < most ? n : most;
}

static int64_t pieces(int64_t n, int64_t most) {
    return (n + most - 1) / most;
}

// Where part `i` of `count` nearly equal ones of n begins.
static int64_t part(int64_t n, int64_t count, int64_t i) {
    return n * i / count; // i < 2^22 blocks for any matrix that fits into memory
}

// The right side of a block: inputs [p, p + depth), and some panels of it, packed.
typedef struct right {
    const vise_gemm *g;
    const vise_microkernel *micro;
    int64_t p, depth;
    float panels[PANELS][VISE_MAX_NR * DEPTH];
} right;

// Packs the panels from column j on.  Rows that lie the right way round are copied a few at a
// time to all panels, so that each is read in one go.
static void take_panels(right *r, int64_t j) {
    const vise_gemm *g = r->g;
    const int nr = r->micro->nr, cols = (int)at_most(g->n - j, PANELS * nr);
    const int64_t step = g->trans_b ? r->depth : COPIED;
    for (int64_t p = 0; p < r->depth; p += step) {
        const int64_t depth = at_most(r->depth - p, step), at = r->p + p;
        for (int q = 0; q * nr < cols; q++) {
            float *out = r->panels[q] + p * nr;
            const int64_t first = j + q * nr;
            const int count = (int)at_most(g->n - first, nr);
            if (g->trans_b) {
                r->micro->transpose(out, nr, g->b + first * g->ldb + at, g->ldb, count, depth);
            } else {
                r->micro->copy(out, nr, g->b + at * g->ldb + first, g->ldb, count, depth);
            }
        }
    }
}

// A tile that has fewer columns than the micro-kernel computes.
static void run_narrow(const right *r, float *c, const float *a, const float *b, int rows,
                       int64_t cols, bool add) {
    float tile[VISE_MAX_MR * VISE_MAX_NR];
    const int nr = r->micro->nr;
    r->micro->run(tile, nr, a, b, r->depth, rows, false);
    for (int64_t i = 0; i < rows; i++, c += r->g->ldc) {
        for (int64_t j = 0; j < cols; j++)
            c[j] = add ? c[j] + tile[i * nr + j] : tile[i * nr + j];
    }
}

// Rows [i, i + rows), inputs [p, p + depth), all columns.
static void block(const vise_gemm *g, const vise_microkernel *micro, int64_t i, int64_t rows,
                  int64_t p, int64_t depth) {
    float a[ROWS * DEPTH];
    right r;
    r.g = g, r.micro = micro, r.p = p, r.depth = depth; // the panels are left as they are
    const int64_t strips = pieces(rows, micro->mr);
    const bool add = g->add || p > 0;
    for (int64_t s = 0; s < strips; s++) {
        int64_t row = part(rows, strips, s), count = part(rows, strips, s + 1) - row;
        const float *x = g->a + (g->trans_a ? p * g->lda + i + row : (i + row) * g->lda + p);
        (g->trans_a ? micro->copy : micro->transpose)(a + row * depth, (int)count, x, g->lda,
                                                      (int)count, depth);
    }
    for (int64_t j = 0; j < g->n; j += micro->nr) {
        const int64_t cols = at_most(g->n - j, micro->nr), q = j / micro->nr % PANELS;
        if (q == 0) take_panels(&r, j);
        for (int64_t s = 0; s < strips; s++) {
            int64_t row = part(rows, strips, s), count = part(rows, strips, s + 1) - row;
            float *c = g->c + (i + row) * g->ldc + j;
            if (cols < micro->nr) {
                run_narrow(&r, c, a + row * depth, r.panels[q], (int)count, cols, add);
            } else {
                micro->run(c, g->ldc, a + row * depth, r.panels[q], depth, (int)count, add);
            }
        }
    }
}

void vise_blocked_gemm(const vise_gemm *g, const vise_microkernel *micro) {
    if (g->k == 0 && !g->add) {
        for (int64_t i = 0; i < g->m; i++) memset(g->c + i * g->ldc, 0, (size_t)g->n * 4);
    }
    const int64_t blocks = pieces(g->m, ROWS), steps = pieces(g->k, DEPTH);
    for (int64_t b = 0; b < blocks; b++) {
        int64_t i = part(g->m, blocks, b), rows = part(g->m, blocks, b + 1) - i;
        for (int64_t s = 0; s < steps; s++) {
            int64_t p = part(g->k, steps, s);
            block(g, micro, i, rows, p, part(g->k, steps, s + 1) - p);
        }
    }
}
