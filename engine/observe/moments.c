// moments: x'x over chunks of 1,024 rows that go across updates, so the bits do not depend on
// how the rows were cut.  The state is a sum of engine/linalg/moments.h.

#include "engine/linalg/moments.h"

#include <string.h>

#include "engine/observe/kinds.h"

enum { CHUNK = VISE_MOMENTS_CHUNK };

static int64_t elements(const vise_observer_options *opt) {
    int64_t count = vise_moments_count(opt->channels);
    return count < 0 ? INT64_MAX : count;
}

static vise_status add(const vise_context *ctx, vise_tensor *sum, const vise_observed *x,
                       vise_error *err) {
    return vise_moments_add(ctx, sum->data, x->x, x->rows, x->cols, x->stride, err);
}

// Adds the rows of the open chunk to a sum.
static vise_status add_chunk(const vise_context *ctx, vise_tensor *sum, const vise_observer *o,
                             vise_error *err) {
    vise_observed rows = {o->chunk.data, o->chunk_rows, o->channels, o->channels};
    return rows.rows > 0 ? add(ctx, sum, &rows, err) : VISE_OK;
}

static void take_off(vise_observed *x, int64_t rows) {
    x->x += rows * x->stride;
    x->rows -= rows;
}

// Takes rows into the chunk, as many as it has room for.
static void fill_chunk(vise_observer *o, vise_observed *x) {
    int64_t room = CHUNK - o->chunk_rows, rows = x->rows < room ? x->rows : room;
    float *to = (float *)o->chunk.data + o->chunk_rows * o->channels;
    for (int64_t i = 0; i < rows; i++) {
        memcpy(to + i * o->channels, x->x + i * x->stride, sizeof *to * (size_t)o->channels);
    }
    o->chunk_rows += rows;
    take_off(x, rows);
}

static vise_status open_chunk(vise_observer *o, vise_error *err) {
    if (o->chunk.buf) return VISE_OK;
    return vise_tensor_raw(&o->chunk, VISE_F32, 2, (int64_t[]){CHUNK, o->channels}, err);
}

// First the chunk that is open, then whole chunks from x itself, then a new one is opened.
static vise_status update(const vise_context *ctx, vise_observer *o, const vise_observed *x,
                          vise_error *err) {
    vise_observed left = *x, whole = *x;
    vise_status st = VISE_OK;
    if ((o->chunk_rows + x->rows) % CHUNK != 0) st = open_chunk(o, err);
    if (st) return st;
    int64_t before = o->chunk_rows;
    if (before > 0) fill_chunk(o, &left);
    if (o->chunk_rows == CHUNK) {
        st = add_chunk(ctx, &o->state, o, err);
        o->chunk_rows = st ? before : 0;
    }
    whole = left;
    whole.rows -= left.rows % CHUNK;
    if (!st && whole.rows > 0) st = add(ctx, &o->state, &whole, err);
    take_off(&left, whole.rows);
    if (!st && left.rows > 0) fill_chunk(o, &left);
    return st;
}

static vise_status state(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                         vise_error *err) {
    vise_tensor sum = {0};
    vise_status st = vise_tensor_convert(&sum, &o->state, VISE_F64, err);
    if (!st) st = add_chunk(ctx, &sum, o, err);
    if (st) {
        vise_tensor_release(&sum);
        return st;
    }
    *out = sum;
    return VISE_OK;
}

static vise_status merge(const vise_context *ctx, vise_observer *o, const vise_observer *other,
                         vise_error *err) {
    vise_tensor theirs = {0};
    vise_status st = state(ctx, &theirs, other, err);
    if (!st) st = add_chunk(ctx, &o->state, o, err);
    if (st) goto done;
    o->chunk_rows = 0;
    double *sum = o->state.data;
    const double *from = theirs.data;
    for (int64_t i = 0; i < vise_tensor_count(&theirs); i++) sum[i] += from[i];

done:
    vise_tensor_release(&theirs);
    return st;
}

static vise_status result(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                          vise_error *err) {
    vise_tensor sum = {0}, full = {0};
    int64_t n = o->channels;
    vise_status st = state(ctx, &sum, o, err);
    if (!st) st = vise_tensor_raw(&full, VISE_F32, 2, (int64_t[]){n, n}, err);
    if (!st) {
        st = vise_moments_matrix(ctx, full.data, sum.data, n, 1 / (double)o->count, err);
    }
    vise_tensor_release(&sum);
    if (st) {
        vise_tensor_release(&full);
        return st;
    }
    *out = full;
    return VISE_OK;
}

const vise_observer_kind vise_observe_moments = {
    .name = "moments",
    .dtype = VISE_F64,
    .elements = elements,
    .update = update,
    .merge = merge,
    .state = state,
    .result = result,
};
