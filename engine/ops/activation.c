#include "engine/ops/activation.h"

#include "engine/ops/argument.h"

enum { TILE = 32768 }; // elements a tile, about

typedef struct activation activation;

struct activation {
    // Computes elements [at, at + n).
    void (*fn)(const activation *a, int64_t at, int64_t n);
    const vise_kernels *kernels;
    vise_gelu_kind kind;
    const float *x, *up;
    float *y;
    int64_t count, per_tile, step; // elements in all, of a tile, of a call
};

static void softmax_part(const activation *a, int64_t at, int64_t n) {
    a->kernels->softmax(a->y + at, a->x + at, n);
}

static void silu_part(const activation *a, int64_t at, int64_t n) {
    a->kernels->silu(a->y + at, a->x + at, n);
}

static void silu_mul_part(const activation *a, int64_t at, int64_t n) {
    vise_silu_mul_row(a->kernels, a->y + at, a->x + at, a->up + at, n);
}

static void gelu_part(const activation *a, int64_t at, int64_t n) {
    vise_gelu_row(a->kernels, a->y + at, a->x + at, n, a->kind);
}

static void activation_tile(void *job, int64_t tile) {
    const activation *a = job;
    int64_t end = (tile + 1) * a->per_tile;
    if (end > a->count) end = a->count;
    for (int64_t i = tile * a->per_tile; i < end; i += a->step) {
        a->fn(a, i, end - i < a->step ? end - i : a->step);
    }
}

// `row`: how many elements belong together.
static vise_status run(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                       activation *a, int64_t row, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_argument_apart(out, x, true, "the input", err);
    if (!st) st = vise_tensor_output(out, VISE_F32, x->ndim, x->shape, err);
    if (st || vise_tensor_count(x) == 0) return st;
    a->kernels = &ctx->kernels;
    a->x = x->data;
    a->y = out->data;
    a->step = row;
    a->count = vise_tensor_count(x);
    a->per_tile = row < TILE ? TILE / row * row : row;
    int64_t tiles = (a->count + a->per_tile - 1) / a->per_tile;
    return vise_parallel(ctx, tiles, activation_tile, a, err);
}

vise_status vise_softmax(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                         vise_error *err) {
    activation a = {.fn = softmax_part};
    return run(ctx, out, x, &a, vise_tensor_cols(x), err);
}

vise_status vise_silu(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      vise_error *err) {
    activation a = {.fn = silu_part};
    return run(ctx, out, x, &a, TILE, err);
}

vise_status vise_silu_mul(const vise_context *ctx, vise_tensor *out, const vise_tensor *gate,
                          const vise_tensor *up, vise_error *err) {
    activation a = {.fn = silu_mul_part, .up = up->data};
    vise_status st = vise_tensor_expect(up, VISE_F32, "the factor", err);
    if (!st) st = vise_argument_shape(up, gate->ndim, gate->shape, "the factor", err);
    if (!st) st = vise_argument_apart(out, up, true, "the factor", err);
    return st ? st : run(ctx, out, gate, &a, TILE, err);
}

vise_status vise_gelu(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      vise_gelu_kind kind, vise_error *err) {
    activation a = {.fn = gelu_part, .kind = kind};
    return run(ctx, out, x, &a, TILE, err);
}
