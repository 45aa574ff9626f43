#include "engine/ops/norm.h"

#include <stddef.h>

#include "engine/ops/argument.h"
#include "engine/ops/row_functions.h"

enum { TILE = 32768 }; // elements a tile, about

// A row-wise job: rows of `cols`, `per_tile` of them a tile.
typedef struct rows_job {
    const vise_kernels *kernels;
    const float *x, *y; // y: the second input of gated_add
    float *out;
    int64_t rows, cols, per_tile;
    int64_t per_batch; // rows that share one row of a and b
    const float *a, *b;
    int64_t step_a, step_b;
    double eps;
} rows_job;

static vise_status run(const vise_context *ctx, vise_tensor *out, vise_tile_fn fn, rows_job *j,
                       const vise_tensor *x, vise_error *err) {
    vise_status st = vise_tensor_output(out, VISE_F32, x->ndim, x->shape, err);
    if (st) return st;
    j->kernels = &ctx->kernels;
    j->x = x->data;
    j->out = out->data;
    j->rows = vise_tensor_matrix_rows(x);
    j->cols = vise_tensor_cols(x);
    if (j->cols == 0) return VISE_OK;
    j->per_tile = j->cols < TILE ? TILE / j->cols : 1;
    return vise_parallel(ctx, (j->rows + j->per_tile - 1) / j->per_tile, fn, j, err);
}

static int64_t last_row(const rows_job *j, int64_t tile) {
    int64_t end = (tile + 1) * j->per_tile;
    return end < j->rows ? end : j->rows;
}

static void layer_norm_tile(void *job, int64_t tile) {
    const rows_job *j = job;
    for (int64_t r = tile * j->per_tile; r < last_row(j, tile); r++) {
        int64_t at = r * j->cols;
        vise_layer_norm_row(j->kernels, j->out + at, j->x + at, j->cols, j->eps, j->a, j->b);
    }
}

static void rms_norm_tile(void *job, int64_t tile) {
    const rows_job *j = job;
    for (int64_t r = tile * j->per_tile; r < last_row(j, tile); r++) {
        int64_t at = r * j->cols;
        vise_rms_norm_row(j->kernels, j->out + at, j->x + at, j->cols, j->eps, j->a);
    }
}

// Layer norm, or root-mean-square norm: one path, two tile functions.
static vise_status norm(const vise_context *ctx, vise_tensor *out, vise_tile_fn fn,
                        const vise_tensor *x, double eps, const vise_tensor *weight,
                        const vise_tensor *bias, vise_error *err) {
    vise_tensor w = {0}, b = {0};
    rows_job j = {.eps = eps};
    int64_t cols = vise_tensor_cols(x);
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_argument_apart(out, x, true, "the input", err);
    if (!st) st = vise_argument_vector(&w, weight, cols, "the weight", err);
    if (!st) st = vise_argument_vector(&b, bias, cols, "the bias", err);
    j.a = w.data;
    j.b = b.data;
    if (!st) st = run(ctx, out, fn, &j, x, err);
    vise_tensor_release(&w);
    vise_tensor_release(&b);
    return st;
}

vise_status vise_layer_norm(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                            double eps, const vise_tensor *weight, const vise_tensor *bias,
                            vise_error *err) {
    return norm(ctx, out, layer_norm_tile, x, eps, weight, bias, err);
}

vise_status vise_rms_norm(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                          const vise_tensor *weight, double eps, vise_error *err) {
    return norm(ctx, out, rms_norm_tile, x, eps, weight, NULL, err);
}

static void modulate_tile(void *job, int64_t tile) {
    const rows_job *j = job;
    for (int64_t r = tile * j->per_tile; r < last_row(j, tile); r++) {
        int64_t at = r * j->cols, batch = r / j->per_batch;
        vise_modulate_row(j->kernels, j->out + at, j->x + at, j->cols, j->a + batch * j->step_a,
                          j->b + batch * j->step_b);
    }
}

static void gated_add_tile(void *job, int64_t tile) {
    const rows_job *j = job;
    for (int64_t r = tile * j->per_tile; r < last_row(j, tile); r++) {
        int64_t at = r * j->cols;
        vise_gated_add_row(j->kernels, j->out + at, j->x + at, j->y + at,
                           j->a + r / j->per_batch * j->step_a, j->cols);
    }
}

// An f32 [B, D], one row for each batch of `x`; gives its first element and its step.
static vise_status per_batch(const float **data, int64_t *step, const vise_tensor *t,
                             const vise_tensor *out, const vise_tensor *x, const char *what,
                             vise_error *err) {
    char text[96];
    if (t->dtype != VISE_F32) {
        return vise_fail(err, VISE_EINVAL, "E-TN-04", "%s is %s, expected f32", what,
                         vise_tensor_describe(text, sizeof text, t));
    }
    *data = t->data;
    *step = t->stride;
    vise_status st =
        vise_argument_shape(t, 2, (int64_t[]){x->shape[0], x->shape[2]}, what, err);
    return st ? st : vise_argument_apart(out, t, false, what, err);
}

static vise_status check_tokens(const vise_tensor *out, const vise_tensor *x, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_argument_rank(x, 3, "the input", err);
    return st ? st : vise_argument_apart(out, x, true, "the input", err);
}

vise_status vise_modulate(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                          const vise_tensor *shift, const vise_tensor *scale, vise_error *err) {
    rows_job j = {.per_batch = x->shape[1]};
    vise_status st = check_tokens(out, x, err);
    if (!st) st = per_batch(&j.a, &j.step_a, shift, out, x, "the shift", err);
    if (!st) st = per_batch(&j.b, &j.step_b, scale, out, x, "the scale", err);
    return st ? st : run(ctx, out, modulate_tile, &j, x, err);
}

vise_status vise_gated_add(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                           const vise_tensor *y, const vise_tensor *gate, vise_error *err) {
    rows_job j = {.per_batch = x->shape[1], .y = y->data};
    vise_status st = check_tokens(out, x, err);
    if (!st) st = vise_tensor_expect(y, VISE_F32, "the branch", err);
    if (!st) st = vise_argument_shape(y, 3, x->shape, "the branch", err);
    if (!st) st = vise_argument_apart(out, y, true, "the branch", err);
    if (!st) st = per_batch(&j.a, &j.step_a, gate, out, x, "the gate", err);
    return st ? st : run(ctx, out, gated_add_tile, &j, x, err);
}
