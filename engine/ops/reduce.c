#include "engine/ops/reduce.h"

#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/ops/argument.h"

enum {
    TILE = 65536, // elements a tile
    LANES = 8     // partial sums
};

// What one tile finds.  Which fields are used depends on the job.
typedef struct partial {
    double sum, squares;         // of x, or of b when comparing
    double abs_diff, diff2, top; // of a - b; top is the largest
    double a2, ab;
    float lo, hi;
} partial;

typedef struct reduction {
    const vise_kernels *kernels;
    const float *x, *b;
    int64_t n;
    partial *found; // one a tile
} reduction;

static double lane_total(const double lane[LANES]) {
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) +
           ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

static int64_t tile_size(const reduction *r, int64_t tile) {
    int64_t left = r->n - tile * TILE;
    return left < TILE ? left : TILE;
}

static void sum_tile(void *job, int64_t tile) {
    const reduction *r = job;
    const float *x = r->x + tile * TILE;
    double sum[LANES] = {0}, squares[LANES] = {0};
    int64_t n = tile_size(r, tile), i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            double v = (double)x[i + l];
            sum[l] += v;
            squares[l] += v * v;
        }
    }
    for (int l = 0; i + l < n; l++) {
        double v = (double)x[i + l];
        sum[l] += v;
        squares[l] += v * v;
    }
    r->found[tile].sum = lane_total(sum);
    r->found[tile].squares = lane_total(squares);
}

static void range_tile(void *job, int64_t tile) {
    const reduction *r = job;
    partial *p = &r->found[tile];
    r->kernels->minmax(&p->lo, &p->hi, r->x + tile * TILE, tile_size(r, tile));
}

static void compare_tile(void *job, int64_t tile) {
    const reduction *r = job;
    const float *x = r->x + tile * TILE, *y = r->b + tile * TILE;
    double abs_diff[LANES] = {0}, diff2[LANES] = {0}, top[LANES] = {0};
    double a2[LANES] = {0}, b2[LANES] = {0}, ab[LANES] = {0};
    int64_t n = tile_size(r, tile);
    for (int64_t i = 0; i < n; i += LANES) {
        for (int l = 0; l < LANES && i + l < n; l++) {
            double a = (double)x[i + l], b = (double)y[i + l], d = fabs(a - b);
            abs_diff[l] += d;
            diff2[l] += d * d;
            if (d > top[l]) top[l] = d;
            a2[l] += a * a;
            b2[l] += b * b;
            ab[l] += a * b;
        }
    }
    partial *p = &r->found[tile];
    for (int l = 0; l < LANES; l++) p->top = fmax(p->top, top[l]);
    p->abs_diff = lane_total(abs_diff);
    p->diff2 = lane_total(diff2);
    p->a2 = lane_total(a2);
    p->squares = lane_total(b2);
    p->ab = lane_total(ab);
}

// Runs `fn` over the tiles and joins what they find, in order.
static vise_status run(const vise_context *ctx, partial *all, reduction *r, vise_tile_fn fn,
                       vise_error *err) {
    memset(all, 0, sizeof *all);
    int64_t tiles = (r->n + TILE - 1) / TILE;
    r->kernels = &ctx->kernels;
    r->found = vise_calloc((size_t)tiles * sizeof *r->found);
    if (!r->found) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld partial results",
                         (long long)tiles);
    }
    vise_status st = vise_parallel(ctx, tiles, fn, r, err);
    for (int64_t t = 0; !st && t < tiles; t++) {
        const partial *p = &r->found[t];
        all->sum += p->sum;
        all->squares += p->squares;
        all->abs_diff += p->abs_diff;
        all->diff2 += p->diff2;
        all->top = fmax(all->top, p->top);
        all->a2 += p->a2;
        all->ab += p->ab;
        // !(a <= b): also when the newcomer is NaN; a NaN that is there stays.
        if (t == 0 || (!isnan(all->lo) && !(all->lo <= p->lo))) all->lo = p->lo;
        if (t == 0 || (!isnan(all->hi) && !(all->hi >= p->hi))) all->hi = p->hi;
    }
    vise_free(r->found);
    return st;
}

static vise_status expect_some(const vise_tensor *x, vise_error *err) {
    char text[96];
    if (vise_tensor_count(x) > 0) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-TN-09", "%s has no elements",
                     vise_tensor_describe(text, sizeof text, x));
}

vise_status vise_reduce(const vise_context *ctx, double *out, vise_reduction what,
                        const vise_tensor *x, vise_error *err) {
    partial all;
    reduction r = {.x = x->data, .n = vise_tensor_count(x)};
    bool range = what == VISE_MIN || what == VISE_MAX;
    vise_status st = vise_tensor_expect(x, VISE_F32, "the tensor", err);
    if (!st && (range || what == VISE_MEAN)) st = expect_some(x, err);
    if (!st) st = run(ctx, &all, &r, range ? range_tile : sum_tile, err);
    if (st) return st;
    switch (what) {
    case VISE_SUM: *out = all.sum; break;
    case VISE_MEAN: *out = all.sum / (double)r.n; break;
    case VISE_MIN: *out = (double)all.lo; break;
    case VISE_MAX: *out = (double)all.hi; break;
    case VISE_NORM: *out = sqrt(all.squares); break;
    }
    return VISE_OK;
}

vise_status vise_argmax(int64_t *out, const vise_tensor *x, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the tensor", err);
    if (!st) st = expect_some(x, err);
    if (st) return st;
    const float *v = x->data;
    int64_t n = vise_tensor_count(x), best = 0;
    for (int64_t i = 1; i < n && !isnan(v[best]); i++) {
        if (!(v[i] <= v[best])) best = i;
    }
    *out = best;
    return VISE_OK;
}

vise_status vise_compare(const vise_context *ctx, vise_comparison *out, const vise_tensor *a,
                         const vise_tensor *b, vise_error *err) {
    partial all;
    vise_status st = vise_tensor_expect(a, VISE_F32, "the first tensor", err);
    if (!st) st = vise_tensor_expect(b, VISE_F32, "the second tensor", err);
    if (!st) st = vise_argument_shape(b, a->ndim, a->shape, "the second tensor", err);
    if (!st) st = expect_some(a, err);
    reduction r = {.x = a->data, .b = b->data, .n = vise_tensor_count(a)};
    if (!st) st = run(ctx, &all, &r, compare_tile, err);
    if (st) return st;
    double n = (double)r.n, norms = sqrt(all.a2) * sqrt(all.squares);
    out->mae = all.abs_diff / n;
    out->rmse = sqrt(all.diff2 / n);
    out->max_abs = isnan(all.abs_diff) ? (double)NAN : all.top;
    double truth = sqrt(all.squares);
    out->rel_l2 = sqrt(all.diff2) / (truth > 1e-12 ? truth : 1e-12);
    bool one_zero = all.a2 == 0 || all.squares == 0;
    out->cosine = one_zero ? (double)(all.a2 == all.squares) : all.ab / norms;
    out->sqnr = all.diff2 == 0 ? (double)INFINITY : 10 * log10(all.squares / all.diff2);
    return VISE_OK;
}
