#include "engine/ops/activation.h"

#include <math.h>

#include "engine/ops/argument.h"

enum { TILE = 32768 }; // elements a tile, about

typedef void (*row_fn)(float *y, const float *x, int64_t n);

typedef struct activation {
    row_fn fn;
    const float *x;
    float *y;
    int64_t count, per_tile, step; // elements in all, of a tile, of a call
} activation;

static void activation_tile(void *job, int64_t tile) {
    const activation *a = job;
    int64_t end = (tile + 1) * a->per_tile;
    if (end > a->count) end = a->count;
    for (int64_t i = tile * a->per_tile; i < end; i += a->step) {
        a->fn(a->y + i, a->x + i, end - i < a->step ? end - i : a->step);
    }
}

// `row`: how many elements belong together.
static vise_status run(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                       row_fn fn, int64_t row, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_argument_apart(out, x, true, "the input", err);
    if (!st) st = vise_tensor_output(out, VISE_F32, x->ndim, x->shape, err);
    if (st || vise_tensor_count(x) == 0) return st;
    activation a = {.fn = fn, .x = x->data, .y = out->data, .step = row};
    a.count = vise_tensor_count(x);
    a.per_tile = row < TILE ? TILE / row * row : row;
    return vise_parallel(ctx, (a.count + a.per_tile - 1) / a.per_tile, activation_tile, &a,
                         err);
}

static void gelu_erf(float *y, const float *x, int64_t n) {
    const double root_half = 0.70710678118654752440;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i];
        y[i] = (float)(v / 2 * erfc(-v * root_half));
    }
}

vise_status vise_softmax(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                         vise_error *err) {
    return run(ctx, out, x, ctx->kernels.softmax, vise_tensor_cols(x), err);
}

vise_status vise_silu(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      vise_error *err) {
    return run(ctx, out, x, ctx->kernels.silu, TILE, err);
}

vise_status vise_gelu(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      vise_gelu_kind kind, vise_error *err) {
    row_fn fn = kind == VISE_GELU_ERF ? gelu_erf : ctx->kernels.gelu_tanh;
    return run(ctx, out, x, fn, TILE, err);
}
