// One row of f32 into codes, in the order of a strip.

#include <string.h>

#include "engine/floats.h"
#include "engine/strips.h"

// The codes of a scheme in the form that kernels take, by their centred byte.
static void put_int8(uint8_t *line, const int8_t *q, int64_t n) {
    for (int64_t i = 0; i < n; i++) line[i] = (uint8_t)q[i] ^ 0x80;
}

// Twice the value of a centred f4e2m1.
static void put_f4(uint8_t *line, const int8_t *q, int64_t n) {
    static const int8_t twice[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
    for (int64_t i = 0; i < n; i++) line[i] = (uint8_t)twice[q[i] + 8];
}

// An f8e4m3 as bf16: all its bits fit.
static void put_float8(uint8_t *line, const int8_t *q, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        uint16_t half = vise_f32_to_bf16(vise_f8e4m3_to_f32((uint8_t)q[i]));
        memcpy(line + 2 * i, &half, sizeof half);
    }
}

static int64_t code_bytes(vise_strip_kind kind) {
    return kind == VISE_STRIPS_FLOAT8 ? 2 : 1;
}

int64_t vise_strip_line(const vise_rows *r) {
    return r->kind == VISE_STRIPS_F32 ? 0 : r->groups * r->pitch * code_bytes(r->kind);
}

// Codes `n` values with one step, and fills up the group with zeros.
static void encode_group(const vise_kernels *k, const vise_scheme *s, const vise_rows *r,
                         uint8_t *line, vise_step step, const float *x, int64_t n) {
    int8_t q[VISE_PIECE];
    for (int64_t done = 0, count; done < n; done += count) {
        count = n - done < VISE_PIECE ? n - done : VISE_PIECE;
        vise_step_encode(k, s, step, q, x + done, count);
        uint8_t *to = line + done * code_bytes(r->kind);
        if (r->kind == VISE_STRIPS_FLOAT8) {
            put_float8(to, q, count);
        } else if (r->kind == VISE_STRIPS_INT8) {
            put_int8(to, q, count);
        } else if (s->element == VISE_ELEMENT_F4) {
            put_f4(to, q, count);
        } else {
            memcpy(to, q, (size_t)count);
        }
    }
    int64_t used = n * code_bytes(r->kind), all = r->pitch * code_bytes(r->kind);
    memset(line + used, r->kind == VISE_STRIPS_INT8 ? 0x80 : 0, (size_t)(all - used));
}

// Makes the step of the columns that begin with group `g`, if a run does.
static bool step_of_group(vise_step *out, const vise_encoding *e, const vise_matrix *x,
                          vise_upper upper, int64_t g) {
    const vise_scheme *s = e->scheme;
    int64_t width = vise_scheme_run(s, x->cols), first = s->group ? g * s->group : 0;
    if (g > 0 && !s->group) return true;
    bool shared = s->granularity == VISE_PER_TENSOR;
    if (shared) *out = e->step;
    if (shared && !e->given) return true;
    vise_run run = {0, 1, first, x->cols - first < width ? x->cols - first : width};
    vise_range range = vise_range_of(s, x, &run);
    return vise_range_finite(range) &&
           (shared || vise_step_make(x->kernels, out, s, range, upper));
}

// The upper level of a row; those of a tensor are known.
static bool upper_of_row(vise_upper *out, const vise_encoding *e, const vise_matrix *x) {
    *out = e->upper;
    if (e->scheme->second != VISE_SECOND_ROW) return true;
    vise_run run = {0, 1, 0, x->cols};
    vise_range range = vise_range_of(e->scheme, x, &run);
    return vise_range_finite(range) && vise_upper_make(out, e->scheme, range);
}

// Puts the scale of a group where the kernels want it.
static void put_scale(vise_rows *r, const vise_scheme *s, int64_t row, int64_t g, float scale) {
    if (s->element == VISE_ELEMENT_F4) scale /= 2; // the codes are twice the values
    if (r->kind == VISE_STRIPS_INT8) {
        r->scale[row] = scale;
    } else if (r->scale) {
        r->scale[row * r->groups + g] = scale;
    } else {
        r->row[row] = scale;
    }
}

bool vise_strip_encode(const vise_kernels *k, const vise_encoding *e, vise_rows *r, int64_t row,
                       uint8_t *line, const float *x) {
    const vise_scheme *s = e->scheme;
    const vise_matrix m = {
        .kernels = k,
        .data = (const char *)x,
        .dtype = VISE_F32,
        .rows = 1,
        .cols = r->cols,
        .stride = r->cols,
    };
    vise_step step = {0};
    vise_upper upper;
    if (!upper_of_row(&upper, e, &m)) return false;
    for (int64_t g = 0, col = 0; g < r->groups; g++, col += r->group) {
        int64_t n = r->cols - col < r->group ? r->cols - col : r->group;
        if (!step_of_group(&step, e, &m, upper, g)) return false;
        encode_group(k, s, r, line, step, x + col, n);
        put_scale(r, s, row, g, step.scale);
        if (r->sums) r->sums[row * r->groups + g] = k->sum_i8((const int8_t *)line, r->pitch);
        line += r->pitch * code_bytes(r->kind);
    }
    if (r->row && r->scale) r->row[row] = upper.stored;
    return true;
}
