#include "engine/codec.h"

#include <math.h>
#include <stddef.h>

#include "engine/floats.h"

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

vise_range vise_range_merge(vise_range a, vise_range b) {
    if (isnan(a.hi) || isnan(b.hi)) return (vise_range){NAN, NAN};
    return (vise_range){a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
}

bool vise_range_finite(vise_range r) {
    return isfinite(r.lo) && isfinite(r.hi);
}

static vise_range range_of_piece(const vise_scheme *s, const vise_kernels *k, const float *x,
                                 int64_t n) {
    vise_range r = {0, 0};
    if (s->symmetric) {
        r.hi = k->absmax(x, n);
    } else {
        k->minmax(&r.lo, &r.hi, x, n);
    }
    return r;
}

vise_range vise_range_of(const vise_scheme *s, const vise_matrix *m, const vise_run *run) {
    float buffer[VISE_PIECE];
    vise_range all = {0, 0};
    // {0, 0} stays in the range only where the convention widens it to include 0.
    bool fresh = s->convention == VISE_MINMAX_FLOAT_ZERO;
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

static float round_to(vise_dtype dtype, float x) {
    if (dtype == VISE_F16) return vise_f16_to_f32(vise_f32_to_f16(x));
    if (dtype == VISE_BF16) return vise_bf16_to_f32(vise_f32_to_bf16(x));
    if (dtype == VISE_F8E4M3) return vise_f8e4m3_to_f32(vise_f32_to_f8e4m3(x));
    return x;
}

// (hi - lo) / steps, also where the difference is beyond f32.
static float step_of_width(vise_range r, float floor, float steps) {
    float width = r.hi - r.lo;
    if (!isfinite(width)) return r.hi / steps - r.lo / steps;
    return (width > floor ? width : floor) / steps;
}

static float or_one(float scale) {
    return scale == 0 ? 1 : scale;
}

bool vise_upper_make(vise_upper *out, const vise_scheme *s, vise_range r) {
    vise_dtype dtype = s->second_dtype;
    float exact = r.hi / 2688; // the largest scale times the largest code
    vise_upper upper = {1, 1};
    if (s->second != VISE_SECOND_NONE) {
        upper.stored = or_one(round_to(dtype, exact));
        // torchao multiplies by 1 / t.
        if (s->second == VISE_SECOND_TENSOR && !isfinite(1 / upper.stored)) upper.stored = 1;
        bool unrounded = s->convention == VISE_SVDQ_NVFP4;
        upper.exact = unrounded ? or_one(exact) : upper.stored;
    }
    *out = upper;
    return isfinite(upper.stored);
}

bool vise_step_is_stored(const vise_scheme *s) {
    return s->convention == VISE_AMAX_HALF_STEP || s->convention == VISE_AMAX ||
           s->convention == VISE_NVFP4 || s->convention == VISE_SVDQ_NVFP4_STORED;
}

float vise_step_exact(const vise_scheme *s, vise_range r, vise_upper upper) {
    switch (s->convention) {
    case VISE_AMAX_HALF_STEP: return r.hi / ((float)(1 << (s->bits - 1)) - 0.5f);
    case VISE_NVFP4: return r.hi / 6 / upper.stored;
    case VISE_SVDQ_NVFP4_STORED: return r.hi / upper.stored / 6;
    default: return r.hi / vise_scheme_most(s);
    }
}

static float at_least(float least, float x) {
    return x > least ? x : least;
}

vise_step vise_step_rounded(const vise_scheme *s, float exact, vise_upper upper) {
    vise_step step = {.upper = upper.stored};
    switch (s->convention) {
    case VISE_AMAX_HALF_STEP:
        step.scale = round_to(s->scale_dtype, at_least(0x1p-23f, exact));
        step.factor = 1 / step.scale;
        break;
    case VISE_NVFP4:
        step.scale = round_to(VISE_F8E4M3, at_least(0x1p-6f, exact));
        step.factor = 1 / upper.stored / step.scale;
        break;
    case VISE_SVDQ_NVFP4_STORED: step.scale = round_to(VISE_F8E4M3, exact); break;
    default: step.scale = or_one(round_to(s->scale_dtype, exact)); break;
    }
    return step;
}

// SVDQuant's nvfp4 as published: codes are made with the 16-bit scale g, f8(g) is stored.
static vise_step step_of_published(const vise_scheme *s, vise_range r, vise_upper upper) {
    vise_dtype dtype = s->second_dtype;
    float ratio = r.hi / upper.exact;
    if (s->convention == VISE_SVDQ_NVFP4_LOW) ratio = round_to(dtype, ratio);
    float g = or_one(round_to(dtype, ratio / 6));
    return (vise_step){
        .scale = round_to(VISE_F8E4M3, g), .upper = upper.stored, .code_scale = g};
}

bool vise_step_make(vise_step *out, const vise_scheme *s, vise_range r, vise_upper upper) {
    vise_dtype dtype = s->scale_dtype;
    float half = (float)(1 << (s->bits - 1)), most = vise_scheme_most(s), exact;
    vise_step step = {.upper = 1};
    switch (s->convention) {
    case VISE_AMAX_RECIPROCAL:
        exact = r.hi / most;
        if (dtype == VISE_F8E4M3 && exact > 448) exact = 448;
        step.scale = round_to(dtype, exact);
        step.factor = 1 / exact;
        if (step.scale == 0 || !isfinite(step.factor)) step.scale = step.factor = 0;
        break;
    case VISE_MINMAX_FLOAT_ZERO:
        exact = step_of_width(r, 1e-6f, 2 * half - 1);
        step.scale = or_one(round_to(dtype, exact));
        step.zero = round_to(dtype, r.lo + half * exact);
        break;
    case VISE_MINMAX_INT_ZERO:
        step.scale = or_one(round_to(dtype, step_of_width(r, 0, 2 * half - 1)));
        step.zero = fminf(rintf(-r.lo / step.scale), 2 * half - 1);
        break;
    case VISE_SVDQ_NVFP4:
    case VISE_SVDQ_NVFP4_LOW: step = step_of_published(s, r, upper); break;
    default: step = vise_step_rounded(s, vise_step_exact(s, r, upper), upper); break;
    }
    *out = step;
    if (s->element != VISE_ELEMENT_INT) return isfinite(most * (step.scale * step.upper));
    bool whole = s->zero == VISE_ZERO_INT; // the zero point counts steps, not values
    float shift = whole ? 0 : step.zero, lowest = whole ? -step.zero : -half;
    return isfinite(lowest * step.scale + shift) &&
           isfinite((lowest + 2 * half - 1) * step.scale + shift);
}

vise_step vise_step_of_scale(float scale) {
    return (vise_step){.scale = scale, .upper = 1, .factor = 1 / scale};
}

// How a convention makes codes: of what kind, and by what formula.
static vise_group_codes coding_of(const vise_scheme *s) {
    static const vise_code_form forms[VISE_CONVENTION_COUNT] = {
        [VISE_AMAX_HALF_STEP] = VISE_CODE_MUL,      [VISE_AMAX] = VISE_CODE_DIV,
        [VISE_AMAX_RECIPROCAL] = VISE_CODE_MUL,     [VISE_MINMAX_FLOAT_ZERO] = VISE_CODE_DIV,
        [VISE_MINMAX_INT_ZERO] = VISE_CODE_DIV_ADD, [VISE_NVFP4] = VISE_CODE_MUL,
        [VISE_SVDQ_NVFP4] = VISE_CODE_DIV,          [VISE_SVDQ_NVFP4_LOW] = VISE_CODE_DIV,
        [VISE_SVDQ_NVFP4_STORED] = VISE_CODE_DIV,
    };
    vise_group_codes c = {.form = forms[s->convention], .kind = VISE_CODE_INT};
    bool unsigned_codes = s->lo == 0;
    c.lo = unsigned_codes ? -(1 << (s->bits - 1)) : s->lo;
    c.hi = unsigned_codes ? c.lo + s->hi : s->hi;
    if (s->element == VISE_ELEMENT_F8) c.kind = VISE_CODE_F8;
    if (s->element == VISE_ELEMENT_F4) {
        c.kind = s->second == VISE_SECOND_ROW ? VISE_CODE_F4_DOWN : VISE_CODE_F4;
    }
    return c;
}

// What values are multiplied or divided by.
static float coding_scale(const vise_scheme *s, vise_step step) {
    switch (s->convention) {
    case VISE_SVDQ_NVFP4:
    case VISE_SVDQ_NVFP4_LOW: return step.code_scale;
    case VISE_SVDQ_NVFP4_STORED: {
        float scale = step.scale * step.upper;
        return scale == 0 ? INFINITY : scale;
    }
    default: return coding_of(s).form == VISE_CODE_MUL ? step.factor : step.scale;
    }
}

void vise_step_encode(const vise_kernels *k, const vise_scheme *s, vise_step step, int8_t *q,
                      const float *x, int64_t n) {
    float scale = coding_scale(s, step), units[VISE_PIECE];
    vise_group_codes c = coding_of(s);
    c.q = q;
    c.x = x;
    c.n = n;
    c.group = n;
    c.scale = &scale;
    c.zero = s->zero == VISE_ZERO_NONE ? NULL : &step.zero;
    if (s->convention == VISE_SVDQ_NVFP4 || s->convention == VISE_SVDQ_NVFP4_LOW) {
        for (int64_t i = 0; i < n; i++) units[i] = x[i] / step.upper;
        c.x = units;
    }
    k->group_codes(&c);
}

// An f8e4m3 with its exponent moved up by a shift is an f16 of 2^-8 times its value.
static void decode_f8(const vise_kernels *k, float scale, float *x, const int8_t *q,
                      int64_t n) {
    uint16_t h[VISE_PIECE];
    if (n < 1) return;
    for (int64_t i = 0; i < n; i++) h[i] = (uint16_t)((q[i] & 0x80) << 8 | (q[i] & 0x7f) << 7);
    k->f16_to_f32(x, h, n);
    for (int64_t i = 0; i < n; i++) x[i] = x[i] * 256 * scale;
}

void vise_step_decode(const vise_kernels *k, const vise_scheme *s, vise_step step, float *x,
                      const int8_t *q, int64_t n) {
    // By centred code: first the eight that are not negative.
    static const float f4[16] = {0, .5f,  1,  1.5f,  2,  3,  4,  6,
                                 0, -.5f, -1, -1.5f, -2, -3, -4, -6};
    if (s->element == VISE_ELEMENT_F8) {
        decode_f8(k, step.scale, x, q, n);
    } else if (s->element == VISE_ELEMENT_F4) {
        const float scale = step.scale * step.upper;
        for (int64_t i = 0; i < n; i++) x[i] = f4[q[i] + 8] * scale;
    } else if (s->zero != VISE_ZERO_INT) {
        k->dequant(x, q, n, step.scale, step.zero);
    } else {
        const int shift = (1 << (s->bits - 1)) - (int)step.zero;
        for (int64_t i = 0; i < n; i++) x[i] = (float)(q[i] + shift) * step.scale;
    }
}

float vise_step_load(vise_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case VISE_F16: return vise_f16_to_f32(((const uint16_t *)data)[i]);
    case VISE_BF16: return vise_bf16_to_f32(((const uint16_t *)data)[i]);
    case VISE_F8E4M3: return vise_f8e4m3_to_f32(((const uint8_t *)data)[i]);
    case VISE_U8: return (float)((const uint8_t *)data)[i];
    default: return ((const float *)data)[i];
    }
}

void vise_step_store(vise_dtype dtype, void *data, int64_t i, float value) {
    switch (dtype) {
    case VISE_F16: ((uint16_t *)data)[i] = vise_f32_to_f16(value); break;
    case VISE_BF16: ((uint16_t *)data)[i] = vise_f32_to_bf16(value); break;
    case VISE_F8E4M3: ((uint8_t *)data)[i] = vise_f32_to_f8e4m3(value); break;
    case VISE_U8: ((uint8_t *)data)[i] = (uint8_t)value; break;
    default: ((float *)data)[i] = value; break;
    }
}
