// histogram and token_span.  The bins cut [0, 2^e) into 4,096 equal parts, the smallest e that
// has room for every value.  A larger value adds neighbours up until it has room: exact, so
// histograms merge in any order.

#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/observe/kinds.h"

enum {
    BINS = VISE_OBSERVED_BINS,
    EXPONENT = BINS, // where the state has e
    LOST,            // and how many values are not finite
    SIZE,
    LEAST = -100, // the smallest e: 2^(12 - e) is a finite f32
    MOST = 128,
    BANDS = 16,
    TILE_ELEMENTS = 65536,
};

// Makes room for values below 2^e.
static void widen(int64_t *state, int64_t e) {
    int64_t shift = e - state[EXPONENT];
    if (shift <= 0) return;
    for (int64_t i = 1; i < BINS; i++) {
        int64_t n = state[i], to = shift < 12 ? i >> shift : 0;
        state[i] = 0;
        state[to] += n;
    }
    state[EXPONENT] = e;
}

typedef struct job {
    const vise_kernels *kernels;
    vise_observed in;
    int64_t rows_a_tile;
    float scale;     // bins a unit
    float *spans;    // [rows]: the largest |x| of each row, or NULL
    int *exponents;  // of each tile
    int64_t *counts; // [BINS + 1] of each tile, the last are those not finite
} job;

static int exponent_of(float v) {
    int e = LEAST;
    if (v > 0) frexpf(v, &e);
    return e > LEAST ? e : LEAST;
}

// The largest |x| that is finite.
static float largest_finite(const vise_kernels *k, const float *x, int64_t n) {
    float max = k->absmax(x, n);
    if (isfinite(max)) return max;
    max = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && fabsf(x[i]) > max) max = fabsf(x[i]);
    }
    return max;
}

static int64_t tile_end(const job *j, int64_t tile) {
    int64_t end = (tile + 1) * j->rows_a_tile;
    return end < j->in.rows ? end : j->in.rows;
}

static void span_tile(void *arg, int64_t tile) {
    const job *j = arg;
    for (int64_t row = tile * j->rows_a_tile; row < tile_end(j, tile); row++) {
        j->spans[row] = j->kernels->absmax(j->in.x + row * j->in.stride, j->in.cols);
    }
}

static void exponent_tile(void *arg, int64_t tile) {
    const job *j = arg;
    j->exponents[tile] = LEAST;
    for (int64_t row = tile * j->rows_a_tile; row < tile_end(j, tile); row++) {
        float max = largest_finite(j->kernels, j->in.x + row * j->in.stride, j->in.cols);
        int e = exponent_of(max);
        if (e > j->exponents[tile]) j->exponents[tile] = e;
    }
}

// A product with a power of two is exact, or below the first bin.
static void count_tile(void *arg, int64_t tile) {
    const job *j = arg;
    int64_t *counts = j->counts + tile * (BINS + 1);
    for (int64_t row = tile * j->rows_a_tile; row < tile_end(j, tile); row++) {
        const float *x = j->in.x + row * j->in.stride;
        for (int64_t i = 0; i < j->in.cols; i++) {
            float place = fabsf(x[i]) * j->scale;
            counts[place < BINS ? (int)place : BINS]++; // NaN and infinity are not below
        }
    }
}

static int64_t cut(job *j) {
    int64_t least = 1 + TILE_ELEMENTS / (j->in.cols + 1);
    j->rows_a_tile = (j->in.rows + BANDS - 1) / BANDS;
    if (j->rows_a_tile < least) j->rows_a_tile = least;
    return (j->in.rows + j->rows_a_tile - 1) / j->rows_a_tile;
}

static vise_status count(const vise_context *ctx, int64_t *state, job *j, vise_error *err) {
    int exponents[BANDS];
    int64_t tiles = cut(j);
    j->exponents = exponents;
    vise_status st = vise_parallel(ctx, tiles, exponent_tile, j, err);
    if (st) return st;
    j->counts = vise_calloc(sizeof *j->counts * (size_t)(tiles * (BINS + 1)));
    if (!j->counts) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a histogram");
    for (int64_t t = 0; t < tiles; t++) widen(state, exponents[t]);
    j->scale = ldexpf(BINS, -(int)state[EXPONENT]);
    st = vise_parallel(ctx, tiles, count_tile, j, err);
    for (int64_t t = 0; !st && t < tiles; t++) {
        const int64_t *counts = j->counts + t * (BINS + 1);
        for (int64_t i = 0; i < BINS; i++) state[i] += counts[i];
        state[LOST] += counts[BINS];
    }
    vise_free(j->counts);
    return st;
}

static vise_status update(const vise_context *ctx, vise_observer *o, const vise_observed *x,
                          vise_error *err) {
    job j = {.kernels = &ctx->kernels, .in = *x};
    return count(ctx, o->state.data, &j, err);
}

static vise_status update_tokens(const vise_context *ctx, vise_observer *o,
                                 const vise_observed *x, vise_error *err) {
    job j = {.kernels = &ctx->kernels, .in = *x};
    int64_t tiles = cut(&j);
    float *spans = vise_alloc(sizeof *spans * (size_t)x->rows);
    if (!spans) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a histogram");
    j.spans = spans;
    vise_status st = vise_parallel(ctx, tiles, span_tile, &j, err);
    j.in = (vise_observed){.x = spans, .rows = x->rows, .cols = 1, .stride = 1};
    if (!st) st = count(ctx, o->state.data, &j, err);
    vise_free(spans);
    return st;
}

static vise_status merge(const vise_context *ctx, vise_observer *o, const vise_observer *other,
                         vise_error *err) {
    (void)ctx;
    int64_t *state = o->state.data, *theirs = vise_alloc(SIZE * sizeof *theirs);
    if (!theirs) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a histogram");
    memcpy(theirs, other->state.data, SIZE * sizeof *theirs);
    widen(state, theirs[EXPONENT]);
    widen(theirs, state[EXPONENT]);
    for (int64_t i = 0; i < BINS; i++) state[i] += theirs[i];
    state[LOST] += theirs[LOST];
    vise_free(theirs);
    return VISE_OK;
}

static vise_status result(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                          vise_error *err) {
    (void)ctx;
    const int64_t *state = o->state.data;
    if (state[LOST] > 0) {
        return vise_fail(err, VISE_ENUMERIC, "E-OB-11", "%s: %lld values are not finite",
                         vise_observer_name(o), (long long)state[LOST]);
    }
    int64_t used = BINS;
    while (used > 1 && state[used - 1] == 0) used--;
    vise_tensor counts = {0};
    vise_status st = vise_tensor_raw(&counts, VISE_I64, 1, &used, err);
    if (st) return st;
    memcpy(counts.data, state, sizeof *state * (size_t)used);
    *out = counts;
    return VISE_OK;
}

static bool valid(const vise_observer *o, const vise_tensor *tensor) {
    (void)o;
    const int64_t *state = tensor->data;
    bool ok = state[EXPONENT] >= LEAST && state[EXPONENT] <= MOST && state[LOST] >= 0;
    for (int64_t i = 0, left = INT64_MAX; ok && i < BINS; left -= state[i++]) {
        ok = state[i] >= 0 && state[i] <= left;
    }
    return ok;
}

static void start(vise_observer *o) {
    ((int64_t *)o->state.data)[EXPONENT] = LEAST;
}

static int64_t size(const vise_observer_options *opt) {
    (void)opt;
    return SIZE;
}

double vise_observer_width(const vise_observer *o) {
    if (o->kind->update != update && o->kind->update != update_tokens) return 0;
    return ldexp(1.0 / BINS, (int)((const int64_t *)o->state.data)[EXPONENT]);
}

const vise_observer_kind vise_observe_histogram = {
    .name = "histogram",
    .dtype = VISE_I64,
    .elements = size,
    .start = start,
    .update = update,
    .merge = merge,
    .valid = valid,
    .result = result,
};

const vise_observer_kind vise_observe_token_span = {
    .name = "token_span",
    .dtype = VISE_I64,
    .elements = size,
    .start = start,
    .update = update_tokens,
    .merge = merge,
    .valid = valid,
    .result = result,
};
