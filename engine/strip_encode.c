// One row of f32 into codes, in the order of a strip.

#include <string.h>

#include "engine/strips.h"

// --- codes as kernels take them

enum { BLOCK = 32 }; // codes at a time: loops of a fixed count become vector code

static void block_int8(uint8_t *restrict to, const int8_t *restrict q) {
    for (int i = 0; i < BLOCK; i++) to[i] = (uint8_t)(q[i] ^ -128);
}

// Twice the value of a centred f4e2m1: 0 1 2 3 4 6 8 12, in that order, is the index with one
// more for each past 4, and two more for each past 6.
static void block_f4(uint8_t *restrict to, const int8_t *restrict q) {
    int8_t v[BLOCK], past4[BLOCK], past6[BLOCK];
    for (int i = 0; i < BLOCK; i++) v[i] = q[i] & 7;
    for (int i = 0; i < BLOCK; i++) past4[i] = (int8_t)(v[i] > 4 ? v[i] - 4 : 0);
    for (int i = 0; i < BLOCK; i++) past6[i] = (int8_t)(v[i] > 6 ? 2 : 0);
    for (int i = 0; i < BLOCK; i++) v[i] = (int8_t)(v[i] + past4[i] + past6[i]);
    for (int i = 0; i < BLOCK; i++) to[i] = (uint8_t)(q[i] < 0 ? v[i] : -v[i]);
}

// An f8e4m3 as bf16, whose bits hold all of it: the exponent has another bias.  Subnormals,
// which are few, are multiples of 2^-9.
static void block_float8(uint8_t *restrict to, const int8_t *restrict q) {
    static const uint16_t subnormal[8] = {0,      0x3b00, 0x3b80, 0x3bc0,
                                          0x3c00, 0x3c20, 0x3c40, 0x3c60};
    uint16_t code[BLOCK], half[BLOCK];
    uint8_t few[BLOCK];
    uint64_t some[BLOCK / 8];
    for (int i = 0; i < BLOCK; i++) few[i] = (uint8_t)((q[i] & 0x78) == 0 ? 1 : 0);
    for (int i = 0; i < BLOCK; i++) code[i] = (uint16_t)q[i];
    for (int i = 0; i < BLOCK; i++) {
        uint16_t normal = (uint16_t)(((code[i] & 0x7f) << 4) + (120 << 7));
        half[i] = (uint16_t)(normal | (code[i] & 0x80) << 8);
    }
    memcpy(some, few, sizeof some);
    for (int w = 0; w < BLOCK / 8; w++) {
        for (int i = 8 * w; some[w] && i < 8 * w + 8; i++) {
            if (few[i]) half[i] = (uint16_t)(subnormal[q[i] & 7] | (code[i] & 0x80) << 8);
        }
    }
    memcpy(to, half, sizeof half);
}

static int64_t code_bytes(vise_strip_kind kind) {
    return kind == VISE_STRIPS_FLOAT8 ? 2 : 1;
}

typedef void convert_block(uint8_t *restrict to, const int8_t *restrict q);

static inline __attribute__((always_inline)) void
convert_all(convert_block *block, int64_t size, uint8_t *to, const int8_t *q, int64_t n) {
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) block(to + i * size, q + i);
    if (i == n) return;
    int8_t last[BLOCK] = {0};
    uint8_t made[2 * BLOCK];
    memcpy(last, q + i, (size_t)(n - i));
    block(made, last);
    memcpy(to + i * size, made, (size_t)((n - i) * size));
}

static void convert(const vise_rows *r, const vise_scheme *s, uint8_t *to, const int8_t *q,
                    int64_t n) {
    if (r->kind == VISE_STRIPS_FLOAT8) {
        convert_all(block_float8, 2, to, q, n);
    } else if (r->kind == VISE_STRIPS_INT8) {
        convert_all(block_int8, 1, to, q, n);
    } else if (s->element == VISE_ELEMENT_F4) {
        convert_all(block_f4, 1, to, q, n);
    } else {
        memcpy(to, q, (size_t)n);
    }
}

// --- a row of them, group by group

int64_t vise_strip_line(const vise_rows *r) {
    return r->kind == VISE_STRIPS_F32 ? 0 : r->groups * r->pitch * code_bytes(r->kind);
}

typedef struct encode_row {
    const vise_kernels *k;
    const vise_encoding *e;
    vise_rows *r;
    int64_t row;
    uint8_t *line;
    const float *x;
} encode_row;

// Do the groups lie in the line as they lie in the row?
static bool unpadded(const vise_rows *r) {
    return r->groups == 1 || r->pitch == r->group;
}

// Puts the codes of columns [col, col + n) where they belong.
static void place(const encode_row *j, int64_t col, const int8_t *q, int64_t n) {
    const vise_rows *r = j->r;
    const vise_scheme *s = j->e->scheme;
    const int64_t size = code_bytes(r->kind);
    if (unpadded(r)) {
        convert(r, s, j->line + col * size, q, n);
        return;
    }
    for (int64_t count; n > 0; n -= count, q += count, col += count) {
        int64_t at = col % r->group, left = r->group - at;
        count = left < n ? left : n;
        convert(r, s, j->line + (col / r->group * r->pitch + at) * size, q, count);
    }
}

// Fills up the groups with zeros.
static void pad(const encode_row *j) {
    const vise_rows *r = j->r;
    const int64_t size = code_bytes(r->kind);
    const int zero = r->kind == VISE_STRIPS_INT8 ? 0x80 : 0;
    int64_t used = r->cols, end = r->groups * r->pitch;
    if (unpadded(r)) {
        memset(j->line + used * size, zero, (size_t)((end - used) * size));
        return;
    }
    for (int64_t g = 0, col = 0; g < r->groups; g++, col += r->group) {
        int64_t n = r->cols - col < r->group ? r->cols - col : r->group;
        memset(j->line + (g * r->pitch + n) * size, zero, (size_t)((r->pitch - n) * size));
    }
}

// The scales of `count` runs from the first on, where the kernels want them.  The codes of
// f4e2m1 are twice the values.
static void put_scales(const encode_row *j, int64_t run, const float *scale, int64_t count) {
    const vise_rows *r = j->r;
    const float by = j->e->scheme->element == VISE_ELEMENT_F4 ? 0.5f : 1;
    float *to = r->kind == VISE_STRIPS_INT8 ? r->scale + j->row
                : r->scale                  ? r->scale + j->row * r->groups + run
                                            : r->row + j->row;
    for (int64_t i = 0; i < count; i++) to[i] = scale[i] * by;
    // A scale for the whole row stands for each group.
    if (j->e->scheme->group || r->kind != VISE_STRIPS_FLOAT8) return;
    for (int64_t g = 1; g < r->groups; g++) to[g] = to[0];
}

// Codes one run, however long.
static bool encode_run(const encode_row *j, int64_t run, int64_t col, int64_t n,
                       vise_upper upper) {
    const vise_encoding *e = j->e;
    const vise_matrix m = {
        .kernels = j->k,
        .data = (const char *)(j->x + col),
        .dtype = VISE_F32,
        .rows = 1,
        .cols = n,
    };
    vise_step step = e->step;
    int8_t q[VISE_PIECE];
    bool shared = e->scheme->granularity == VISE_PER_TENSOR;
    if (!shared || e->given) { // nobody has looked at the values yet
        vise_run all = {0, 1, 0, n};
        vise_range range = vise_range_of(e->scheme, &m, &all);
        if (!vise_range_finite(range)) return false;
        if (!shared && !vise_step_make(j->k, &step, e->scheme, range, upper)) return false;
    }
    for (int64_t done = 0, count; done < n; done += count) {
        count = n - done < VISE_PIECE ? n - done : VISE_PIECE;
        vise_step_encode(j->k, e->scheme, step, q, j->x + col + done, count);
        place(j, col + done, q, count);
    }
    put_scales(j, run, &step.scale, 1);
    return true;
}

// Codes runs of `width` (<= VISE_PIECE) columns, many at a time.
static bool encode_runs(const encode_row *j, int64_t width, vise_upper upper) {
    const vise_scheme *s = j->e->scheme;
    const int64_t cols = j->r->cols, fit = VISE_PIECE / width;
    const int64_t runs = fit < VISE_RUNS ? fit : VISE_RUNS;
    float lo[VISE_RUNS] = {0}, hi[VISE_RUNS] = {0};
    int8_t q[VISE_PIECE];
    vise_steps steps;
    for (int64_t col = 0; col < cols; col += runs * width) {
        int64_t n = cols - col < runs * width ? cols - col : runs * width;
        int64_t count = (n + width - 1) / width;
        vise_ranges_of(j->k, s, lo, hi, j->x + col, n, width);
        if (!vise_steps_make(j->k, &steps, s, lo, hi, count, upper)) return false;
        vise_steps_encode(j->k, s, &steps, q, j->x + col, n, width, NULL);
        place(j, col, q, n);
        put_scales(j, col / width, steps.scale, count);
    }
    return true;
}

// The upper level of a row; those of a tensor are known.
static bool upper_of_row(const encode_row *j, vise_upper *out) {
    const vise_scheme *s = j->e->scheme;
    *out = j->e->upper;
    if (s->second != VISE_SECOND_ROW) return true;
    vise_range range = {0, j->k->absmax(j->x, j->r->cols)};
    return vise_range_finite(range) && vise_upper_make(out, s, range);
}

bool vise_strip_encode(const vise_kernels *k, const vise_encoding *e, vise_rows *r, int64_t row,
                       uint8_t *line, const float *x) {
    const encode_row j = {k, e, r, row, line, x};
    const int64_t cols = r->cols, width = vise_scheme_run(e->scheme, cols);
    vise_upper upper;
    bool ok = upper_of_row(&j, &upper);
    if (ok && e->scheme->group && width <= VISE_PIECE) {
        ok = encode_runs(&j, width, upper);
    } else {
        int64_t runs = vise_scheme_runs(e->scheme, cols);
        for (int64_t i = 0; ok && i < runs; i++) {
            int64_t left = cols - i * width;
            ok = encode_run(&j, i, i * width, left < width ? left : width, upper);
        }
    }
    pad(&j);
    int32_t *sums = r->sums ? r->sums + row * r->groups : NULL;
    if (sums && r->pitch > 0) {
        k->group_sums(sums, (const int8_t *)line, r->groups * r->pitch, r->pitch);
    } else if (sums) { // no inputs
        memset(sums, 0, (size_t)r->groups * sizeof *sums);
    }
    if (r->row && r->scale) r->row[row] = upper.stored;
    return ok;
}
