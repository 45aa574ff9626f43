#include "engine/linalg/blocked_factor.h"

#include <string.h>

#include "engine/linalg/lapack.h"
#include "engine/ops/scratch.h"
#include "engine/workspace.h"

enum {
    BLOCK = 256, // columns that are factored at once
    STRIP = 64,  // rows of the diagonal block that a tile brings up to date
    STEP = 2048  // inner elements between two looks at the cancel flag
};

typedef struct block_job {
    const vise_context *ctx;
    float *a, *work;
    int64_t n, first, count; // the block of columns
    int64_t width;           // columns that a tile inverts
    float *minus;            // [BLOCK][n]: -l of the rows of the block
    vise_scratch scratch;    // of a tile
} block_job;

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// A product that can be stopped: c (+)= a b over g->k.
static void multiply(const block_job *j, vise_gemm g) {
    int64_t left = g.k;
    for (; left > 0; left -= g.k) {
        if (j->ctx->cancel && atomic_load(j->ctx->cancel)) return;
        g.k = smaller(STEP, left);
        j->ctx->kernels.gemm(&g);
        g.a += g.trans_a ? g.k * g.lda : g.k;
        g.b += g.trans_b ? g.k : g.k * g.ldb;
        g.add = true;
    }
}

// a[rows, block] -= l[rows, before] l[block, before]'
static void update(const block_job *j, int64_t row, int64_t rows, int64_t cols) {
    vise_gemm g = {.trans_b = true, .add = true, .m = rows, .n = cols, .k = j->first};
    g.a = j->a + row * j->n;
    g.b = j->minus;
    g.c = j->a + row * j->n + j->first;
    g.lda = g.ldb = g.ldc = j->n;
    multiply(j, g);
}

static void diagonal_tile(void *job, int64_t tile) {
    const block_job *j = job;
    int64_t row = tile * STRIP, rows = smaller(STRIP, j->count - row);
    update(j, j->first + row, rows, row + rows);
}

// l of the rows below the block: what is left of `a` times the inverse of the block's own
// factor, which lies where the block was.
static void panel_tile(void *job, int64_t tile) {
    block_job *j = job;
    int64_t row = j->first + j->count + tile * BLOCK, rows = smaller(BLOCK, j->n - row);
    update(j, row, rows, j->count);
    float *copy = vise_scratch_take(&j->scratch), *at = j->a + row * j->n + j->first;
    for (int64_t i = 0; i < rows; i++) {
        memcpy(copy + i * j->count, at + i * j->n, (size_t)j->count * sizeof *copy);
    }
    vise_gemm g = {.trans_b = true, .m = rows, .n = j->count, .k = j->count, .a = copy};
    g.lda = j->count;
    g.b = j->a + j->first * (j->n + 1);
    g.c = at;
    g.ldb = g.ldc = j->n;
    j->ctx->kernels.gemm(&g);
    vise_scratch_give(&j->scratch, copy);
}

static void clear_above(const block_job *j) {
    for (int64_t i = 0; i < j->count; i++) {
        float *row = j->a + (j->first + i) * j->n + j->first;
        memset(row + i + 1, 0, (size_t)(j->count - i - 1) * sizeof *row);
    }
}

static vise_status factor_block(block_job *j, int64_t *failed, vise_error *err) {
    float *block = j->a + j->first * (j->n + 1);
    for (int64_t i = 0; i < j->count; i++) {
        for (int64_t k = 0; k < j->first; k++) {
            j->minus[i * j->n + k] = -j->a[(j->first + i) * j->n + k];
        }
    }
    int64_t strips = j->first > 0 ? (j->count + STRIP - 1) / STRIP : 0;
    vise_status st = vise_parallel(j->ctx, strips, diagonal_tile, j, err);
    if (st) return st;
    *failed = vise_lapack_cholesky(VISE_F32, j->count, block, j->n);
    if (*failed > 0) *failed += j->first;
    if (*failed) return VISE_OK;
    vise_lapack_invert_lower(VISE_F32, j->count, block, j->n);
    clear_above(j);
    int64_t below = j->n - j->first - j->count;
    return vise_parallel(j->ctx, (below + BLOCK - 1) / BLOCK, panel_tile, j, err);
}

// Columns of the inverse, from the first block that is not 0 on: x[i] = -l[i, i]^-1 sum of
// l[i, k] x[k].
static void inverse_tile(void *job, int64_t tile) {
    block_job *j = job;
    int64_t n = j->n, col = tile * j->width, cols = smaller(j->width, n - col);
    float *sum = vise_scratch_take(&j->scratch);
    for (int64_t i = col; i < col + cols; i += BLOCK) {
        int64_t rows = smaller(BLOCK, n - i);
        for (int64_t r = 0; r < rows; r++) {
            memcpy(j->work + (i + r) * n + i, j->a + (i + r) * n + i,
                   (size_t)smaller(rows, col + cols - i) * sizeof *sum);
        }
    }
    for (int64_t row = col + BLOCK; row < n; row += BLOCK) {
        int64_t rows = smaller(BLOCK, n - row);
        // Inside the tile's own diagonal only the columns before the block.
        int64_t wide = smaller(cols, row - col);
        vise_gemm g = {.m = rows, .n = wide, .k = row - col, .a = j->a + row * n + col};
        g.b = j->work + col * n + col;
        g.c = sum;
        g.lda = g.ldb = n;
        g.ldc = wide;
        multiply(j, g);
        for (int64_t i = 0; i < rows * wide; i++) sum[i] = -sum[i];
        g = (vise_gemm){.m = rows, .n = wide, .k = rows, .a = j->a + row * (n + 1), .b = sum};
        g.lda = g.ldc = n;
        g.ldb = wide;
        g.c = j->work + row * n + col;
        j->ctx->kernels.gemm(&g);
    }
    vise_scratch_give(&j->scratch, sum);
}

static void copy_back_tile(void *job, int64_t tile) {
    const block_job *j = job;
    int64_t end = smaller((tile + 1) * STRIP, j->n);
    for (int64_t i = tile * STRIP; i < end; i++) {
        memcpy(j->a + i * j->n, j->work + i * j->n, (size_t)(i + 1) * sizeof *j->a);
    }
}

vise_status vise_blocked_factor(const vise_context *ctx, float *a, float *work, int64_t n,
                                int64_t *failed, vise_error *err) {
    block_job j = {.ctx = ctx, .a = a, .work = work, .n = n};
    j.width = n >= 2048 ? 2 * BLOCK : BLOCK; // wider ones are faster, more share better
    *failed = 0;
    if (n > INT32_MAX) {
        return vise_fail(err, VISE_EINVAL, "E-NU-04", "a matrix of %lld x %lld is too large",
                         (long long)n, (long long)n);
    }
    int64_t blocks = (n + BLOCK - 1) / BLOCK, tiles = (n + j.width - 1) / j.width;
    vise_status st = vise_scratch_new(&j.scratch, ctx, blocks,
                                      BLOCK * j.width * (int64_t)sizeof(float), err);
    if (st) return st;
    j.minus = vise_work_take(ctx, smaller(BLOCK, n) * n * (int64_t)sizeof(float));
    if (!j.minus) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to factor %lld columns",
                       (long long)n);
    }
    for (j.first = 0; !st && *failed == 0 && j.first < n; j.first += BLOCK) {
        j.count = smaller(BLOCK, n - j.first);
        st = factor_block(&j, failed, err);
    }
    if (!st && *failed == 0) st = vise_parallel(ctx, tiles, inverse_tile, &j, err);
    if (!st && *failed == 0) {
        st = vise_parallel(ctx, (n + STRIP - 1) / STRIP, copy_back_tile, &j, err);
    }
    vise_work_give(ctx, j.minus);
    vise_scratch_release(&j.scratch);
    return st;
}
