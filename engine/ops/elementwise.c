#include "engine/ops/elementwise.h"

#include <string.h>

#include "engine/ops/argument.h"

enum {
    TILE = 32768,  // elements a tile
    BLOCK = 64,    // elements at a time: loops of a fixed count become vector code
    REPEAT = 1024, // a shorter second operand is written out this often
};

enum { AXPY = VISE_DIV + 1, CLAMP };

typedef struct elementwise {
    int op;
    float *y;
    const float *a, *b;
    int64_t n, nb; // b has nb elements and is used again and again
    float alpha, lo, hi;
    float repeated[REPEAT];
} elementwise;

// y = a op b.  The output may be an operand itself: what is computed stays apart from both
// until all is there.
static void compute_block(const elementwise *e, float *y, const float *a, const float *b) {
    float p[BLOCK];
    const float alpha = e->alpha, lo = e->lo, hi = e->hi;
    switch (e->op) {
    case VISE_ADD:
        for (int i = 0; i < BLOCK; i++) p[i] = a[i] + b[i];
        break;
    case VISE_SUB:
        for (int i = 0; i < BLOCK; i++) p[i] = a[i] - b[i];
        break;
    case VISE_MUL:
        for (int i = 0; i < BLOCK; i++) p[i] = a[i] * b[i];
        break;
    case VISE_DIV:
        for (int i = 0; i < BLOCK; i++) p[i] = a[i] / b[i];
        break;
    case AXPY:
        for (int i = 0; i < BLOCK; i++) p[i] = a[i] + alpha * b[i];
        break;
    case CLAMP:
        for (int i = 0; i < BLOCK; i++) p[i] = a[i] < lo ? lo : a[i] > hi ? hi : a[i];
        break;
    }
    memcpy(y, p, sizeof p);
}

// Fewer elements than a block.
static void compute_some(const elementwise *e, float *y, const float *a, const float *b,
                         int64_t n) {
    float p[BLOCK] = {0}, q[BLOCK] = {0};
    size_t bytes = (size_t)n * sizeof *p;
    memcpy(p, a, bytes);
    memcpy(q, b, bytes);
    compute_block(e, p, p, q);
    memcpy(y, p, bytes);
}

static void elementwise_tile(void *job, int64_t tile) {
    const elementwise *e = job;
    int64_t end = (tile + 1) * TILE < e->n ? (tile + 1) * TILE : e->n, m;
    for (int64_t i = tile * TILE; i < end; i += m) {
        int64_t at = i % e->nb;
        m = end - i < e->nb - at ? end - i : e->nb - at;
        int64_t done = 0;
        for (; done + BLOCK <= m; done += BLOCK) {
            compute_block(e, e->y + i + done, e->a + i + done, e->b + at + done);
        }
        if (done == m) continue;
        compute_some(e, e->y + i + done, e->a + i + done, e->b + at + done, m - done);
    }
}

static vise_status run(const vise_context *ctx, vise_tensor *out, elementwise *e,
                       const vise_tensor *a, vise_error *err) {
    vise_status st = vise_argument_apart(out, a, true, "the first operand", err);
    if (!st) st = vise_tensor_output(out, VISE_F32, a->ndim, a->shape, err);
    if (st) return st;
    e->y = out->data;
    e->a = a->data;
    e->n = vise_tensor_count(a);
    return vise_parallel(ctx, (e->n + TILE - 1) / TILE, elementwise_tile, e, err);
}

// Makes `b` the second operand: writes short ones out many times.
static void set_operand(elementwise *e, const float *b, int64_t nb) {
    e->b = b;
    e->nb = nb;
    if (nb > REPEAT) return;
    int64_t times = REPEAT / nb;
    for (int64_t i = 0; i < times; i++) {
        memcpy(e->repeated + i * nb, b, (size_t)nb * sizeof *b);
    }
    e->b = e->repeated;
    e->nb = times * nb;
}

static vise_status check_operands(const vise_tensor *out, const vise_tensor *a,
                                  const vise_tensor *b, vise_error *err) {
    vise_status st = vise_tensor_expect(a, VISE_F32, "the first operand", err);
    if (!st) st = vise_tensor_expect(b, VISE_F32, "the second operand", err);
    if (st) return st;
    int extra = a->ndim - b->ndim;
    bool fits = extra >= 0;
    for (int i = 0; fits && i < b->ndim; i++) fits = b->shape[i] == a->shape[extra + i];
    if (!fits) {
        char at[96], bt[96];
        return vise_fail(err, VISE_EINVAL, "E-TN-08",
                         "the second operand is %s, expected the shape of %s or of its last "
                         "dimensions",
                         vise_tensor_describe(bt, sizeof bt, b),
                         vise_tensor_describe(at, sizeof at, a));
    }
    return vise_argument_apart(out, b, true, "the second operand", err);
}

static vise_status binary(const vise_context *ctx, vise_tensor *out, elementwise *e,
                          const vise_tensor *a, const vise_tensor *b, vise_error *err) {
    vise_status st = check_operands(out, a, b, err);
    if (st) return st;
    int64_t nb = vise_tensor_count(b);
    if (b->ndim == a->ndim || nb == 0) {
        e->b = b->data;
        e->nb = nb > 0 ? nb : 1;
    } else {
        set_operand(e, b->data, nb);
    }
    return run(ctx, out, e, a, err);
}

vise_status vise_binary(const vise_context *ctx, vise_tensor *out, vise_binary_op op,
                        const vise_tensor *a, const vise_tensor *b, vise_error *err) {
    elementwise e = {.op = (int)op};
    return binary(ctx, out, &e, a, b, err);
}

vise_status vise_binary_scalar(const vise_context *ctx, vise_tensor *out, vise_binary_op op,
                               const vise_tensor *a, float b, vise_error *err) {
    elementwise e = {.op = (int)op};
    vise_status st = vise_tensor_expect(a, VISE_F32, "the first operand", err);
    if (st) return st;
    set_operand(&e, &b, 1);
    return run(ctx, out, &e, a, err);
}

vise_status vise_axpy(const vise_context *ctx, vise_tensor *out, const vise_tensor *a,
                      float alpha, const vise_tensor *x, vise_error *err) {
    elementwise e = {.op = AXPY, .alpha = alpha};
    return binary(ctx, out, &e, a, x, err);
}

vise_status vise_clamp(const vise_context *ctx, vise_tensor *out, const vise_tensor *a,
                       float lo, float hi, vise_error *err) {
    elementwise e = {.op = CLAMP, .lo = lo, .hi = hi};
    vise_status st = vise_tensor_expect(a, VISE_F32, "the tensor", err);
    if (st) return st;
    set_operand(&e, &lo, 1);
    return run(ctx, out, &e, a, err);
}
