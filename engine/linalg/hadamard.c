#include "engine/linalg/hadamard.h"

#include <math.h>
#include <stddef.h>

#include "engine/linalg/hadamard_base.h"
#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

enum { TILE_FLOATS = 1 << 16 };

// The power of two in n, if the rest is an order that there is; else 0.
static int64_t power_in(int64_t n, int order) {
    int64_t rest = n / order;
    return n % order == 0 && rest > 0 && (rest & (rest - 1)) == 0 ? rest : 0;
}

// The order of the base matrix of a block, the smallest one; 0 if there is none.
static int base_of(int64_t n) {
    for (int i = 0; i < VISE_HADAMARD_BASES; i++) {
        if (power_in(n, vise_hadamard_orders[i])) return vise_hadamard_orders[i];
    }
    return 0;
}

int64_t vise_hadamard_size(int64_t inputs) {
    int64_t best = 1;
    for (int i = 0; i < VISE_HADAMARD_BASES; i++) {
        int64_t rest = inputs / vise_hadamard_orders[i];
        if (inputs % vise_hadamard_orders[i] || rest == 0) continue;
        int64_t size = (rest & -rest) * vise_hadamard_orders[i];
        if (size > best) best = size;
    }
    return best;
}

typedef struct hadamard_job {
    const vise_context *ctx;
    const float *x;
    float *y;
    int64_t blocks, n, blocks_a_tile, power;
    int order;
    bool transpose;
    float by;
    const float *base;    // [order, order]; NULL if the order is 1
    vise_scratch scratch; // of a block, if there is a base
} hadamard_job;

static void transform(const hadamard_job *j, float *part, const float *x, float *y) {
    const vise_kernels *k = &j->ctx->kernels;
    if (!j->base) {
        k->walsh(y, x, j->n, j->by);
        return;
    }
    for (int64_t a = 0; a < j->n; a += j->power) k->walsh(part + a, x + a, j->power, j->by);
    vise_gemm g = {.trans_a = j->transpose, .m = j->order, .n = j->power, .k = j->order};
    g.a = j->base;
    g.lda = j->order;
    g.b = part;
    g.c = y;
    g.ldb = g.ldc = j->power;
    k->gemm(&g);
}

static void hadamard_tile(void *job, int64_t tile) {
    hadamard_job *j = job;
    int64_t block = tile * j->blocks_a_tile, end = block + j->blocks_a_tile;
    float *part = j->base ? vise_scratch_take(&j->scratch) : NULL;
    if (end > j->blocks) end = j->blocks;
    for (; block < end; block++) transform(j, part, j->x + block * j->n, j->y + block * j->n);
    if (part) vise_scratch_give(&j->scratch, part);
}

static vise_status check(const hadamard_job *j, const vise_tensor *x, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (st) return st;
    int64_t cols = vise_tensor_cols(x);
    if (j->n < 1 || j->order == 0) {
        return vise_fail(
            err, VISE_EINVAL, "E-NU-11",
            "there is no Hadamard transform of %lld, expected 2^k times 1, 12, 20, "
            "28, 36, 40, 52, 60, 108, 140, 156 or 172",
            (long long)j->n);
    }
    if (cols % j->n) {
        return vise_fail(
            err, VISE_EINVAL, "E-NU-11",
            "rows of %lld are not whole blocks of %lld; the largest there is: %lld",
            (long long)cols, (long long)j->n, (long long)vise_hadamard_size(cols));
    }
    return VISE_OK;
}

vise_status vise_hadamard(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                          int64_t n, bool transpose, vise_error *err) {
    hadamard_job j = {.ctx = ctx, .x = x->data, .n = n, .transpose = transpose};
    vise_tensor base = {0}, made = *out;
    j.order = n < 1 ? 0 : base_of(n);
    vise_status st = check(&j, x, err);
    if (!st) st = vise_argument_apart(out, x, true, "the input", err);
    if (!st) st = vise_tensor_output(&made, VISE_F32, x->ndim, x->shape, err);
    if (st) return st;
    j.power = power_in(n, j.order);
    j.y = made.data;
    j.by = (float)(1 / sqrt((double)n));
    j.blocks = vise_tensor_count(x) / n;
    j.blocks_a_tile = n < TILE_FLOATS ? TILE_FLOATS / n : 1;
    int64_t tiles = (j.blocks + j.blocks_a_tile - 1) / j.blocks_a_tile;
    if (j.order > 1) {
        int64_t order = j.order;
        st = vise_tensor_raw(&base, VISE_F32, 2, (int64_t[]){order, order}, err);
        if (st) goto done;
        vise_hadamard_base(base.data, j.order);
        j.base = base.data;
        st = vise_scratch_new(&j.scratch, ctx, tiles, n * (int64_t)sizeof(float), err);
        if (st) goto done;
    }
    st = vise_parallel(ctx, tiles, hadamard_tile, &j, err);

done:
    vise_scratch_release(&j.scratch);
    vise_tensor_release(&base);
    if (st && !out->buf) vise_tensor_release(&made);
    if (!st) *out = made;
    return st;
}
