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

// Steps and columns of a tile: below the diagonal first, in rows.
static void place_of(int64_t tile, int64_t *step, int64_t *col) {
    int64_t i = 0;
    while (tile > i) tile -= ++i;
    *step = i;
    *col = tile;
}

enum {
    CORNER = 64
}; // of a tile on the diagonal, what lies above blocks of this is not computed

static void multiply(const add_job *j, float *c, int64_t i, int64_t k, int64_t first,
                     int64_t count) {
    vise_gemm g = {.trans_a = true, .lda = j->stride, .ldb = j->stride, .k = count};
    int64_t high = smaller(STEP, j->n - i * STEP), wide = smaller(STEP, j->n - k * STEP);
    int64_t most = i == k ? CORNER : STEP;
    const float *x = j->x + first * j->stride;
    for (int64_t row = 0; row < high; row += most) {
        g.m = smaller(most, high - row);
        g.n = i == k ? row + g.m : wide;
        g.a = x + i * STEP + row;
        g.b = x + k * STEP;
        g.c = c + row * wide;
        g.ldc = wide;
        j->ctx->kernels.gemm(&g);
    }
}

static void add_tile(void *job, int64_t tile) {
    add_job *j = job;
    int64_t i, k;
    place_of(tile, &i, &k);
    int64_t high = smaller(STEP, j->n - i * STEP), wide = smaller(STEP, j->n - k * STEP);
    int64_t pitch = i * STEP + high;
    double *sum = j->sum + step_start(i) + k * STEP;
    float *c = vise_scratch_take(&j->scratch);
    for (int64_t first = 0; first < j->rows; first += CHUNK) {
        if (j->ctx->cancel && atomic_load(j->ctx->cancel)) break;
        multiply(j, c, i, k, first, smaller(CHUNK, j->rows - first));
        for (int64_t r = 0; r < high; r++) {
            int64_t count = i == k ? r + 1 : wide;
            double *to = sum + r * pitch;
            const float *from = c + r * wide;
            for (int64_t q = 0; q < count; q++) to[q] += (double)from[q];
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
    int64_t steps = (n + STEP - 1) / STEP, tiles = rows > 0 ? steps * (steps + 1) / 2 : 0;
    int64_t bytes = (int64_t)sizeof(float) * smaller(STEP, n) * smaller(STEP, n);
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
    int64_t i, k, n = j->n;
    place_of(tile, &i, &k);
    int64_t high = smaller(STEP, n - i * STEP), wide = smaller(STEP, n - k * STEP);
    const double *sum = j->sum + step_start(i) + k * STEP;
    for (int64_t r = 0; r < high; r++) {
        int64_t row = i * STEP + r, count = i == k ? r + 1 : wide;
        for (int64_t q = 0; q < count; q++) {
            int64_t col = k * STEP + q;
            float v = (float)(sum[r * (i * STEP + high) + q] * j->by);
            j->out[row * n + col] = j->out[col * n + row] = v;
        }
    }
}

vise_status vise_moments_matrix(const vise_context *ctx, float *out, const double *sum,
                                int64_t n, double by, vise_error *err) {
    matrix_job j = {out, sum, n, by};
    int64_t steps = (n + STEP - 1) / STEP;
    return vise_parallel(ctx, steps * (steps + 1) / 2, matrix_tile, &j, err);
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
