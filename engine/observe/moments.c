// moments: x'x in f32 over chunks of 1,024 rows, added in f64 in the order of the rows.  The
// chunks go across updates, so the bits do not depend on how the rows were cut.
//
// The state is the lower triangle by rows: element (i, j), j <= i, stands at i (i + 1) / 2 + j.

#include <string.h>

#include "engine/mem.h"
#include "engine/observe/kinds.h"
#include "engine/observe/product.h"

enum { TILE = 64 }; // rows of the triangle

static int64_t triangle(int64_t channels) {
    return channels <= INT32_MAX ? channels * (channels + 1) / 2 : INT64_MAX;
}

typedef struct job {
    double *sums;
    const float *product; // [channels, channels]; the lower triangle is read
    float *full;
    int64_t channels;
    double rows;
} job;

static int64_t tile_end(const job *j, int64_t tile) {
    int64_t end = (tile + 1) * TILE;
    return end < j->channels ? end : j->channels;
}

static void add_tile(void *arg, int64_t tile) {
    const job *j = arg;
    for (int64_t i = tile * TILE; i < tile_end(j, tile); i++) {
        double *to = j->sums + i * (i + 1) / 2;
        const float *from = j->product + i * j->channels;
        for (int64_t k = 0; k <= i; k++) to[k] += (double)from[k];
    }
}

static vise_status run(const vise_context *ctx, vise_tile_fn tile, job *j, vise_error *err) {
    return vise_parallel(ctx, (j->channels + TILE - 1) / TILE, tile, j, err);
}

// Adds x'x to the sums; `product` is scratch of [channels, channels].
static vise_status add_product(const vise_context *ctx, double *sums, float *product,
                               const vise_observed *x, vise_error *err) {
    vise_status st = vise_observe_product(ctx, product, x->x, x->rows, x->cols, x->stride, err);
    if (st) return st;
    job j = {.sums = sums, .product = product, .channels = x->cols};
    return run(ctx, add_tile, &j, err);
}

static vise_status new_product(vise_tensor *out, int64_t channels, vise_error *err) {
    return vise_tensor_raw(out, VISE_F32, 2, (int64_t[]){channels, channels}, err);
}

static vise_observed rows_of_chunk(const vise_observer *o) {
    return (vise_observed){o->chunk.data, o->chunk_rows, o->channels, o->channels};
}

// Takes rows into the chunk, as many as it has room for.  Returns how many.
static int64_t fill_chunk(vise_observer *o, const vise_observed *x) {
    int64_t room = VISE_OBSERVED_CHUNK - o->chunk_rows;
    int64_t rows = x->rows < room ? x->rows : room;
    float *to = (float *)o->chunk.data + o->chunk_rows * o->channels;
    for (int64_t i = 0; i < rows; i++) {
        memcpy(to + i * o->channels, x->x + i * x->stride, sizeof *to * (size_t)o->channels);
    }
    o->chunk_rows += rows;
    return rows;
}

static vise_status open_chunk(vise_observer *o, vise_error *err) {
    if (o->chunk.buf) return VISE_OK;
    return vise_tensor_raw(&o->chunk, VISE_F32, 2,
                           (int64_t[]){VISE_OBSERVED_CHUNK, o->channels}, err);
}

// One step of an update: a whole chunk from x itself, or rows into the chunk that is open.
static vise_status take_rows(const vise_context *ctx, vise_observer *o, float *product,
                             vise_observed *x, vise_error *err) {
    vise_observed now = *x;
    vise_status st = VISE_OK;
    if (o->chunk_rows == 0 && x->rows >= VISE_OBSERVED_CHUNK) {
        now.rows = VISE_OBSERVED_CHUNK;
        st = add_product(ctx, o->state.data, product, &now, err);
    } else {
        now.rows = fill_chunk(o, x);
        if (o->chunk_rows == VISE_OBSERVED_CHUNK) {
            vise_observed chunk = rows_of_chunk(o);
            st = add_product(ctx, o->state.data, product, &chunk, err);
            o->chunk_rows = 0;
        }
    }
    x->x += now.rows * x->stride;
    x->rows -= now.rows;
    return st;
}

static vise_status update(const vise_context *ctx, vise_observer *o, const vise_observed *x,
                          vise_error *err) {
    vise_tensor product = {0};
    vise_observed left = *x;
    int64_t rows = o->chunk_rows + x->rows;
    vise_status st = VISE_OK;
    if (rows >= VISE_OBSERVED_CHUNK) st = new_product(&product, o->channels, err);
    if (!st && rows % VISE_OBSERVED_CHUNK != 0) st = open_chunk(o, err);
    while (!st && left.rows > 0) st = take_rows(ctx, o, product.data, &left, err);
    vise_tensor_release(&product);
    return st;
}

// Adds the rows of an open chunk to some sums.
static vise_status add_chunk(const vise_context *ctx, double *sums, const vise_observer *o,
                             vise_error *err) {
    if (o->chunk_rows == 0) return VISE_OK;
    vise_tensor product = {0};
    vise_status st = new_product(&product, o->channels, err);
    vise_observed chunk = rows_of_chunk(o);
    if (!st) st = add_product(ctx, sums, product.data, &chunk, err);
    vise_tensor_release(&product);
    return st;
}

static vise_status state(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                         vise_error *err) {
    vise_tensor sums = {0};
    vise_status st = vise_tensor_convert(&sums, &o->state, VISE_F64, err);
    if (!st) st = add_chunk(ctx, sums.data, o, err);
    if (st) {
        vise_tensor_release(&sums);
        return st;
    }
    *out = sums;
    return VISE_OK;
}

static vise_status merge(const vise_context *ctx, vise_observer *o, const vise_observer *other,
                         vise_error *err) {
    vise_tensor theirs = {0};
    vise_status st = state(ctx, &theirs, other, err);
    if (!st) st = add_chunk(ctx, o->state.data, o, err);
    if (st) goto done;
    o->chunk_rows = 0;
    double *sums = o->state.data;
    const double *from = theirs.data;
    for (int64_t i = 0; i < triangle(o->channels); i++) sums[i] += from[i];

done:
    vise_tensor_release(&theirs);
    return st;
}

static void mean_tile(void *arg, int64_t tile) {
    const job *j = arg;
    for (int64_t i = tile * TILE; i < tile_end(j, tile); i++) {
        const double *from = j->sums + i * (i + 1) / 2;
        for (int64_t k = 0; k <= i; k++) {
            float mean = (float)(from[k] / j->rows);
            j->full[i * j->channels + k] = mean;
            j->full[k * j->channels + i] = mean;
        }
    }
}

static vise_status result(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                          vise_error *err) {
    vise_tensor sums = {0}, full = {0};
    vise_status st = state(ctx, &sums, o, err);
    if (!st) st = new_product(&full, o->channels, err);
    if (st) goto done;
    job j = {.sums = sums.data, .full = full.data, .channels = o->channels};
    j.rows = (double)o->count;
    st = run(ctx, mean_tile, &j, err);
    if (st) goto done;
    *out = full;
    full = (vise_tensor){0};

done:
    vise_tensor_release(&sums);
    vise_tensor_release(&full);
    return st;
}

const vise_observer_kind vise_observe_moments = {
    .name = "moments",
    .dtype = VISE_F64,
    .elements = triangle,
    .update = update,
    .merge = merge,
    .state = state,
    .result = result,
};
