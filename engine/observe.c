#include "engine/observe.h"

#include <math.h>
#include <string.h>

#include "engine/mem.h"

enum { BANDS = 16, TILE_ELEMENTS = 65536 }; // at most BANDS tiles of rows hold a span each

static const char *const statistics[VISE_STATISTIC_COUNT] = {"range", "channel_span"};

const char *vise_statistic_name(vise_statistic statistic) {
    return statistics[statistic];
}

vise_status vise_observer_new(vise_observer *out, const char *statistic, int64_t channels,
                              vise_error *err) {
    vise_observer o = {.channels = channels};
    int found = -1;
    for (int i = 0; i < VISE_STATISTIC_COUNT; i++) {
        if (strcmp(statistic, statistics[i]) == 0) found = i;
    }
    if (found < 0) {
        return vise_fail(err, VISE_EINVAL, "E-OB-01",
                         "no observer '%.40s', allowed: range, channel_span", statistic);
    }
    if (channels < 1) {
        return vise_fail(err, VISE_EINVAL, "E-OB-01",
                         "observer of %lld channels, expected 1 or more", (long long)channels);
    }
    o.statistic = (vise_statistic)found;
    int64_t size = o.statistic == VISE_RANGE ? 2 : channels;
    vise_status st = vise_tensor_new(&o.state, VISE_F32, 1, &size, err);
    if (!st) *out = o;
    return st;
}

void vise_observer_release(vise_observer *o) {
    vise_tensor_release(&o->state);
    memset(o, 0, sizeof *o);
}

// -0 and +0 are equal, and which one a kernel finds is not said: +0 is kept.
static float smaller(float a, float b) {
    return isnan(a) || isnan(b) ? NAN : (a < b ? a : b) + 0.0f;
}

static float larger(float a, float b) {
    return isnan(a) || isnan(b) ? NAN : (a > b ? a : b) + 0.0f;
}

typedef struct observe_job {
    const vise_kernels *kernels;
    const float *x;
    int64_t rows, cols, stride, rows_a_tile;
    float *part; // of each tile: channel_span [cols]; range {min, max}
} observe_job;

static void span_tile(void *job, int64_t tile) {
    const observe_job *j = job;
    int64_t row = tile * j->rows_a_tile, end = row + j->rows_a_tile;
    if (end > j->rows) end = j->rows;
    for (; row < end; row++) {
        j->kernels->column_absmax(j->part + tile * j->cols, j->x + row * j->stride, j->cols);
    }
}

static void range_tile(void *job, int64_t tile) {
    const observe_job *j = job;
    int64_t row = tile * j->rows_a_tile, end = row + j->rows_a_tile;
    if (end > j->rows) end = j->rows;
    float *part = j->part + 2 * tile;
    for (int64_t first = row; row < end; row++) {
        float lo, hi;
        j->kernels->minmax(&lo, &hi, j->x + row * j->stride, j->cols);
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
static vise_status run_tiles(const vise_context *ctx, observe_job *j, vise_tile_fn tile,
                             int64_t tiles, int64_t size, vise_error *err) {
    j->part = vise_calloc(sizeof *j->part * (size_t)(size * tiles));
    if (!j->part) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld x %lld statistics",
                         (long long)tiles, (long long)size);
    }
    return vise_parallel(ctx, tiles, tile, j, err);
}

static vise_status update_range(const vise_context *ctx, vise_observer *o, observe_job *j,
                                vise_error *err) {
    j->rows_a_tile = 1 + TILE_ELEMENTS / (j->cols + 1);
    int64_t tiles = (j->rows + j->rows_a_tile - 1) / j->rows_a_tile;
    vise_status st = run_tiles(ctx, j, range_tile, tiles, 2, err);
    for (int64_t i = 0; !st && i < tiles; i++) {
        widen(o->state.data, j->part + 2 * i, o->count == 0 && i == 0);
    }
    vise_free(j->part);
    return st;
}

static vise_status update_span(const vise_context *ctx, vise_observer *o, observe_job *j,
                               vise_error *err) {
    int64_t least = 1 + TILE_ELEMENTS / (j->cols + 1);
    j->rows_a_tile = (j->rows + BANDS - 1) / BANDS;
    if (j->rows_a_tile < least) j->rows_a_tile = least;
    int64_t tiles = (j->rows + j->rows_a_tile - 1) / j->rows_a_tile;
    vise_status st = run_tiles(ctx, j, span_tile, tiles, j->cols, err);
    for (int64_t i = 0; !st && i < tiles; i++) {
        j->kernels->column_absmax(o->state.data, j->part + i * j->cols, j->cols);
    }
    vise_free(j->part);
    return st;
}

vise_status vise_observer_update(const vise_context *ctx, vise_observer *o,
                                 const vise_tensor *x, vise_error *err) {
    char text[96];
    int64_t cols = vise_tensor_cols(x);
    if (x->dtype != VISE_F32)
        return vise_tensor_expect(x, VISE_F32, "the observed tensor", err);
    if (x->ndim < 1 || cols != o->channels) {
        return vise_fail(err, VISE_EINVAL, "E-OB-02",
                         "the observed tensor is %s, expected %lld channels",
                         vise_tensor_describe(text, sizeof text, x), (long long)o->channels);
    }
    observe_job j = {
        .kernels = &ctx->kernels,
        .x = x->data,
        .rows = vise_tensor_matrix_rows(x),
        .cols = cols,
        .stride = x->ndim == 2 ? x->stride : cols,
    };
    vise_status st;
    if (j.rows == 0) return VISE_OK;
    if (o->statistic == VISE_RANGE) {
        st = update_range(ctx, o, &j, err);
    } else {
        st = update_span(ctx, o, &j, err);
    }
    if (!st) o->count += j.rows;
    return st;
}

vise_status vise_observer_merge(vise_observer *o, const vise_observer *other, vise_error *err) {
    if (o->statistic != other->statistic || o->channels != other->channels) {
        return vise_fail(err, VISE_EINVAL, "E-OB-02",
                         "cannot merge %s of %lld channels into %s of %lld channels",
                         vise_statistic_name(other->statistic), (long long)other->channels,
                         vise_statistic_name(o->statistic), (long long)o->channels);
    }
    if (other->count == 0) return VISE_OK;
    float *state = o->state.data;
    const float *from = other->state.data;
    if (o->statistic == VISE_RANGE) {
        widen(state, from, o->count == 0);
    } else {
        for (int64_t i = 0; i < o->channels; i++) state[i] = larger(state[i], from[i]);
    }
    o->count += other->count;
    return VISE_OK;
}

vise_status vise_observer_result(vise_tensor *out, const vise_observer *o, vise_error *err) {
    if (o->count == 0) {
        return vise_fail(err, VISE_EINVAL, "E-OB-03", "the %s observer has seen no row",
                         vise_statistic_name(o->statistic));
    }
    return vise_tensor_convert(out, &o->state, VISE_F32, err);
}
