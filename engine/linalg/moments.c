#include "engine/linalg/moments.h"

#include <string.h>

#include "engine/mem.h"
#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

enum { CHUNK = VISE_MOMENTS_CHUNK, STEP = VISE_MOMENTS_STEP };

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// Where the rows of step i begin.
static int64_t step_start(int64_t i) {
    return i * (i + 1) / 2 * STEP * STEP;
}

int64_t vise_moments_count(int64_t n) {
    if (n < 0 || n > 1 << 24) return -1;
    int64_t whole = n / STEP, rest = n % STEP;
    return step_start(whole) + rest * n;
}

typedef struct add_job {
    const vise_context *ctx;
    double *sum;
    const float *x;
    int64_t rows, n, stride;
    vise_scratch scratch;
} add_job;

// A tile: rows of a step and some of its columns, those on the diagonal by themselves.
enum { WIDE = 2 * STEP };

typedef struct place {
    int64_t row, rows, col, cols;
    bool diagonal;
} place;

static place place_of(int64_t tile, int64_t n) {
    int64_t step = 0, pieces;
    for (;; step++, tile -= pieces) {
        pieces = (step * STEP + WIDE - 1) / WIDE + 1;
        if (tile < pieces) break;
    }
    place p = {.row = step * STEP, .rows = smaller(STEP, n - step * STEP)};
    p.diagonal = tile == pieces - 1;
    p.col = p.diagonal ? p.row : tile * WIDE;
    p.cols = p.diagonal ? p.rows : smaller(WIDE, p.row - p.col);
    return p;
}

static int64_t tiles_of(int64_t n) {
    int64_t tiles = 0;
    for (int64_t row = 0; row < n; row += STEP) tiles += (row + WIDE - 1) / WIDE + 1;
    return tiles;
}

enum { CORNER = 128 }; // rows on the diagonal that are computed as one

static void multiply(const add_job *j, float *c, const place *p, int64_t first, int64_t count) {
    vise_gemm g = {.trans_a = true, .lda = j->stride, .ldb = j->stride, .k = count};
    int64_t most = p->diagonal ? CORNER : STEP;
    const float *x = j->x + first * j->stride;
    for (int64_t row = 0; row < p->rows; row += most) {
        g.m = smaller(most, p->rows - row);
        g.n = p->diagonal ? row + g.m : p->cols;
        g.a = x + p->row + row;
        g.b = x + p->col;
        g.c = c + row * p->cols;
        g.ldc = p->cols;
        j->ctx->kernels.gemm_tiles(&g);
    }
}

static void add_row(double *restrict to, const float *restrict from, int64_t n) {
    enum { LANES = 8 }; // a loop of fixed length becomes vectors
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int k = 0; k < LANES; k++) to[i + k] += (double)from[i + k];
    }
    for (; i < n; i++) to[i] += (double)from[i];
}

static void add_tile(void *job, int64_t tile) {
    add_job *j = job;
    place p = place_of(tile, j->n);
    int64_t pitch = p.row + p.rows;
    double *sum = j->sum + step_start(p.row / STEP) + p.col;
    float *c = vise_scratch_take(&j->scratch);
    for (int64_t first = 0; first < j->rows; first += CHUNK) {
        if (j->ctx->cancel && atomic_load(j->ctx->cancel)) break;
        multiply(j, c, &p, first, smaller(CHUNK, j->rows - first));
        for (int64_t r = 0; r < p.rows; r++) {
            add_row(sum + r * pitch, c + r * p.cols, p.diagonal ? r + 1 : p.cols);
        }
    }
    vise_scratch_give(&j->scratch, c);
}

vise_status vise_moments_add(const vise_context *ctx, double *sum, const float *x, int64_t rows,
                             int64_t n, int64_t stride, vise_error *err) {
    if (n > INT32_MAX || stride > INT32_MAX) {
        return vise_fail(err, VISE_EINVAL, "E-NU-04", "rows of %lld are too long",
                         (long long)stride);
    }
    add_job j = {.ctx = ctx, .sum = sum, .x = x, .rows = rows, .n = n, .stride = stride};
    int64_t tiles = rows > 0 ? tiles_of(n) : 0;
    int64_t bytes = (int64_t)sizeof(float) * smaller(STEP, n) * smaller(WIDE, n);
    vise_status st = vise_scratch_new(&j.scratch, ctx, tiles, bytes, err);
    if (!st) st = vise_parallel(ctx, tiles, add_tile, &j, err);
    vise_scratch_release(&j.scratch);
    return st;
}

typedef struct matrix_job {
    float *out;
    const double *sum;
    int64_t n;
    double by;
} matrix_job;

static void matrix_tile(void *job, int64_t tile) {
    const matrix_job *j = job;
    place p = place_of(tile, j->n);
    const double *sum = j->sum + step_start(p.row / STEP) + p.col;
    for (int64_t r = 0; r < p.rows; r++, sum += p.row + p.rows) {
        int64_t row = p.row + r, count = p.diagonal ? r + 1 : p.cols;
        for (int64_t q = 0; q < count; q++) {
            float v = (float)(sum[q] * j->by);
            j->out[row * j->n + p.col + q] = j->out[(p.col + q) * j->n + row] = v;
        }
    }
}

vise_status vise_moments_matrix(const vise_context *ctx, float *out, const double *sum,
                                int64_t n, double by, vise_error *err) {
    matrix_job j = {out, sum, n, by};
    return vise_parallel(ctx, tiles_of(n), matrix_tile, &j, err);
}

vise_status vise_moments(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                         double by, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (st) return st;
    int64_t n = vise_tensor_cols(x), rows = vise_tensor_matrix_rows(x);
    int64_t count = vise_moments_count(n);
    double *sum = count < 0 ? NULL : vise_calloc((size_t)count * sizeof *sum);
    if (!sum) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01",
                         "no memory for the moments of %lld inputs", (long long)n);
    }
    vise_tensor made = *out;
    st = vise_argument_apart(out, x, false, "the input", err);
    if (!st) st = vise_tensor_output(&made, VISE_F32, 2, (int64_t[]){n, n}, err);
    if (!st) st = vise_moments_add(ctx, sum, x->data, rows, n, n, err);
    if (!st) st = vise_moments_matrix(ctx, made.data, sum, n, by, err);
    if (st && !out->buf) vise_tensor_release(&made);
    if (!st) *out = made;
    vise_free(sum);
    return st;
}
