#include "engine/ops/unary.h"

#include <math.h>

#include "engine/ops/argument.h"

enum { TILE = 16384 }; // elements a tile

typedef struct unary {
    vise_unary_op op;
    double exponent;
    float *y;
    const float *a;
    int64_t n;
} unary;

static float sign(float v) {
    return v > 0 ? 1.0f : v < 0 ? -1.0f : v == 0 ? 0.0f : v;
}

static void unary_tile(void *job, int64_t tile) {
    const unary *u = job;
    int64_t begin = tile * TILE, end = begin + TILE < u->n ? begin + TILE : u->n;
    const float *a = u->a;
    float *y = u->y;
    switch (u->op) {
    case VISE_ABS:
        for (int64_t i = begin; i < end; i++) y[i] = fabsf(a[i]);
        break;
    case VISE_SIGN:
        for (int64_t i = begin; i < end; i++) y[i] = sign(a[i]);
        break;
    case VISE_ROUND:
        for (int64_t i = begin; i < end; i++) y[i] = rintf(a[i]);
        break;
    case VISE_POWER:
        for (int64_t i = begin; i < end; i++) y[i] = (float)pow((double)a[i], u->exponent);
        break;
    }
}

vise_status vise_unary(const vise_context *ctx, vise_tensor *out, vise_unary_op op,
                       const vise_tensor *a, double exponent, vise_error *err) {
    vise_status st = vise_tensor_expect(a, VISE_F32, "the tensor", err);
    if (!st) st = vise_argument_apart(out, a, true, "the tensor", err);
    if (!st) st = vise_tensor_output(out, VISE_F32, a->ndim, a->shape, err);
    if (st) return st;
    unary u = {op, exponent, out->data, a->data, vise_tensor_count(a)};
    return vise_parallel(ctx, (u.n + TILE - 1) / TILE, unary_tile, &u, err);
}
