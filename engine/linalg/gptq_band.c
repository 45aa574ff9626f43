#include "engine/linalg/gptq_band.h"

#include <math.h>
#include <string.h>

#include "engine/row_failure.h"
#include "engine/scale_search.h"

int64_t vise_sweep_run(const vise_sweep *s, int64_t c) {
    return s->runs == 1 ? 0 : s->order[c] / s->width;
}

int64_t vise_sweep_run_end(const vise_sweep *s, int64_t c) {
    int64_t run = vise_sweep_run(s, c);
    if (s->runs == 1) return s->n;
    while (c < s->n && vise_sweep_run(s, c) == run) c++;
    return c;
}

// --- steps

// Makes the steps of `count` runs of `width` values that lie side by side (the last may be
// shorter: n values in all) and share the upper level.
static bool make_steps(const vise_sweep *s, vise_steps *out, const float *x, int64_t n,
                       int64_t width, int64_t count, vise_upper upper) {
    float lo[VISE_RUNS], hi[VISE_RUNS];
    const vise_kernels *k = &s->ctx->kernels;
    vise_ranges_of(k, s->scheme, lo, hi, x, n, width);
    if (!vise_steps_make(k, out, s->scheme, lo, hi, count, upper)) return false;
    const vise_search *search = &s->encoding.search;
    if (!search->on) return true;
    vise_matrix m = {k, (const char *)x, VISE_F32, 1, n, n};
    vise_run first = {0, 1, 0, width < n ? width : n};
    vise_search_steps(out, search, s->scheme, &m, &first, lo, hi, count, upper);
    return true;
}

static void put_step(vise_band *b, int64_t run, int64_t row, const vise_steps *steps,
                     int64_t i) {
    int64_t at = run * b->pitch + row;
    b->by[at] = steps->by[i];
    b->zero[at] = steps->zero[i];
    b->scale[at] = steps->scale[i];
    b->value[at] = steps->scale[i];
    if (b->sweep->scheme->element == VISE_ELEMENT_F4) b->value[at] *= steps->upper;
}

void vise_band_clear(vise_band *b) {
    for (int64_t r = b->rows; r < b->pitch; r++) {
        for (int64_t run = 0; run < b->sweep->runs; run++) {
            int64_t at = run * b->pitch + r;
            b->by[at] = b->value[at] = 1;
            b->zero[at] = 0;
        }
        b->exact[r] = b->upper[r] = 1;
    }
}

vise_step vise_band_step(const vise_band *b, int64_t run, int64_t row) {
    int64_t at = run * b->pitch + row;
    return (vise_step){b->scale[at], b->zero[at], b->upper[row], b->by[at]};
}

static vise_upper upper_of(const vise_band *b, int64_t row) {
    return (vise_upper){b->exact[row], b->upper[row]};
}

// Columns [c, c + width) of some rows, at most VISE_RUNS, side by side in b->line.
static void turn_back(vise_band *b, int64_t c, int64_t width, int64_t row, int64_t rows) {
    enum { COLUMNS = 32 };
    float turned[VISE_RUNS * COLUMNS];
    const void *from[COLUMNS];
    for (int64_t first = 0; first < width; first += COLUMNS) {
        int64_t cols = width - first < COLUMNS ? width - first : COLUMNS;
        for (int64_t i = 0; i < cols; i++) from[i] = b->w + (c + first + i) * b->pitch + row;
        b->sweep->ctx->kernels.interleave(turned, from, cols, rows);
        for (int64_t r = 0; r < rows; r++) {
            memcpy(b->line + r * width + first, turned + r * cols,
                   (size_t)cols * sizeof *turned);
        }
    }
}

bool vise_band_find_steps(vise_band *b, int64_t c) {
    const vise_sweep *s = b->sweep;
    int64_t width = vise_sweep_run_end(s, c) - c, run = vise_sweep_run(s, c);
    int64_t most = s->scheme->second == VISE_SECOND_ROW ? 1 : VISE_RUNS;
    for (int64_t row = 0, count; row < b->rows; row += count) {
        vise_steps steps;
        count = most < b->rows - row ? most : b->rows - row;
        turn_back(b, c, width, row, count);
        if (!make_steps(s, &steps, b->line, count * width, width, count, upper_of(b, row))) {
            return false;
        }
        for (int64_t i = 0; i < count; i++) put_step(b, run, row + i, &steps, i);
    }
    return true;
}

// A row of the weight as f32.
static const float *read_row(const vise_band *b, int64_t row, float *line) {
    const vise_matrix *m = b->sweep->m;
    for (int64_t done = 0; done < m->cols; done += VISE_PIECE) {
        int64_t n = m->cols - done < VISE_PIECE ? m->cols - done : VISE_PIECE;
        const float *x = vise_matrix_read(m, b->row + row, done, n, line + done);
        if (x != line + done) memcpy(line + done, x, (size_t)n * sizeof *line);
    }
    return line;
}

static bool steps_of_row(vise_band *b, int64_t row) {
    const vise_sweep *s = b->sweep;
    float *x = b->line;
    read_row(b, row, x);
    for (int64_t c = 0; s->runs > 1 && c < s->n; c++) {
        if (s->factor[c * (s->n + 1)] == 0) x[s->order[c]] = 0;
    }
    for (int64_t run = 0, count; run < s->runs; run += count) {
        vise_steps steps;
        int64_t first = run * s->width, left = s->n - first;
        count = s->runs - run < VISE_RUNS ? s->runs - run : VISE_RUNS;
        int64_t n = left < count * s->width ? left : count * s->width;
        if (!make_steps(s, &steps, x + first, n, s->width, count, upper_of(b, row)))
            return false;
        for (int64_t i = 0; i < count; i++) put_step(b, run + i, row, &steps, i);
    }
    return true;
}

bool vise_band_prepare(vise_band *b) {
    const vise_sweep *s = b->sweep;
    bool whole = s->scheme->granularity == VISE_PER_TENSOR;
    for (int64_t row = 0; row < b->rows; row++) {
        vise_upper upper;
        if (!vise_row_upper(&upper, &s->encoding, s->m, b->row + row)) return false;
        b->exact[row] = upper.exact;
        b->upper[row] = upper.stored;
        if (!s->ahead) continue;
        if (whole) {
            vise_steps steps;
            vise_steps_put(&steps, 0, s->encoding.step);
            put_step(b, 0, row, &steps, 0);
        } else if (!steps_of_row(b, row)) {
            return false;
        }
    }
    return true;
}

// --- storage

static void store_steps(const vise_band *b, int64_t row) {
    const vise_sweep *s = b->sweep;
    const vise_kernels *k = &s->ctx->kernels;
    const vise_tensor *part = s->out->part;
    int64_t at = (b->row + row) * s->runs;
    for (int64_t run = 0; run < s->runs; run++) {
        const vise_step step = vise_band_step(b, run, row);
        vise_steps_store(k, part[VISE_PART_SCALE].dtype, part[VISE_PART_SCALE].data, at + run,
                         &step.scale, 1);
        if (!part[VISE_PART_ZERO].buf) continue;
        vise_steps_store(k, part[VISE_PART_ZERO].dtype, part[VISE_PART_ZERO].data, at + run,
                         &step.zero, 1);
    }
    if (s->scheme->second == VISE_SECOND_ROW) {
        vise_steps_store(k, part[VISE_PART_SECOND].dtype, part[VISE_PART_SECOND].data,
                         b->row + row, &b->upper[row], 1);
    }
}

// An 8 x 8 matrix of bytes, a row in each number, over its diagonal: halves, quarters, eighths.
static void transpose_bytes(uint64_t x[8]) {
    static const uint64_t mask[3] = {0x00000000ffffffff, 0x0000ffff0000ffff,
                                     0x00ff00ff00ff00ff};
    for (int step = 0, h = 4; h > 0; step++, h /= 2) {
        for (int i = 0; i < 8; i++) {
            if (i & h) continue;
            uint64_t t = (x[i] >> 8 * h ^ x[i + h]) & mask[step];
            x[i] ^= t << 8 * h;
            x[i + h] ^= t;
        }
    }
}

// Codes of eight rows (the last of them may only fill up the pitch), in the order of the
// weight.
static void turn_codes(const vise_band *b, int64_t row, int8_t *lines) {
    const vise_sweep *s = b->sweep;
    int64_t c = 0;
    for (; c + 8 <= s->n; c += 8) {
        uint64_t x[8];
        for (int i = 0; i < 8; i++) memcpy(&x[i], b->q + (c + i) * b->pitch + row, 8);
        transpose_bytes(x);
        bool together = true;
        for (int i = 0; i < 7; i++) together &= s->order[c + i + 1] == s->order[c + i] + 1;
        for (int r = 0; r < 8; r++) {
            const int8_t *from = (const int8_t *)&x[r];
            int8_t *to = lines + r * s->n;
            if (together) memcpy(to + s->order[c], from, 8);
            for (int i = 0; !together && i < 8; i++) to[s->order[c + i]] = from[i];
        }
    }
    for (; c < s->n; c++) {
        for (int r = 0; r < 8; r++)
            lines[r * s->n + s->order[c]] = b->q[c * b->pitch + row + r];
    }
}

void vise_band_store(const vise_band *b) {
    const vise_sweep *s = b->sweep;
    int8_t *lines = (int8_t *)b->w; // whose values are not needed any more
    for (int64_t row = 0; row < b->rows; row++) {
        if (row % 8 == 0) turn_codes(b, row, lines);
        vise_coded_put_row(&s->ctx->kernels, s->out, b->row + row, lines + row % 8 * s->n);
        if (s->scheme->granularity != VISE_PER_TENSOR) store_steps(b, row);
    }
}
