#include "engine/strips.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/ops/scratch.h"
#include "engine/row_failure.h"
#include "engine/workspace.h"

enum { GAP = 64 }; // bytes after a line: they do not all begin in the same cache set

typedef struct strip_job {
    const vise_context *ctx;
    vise_rows *rows;
    const vise_row_source *source;
    const float *smooth;
    const vise_packed *down;
    vise_encoding encoding; // of rows that are coded
    vise_range *ranges;     // one a strip, while looking for what the rows share
    atomic_llong failed;    // the first row that could not be coded; m while none
    vise_scratch scratch;
    // Where a slot of scratch has its lines: of values as they come, of smoothed ones, of
    // codes; then the strip that `down` multiplies, and what that gives.
    int64_t raw_line, smooth_line, code_line; // bytes from one to the next
    int64_t smooth_at, code_at, strip_at, inner_at, slot;
} strip_job;

static void note_failure(strip_job *j, int64_t row) {
    long long seen = atomic_load(&j->failed);
    while (row < seen && !atomic_compare_exchange_weak(&j->failed, &seen, row)) {
    }
}

// --- one row

// A row as it comes; line `i` of the slot may hold it.
static const float *raw_row(const strip_job *j, char *slot, int64_t row, int64_t i) {
    float *buffer = (float *)(void *)(slot + i * j->raw_line);
    return vise_row_source_read(j->source, row, buffer);
}

static const float *smooth_row(const strip_job *j, char *slot, const float *x, int64_t i) {
    if (!j->smooth) return x;
    float *y = (float *)(void *)(slot + j->smooth_at + i * j->smooth_line);
    j->ctx->kernels.divide(y, x, j->smooth, j->rows->cols);
    return y;
}

// --- dealing rows out into strips

// Rows of f32, group by group, each filled up with zeros.
static void deal_floats(const vise_kernels *k, const vise_rows *r, char *to,
                        const float *const from[], int64_t rows) {
    const int64_t word = sizeof(float);
    const void *at[VISE_STRIP];
    for (int64_t g = 0, col = 0; g < r->groups; g++, col += r->group) {
        int64_t n = r->cols - col < r->group ? r->cols - col : r->group;
        for (int64_t i = 0; i < rows; i++) at[i] = from[i] + col;
        k->interleave(to, at, rows, n);
        if (r->pitch > n)
            memset(to + n * rows * word, 0, (size_t)((r->pitch - n) * rows * word));
        to += r->pitch * rows * word;
    }
}

// --- the low-rank branch: strips of x down'

static void inner_strip(const strip_job *j, char *slot, int64_t first, const float *const raw[],
                        int64_t rows) {
    const vise_rows *r = j->rows;
    float *strip = (float *)(void *)(slot + j->strip_at);
    float *y = (float *)(void *)(slot + j->inner_at), *to = r->inner + first * r->rank;
    const vise_kernels *k = &j->ctx->kernels;
    const void *at[VISE_STRIP];
    for (int64_t i = 0; i < rows; i++) at[i] = raw[i];
    k->interleave(strip, at, rows, r->cols);
    for (int64_t panel = 0; panel < j->down->panels; panel++) {
        int64_t left = r->rank - panel * VISE_PANEL, n = left < VISE_PANEL ? left : VISE_PANEL;
        vise_panel_product p = {
            .to = {.m = rows, .end = 1, .y = y, .ldy = VISE_PANEL, .n = (int)n},
            .x = strip,
        };
        vise_packed_product(&p, j->down, panel);
        k->panel_product(&p);
        for (int64_t i = 0; i < rows; i++) at[i] = y + i * VISE_PANEL;
        k->interleave(to, at, rows, n);
        to += n * rows;
    }
}

// --- tiles: one strip each

static void strip_tile(void *job, int64_t strip) {
    strip_job *j = job;
    vise_rows *r = j->rows;
    int64_t first = vise_strip_row(r->m, strip), rows = vise_strip_row(r->m, strip + 1) - first;
    int64_t words = vise_strip_line(r) / 4;
    const float *raw[VISE_STRIP], *smooth[VISE_STRIP];
    const void *codes[VISE_STRIP];
    char *slot = vise_scratch_take(&j->scratch);
    for (int64_t i = 0; i < rows; i++) {
        raw[i] = raw_row(j, slot, first + i, i);
        smooth[i] = smooth_row(j, slot, raw[i], i);
        if (r->kind == VISE_STRIPS_F32) continue;
        uint8_t *line = (uint8_t *)slot + j->code_at + i * j->code_line;
        codes[i] = line;
        if (!vise_strip_encode(&j->ctx->kernels, &j->encoding, r, first + i, line, smooth[i])) {
            note_failure(j, first + i);
        }
    }
    if (r->kind == VISE_STRIPS_F32) {
        char *to = (char *)r->strips + first * r->groups * r->pitch * (int64_t)sizeof(float);
        deal_floats(&j->ctx->kernels, r, to, smooth, rows);
    } else {
        j->ctx->kernels.interleave((char *)r->strips + first * 4 * words, codes, rows, words);
    }
    if (j->down) inner_strip(j, slot, first, raw, rows);
    vise_scratch_give(&j->scratch, slot);
}

static void range_tile(void *job, int64_t strip) {
    strip_job *j = job;
    const vise_rows *r = j->rows;
    int64_t first = vise_strip_row(r->m, strip), end = vise_strip_row(r->m, strip + 1);
    char *slot = vise_scratch_take(&j->scratch);
    for (int64_t row = first; row < end; row++) {
        const vise_matrix m = {
            .kernels = &j->ctx->kernels,
            .data = (const char *)smooth_row(j, slot, raw_row(j, slot, row, 0), 0),
            .dtype = VISE_F32,
            .cols = r->cols,
        };
        vise_run run = {0, 1, 0, r->cols};
        vise_range range = vise_range_of(j->encoding.scheme, &m, &run);
        if (!vise_range_finite(range)) note_failure(j, row);
        j->ranges[strip] = row == first ? range : vise_range_merge(j->ranges[strip], range);
    }
    vise_scratch_give(&j->scratch, slot);
}

// --- what goes wrong

// Says why the first row that failed did, of a matrix all of whose rows are that one.
static vise_status explain(strip_job *j, vise_error *err) {
    int64_t row = atomic_load(&j->failed);
    char *slot = vise_scratch_take(&j->scratch);
    const vise_matrix m = {
        .kernels = &j->ctx->kernels,
        .data = (const char *)smooth_row(j, slot, raw_row(j, slot, row, 0), 0),
        .dtype = VISE_F32,
        .rows = row + 1,
        .cols = j->rows->cols,
        .stride = 0,
    };
    vise_status st = vise_row_failure(&j->encoding, &m, row, err);
    vise_scratch_give(&j->scratch, slot);
    return st;
}

// --- what the rows share

static vise_status range_of_all(strip_job *j, vise_range *out, vise_error *err) {
    int64_t strips = vise_strips(j->rows->m);
    *out = (vise_range){0, 0};
    j->ranges = vise_work_take(j->ctx, (int64_t)sizeof *j->ranges * (strips + 1));
    if (!j->ranges) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld ranges",
                         (long long)strips);
    }
    vise_status st = vise_parallel(j->ctx, strips, range_tile, j, err);
    if (!st && atomic_load(&j->failed) < j->rows->m) st = explain(j, err);
    if (strips > 0) *out = j->ranges[0];
    for (int64_t i = 1; i < strips; i++) *out = vise_range_merge(*out, j->ranges[i]);
    vise_work_give(j->ctx, j->ranges);
    return st;
}

static vise_status find_encoding(strip_job *j, const vise_rows_options *opt, vise_error *err) {
    const vise_scheme *s = opt->scheme;
    if (opt->scale) return vise_encoding_of_scale(&j->encoding, s, *opt->scale, err);
    j->encoding = (vise_encoding){
        .scheme = s, .upper = {1, 1}
    };
    bool whole = s->granularity == VISE_PER_TENSOR;
    if (!whole && s->second != VISE_SECOND_TENSOR) return VISE_OK;
    vise_range range;
    vise_status st = range_of_all(j, &range, err);
    return st ? st : vise_encoding_of_range(j->ctx, &j->encoding, s, range, err);
}

// --- memory

static int64_t take(int64_t *at, int64_t bytes) {
    int64_t here = *at;
    *at += (bytes + 63) & ~(int64_t)63;
    return here;
}

// Lays out a slot of scratch: only what is needed.
static void plan_slot(strip_job *j) {
    const vise_rows *r = j->rows;
    bool floats = r->kind == VISE_STRIPS_F32;
    const int64_t values = ((r->cols * (int64_t)sizeof(float) + 63) & ~(int64_t)63) + GAP;
    // Rows are kept until the strip is dealt out of them, or are gone when they are coded.
    bool keep_raw = j->down || (floats && !j->smooth);
    j->raw_line = keep_raw ? values : 0;
    j->smooth_line = floats ? values : 0;
    if (!j->source->direct) take(&j->slot, keep_raw ? VISE_STRIP * values : values);
    j->smooth_at = j->slot;
    if (j->smooth) take(&j->slot, floats ? VISE_STRIP * values : values);
    j->code_line = floats ? 0 : ((vise_strip_line(r) + 63) & ~(int64_t)63) + GAP;
    j->code_at = take(&j->slot, VISE_STRIP * j->code_line);
    if (!j->down) return;
    j->strip_at = take(&j->slot, VISE_STRIP * r->cols * (int64_t)sizeof(float));
    j->inner_at = take(&j->slot, VISE_STRIP * VISE_PANEL * (int64_t)sizeof(float));
}

vise_status vise_strips_fill(const vise_context *ctx, vise_rows *r,
                             const vise_row_source *source, const vise_rows_options *opt,
                             vise_error *err) {
    strip_job j = {.ctx = ctx, .rows = r, .source = source, .down = opt->down, .failed = r->m};
    int64_t strips = vise_strips(r->m);
    if (opt->smooth) j.smooth = opt->smooth->data;
    plan_slot(&j);
    vise_status st = VISE_OK;
    if (strips > 0) st = vise_scratch_new(&j.scratch, ctx, strips, j.slot, err);
    if (!st && opt->scheme) st = find_encoding(&j, opt, err);
    if (!st) st = vise_parallel(ctx, strips, strip_tile, &j, err);
    if (!st && atomic_load(&j.failed) < r->m) st = explain(&j, err);
    vise_scratch_release(&j.scratch);
    return st;
}
