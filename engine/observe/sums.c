// mean and importance: sums over the rows in f64, in the order of the rows.  A tile is some of
// the columns, so the bits depend neither on the threads nor on how the rows were cut.

#include "engine/observe/kinds.h"

enum { TILE = 512 }; // columns

typedef void column_sums(double *acc, const float *x, int64_t n, int64_t rows, int64_t stride);

typedef struct job {
    column_sums *add;
    vise_observed in;
    double *sums;
} job;

static void sum_tile(void *arg, int64_t tile) {
    const job *j = arg;
    int64_t from = tile * TILE, n = j->in.cols - from;
    if (n > TILE) n = TILE;
    j->add(j->sums + from, j->in.x + from, n, j->in.rows, j->in.stride);
}

static vise_status update(const vise_context *ctx, vise_observer *o, const vise_observed *x,
                          column_sums *add, vise_error *err) {
    job j = {.add = add, .in = *x, .sums = o->state.data};
    return vise_parallel(ctx, (x->cols + TILE - 1) / TILE, sum_tile, &j, err);
}

static vise_status update_mean(const vise_context *ctx, vise_observer *o,
                               const vise_observed *x, vise_error *err) {
    return update(ctx, o, x, ctx->kernels.column_abs_sum, err);
}

static vise_status update_importance(const vise_context *ctx, vise_observer *o,
                                     const vise_observed *x, vise_error *err) {
    return update(ctx, o, x, ctx->kernels.column_squares, err);
}

static vise_status merge(const vise_context *ctx, vise_observer *o, const vise_observer *other,
                         vise_error *err) {
    (void)ctx, (void)err;
    double *sums = o->state.data;
    const double *from = other->state.data;
    for (int64_t i = 0; i < o->channels; i++) sums[i] += from[i];
    return VISE_OK;
}

static vise_status result(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                          vise_error *err) {
    (void)ctx;
    vise_tensor means = {0};
    vise_status st = vise_tensor_raw(&means, VISE_F32, 1, &o->channels, err);
    if (st) return st;
    const double *sums = o->state.data;
    float *to = means.data;
    for (int64_t i = 0; i < o->channels; i++) to[i] = (float)(sums[i] / (double)o->count);
    *out = means;
    return VISE_OK;
}

const vise_observer_kind vise_observe_mean = {
    .name = "mean",
    .dtype = VISE_F64,
    .elements = vise_observe_channels,
    .update = update_mean,
    .merge = merge,
    .result = result,
};

const vise_observer_kind vise_observe_importance = {
    .name = "importance",
    .dtype = VISE_F64,
    .elements = vise_observe_channels,
    .update = update_importance,
    .merge = merge,
    .result = result,
};
