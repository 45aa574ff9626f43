// top: the values of largest magnitude with their channels, in an order that leaves no two
// different ones equal, so that merging keeps the same ones whatever the order.

#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/observe/kinds.h"

enum { BANDS = 16, TILE_ELEMENTS = 65536 };

typedef struct entry {
    double value, channel; // channel from 1; 0: no entry
} entry;

// NaN, then the larger |value|, the smaller channel, + before -.
static bool before(const entry *a, const entry *b) {
    if (a->channel == 0 || b->channel == 0) return a->channel != 0 && b->channel == 0;
    bool nan = isnan(a->value), other = isnan(b->value);
    if (nan != other) return nan;
    double x = nan ? 0 : fabs(a->value), y = nan ? 0 : fabs(b->value);
    if (x != y) return x > y;
    if (a->channel != b->channel) return a->channel < b->channel;
    return a->value > b->value;
}

// Puts `e` into a list of `keep` if it belongs there.
static void insert(entry *list, int64_t keep, const entry *e) {
    int64_t at = keep - 1;
    if (!before(e, &list[at])) return;
    for (; at > 0 && before(e, &list[at - 1]); at--) list[at] = list[at - 1];
    list[at] = *e;
}

typedef struct job {
    const vise_kernels *kernels;
    vise_observed in;
    int64_t rows_a_tile, keep;
    double least; // what is smaller is not among the largest
    entry *lists; // [keep] of each tile
} job;

// What is smaller than this does not enter a list with this last entry; a NaN there leaves it
// open.
static double least_of(const entry *last, double least) {
    double own = last->channel != 0 ? fabs(last->value) : 0;
    return own > least ? own : least;
}

static void take_row(const job *j, entry *list, const float *x) {
    const entry *last = &list[j->keep - 1];
    if (least_of(last, j->least) > (double)j->kernels->absmax(x, j->in.cols)) return;
    for (int64_t i = 0; i < j->in.cols; i++) {
        double v = (double)x[i];
        if (fabs(v) < least_of(last, j->least)) continue;
        entry e = {isnan(v) ? (double)NAN : v + 0.0, (double)(i + 1)};
        insert(list, j->keep, &e);
    }
}

static void top_tile(void *arg, int64_t tile) {
    const job *j = arg;
    int64_t row = tile * j->rows_a_tile, end = row + j->rows_a_tile;
    if (end > j->in.rows) end = j->in.rows;
    for (; row < end; row++) {
        take_row(j, j->lists + tile * j->keep, j->in.x + row * j->in.stride);
    }
}

static vise_status update(const vise_context *ctx, vise_observer *o, const vise_observed *x,
                          vise_error *err) {
    job j = {.kernels = &ctx->kernels, .in = *x, .keep = o->options.keep};
    int64_t least = 1 + TILE_ELEMENTS / (x->cols + 1);
    j.rows_a_tile = (x->rows + BANDS - 1) / BANDS;
    if (j.rows_a_tile < least) j.rows_a_tile = least;
    int64_t tiles = (x->rows + j.rows_a_tile - 1) / j.rows_a_tile;
    j.least = least_of((const entry *)o->state.data + j.keep - 1, 0);
    j.lists = vise_calloc(sizeof *j.lists * (size_t)(tiles * j.keep));
    if (!j.lists) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for outliers");
    vise_status st = vise_parallel(ctx, tiles, top_tile, &j, err);
    for (int64_t i = 0; !st && i < tiles * j.keep; i++) {
        insert(o->state.data, j.keep, &j.lists[i]);
    }
    vise_free(j.lists);
    return st;
}

// From a copy: an observer may be merged with itself.
static vise_status merge(const vise_context *ctx, vise_observer *o, const vise_observer *other,
                         vise_error *err) {
    (void)ctx;
    int64_t keep = o->options.keep;
    entry *theirs = vise_alloc(sizeof *theirs * (size_t)keep);
    if (!theirs) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for outliers");
    memcpy(theirs, other->state.data, sizeof *theirs * (size_t)keep);
    for (int64_t i = 0; i < keep; i++) insert(o->state.data, keep, &theirs[i]);
    vise_free(theirs);
    return VISE_OK;
}

static vise_status result(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                          vise_error *err) {
    (void)ctx;
    const entry *list = o->state.data;
    int64_t n = o->options.keep;
    while (n > 0 && list[n - 1].channel == 0) n--;
    vise_tensor found = {0};
    vise_status st = vise_tensor_raw(&found, VISE_F64, 2, (int64_t[]){n, 2}, err);
    if (st) return st;
    memcpy(found.data, list, sizeof *list * (size_t)n);
    *out = found;
    return VISE_OK;
}

static bool valid(const vise_observer *o, const vise_tensor *state) {
    const entry *list = state->data;
    for (int64_t i = 0; i < o->options.keep; i++) {
        double c = list[i].channel;
        if (!(c >= 0 && c <= (double)o->channels) || c != floor(c)) return false;
        if (i > 0 && before(&list[i], &list[i - 1])) return false;
    }
    return true;
}

static int64_t size(const vise_observer_options *opt) {
    return 2 * opt->keep;
}

const vise_observer_kind vise_observe_top = {
    .name = "top",
    .dtype = VISE_F64,
    .elements = size,
    .update = update,
    .merge = merge,
    .valid = valid,
    .result = result,
};
