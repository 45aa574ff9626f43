#include "engine/codec.h"

#include <math.h>
#include <stddef.h>

#include "engine/peer_steps.h"

vise_status vise_matrix_of(vise_matrix *out, const vise_kernels *kernels, const vise_tensor *t,
                           const char *what, vise_error *err) {
    char text[96];
    if (t->dtype != VISE_F32 && t->dtype != VISE_F16 && t->dtype != VISE_BF16) {
        return vise_fail(err, VISE_EINVAL, "E-TN-04", "%s is %s, expected f32, f16 or bf16",
                         what, vise_tensor_describe(text, sizeof text, t));
    }
    int64_t cols = vise_tensor_cols(t);
    *out = (vise_matrix){
        .kernels = kernels,
        .data = t->data,
        .dtype = t->dtype,
        .rows = vise_tensor_matrix_rows(t),
        .cols = cols,
        .stride = t->ndim == 2 ? t->stride : cols,
    };
    return VISE_OK;
}

const float *vise_matrix_read(const vise_matrix *m, int64_t row, int64_t first, int64_t count,
                              float buffer[VISE_PIECE]) {
    const char *at = m->data + (row * m->stride + first) * vise_dtype_size(m->dtype);
    if (m->dtype == VISE_F32) return (const float *)(const void *)at;
    if (m->dtype == VISE_F16) {
        m->kernels->f16_to_f32(buffer, (const uint16_t *)(const void *)at, count);
    } else {
        m->kernels->bf16_to_f32(buffer, (const uint16_t *)(const void *)at, count);
    }
    return buffer;
}

// Of -a and a, the extremes, the one that comes first.
static void keep_first(float *lo, float *hi, const float *x, int64_t n) {
    for (int64_t i = 0; - *lo == *hi && *hi != 0 && i < n; i++) {
        if (x[i] == *hi) *lo = 0;
        if (x[i] == *lo && *lo != 0) *hi = 0;
    }
}

static vise_range range_of_piece(const vise_scheme *s, const vise_kernels *k, const float *x,
                                 int64_t n) {
    vise_range r = {0, 0};
    if (vise_scheme_sides(s) == VISE_AMAX_ONLY) {
        r.hi = k->absmax(x, n);
    } else {
        k->minmax(&r.lo, &r.hi, x, n);
        if (s->convention == VISE_GGUF_Q4_0) keep_first(&r.lo, &r.hi, x, n);
    }
    return r;
}

vise_range vise_range_of(const vise_scheme *s, const vise_matrix *m, const vise_run *run) {
    float buffer[VISE_PIECE];
    vise_range all = {0, 0};
    // {0, 0} stays in the range only where the convention widens it to include 0.
    bool fresh = vise_scheme_sides(s) == VISE_AS_IT_IS;
    for (int64_t i = 0; i < run->rows; i++) {
        for (int64_t done = 0; done < run->count; done += VISE_PIECE) {
            int64_t n = run->count - done < VISE_PIECE ? run->count - done : VISE_PIECE;
            const float *x = vise_matrix_read(m, run->row + i, run->first + done, n, buffer);
            vise_range r = range_of_piece(s, m->kernels, x, n);
            all = fresh ? r : vise_range_merge(all, r);
            fresh = false;
        }
    }
    return all;
}

void vise_ranges_of(const vise_kernels *k, const vise_scheme *s, float lo[VISE_RUNS],
                    float hi[VISE_RUNS], const float *x, int64_t n, int64_t width) {
    int64_t runs = (n + width - 1) / width;
    int64_t lanes = (runs + VISE_RUN_LANES - 1) / VISE_RUN_LANES * VISE_RUN_LANES;
    const bool one = vise_scheme_sides(s) == VISE_AMAX_ONLY;
    for (int64_t i = one ? 0 : runs; i < lanes; i++) lo[i] = 0;
    for (int64_t i = runs; i < lanes; i++) hi[i] = 0;
    if (one) {
        k->group_absmax(hi, x, n, width);
    } else {
        k->group_minmax(lo, hi, x, n, width);
    }
    for (int64_t i = 0; s->convention == VISE_GGUF_Q4_0 && i < runs; i++) {
        int64_t left = n - i * width;
        keep_first(&lo[i], &hi[i], x + i * width, left < width ? left : width);
    }
}

vise_group_codes vise_coding_of(const vise_scheme *s) {
    vise_group_codes c = {.form = vise_step_form(s), .kind = VISE_CODE_INT};
    bool unsigned_codes = s->lo == 0;
    c.lo = unsigned_codes ? -(1 << (s->bits - 1)) : s->lo;
    c.hi = unsigned_codes ? c.lo + s->hi : s->hi;
    if (s->element == VISE_ELEMENT_F8) c.kind = VISE_CODE_F8;
    if (s->element == VISE_ELEMENT_F4) {
        c.kind = s->second == VISE_SECOND_ROW ? VISE_CODE_F4_DOWN : VISE_CODE_F4;
    }
    return c;
}

bool vise_coding_in_units(const vise_scheme *s) {
    return s->convention == VISE_SVDQ_NVFP4 || s->convention == VISE_SVDQ_NVFP4_LOW;
}

static void encode(const vise_kernels *k, const vise_scheme *s, vise_group_codes *c,
                   float upper) {
    float units[VISE_PIECE];
    for (int64_t i = 0, g = 0, n; vise_peer_coded(s) && i < c->n; i += n, g++) {
        n = c->n - i < c->group ? c->n - i : c->group;
        vise_peer_codes(s, c->q + i, c->x + i, n, c->scale[g], c->zero[g]);
    }
    if (vise_peer_coded(s)) return;
    if (s->zero == VISE_ZERO_NONE) c->zero = NULL;
    if (vise_coding_in_units(s)) {
        for (int64_t i = 0; i < c->n; i++) units[i] = c->x[i] / upper;
        c->x = units;
    }
    k->group_codes(c);
}

void vise_steps_encode(const vise_kernels *k, const vise_scheme *s, const vise_steps *steps,
                       int8_t *q, const float *x, int64_t n, int64_t width, const char *ahead) {
    vise_group_codes c = vise_coding_of(s);
    c.q = q;
    c.x = x;
    c.n = n;
    c.group = width;
    c.scale = steps->by;
    c.zero = steps->zero;
    c.ahead = ahead;
    encode(k, s, &c, steps->upper);
}

void vise_step_encode(const vise_kernels *k, const vise_scheme *s, vise_step step, int8_t *q,
                      const float *x, int64_t n) {
    vise_group_codes c = vise_coding_of(s);
    c.q = q;
    c.x = x;
    c.n = c.group = n;
    c.scale = &step.by;
    c.zero = &step.zero;
    encode(k, s, &c, step.upper);
}

void vise_step_decode(const vise_kernels *k, const vise_scheme *s, vise_step step, float *x,
                      const int8_t *q, int64_t n) {
    // By centred code: first the eight that are not negative.
    static const float f4[16] = {0, .5f,  1,  1.5f,  2,  3,  4,  6,
                                 0, -.5f, -1, -1.5f, -2, -3, -4, -6};
    if (s->element == VISE_ELEMENT_F8) {
        vise_f8_values(k, x, q, n);
        for (int64_t i = 0; i < n; i++) x[i] *= step.scale;
    } else if (s->element == VISE_ELEMENT_F4) {
        const float scale = step.scale * step.upper;
        for (int64_t i = 0; i < n; i++) x[i] = f4[q[i] + 8] * scale;
    } else if (vise_scheme_offset(s)) {
        const float half = (float)(1 << (s->bits - 1));
        vise_steps_round(k, s->scale_dtype, &step.zero, 1);
        for (int64_t i = 0; i < n; i++) x[i] = ((float)q[i] + half) * step.scale + step.zero;
    } else if (s->zero != VISE_ZERO_INT) {
        k->dequant(x, q, n, step.scale, step.zero);
    } else {
        const int shift = (1 << (s->bits - 1)) - (int)step.zero;
        for (int64_t i = 0; i < n; i++) x[i] = (float)(q[i] + shift) * step.scale;
    }
}
