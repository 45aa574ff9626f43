#include "engine/row_encoder.h"

#include <math.h>

#include "engine/mem.h"
#include "engine/scale_search.h"

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

// --- why a row could not be encoded: the slow path, taken once

// The first NaN or infinity of a row, counted from 0.
static int64_t find_nonfinite(const vise_matrix *m, int64_t row, float *value) {
    float buffer[VISE_PIECE];
    for (int64_t i = 0; i < m->cols; i++) {
        *value = vise_matrix_read(m, row, i, 1, buffer)[0];
        if (!isfinite(*value)) return i;
    }
    return -1;
}

static vise_run whole_row(const vise_matrix *m, int64_t row) {
    return (vise_run){row, 1, 0, m->cols};
}

// The upper level of a row; those of a tensor are known.
static bool upper_of_row(vise_upper *out, const vise_encoding *e, const vise_matrix *m,
                         int64_t row) {
    *out = e->upper;
    if (e->scheme->second != VISE_SECOND_ROW) return true;
    vise_run run = whole_row(m, row);
    vise_range r = vise_range_of(e->scheme, m, &run);
    return vise_range_finite(r) && vise_upper_make(out, e->scheme, r);
}

// `row` is the first one of its band in which something is wrong.
static vise_status explain(const vise_encoding *e, const vise_matrix *m, int64_t row,
                           vise_error *err) {
    const vise_scheme *s = e->scheme;
    int64_t end = row + s->block_rows < m->rows ? row + s->block_rows : m->rows;
    for (int64_t i = row; i < end; i++) {
        float value = 0;
        int64_t col = find_nonfinite(m, i, &value);
        if (col < 0) continue;
        return vise_fail(err, VISE_ENUMERIC, "E-SC-04",
                         "row %lld, column %lld is %s, expected a finite number",
                         (long long)i + 1, (long long)col + 1,
                         isnan(value) ? "NaN"
                         : value > 0  ? "infinity"
                                      : "-infinity");
    }
    vise_upper upper;
    vise_run run = whole_row(m, row);
    vise_range r = vise_range_of(s, m, &run);
    const char *dtype = vise_dtype_name(s->second_dtype);
    if (upper_of_row(&upper, e, m, row)) {
        int64_t width = vise_scheme_run(s, m->cols);
        dtype = vise_dtype_name(s->scale_dtype);
        run.rows = end - row;
        for (run.first = 0; run.first < m->cols; run.first += width) {
            vise_step step;
            run.count = width < m->cols - run.first ? width : m->cols - run.first;
            r = vise_range_of(s, m, &run);
            if (!vise_step_make(&step, s, r, upper)) break;
        }
    }
    return vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                     "row %lld, columns %lld to %lld reach %g: the step does not fit %s scales",
                     (long long)row + 1, (long long)run.first + 1,
                     (long long)(run.first + run.count), (double)(-r.lo > r.hi ? r.lo : r.hi),
                     dtype);
}

// --- what the rows share

static void range_tile(void *job, int64_t tile) {
    encode_job *j = job;
    int64_t first = tile * j->rows_a_tile, end = first + tile_rows(j, first);
    vise_range all = {0, 0};
    for (int64_t row = first; row < end; row++) {
        vise_run run = whole_row(j->m, row);
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
    j.ranges = vise_calloc(sizeof *j.ranges * (size_t)(tiles + 1));
    if (!j.ranges) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld ranges",
                         (long long)tiles);
    }
    vise_status st = vise_parallel(ctx, tiles, range_tile, &j, err);
    if (!st && atomic_load(&j.failed) < m->rows) {
        st = explain(e, m, atomic_load(&j.failed), err);
    }
    *out = j.ranges[0];
    for (int64_t i = 1; i < tiles; i++) *out = vise_range_merge(*out, j.ranges[i]);
    vise_free(j.ranges);
    return st;
}

vise_status vise_encoding_of_range(vise_encoding *out, const vise_scheme *s, vise_range r,
                                   vise_error *err) {
    vise_encoding e = {
        .scheme = s, .upper = {1, 1}
    };
    bool whole = s->granularity == VISE_PER_TENSOR;
    if (!(whole ? vise_step_make(&e.step, s, r, e.upper) : vise_upper_make(&e.upper, s, r))) {
        return vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                         "values from %g to %g: the step does not fit %s scales",
                         (double)(s->symmetric ? -r.hi : r.lo), (double)r.hi,
                         vise_dtype_name(whole ? s->scale_dtype : s->second_dtype));
    }
    *out = e;
    return VISE_OK;
}

vise_status vise_encoding_make(const vise_context *ctx, vise_encoding *out,
                               const vise_scheme *s, bool search, const vise_matrix *m,
                               vise_error *err) {
    vise_encoding e = {
        .scheme = s, .upper = {1, 1}
    };
    vise_status st = VISE_OK;
    if (search) st = vise_search_check(s, err);
    if (!st && (s->granularity == VISE_PER_TENSOR || s->second == VISE_SECOND_TENSOR)) {
        vise_range r = {0, 0};
        st = range_of_all(ctx, &r, &e, m, err);
        if (!st) st = vise_encoding_of_range(&e, s, r, err);
    }
    e.search = search;
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
    vise_step step = vise_step_of_scale(scale);
    if (!(scale > 0) || !isfinite(scale) || !isfinite(step.factor)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-12",
                         "the given scale is %g, expected a positive number", (double)scale);
    }
    *out = (vise_encoding){
        .scheme = s, .given = true, .step = step, .upper = {1, 1}
    };
    return VISE_OK;
}

// --- encoding

// The span before this one may share the first byte: it has written the low half.
static void put_nibbles(uint8_t *row, int64_t first, const int8_t *q, int64_t n) {
    uint8_t *to = row + first / 2;
    int64_t i = 0;
    if (first % 2 && n > 0) *to++ |= (uint8_t)((q[i++] + 8) << 4);
    for (; i + 1 < n; i += 2) *to++ = (uint8_t)((q[i] + 8) | (q[i + 1] + 8) << 4);
    if (i < n) *to = (uint8_t)(q[i] + 8);
}

// Codes columns [first, first + count) of one row, all with the same step.
static void encode_span(const encode_job *j, int64_t row, int64_t span, int64_t count,
                        vise_step step) {
    const vise_row_sink *to = j->sink;
    const vise_kernels *k = j->m->kernels;
    int64_t first = span * to->span;
    int8_t *codes = to->codes ? to->codes + row * to->pitch + span * to->span_pitch : NULL;
    float buffer[VISE_PIECE];
    int8_t piece[VISE_PIECE];
    for (int64_t done = 0; done < count; done += VISE_PIECE) {
        int64_t n = count - done < VISE_PIECE ? count - done : VISE_PIECE;
        const float *x = vise_matrix_read(j->m, j->first + row, first + done, n, buffer);
        int8_t *q = codes ? codes + done : piece;
        vise_step_encode(k, j->scheme, step, q, x, n);
        if (to->nibbles) put_nibbles(to->nibbles + row * to->pitch, first + done, q, n);
        if (to->values) {
            float *values = to->values + row * j->m->cols + first + done;
            vise_step_decode(k, j->scheme, step, values, q, n);
        }
    }
    if (to->sums) to->sums[row * to->spans + span] = k->sum_i8(codes, count);
}

static void store_step(const encode_job *j, int64_t band, int64_t span, vise_step step) {
    const vise_row_sink *to = j->sink;
    int64_t at = band * to->spans + span;
    if (to->scale) vise_step_store(to->scale_dtype, to->scale, at, step.scale);
    if (to->zero) vise_step_store(to->zero_dtype, to->zero, at, step.zero);
}

// The step of the run that starts in column `first` of a band.
static bool step_of_run(vise_step *out, const encode_job *j, vise_run run, vise_upper upper) {
    const vise_encoding *e = j->encoding;
    int64_t width = vise_scheme_run(j->scheme, j->m->cols), left = j->m->cols - run.first;
    run.count = left < width ? left : width;
    bool shared = j->scheme->granularity == VISE_PER_TENSOR;
    if (shared) *out = e->step;
    if (shared && !e->given) return true;
    vise_range r = vise_range_of(j->scheme, j->m, &run);
    if (!vise_range_finite(r)) return false;
    if (shared) return true;
    if (e->search) return vise_search_step(out, j->scheme, j->m, &run, r, upper);
    return vise_step_make(out, j->scheme, r, upper);
}

static bool encode_band(const encode_job *j, int64_t row, int64_t rows) {
    const vise_row_sink *to = j->sink;
    int64_t cols = j->m->cols, width = vise_scheme_run(j->scheme, cols);
    vise_step step = {0};
    vise_upper upper;
    if (!upper_of_row(&upper, j->encoding, j->m, j->first + row)) return false;
    if (to->upper) vise_step_store(to->upper_dtype, to->upper, row, upper.stored);
    for (int64_t i = 0, first = 0; first < cols; i++, first += to->span) {
        vise_run run = {j->first + row, rows, first, 0};
        if (first % width == 0 && !step_of_run(&step, j, run, upper)) return false;
        int64_t count = cols - first < to->span ? cols - first : to->span;
        for (int64_t k = 0; k < rows; k++) encode_span(j, row + k, i, count, step);
        store_step(j, row / j->scheme->block_rows, i, step);
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
    return failed < count ? explain(e, m, first + failed, err) : VISE_OK;
}
