#include "engine/linalg/blocked_factor.h"

#include <string.h>

#include "engine/linalg/lapack.h"
#include "engine/ops/scratch.h"
#include "engine/workspace.h"

enum {
    BLOCK = 256, // columns that are factored at once
    ROWS = 512,  // the most rows of a tile
    FEWEST = 128,
    STRIP = 64, // rows of the diagonal block that a tile brings up to date
    STEP = 2048 // inner elements between two looks at the cancel flag
};

typedef struct block_job {
    const vise_context *ctx;
    float *a;
    int64_t n, first, count; // the block of columns
    int64_t rows;            // of a tile of what is below the block
    float *minus; // -l of the rows of the block, [BLOCK][n], or of its columns, [n][BLOCK]
    vise_scratch scratch; // of a tile
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
        j->ctx->kernels.gemm_tiles(&g);
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
    int64_t row = j->first + j->count + tile * j->rows, rows = smaller(j->rows, j->n - row);
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
    j->ctx->kernels.gemm_tiles(&g);
    vise_scratch_give(&j->scratch, copy);
}

// Zeros above the diagonal, as far as a tile reads.
static void clear_above(const block_job *j) {
    for (int64_t i = j->first; i < j->first + j->count; i++) {
        float *row = j->a + i * j->n + i + 1;
        memset(row, 0, (size_t)smaller(ROWS, j->n - i - 1) * sizeof *row);
    }
}

// Cuts what is below the block into about eight tiles.
static int64_t cut(block_job *j) {
    int64_t below = j->n - j->first - j->count, rows = (below / 8 + STRIP - 1) / STRIP * STRIP;
    j->rows = rows < FEWEST ? FEWEST : smaller(rows, ROWS);
    return (below + j->rows - 1) / j->rows;
}

static void negate_rows(void *job, int64_t tile) {
    const block_job *j = job;
    int64_t end = smaller((tile + 1) * STRIP, j->count);
    for (int64_t i = tile * STRIP; i < end; i++) {
        const float *from = j->a + (j->first + i) * j->n;
        for (int64_t k = 0; k < j->first; k++) j->minus[i * j->n + k] = -from[k];
    }
}

static void negate_columns(void *job, int64_t tile) {
    const block_job *j = job;
    int64_t after = j->first + j->count, end = smaller(after + (tile + 1) * j->rows, j->n);
    for (int64_t row = after + tile * j->rows; row < end; row++) {
        const float *from = j->a + row * j->n + j->first;
        float *to = j->minus + (row - after) * j->count;
        for (int64_t i = 0; i < j->count; i++) to[i] = -from[i];
    }
}

static vise_status factor_block(block_job *j, int64_t *failed, vise_error *err) {
    float *block = j->a + j->first * (j->n + 1);
    int64_t strips = j->first > 0 ? (j->count + STRIP - 1) / STRIP : 0;
    vise_status st = vise_parallel(j->ctx, strips, negate_rows, j, err);
    if (!st) st = vise_parallel(j->ctx, strips, diagonal_tile, j, err);
    if (st) return st;
    *failed = vise_lapack_cholesky(VISE_F32, j->count, block, j->n);
    if (*failed > 0) *failed += j->first;
    if (*failed) return VISE_OK;
    vise_lapack_invert_lower(VISE_F32, j->count, block, j->n);
    clear_above(j);
    return vise_parallel(j->ctx, cut(j), panel_tile, j, err);
}

// Rows of a block of columns of the inverse: x = -y l w, with what is inverted already, the
// rows of the block as they were (kept apart) and the inverse of the block's own factor.
static void inverse_tile(void *job, int64_t tile) {
    block_job *j = job;
    int64_t n = j->n, after = j->first + j->count;
    int64_t tiles = (n - after + j->rows - 1) / j->rows;
    int64_t row = after + (tiles - 1 - tile) * j->rows,
            rows = smaller(j->rows, n - row); // long ones first
    float *sum = vise_scratch_take(&j->scratch);
    vise_gemm g = {
        .m = rows, .n = j->count, .k = row + rows - after, .a = j->a + row * n + after};
    g.b = j->minus;
    g.c = sum;
    g.lda = n;
    g.ldb = g.ldc = j->count;
    multiply(j, g);
    g = (vise_gemm){.m = rows, .n = j->count, .k = j->count, .a = sum, .lda = j->count};
    g.b = j->a + j->first * (n + 1);
    g.c = j->a + row * n + j->first;
    g.ldb = g.ldc = n;
    j->ctx->kernels.gemm_tiles(&g);
    vise_scratch_give(&j->scratch, sum);
}

static vise_status invert_block(block_job *j, vise_error *err) {
    int64_t tiles = cut(j);
    vise_status st = vise_parallel(j->ctx, tiles, negate_columns, j, err);
    return st ? st : vise_parallel(j->ctx, tiles, inverse_tile, j, err);
}

vise_status vise_blocked_factor(const vise_context *ctx, float *a, int64_t n, int64_t *failed,
                                vise_error *err) {
    block_job j = {.ctx = ctx, .a = a, .n = n};
    *failed = 0;
    if (n > INT32_MAX) {
        return vise_fail(err, VISE_EINVAL, "E-NU-04", "a matrix of %lld x %lld is too large",
                         (long long)n, (long long)n);
    }
    vise_status st = vise_scratch_new(&j.scratch, ctx, (n + FEWEST - 1) / FEWEST,
                                      ROWS * BLOCK * (int64_t)sizeof(float), err);
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
    for (j.first = (n - 1) / BLOCK * BLOCK; !st && *failed == 0 && j.first >= 0;
         j.first -= BLOCK) {
        j.count = smaller(BLOCK, n - j.first);
        st = invert_block(&j, err);
    }
    vise_work_give(ctx, j.minus);
    vise_scratch_release(&j.scratch);
    return st;
}
