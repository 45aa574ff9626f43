#include "engine/row_encoder.h"

#include <math.h>

#include "engine/mem.h"

enum { TILE_ELEMENTS = 16384 };

typedef struct encode_job {
    const vise_scheme *scheme;
    const vise_matrix *m;
    int64_t first, count, rows_a_tile;
    const vise_step *shared;
    const vise_row_sink *sink;
    vise_range *ranges;  // one a tile, while looking for a shared step
    atomic_llong failed; // the first row that could not be encoded; `count` while none
} encode_job;

static int64_t rows_a_tile(int64_t cols) {
    return cols >= TILE_ELEMENTS ? 1 : TILE_ELEMENTS / (cols > 0 ? cols : 1);
}

static int64_t tiles_of(const encode_job *j) {
    return (j->count + j->rows_a_tile - 1) / j->rows_a_tile;
}

static int64_t tile_end(const encode_job *j, int64_t tile) {
    int64_t end = (tile + 1) * j->rows_a_tile;
    return end < j->count ? end : j->count;
}

static void note_failure(encode_job *j, int64_t row) {
    long long seen = atomic_load(&j->failed);
    while (row < seen && !atomic_compare_exchange_weak(&j->failed, &seen, row)) {
    }
}

// The first NaN or infinity of a row, counted from 0.
static int64_t find_nonfinite(const vise_matrix *m, int64_t row, float *value) {
    float buffer[VISE_PIECE];
    for (int64_t i = 0; i < m->cols; i++) {
        *value = vise_matrix_read(m, row, i, 1, buffer)[0];
        if (!isfinite(*value)) return i;
    }
    return -1;
}

// Says why a row could not be encoded: the slow path, taken once.
static vise_status explain(const vise_scheme *s, const vise_matrix *m, int64_t row,
                           vise_error *err) {
    float value = 0;
    int64_t col = find_nonfinite(m, row, &value);
    if (col >= 0) {
        return vise_fail(err, VISE_ENUMERIC, "E-SC-04",
                         "row %lld, column %lld is %s, expected a finite number",
                         (long long)row + 1, (long long)col + 1,
                         isnan(value) ? "NaN"
                         : value > 0  ? "infinity"
                                      : "-infinity");
    }
    int64_t run = vise_scheme_run(s, m->cols), first = 0, count = m->cols;
    vise_range r = {0, 0};
    for (; first < m->cols; first += run) {
        vise_step step;
        count = run < m->cols - first ? run : m->cols - first;
        r = vise_range_of(s, m, row, first, count);
        if (!vise_step_make(&step, s, r)) break;
    }
    return vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                     "row %lld, columns %lld to %lld reach %g: the step does not fit %s scales",
                     (long long)row + 1, (long long)first + 1, (long long)(first + count),
                     (double)(-r.lo > r.hi ? r.lo : r.hi), vise_dtype_name(s->scale_dtype));
}

static void range_tile(void *job, int64_t tile) {
    encode_job *j = job;
    int64_t row = tile * j->rows_a_tile, end = tile_end(j, tile);
    vise_range all = {0, 0};
    for (int64_t first = row; row < end; row++) {
        vise_range r = vise_range_of(j->scheme, j->m, row, 0, j->m->cols);
        if (!vise_range_finite(r)) note_failure(j, row);
        all = row == first ? r : vise_range_merge(all, r);
    }
    j->ranges[tile] = all;
}

vise_status vise_encode_shared_step(const vise_context *ctx, vise_step *out,
                                    const vise_scheme *s, const vise_matrix *m,
                                    vise_error *err) {
    encode_job j = {
        .scheme = s,
        .m = m,
        .count = m->rows,
        .rows_a_tile = rows_a_tile(m->cols),
        .failed = m->rows,
    };
    int64_t tiles = tiles_of(&j);
    j.ranges = vise_calloc(sizeof *j.ranges * (size_t)(tiles + 1));
    if (!j.ranges) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld ranges",
                         (long long)tiles);
    }
    vise_status st = vise_parallel(ctx, tiles, range_tile, &j, err);
    if (st) goto done;
    if (atomic_load(&j.failed) < m->rows) {
        st = explain(s, m, atomic_load(&j.failed), err);
        goto done;
    }
    vise_range r = j.ranges[0];
    for (int64_t i = 1; i < tiles; i++) r = vise_range_merge(r, j.ranges[i]);
    if (!vise_step_make(out, s, r)) {
        st = vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                       "values from %g to %g: the step does not fit %s scales",
                       (double)(s->symmetric ? -r.hi : r.lo), (double)r.hi,
                       vise_dtype_name(s->scale_dtype));
    }

done:
    vise_free(j.ranges);
    return st;
}

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
    int64_t first = span * to->span, at = row * to->spans + span;
    int8_t *codes = to->codes ? to->codes + row * to->pitch + span * to->span_pitch : NULL;
    float buffer[VISE_PIECE];
    int8_t piece[VISE_PIECE];
    for (int64_t done = 0; done < count; done += VISE_PIECE) {
        int64_t n = count - done < VISE_PIECE ? count - done : VISE_PIECE;
        const float *x = vise_matrix_read(j->m, j->first + row, first + done, n, buffer);
        int8_t *q = codes ? codes + done : piece;
        vise_step_encode(k, j->scheme, step, q, x, n);
        if (to->nibbles) put_nibbles(to->nibbles + row * to->pitch, first + done, q, n);
    }
    if (to->scale) vise_step_store(to->scale_dtype, to->scale, at, step.scale);
    if (to->zero) vise_step_store(to->zero_dtype, to->zero, at, step.zero);
    if (to->sums) to->sums[at] = k->sum_i8(codes, count);
}

static bool encode_row(const encode_job *j, int64_t row) {
    int64_t cols = j->m->cols, run = vise_scheme_run(j->scheme, cols);
    vise_step step = {0};
    if (j->shared) step = *j->shared;
    for (int64_t i = 0, first = 0; first < cols; i++, first += j->sink->span) {
        if (!j->shared && first % run == 0) {
            int64_t count = cols - first < run ? cols - first : run;
            vise_range r = vise_range_of(j->scheme, j->m, j->first + row, first, count);
            if (!vise_range_finite(r) || !vise_step_make(&step, j->scheme, r)) return false;
        }
        int64_t left = cols - first;
        encode_span(j, row, i, left < j->sink->span ? left : j->sink->span, step);
    }
    return true;
}

static void encode_tile(void *job, int64_t tile) {
    encode_job *j = job;
    for (int64_t row = tile * j->rows_a_tile; row < tile_end(j, tile); row++) {
        if (!encode_row(j, row)) note_failure(j, row);
    }
}

vise_status vise_encode_rows(const vise_context *ctx, const vise_scheme *s,
                             const vise_matrix *m, int64_t first, int64_t count,
                             const vise_step *shared, const vise_row_sink *sink,
                             vise_error *err) {
    encode_job j = {
        .scheme = s,
        .m = m,
        .first = first,
        .count = count,
        .rows_a_tile = rows_a_tile(m->cols),
        .shared = shared,
        .sink = sink,
        .failed = count,
    };
    vise_status st = vise_parallel(ctx, tiles_of(&j), encode_tile, &j, err);
    if (st) return st;
    int64_t failed = atomic_load(&j.failed);
    return failed < count ? explain(s, m, first + failed, err) : VISE_OK;
}
