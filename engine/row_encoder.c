#include "engine/row_encoder.h"

#include <math.h>

#include "engine/code_bits.h"
#include "engine/given_steps.h"
#include "engine/row_failure.h"
#include "engine/workspace.h"

enum { TILE_ELEMENTS = 16384 };

typedef struct encode_job {
    const vise_encoding *encoding;
    const vise_scheme *scheme;
    const vise_matrix *m;
    int64_t first, count, rows_a_tile; // whole bands a tile
    const vise_row_sink *sink;
    vise_range *ranges;  // one a tile, while looking for what the rows share
    atomic_llong failed; // the first row that could not be encoded; `count` while none
} encode_job;

static int64_t rows_a_tile(const vise_scheme *s, int64_t cols) {
    int64_t band = s->block_rows, tile = TILE_ELEMENTS / (cols > 0 ? cols : 1);
    return tile > band ? tile / band * band : band;
}

static int64_t tiles_of(const encode_job *j) {
    return j->count / j->rows_a_tile + (j->count % j->rows_a_tile > 0);
}

static int64_t tile_rows(const encode_job *j, int64_t first) {
    return j->count - first < j->rows_a_tile ? j->count - first : j->rows_a_tile;
}

static void note_failure(encode_job *j, int64_t row) {
    long long seen = atomic_load(&j->failed);
    while (row < seen && !atomic_compare_exchange_weak(&j->failed, &seen, row)) {
    }
}

// --- what the rows share

static void range_tile(void *job, int64_t tile) {
    encode_job *j = job;
    int64_t first = tile * j->rows_a_tile, end = first + tile_rows(j, first);
    vise_range all = {0, 0};
    for (int64_t row = first; row < end; row++) {
        vise_run run = {row, 1, 0, j->m->cols};
        vise_range r = vise_range_of(j->scheme, j->m, &run);
        if (!vise_range_finite(r)) note_failure(j, row);
        all = row == first ? r : vise_range_merge(all, r);
    }
    j->ranges[tile] = all;
}

static vise_status range_of_all(const vise_context *ctx, vise_range *out,
                                const vise_encoding *e, const vise_matrix *m, vise_error *err) {
    encode_job j = {
        .scheme = e->scheme,
        .m = m,
        .count = m->rows,
        .rows_a_tile = rows_a_tile(e->scheme, m->cols),
        .failed = m->rows,
    };
    int64_t tiles = tiles_of(&j);
    j.ranges = vise_work_take(ctx, (int64_t)sizeof *j.ranges * (tiles + 1));
    if (!j.ranges) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld ranges",
                         (long long)tiles);
    }
    j.ranges[0] = (vise_range){0, 0}; // there may be no tile
    vise_status st = vise_parallel(ctx, tiles, range_tile, &j, err);
    if (!st && atomic_load(&j.failed) < m->rows) {
        st = vise_row_failure(e, m, atomic_load(&j.failed), err);
    }
    *out = j.ranges[0];
    for (int64_t i = 1; i < tiles; i++) *out = vise_range_merge(*out, j.ranges[i]);
    vise_work_give(ctx, j.ranges);
    return st;
}

vise_status vise_encoding_of_range(const vise_context *ctx, vise_encoding *out,
                                   const vise_scheme *s, vise_range r, vise_error *err) {
    vise_encoding e = {
        .scheme = s, .upper = {1, 1}
    };
    bool whole = s->granularity == VISE_PER_TENSOR;
    if (!(whole ? vise_step_make(&ctx->kernels, &e.step, s, r, e.upper)
                : vise_upper_make(&e.upper, s, r))) {
        return vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                         "values from %g to %g: the step does not fit %s scales",
                         (double)(s->symmetric ? -r.hi : r.lo), (double)r.hi,
                         vise_dtype_name(whole ? s->scale_dtype : s->second_dtype));
    }
    *out = e;
    return VISE_OK;
}

vise_status vise_encoding_make(const vise_context *ctx, vise_encoding *out,
                               const vise_scheme *s, const vise_search *search,
                               const vise_matrix *m, vise_error *err) {
    vise_encoding e = {
        .scheme = s, .upper = {1, 1}
    };
    vise_status st = VISE_OK;
    vise_search found = search ? *search : (vise_search){0};
    st = vise_search_resolve(&found, s, err);
    if (!st && (s->granularity == VISE_PER_TENSOR || s->second == VISE_SECOND_TENSOR)) {
        vise_range r = {0, 0};
        st = range_of_all(ctx, &r, &e, m, err);
        if (!st) st = vise_encoding_of_range(ctx, &e, s, r, err);
    }
    e.search = found;
    if (!st) *out = e;
    return st;
}

vise_status vise_encoding_of_scale(vise_encoding *out, const vise_scheme *s, float scale,
                                   vise_error *err) {
    char text[VISE_SCHEME_TEXT];
    if (s->granularity != VISE_PER_TENSOR || !s->symmetric) {
        return vise_fail(err, VISE_EINVAL, "E-SC-12",
                         "a scale is given, but %s takes none; allowed: symmetric schemes per "
                         "tensor",
                         vise_scheme_describe(text, sizeof text, s));
    }
    vise_step step = vise_step_of_scale(s, scale);
    if (!(scale > 0) || !isfinite(scale) || !isfinite(1 / scale)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-12",
                         "the given scale is %g, expected a positive number", (double)scale);
    }
    *out = (vise_encoding){
        .scheme = s, .given = true, .step = step, .upper = {1, 1}
    };
    return VISE_OK;
}

// --- encoding.  A band is worked through in stretches: some whole runs, or one that is longer
// than a piece.

typedef struct stretch {
    int64_t row, rows;    // of the job
    int64_t first, count; // columns
    int64_t width, runs;  // columns a run
    const float *x;       // the values, if they had to be converted; else they are read anew
} stretch;

static stretch stretch_at(const encode_job *j, int64_t row, int64_t rows, int64_t first) {
    stretch t = {.row = row, .rows = rows, .first = first};
    int64_t left = j->m->cols - first, most = VISE_RUNS;
    t.width = vise_scheme_run(j->scheme, j->m->cols);
    if (t.width * most > VISE_PIECE) most = VISE_PIECE / t.width;
    if (most > 1 && most % 2) most--; // an even number of columns fills whole bytes
    if (most < 1) most = 1;
    t.count = left < t.width * most ? left : t.width * most;
    t.runs = (t.count + t.width - 1) / t.width;
    return t;
}

static vise_run first_run(const encode_job *j, const stretch *t) {
    int64_t count = t->width < t->count ? t->width : t->count;
    return (vise_run){j->first + t->row, t->rows, t->first, count};
}

// The ranges of the runs of a stretch, row after row.
static void find_ranges(const encode_job *j, const stretch *t, float lo[VISE_RUNS],
                        float hi[VISE_RUNS]) {
    if (t->x) {
        vise_ranges_of(j->m->kernels, j->scheme, lo, hi, t->x, t->count, t->width);
        return;
    }
    if (t->runs == 1) {
        vise_run run = first_run(j, t);
        vise_range r = vise_range_of(j->scheme, j->m, &run);
        for (int i = 0; i < VISE_RUN_LANES; i++) lo[i] = hi[i] = 0;
        lo[0] = r.lo;
        hi[0] = r.hi;
        return;
    }
    float buffer[VISE_PIECE], low[VISE_RUNS], high[VISE_RUNS];
    for (int64_t i = 0; i < t->rows; i++) {
        int64_t row = j->first + t->row + i;
        const float *x = vise_matrix_read(j->m, row, t->first, t->count, buffer);
        if (i == 0) {
            vise_ranges_of(j->m->kernels, j->scheme, lo, hi, x, t->count, t->width);
            continue;
        }
        vise_ranges_of(j->m->kernels, j->scheme, low, high, x, t->count, t->width);
        for (int64_t k = 0; k < t->runs; k++) {
            vise_range r = {low[k], high[k]}, all = {lo[k], hi[k]};
            all = vise_range_merge(all, r);
            lo[k] = all.lo;
            hi[k] = all.hi;
        }
    }
}

// The steps that were given for a stretch whose values are finite.
static bool take_steps(vise_steps *out, const encode_job *j, const stretch *t, const float *lo,
                       const float *hi, vise_upper upper) {
    int64_t band = (j->first + t->row) / j->scheme->block_rows;
    int64_t at = band * vise_scheme_runs(j->scheme, j->m->cols) + t->first / t->width;
    for (int64_t i = 0; i < t->runs; i++) {
        if (!vise_range_finite((vise_range){lo[i], hi[i]})) return false;
    }
    return vise_given_load(out, j->scheme, j->encoding->parts, at, t->runs, upper);
}

static bool find_steps(vise_steps *out, const encode_job *j, const stretch *t,
                       vise_upper upper) {
    const vise_encoding *e = j->encoding;
    float lo[VISE_RUNS], hi[VISE_RUNS];
    bool shared = j->scheme->granularity == VISE_PER_TENSOR;
    if (shared) vise_steps_put(out, 0, e->step);
    if (shared && !e->given) return true;
    find_ranges(j, t, lo, hi);
    if (shared) return vise_range_finite((vise_range){lo[0], hi[0]});
    if (e->parts) return take_steps(out, j, t, lo, hi, upper);
    if (!vise_steps_make(j->m->kernels, out, j->scheme, lo, hi, t->runs, upper)) return false;
    if (e->search.on) {
        vise_run first = first_run(j, t);
        vise_search_steps(out, &e->search, j->scheme, j->m, &first, lo, hi, t->runs, upper);
    }
    return true;
}

// The codes before these may share the first byte: they have written its low bits.
static void put_packed(const encode_job *j, uint8_t *row, int64_t first, const int8_t *q,
                       int64_t n) {
    const vise_kernels *k = j->m->kernels;
    int64_t odd = first % 2;
    if (j->scheme->bits < 4) {
        vise_bits_put(row, first, q, n, j->scheme->bits);
        return;
    }
    if (odd && n > 0) row[first / 2] |= (uint8_t)((q[0] + 8) << 4);
    if (n > odd) k->pack4(row + (first + odd) / 2, q + odd, n - odd);
}

static void put_values(const encode_job *j, const stretch *t, const vise_steps *steps,
                       int64_t row, int64_t first, const int8_t *q, int64_t n) {
    float *to = j->sink->values + row * j->m->cols;
    for (int64_t col = first, count; col < first + n; col += count) {
        int64_t run = (col - t->first) / t->width, end = t->first + (run + 1) * t->width;
        count = (end < first + n ? end : first + n) - col;
        vise_step_decode(j->m->kernels, j->scheme, vise_steps_at(steps, run), to + col,
                         q + col - first, count);
    }
}

// What to ask the memory for while column `first` of a row is coded: what is read soon, but not
// so soon that it could not come in time.  NULL behind the last row.
static const char *ahead_of(const encode_job *j, const stretch *t, int64_t row, int64_t first) {
    enum { AHEAD = 4096 };
    const vise_matrix *m = j->m;
    int64_t by = t->rows == 1 && t->count < AHEAD ? AHEAD : t->count;
    int64_t at = (j->first + row) * m->stride + first + by;
    if (at >= (m->rows - 1) * m->stride + m->cols) return NULL;
    return m->data + at * vise_dtype_size(m->dtype);
}

static void encode_row(const encode_job *j, const stretch *t, const vise_steps *steps,
                       int64_t row) {
    const vise_row_sink *to = j->sink;
    const vise_kernels *k = j->m->kernels;
    float buffer[VISE_PIECE];
    int8_t piece[VISE_PIECE];
    for (int64_t done = 0; done < t->count; done += VISE_PIECE) {
        int64_t n = t->count - done < VISE_PIECE ? t->count - done : VISE_PIECE;
        int64_t first = t->first + done;
        const float *x = t->x ? t->x : vise_matrix_read(j->m, j->first + row, first, n, buffer);
        const char *ahead = ahead_of(j, t, row, first);
        int8_t *q = to->codes ? to->codes + row * to->pitch + first : piece;
        vise_steps_encode(k, j->scheme, steps, q, x, n, t->runs == 1 ? n : t->width, ahead);
        if (to->packed) put_packed(j, to->packed + row * to->pitch, first, q, n);
        if (to->values) put_values(j, t, steps, row, first, q, n);
    }
}

static void store_steps(const encode_job *j, const stretch *t, const vise_steps *steps) {
    const vise_row_sink *to = j->sink;
    const vise_kernels *k = j->m->kernels;
    int64_t band = t->row / j->scheme->block_rows;
    int64_t at = band * vise_scheme_runs(j->scheme, j->m->cols) + t->first / t->width;
    if (to->scale) vise_steps_store(k, to->scale_dtype, to->scale, at, steps->scale, t->runs);
    if (to->zero) vise_steps_store(k, to->zero_dtype, to->zero, at, steps->zero, t->runs);
}

static bool encode_band(const encode_job *j, int64_t row, int64_t rows) {
    const vise_row_sink *to = j->sink;
    const vise_kernels *k = j->m->kernels;
    float buffer[VISE_PIECE];
    vise_steps steps;
    vise_upper upper;
    if (!vise_row_upper(&upper, j->encoding, j->m, j->first + row)) return false;
    if (to->upper) vise_steps_store(k, to->upper_dtype, to->upper, row, &upper.stored, 1);
    for (int64_t first = 0; first < j->m->cols;) {
        stretch t = stretch_at(j, row, rows, first);
        if (j->m->dtype != VISE_F32 && rows == 1 && t.count <= VISE_PIECE) {
            t.x = vise_matrix_read(j->m, j->first + row, first, t.count, buffer);
        }
        if (!find_steps(&steps, j, &t, upper)) return false;
        for (int64_t i = 0; i < rows; i++) encode_row(j, &t, &steps, row + i);
        store_steps(j, &t, &steps);
        first += t.count;
    }
    return true;
}

static void encode_tile(void *job, int64_t tile) {
    encode_job *j = job;
    int64_t band = j->scheme->block_rows, row = tile * j->rows_a_tile;
    for (int64_t end = row + tile_rows(j, row); row < end; row += band) {
        if (!encode_band(j, row, end - row < band ? end - row : band)) note_failure(j, row);
    }
}

vise_status vise_encode_rows(const vise_context *ctx, const vise_encoding *e,
                             const vise_matrix *m, int64_t first, int64_t count,
                             const vise_row_sink *sink, vise_error *err) {
    encode_job j = {
        .encoding = e,
        .scheme = e->scheme,
        .m = m,
        .first = first,
        .count = count,
        .rows_a_tile = rows_a_tile(e->scheme, m->cols),
        .sink = sink,
        .failed = count,
    };
    vise_status st = vise_parallel(ctx, tiles_of(&j), encode_tile, &j, err);
    if (st) return st;
    int64_t failed = atomic_load(&j.failed);
    return failed < count ? vise_row_failure(e, m, first + failed, err) : VISE_OK;
}
