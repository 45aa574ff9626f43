// range and channel_span: exact, so that tiles and shards merge in any order.

#include <math.h>

#include "engine/mem.h"
#include "engine/observe/kinds.h"

enum { BANDS = 16, TILE_ELEMENTS = 65536 }; // at most BANDS tiles of rows hold a span each

// -0 and +0 are equal, and which one a kernel finds is not said: +0 is kept.
static float smaller(float a, float b) {
    return isnan(a) || isnan(b) ? NAN : (a < b ? a : b) + 0.0f;
}

static float larger(float a, float b) {
    return isnan(a) || isnan(b) ? NAN : (a > b ? a : b) + 0.0f;
}

typedef struct job {
    const vise_kernels *kernels;
    vise_observed in;
    int64_t rows_a_tile;
    float *part; // of each tile: channel_span [cols]; range {min, max}
} job;

static void span_tile(void *arg, int64_t tile) {
    const job *j = arg;
    int64_t row = tile * j->rows_a_tile, end = row + j->rows_a_tile;
    if (end > j->in.rows) end = j->in.rows;
    for (; row < end; row++) {
        j->kernels->column_absmax(j->part + tile * j->in.cols, j->in.x + row * j->in.stride,
                                  j->in.cols);
    }
}

static void range_tile(void *arg, int64_t tile) {
    const job *j = arg;
    int64_t row = tile * j->rows_a_tile, end = row + j->rows_a_tile;
    if (end > j->in.rows) end = j->in.rows;
    float *part = j->part + 2 * tile;
    for (int64_t first = row; row < end; row++) {
        float lo, hi;
        j->kernels->minmax(&lo, &hi, j->in.x + row * j->in.stride, j->in.cols);
        part[0] = row == first ? lo : smaller(part[0], lo);
        part[1] = row == first ? hi : larger(part[1], hi);
    }
}

// Puts another {min, max} into the state; `fresh` if it holds none yet.
static void widen(float *state, const float *range, bool fresh) {
    state[0] = smaller(range[0], fresh ? range[0] : state[0]);
    state[1] = larger(range[1], fresh ? range[1] : state[1]);
}

// Computes the tiles, `size` floats each, in j->part; the caller frees it.
static vise_status run_tiles(const vise_context *ctx, job *j, vise_tile_fn tile, int64_t tiles,
                             int64_t size, vise_error *err) {
    j->part = vise_calloc(sizeof *j->part * (size_t)(size * tiles));
    if (!j->part) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld x %lld statistics",
                         (long long)tiles, (long long)size);
    }
    return vise_parallel(ctx, tiles, tile, j, err);
}

static vise_status update_range(const vise_context *ctx, vise_observer *o,
                                const vise_observed *x, vise_error *err) {
    job j = {.kernels = &ctx->kernels, .in = *x};
    j.rows_a_tile = 1 + TILE_ELEMENTS / (x->cols + 1);
    int64_t tiles = (x->rows + j.rows_a_tile - 1) / j.rows_a_tile;
    vise_status st = run_tiles(ctx, &j, range_tile, tiles, 2, err);
    for (int64_t i = 0; !st && i < tiles; i++) {
        widen(o->state.data, j.part + 2 * i, o->count == 0 && i == 0);
    }
    vise_free(j.part);
    return st;
}

static vise_status update_span(const vise_context *ctx, vise_observer *o,
                               const vise_observed *x, vise_error *err) {
    job j = {.kernels = &ctx->kernels, .in = *x};
    int64_t least = 1 + TILE_ELEMENTS / (x->cols + 1);
    j.rows_a_tile = (x->rows + BANDS - 1) / BANDS;
    if (j.rows_a_tile < least) j.rows_a_tile = least;
    int64_t tiles = (x->rows + j.rows_a_tile - 1) / j.rows_a_tile;
    vise_status st = run_tiles(ctx, &j, span_tile, tiles, x->cols, err);
    for (int64_t i = 0; !st && i < tiles; i++) {
        ctx->kernels.column_absmax(o->state.data, j.part + i * x->cols, x->cols);
    }
    vise_free(j.part);
    return st;
}

static vise_status merge_range(const vise_context *ctx, vise_observer *o,
                               const vise_observer *other, vise_error *err) {
    (void)ctx, (void)err;
    widen(o->state.data, other->state.data, o->count == 0);
    return VISE_OK;
}

static vise_status merge_span(const vise_context *ctx, vise_observer *o,
                              const vise_observer *other, vise_error *err) {
    (void)ctx, (void)err;
    float *state = o->state.data;
    const float *from = other->state.data;
    for (int64_t i = 0; i < o->channels; i++) state[i] = larger(state[i], from[i]);
    return VISE_OK;
}

// The range of the update alone is found as if nothing had been seen before.
static vise_status update_average(const vise_context *ctx, vise_observer *o,
                                  const vise_observed *x, vise_error *err) {
    float *state = o->state.data, before[2] = {state[0], state[1]};
    int64_t count = o->count;
    o->count = 0;
    vise_status st = update_range(ctx, o, x, err);
    o->count = count;
    if (st) return st;
    for (int i = 0; count > 0 && i < 2; i++) {
        state[i] = before[i] + (float)o->options.rate * (state[i] - before[i]);
    }
    return VISE_OK;
}

static vise_status merge_average(const vise_context *ctx, vise_observer *o,
                                 const vise_observer *other, vise_error *err) {
    (void)ctx, (void)o, (void)other;
    return vise_fail(err, VISE_EINVAL, "E-OB-20",
                     "a moving average depends on the order of the data and cannot be merged; "
                     "range can");
}

const vise_observer_kind vise_observe_range = {
    .name = "range",
    .dtype = VISE_F32,
    .elements = vise_observe_two,
    .update = update_range,
    .merge = merge_range,
};

const vise_observer_kind vise_observe_channel_span = {
    .name = "channel_span",
    .dtype = VISE_F32,
    .elements = vise_observe_channels,
    .update = update_span,
    .merge = merge_span,
};

const vise_observer_kind vise_observe_moving_average = {
    .name = "moving_average",
    .dtype = VISE_F32,
    .elements = vise_observe_two,
    .update = update_average,
    .merge = merge_average,
};
