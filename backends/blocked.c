// Blocks of the left side (ROWS x DEPTH) stay in L2, panels of the right side (DEPTH x nr) in
// L1.  Both are packed, so the micro-kernel reads them straight through whatever the
// transposition; the strips of a block are of nearly equal height.

#include "backends/blocked.h"

#include <string.h>

enum { DEPTH = 256, ROWS = 384, LINE = 16 }; // LINE: floats of a cache line

static int64_t at_most(int64_t n, int64_t most) {
    return n < most ? n : most;
}

static int64_t pieces(int64_t n, int64_t most) {
    return (n + most - 1) / most;
}

// Where part `i` of `count` nearly equal ones of n begins.
static int64_t part(int64_t n, int64_t count, int64_t i) {
    return n * i / count; // no overflow: all three are sizes of blocks
}

// The right side of a block: inputs [p, p + depth), and the panel in use.
typedef struct right {
    const vise_gemm *g;
    const vise_microkernel *micro;
    int64_t p, depth;
    const float *b; // the panel: [depth][ldb]
    int64_t ldb;
    float packed[VISE_MAX_NR * DEPTH];
} right;

// The panel of columns j, j + 1, ...: packed, or where it lies if it is used only once.
static void take_panel(right *r, int64_t j, bool once) {
    const vise_gemm *g = r->g;
    const int nr = r->micro->nr, count = (int)at_most(g->n - j, nr);
    r->b = r->packed;
    r->ldb = nr;
    if (g->trans_b) {
        r->micro->transpose(r->packed, nr, g->b + j * g->ldb + r->p, g->ldb, count, r->depth);
    } else if (once && count == nr) {
        r->b = g->b + r->p * g->ldb + j;
        r->ldb = g->ldb;
    } else {
        r->micro->copy(r->packed, nr, g->b + r->p * g->ldb + j, g->ldb, count, r->depth);
    }
}

// Asks for part `i` of `count` of what the panel from column j will be packed from.
static void fetch_panel(const right *r, int64_t j, int64_t i, int64_t count) {
    const vise_gemm *g = r->g;
    const int64_t cols = at_most(g->n - j, r->micro->nr);
    if (cols <= 0) return;
    const float *b = g->b + (g->trans_b ? j * g->ldb + r->p : r->p * g->ldb + j);
    const int64_t lines = g->trans_b ? cols : r->depth, length = g->trans_b ? r->depth : cols;
    for (int64_t q = part(lines, count, i); q < part(lines, count, i + 1); q++) {
        for (int64_t at = 0; at < length; at += LINE) __builtin_prefetch(b + q * g->ldb + at);
    }
}

// A tile that has fewer columns than the micro-kernel computes.
static void run_narrow(const right *r, float *c, const float *a, int rows, int64_t cols,
                       bool add) {
    float tile[VISE_MAX_MR * VISE_MAX_NR];
    const int nr = r->micro->nr;
    r->micro->run(tile, nr, a, r->b, r->ldb, r->depth, rows, false);
    for (int64_t i = 0; i < rows; i++, c += r->g->ldc) {
        for (int64_t j = 0; j < cols; j++)
            c[j] = add ? c[j] + tile[i * nr + j] : tile[i * nr + j];
    }
}

// Rows [i, i + rows), inputs [p, p + depth), all columns.
static void block(const vise_gemm *g, const vise_microkernel *micro, int64_t i, int64_t rows,
                  int64_t p, int64_t depth) {
    float a[ROWS * DEPTH];
    right r = {.g = g, .micro = micro, .p = p, .depth = depth};
    const int64_t strips = pieces(rows, micro->mr);
    const bool add = g->add || p > 0;
    for (int64_t s = 0; s < strips; s++) {
        int64_t row = part(rows, strips, s), count = part(rows, strips, s + 1) - row;
        const float *x = g->a + (g->trans_a ? p * g->lda + i + row : (i + row) * g->lda + p);
        (g->trans_a ? micro->copy : micro->transpose)(a + row * depth, (int)count, x, g->lda,
                                                      (int)count, depth);
    }
    for (int64_t j = 0; j < g->n; j += micro->nr) {
        int64_t cols = at_most(g->n - j, micro->nr);
        take_panel(&r, j, strips == 1);
        for (int64_t s = 0; s < strips; s++) {
            int64_t row = part(rows, strips, s), count = part(rows, strips, s + 1) - row;
            float *c = g->c + (i + row) * g->ldc + j;
            fetch_panel(&r, j + micro->nr, s, strips);
            if (cols < micro->nr) {
                run_narrow(&r, c, a + row * depth, (int)count, cols, add);
            } else {
                micro->run(c, g->ldc, a + row * depth, r.b, r.ldb, depth, (int)count, add);
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
