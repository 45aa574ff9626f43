// Blocks of the left side (ROWS x DEPTH) stay in L2, strips of the right side (DEPTH x nr) in
// L1.  Both are packed, so the micro-kernel reads them straight through whatever the
// transposition; strips are filled up with zeros.

#include "backends/blocked.h"

#include <string.h>

enum { DEPTH = 256, ROWS = 192 }; // ROWS is a multiple of every mr

// out[p][i] = x(i, p) for i < count, 0 up to `width`; x(i, p) = x[i * along + p * step].
static void pack(float *out, int width, const float *x, int64_t along, int64_t step,
                 int64_t count, int64_t depth) {
    if (count < width) memset(out, 0, (size_t)(depth * width) * sizeof *out);
    if (along == 1) {
        for (int64_t p = 0; p < depth; p++, out += width, x += step) {
            memcpy(out, x, (size_t)count * sizeof *x);
        }
        return;
    }
    for (int64_t p0 = 0; p0 < depth; p0 += 16) { // a cache line of every row at a time
        int64_t p1 = p0 + 16 < depth ? p0 + 16 : depth;
        for (int64_t i = 0; i < count; i++) {
            const float *row = x + i * along;
            for (int64_t p = p0; p < p1; p++) out[p * width + i] = row[p * step];
        }
    }
}

static void add_tile(const vise_gemm *g, const float *tile, int nr, int64_t i, int64_t j,
                     int64_t rows, int64_t cols, bool add) {
    for (int64_t r = 0; r < rows; r++, tile += nr) {
        float *c = g->c + (i + r) * g->ldc + j;
        if (add) {
            for (int64_t q = 0; q < cols; q++) c[q] += tile[q];
        } else {
            memcpy(c, tile, (size_t)cols * sizeof *c);
        }
    }
}

static int64_t at_most(int64_t n, int64_t most) {
    return n < most ? n : most;
}

// Rows [i, i + rows), inputs [p, p + depth), all columns.
static void block(const vise_gemm *g, const vise_microkernel *micro, int64_t i, int64_t rows,
                  int64_t p, int64_t depth) {
    float a[ROWS * DEPTH], b[VISE_MAX_NR * DEPTH], tile[VISE_MAX_MR * VISE_MAX_NR];
    const int mr = micro->mr, nr = micro->nr;
    int64_t a_along = g->trans_a ? 1 : g->lda, a_step = g->trans_a ? g->lda : 1;
    int64_t b_along = g->trans_b ? g->ldb : 1, b_step = g->trans_b ? 1 : g->ldb;
    for (int64_t r = 0; r < rows; r += mr) {
        pack(a + r * depth, mr, g->a + (i + r) * a_along + p * a_step, a_along, a_step,
             at_most(rows - r, mr), depth);
    }
    for (int64_t j = 0; j < g->n; j += nr) {
        int64_t cols = at_most(g->n - j, nr);
        pack(b, nr, g->b + j * b_along + p * b_step, b_along, b_step, cols, depth);
        for (int64_t r = 0; r < rows; r += mr) {
            micro->run(tile, a + r * depth, b, depth);
            add_tile(g, tile, nr, i + r, j, at_most(rows - r, mr), cols, g->add || p > 0);
        }
    }
}

void vise_blocked_gemm(const vise_gemm *g, const vise_microkernel *micro) {
    if (g->k == 0 && !g->add) {
        for (int64_t i = 0; i < g->m; i++) memset(g->c + i * g->ldc, 0, (size_t)g->n * 4);
    }
    for (int64_t i = 0; i < g->m; i += ROWS) {
        for (int64_t p = 0; p < g->k; p += DEPTH) {
            block(g, micro, i, at_most(g->m - i, ROWS), p, at_most(g->k - p, DEPTH));
        }
    }
}
