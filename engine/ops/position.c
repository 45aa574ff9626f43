#include "engine/ops/position.h"

#include <math.h>

#include "engine/ops/argument.h"
#include "engine/workspace.h"

enum { PIECE = 512 }; // elements of a row of positions that are converted at once

typedef struct rope {
    const float *x;
    float *y;
    const float *table; // [tokens][dh / 2][cos, sin]
    int64_t tokens, heads, half;
} rope;

static void rope_tile(void *job, int64_t tile) {
    const rope *r = job;
    const float *table = r->table + tile % r->tokens * r->half * 2;
    int64_t at = tile * r->heads * r->half * 2;
    for (int64_t h = 0; h < r->heads; h++, at += 2 * r->half) {
        for (int64_t i = 0; i < r->half; i++) {
            float cosine = table[2 * i], sine = table[2 * i + 1];
            float a = r->x[at + i], b = r->x[at + r->half + i];
            r->y[at + i] = a * cosine - b * sine;
            r->y[at + r->half + i] = b * cosine + a * sine;
        }
    }
}

static void fill_table(float *table, const rope *r, const vise_rope_options *opt) {
    for (int64_t i = 0; i < r->half; i++) {
        float power = powf((float)opt->theta, (float)(2 * i) / (float)(2 * r->half));
        float frequency = 1.0f / power;
        for (int64_t t = 0; t < r->tokens; t++) {
            double angle = (double)((float)(opt->position + t) * frequency);
            table[(t * r->half + i) * 2] = (float)cos(angle);
            table[(t * r->half + i) * 2 + 1] = (float)sin(angle);
        }
    }
}

vise_status vise_rope(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      const vise_rope_options *opt, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_argument_rank(x, 3, "the input", err);
    if (!st) st = vise_argument_apart(out, x, true, "the input", err);
    if (st) return st;
    if (opt->heads < 1 || x->shape[2] % (2 * opt->heads)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-10",
                         "%lld heads of an even size do not fit rows of %lld",
                         (long long)opt->heads, (long long)x->shape[2]);
    }
    rope r = {.tokens = x->shape[1], .heads = opt->heads};
    r.half = x->shape[2] / opt->heads / 2;
    // No overflow: the table is no larger than one batch of `x`, or there is no batch.
    int64_t bytes = r.tokens * r.half * 2 * (int64_t)sizeof(float);
    float *table = vise_work_take(ctx, vise_tensor_count(x) > 0 ? bytes : 0);
    if (!table) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld rotations",
                         (long long)(r.tokens * r.half));
    }
    st = vise_tensor_output(out, VISE_F32, 3, x->shape, err);
    if (!st && vise_tensor_count(x) > 0) {
        fill_table(table, &r, opt);
        r.x = x->data;
        r.y = out->data;
        r.table = table;
        st = vise_parallel(ctx, x->shape[0] * r.tokens, rope_tile, &r, err);
    }
    vise_work_give(ctx, table);
    return st;
}

typedef struct positions {
    const vise_kernels *kernels;
    const float *x;
    float *y;
    const vise_tensor *table;
    int64_t tokens, width, first;
} positions;

// One token, its row of the table converted piece by piece.
static void positions_tile(void *job, int64_t tile) {
    const positions *p = job;
    int64_t row = p->first + tile % p->tokens;
    const float *x = p->x + tile * p->width;
    float *y = p->y + tile * p->width, piece[PIECE];
    for (int64_t at = 0; at < p->width; at += PIECE) {
        int64_t n = p->width - at < PIECE ? p->width - at : PIECE;
        vise_argument_load(p->kernels, piece, p->table, row, at, n);
        for (int64_t i = 0; i < n; i++) y[at + i] = x[at + i] + piece[i];
    }
}

vise_status vise_add_positions(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                               const vise_tensor *table, int64_t position, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_argument_rank(x, 3, "the input", err);
    if (!st) st = vise_argument_float(table, "the table", err);
    if (!st) {
        int64_t shape[] = {table->shape[0], x->shape[2]};
        st = vise_argument_shape(table, 2, shape, "the table", err);
    }
    if (!st) st = vise_argument_apart(out, x, true, "the input", err);
    if (!st) st = vise_argument_apart(out, table, false, "the table", err);
    if (st) return st;
    if (position < 0 || position > table->shape[0] - x->shape[1]) {
        return vise_fail(
            err, VISE_EINVAL, "E-TN-11", "%lld tokens from position %lld, the table has %lld",
            (long long)x->shape[1], (long long)position, (long long)table->shape[0]);
    }
    st = vise_tensor_output(out, VISE_F32, 3, x->shape, err);
    if (st || vise_tensor_count(x) == 0) return st;
    positions p = {.kernels = &ctx->kernels, .x = x->data, .y = out->data, .table = table};
    p.tokens = x->shape[1];
    p.width = x->shape[2];
    p.first = position;
    return vise_parallel(ctx, x->shape[0] * p.tokens, positions_tile, &p, err);
}

vise_status vise_sinusoid(vise_tensor *out, const vise_tensor *values,
                          const vise_sinusoid_options *opt, vise_error *err) {
    vise_status st = vise_tensor_expect(values, VISE_F32, "the value tensor", err);
    if (!st) st = vise_argument_rank(values, 1, "the value tensor", err);
    if (!st) st = vise_argument_apart(out, values, false, "the value tensor", err);
    if (st) return st;
    int64_t half = opt->dim / 2, n = values->shape[0];
    if (opt->dim < 2 || opt->dim % 2 || !(opt->shift < (double)half)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-10",
                         "an embedding of %lld with a shift of %g, expected an even size and "
                         "a shift below half of it",
                         (long long)opt->dim, opt->shift);
    }
    st = vise_tensor_output(out, VISE_F32, 2, (int64_t[]){n, opt->dim}, err);
    if (st) return st;
    const float *x = values->data;
    float *y = out->data, minus_log = (float)-log(opt->max_period);
    int64_t cos_at = opt->cos_first ? 0 : half, sin_at = opt->cos_first ? half : 0;
    for (int64_t i = 0; i < half; i++) {
        float exponent = minus_log * (float)i / (float)((double)half - opt->shift);
        float frequency = expf(exponent);
        for (int64_t r = 0; r < n; r++) {
            double angle = (double)(x[r] * frequency);
            y[r * opt->dim + cos_at + i] = (float)cos(angle);
            y[r * opt->dim + sin_at + i] = (float)sin(angle);
        }
    }
    return VISE_OK;
}
