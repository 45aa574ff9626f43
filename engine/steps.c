#include "engine/steps.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/floats.h"
#include "engine/peer_steps.h"

// Runs at once: loops of fixed length become vectors.  What fills up the last ones is computed
// with them and not used.
enum { LANES = VISE_RUN_LANES };

vise_range vise_range_merge(vise_range a, vise_range b) {
    if (isnan(a.hi) || isnan(b.hi)) return (vise_range){NAN, NAN};
    return (vise_range){a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
}

bool vise_range_finite(vise_range r) {
    return isfinite(r.lo) && isfinite(r.hi);
}

vise_step vise_steps_at(const vise_steps *s, int64_t i) {
    return (vise_step){s->scale[i], s->zero[i], s->upper, s->by[i]};
}

void vise_steps_put(vise_steps *s, int64_t i, vise_step step) {
    s->scale[i] = step.scale;
    s->zero[i] = step.zero;
    s->by[i] = step.by;
    s->upper = step.upper;
}

// --- the upper level

static float round_to(vise_dtype dtype, float x) {
    if (dtype == VISE_F16) return vise_f16_to_f32(vise_f32_to_f16(x));
    if (dtype == VISE_BF16) return vise_bf16_to_f32(vise_f32_to_bf16(x));
    return x;
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

// --- arithmetic on LANES runs

static void divide(float *y, const float *x, float by) {
    for (int i = 0; i < LANES; i++) y[i] = x[i] / by;
}

static void divide_one(float *y, const float *by) {
    for (int i = 0; i < LANES; i++) y[i] = 1 / by[i];
}

static void replace_zeros(float *x, float by) {
    for (int i = 0; i < LANES; i++) x[i] = x[i] == 0 ? by : x[i];
}

// (hi - lo) / steps, also where the difference is beyond f32.
static void step_of_width(float *y, const float *lo, const float *hi, float floor,
                          float steps) {
    for (int i = 0; i < LANES; i++) {
        float width = hi[i] - lo[i], halves = hi[i] / steps - lo[i] / steps;
        float step = (width > floor ? width : floor) / steps;
        y[i] = fabsf(width) <= FLT_MAX ? step : halves;
    }
}

// The nearest integers of small numbers, ties to even.
static void round_small(float *x) {
    for (int i = 0; i < LANES; i++) x[i] = (x[i] + 0x1.8p23f) - 0x1.8p23f;
}

static bool all_finite(const float *x, const float *y) {
    float zero[LANES]; // or NaN
    for (int i = 0; i < LANES; i++) zero[i] = (x[i] - x[i]) + (y[i] - y[i]);
    for (int i = 0; i < LANES / 2; i++) zero[i] += zero[i + LANES / 2];
    for (int i = 0; i < LANES / 4; i++) zero[i] += zero[i + LANES / 4];
    return zero[0] + zero[1] + zero[2] + zero[3] == 0;
}

// Are both ends of what the codes stand for finite?
static bool decodable(const vise_scheme *s, const vise_steps *out, int64_t first) {
    const float most = vise_scheme_most(s), least = (float)s->lo, largest = (float)s->hi;
    const float *scale = out->scale + first, *zero = out->zero + first;
    const float upper = out->upper;
    float low[LANES], high[LANES];
    if (s->element != VISE_ELEMENT_INT) {
        for (int i = 0; i < LANES; i++) low[i] = high[i] = most * (scale[i] * upper);
    } else if (s->zero == VISE_ZERO_INT) { // the zero point counts steps, not values
        for (int i = 0; i < LANES; i++) low[i] = -zero[i] * scale[i];
        for (int i = 0; i < LANES; i++) high[i] = (-zero[i] + largest) * scale[i];
    } else {
        for (int i = 0; i < LANES; i++) low[i] = least * scale[i] + zero[i];
        for (int i = 0; i < LANES; i++) high[i] = largest * scale[i] + zero[i];
    }
    return all_finite(low, high);
}

// --- steps

vise_code_form vise_step_form(const vise_scheme *s) {
    switch (s->convention) {
    case VISE_AMAX_HALF_STEP:
    case VISE_AMAX_RECIPROCAL:
    case VISE_NVFP4:
    case VISE_GGUF_Q4_0:
    case VISE_GGUF_Q4_1:
    case VISE_GGUF_Q8_0: return VISE_CODE_MUL;
    default: return s->zero == VISE_ZERO_INT ? VISE_CODE_DIV_ADD : VISE_CODE_DIV;
    }
}

bool vise_step_is_stored(const vise_scheme *s) {
    return s->convention == VISE_AMAX_HALF_STEP || s->convention == VISE_AMAX ||
           s->convention == VISE_NVFP4 || s->convention == VISE_SVDQ_NVFP4_STORED;
}

void vise_steps_exact(const vise_scheme *s, float exact[VISE_RUNS], const float hi[VISE_RUNS],
                      int64_t count, vise_upper upper) {
    for (int64_t i = 0; i < count; i += LANES) {
        switch (s->convention) {
        case VISE_AMAX_HALF_STEP:
            divide(exact + i, hi + i, (float)(1 << (s->bits - 1)) - 0.5f);
            break;
        case VISE_NVFP4:
            divide(exact + i, hi + i, 6);
            divide(exact + i, exact + i, upper.stored);
            break;
        case VISE_SVDQ_NVFP4_STORED:
            divide(exact + i, hi + i, upper.stored);
            divide(exact + i, exact + i, 6);
            break;
        default: divide(exact + i, hi + i, vise_scheme_most(s)); break;
        }
    }
}

// What codes are made with, from the stored scales.
static void make_by(const vise_scheme *s, vise_steps *out, int64_t first) {
    float *by = out->by + first, *scale = out->scale + first;
    const float inverse = 1 / out->upper, upper = out->upper;
    if (s->convention == VISE_AMAX_HALF_STEP) {
        divide_one(by, scale);
    } else if (s->convention == VISE_NVFP4) {
        for (int i = 0; i < LANES; i++) by[i] = inverse / scale[i];
    } else if (s->convention == VISE_SVDQ_NVFP4_STORED) {
        for (int i = 0; i < LANES; i++) by[i] = scale[i] * upper;
        replace_zeros(by, INFINITY); // all codes are 0
    } else {
        memcpy(by, scale, sizeof(float) * LANES);
    }
}

void vise_steps_rounded(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                        const float exact[VISE_RUNS], int64_t count, vise_upper upper) {
    float least = s->convention == VISE_AMAX_HALF_STEP ? 0x1p-23f
                  : s->convention == VISE_NVFP4        ? 0x1p-6f
                                                       : 0;
    float *scale = out->scale;
    out->upper = upper.stored;
    for (int64_t b = 0; b < count; b += LANES) {
        memset(out->zero + b, 0, LANES * sizeof *scale);
        for (int i = 0; i < LANES; i++) {
            scale[b + i] = exact[b + i] > least ? exact[b + i] : least;
        }
    }
    vise_steps_round(k, s->scale_dtype, scale, count);
    for (int64_t b = 0; b < count; b += LANES) {
        if (s->convention == VISE_AMAX) replace_zeros(scale + b, 1);
        make_by(s, out, b);
    }
}

static void make_reciprocal(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                            const float *hi, int64_t count) {
    const float most = s->scale_dtype == VISE_F8E4M3 ? 448 : FLT_MAX;
    float *scale = out->scale, *by = out->by;
    for (int64_t b = 0; b < count; b += LANES) {
        divide(scale + b, hi + b, vise_scheme_most(s));
        for (int i = 0; i < LANES; i++) {
            scale[b + i] = scale[b + i] > most ? most : scale[b + i];
            by[b + i] = 1 / scale[b + i];
        }
    }
    vise_steps_round(k, s->scale_dtype, scale, count);
    for (int64_t i = 0; i < count; i++) {
        if (scale[i] == 0 || !(by[i] <= FLT_MAX)) scale[i] = by[i] = 0;
    }
}

static void make_float_zero(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                            const float *lo, const float *hi, int64_t count) {
    const float half = (float)(1 << (s->bits - 1));
    float *scale = out->scale, *zero = out->zero;
    for (int64_t b = 0; b < count; b += LANES) {
        step_of_width(scale + b, lo + b, hi + b, 1e-6f, 2 * half - 1);
        for (int i = 0; i < LANES; i++) zero[b + i] = lo[b + i] + half * scale[b + i];
    }
    vise_steps_round(k, s->scale_dtype, scale, count);
    vise_steps_round(k, s->scale_dtype, zero, count);
    for (int64_t b = 0; b < count; b += LANES) {
        replace_zeros(scale + b, 1);
        make_by(s, out, b);
    }
}

static void make_int_zero(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                          const float *lo, const float *hi, int64_t count) {
    const float most = (float)(1 << s->bits) - 1;
    float *scale = out->scale, *zero = out->zero, low[VISE_RUNS], high[LANES];
    for (int64_t b = 0; b < count; b += LANES) {
        for (int i = 0; i < LANES; i++) low[b + i] = 0 < lo[b + i] ? 0 : lo[b + i];
        for (int i = 0; i < LANES; i++) high[i] = 0 > hi[b + i] ? 0 : hi[b + i];
        step_of_width(scale + b, low + b, high, 0, most);
    }
    vise_steps_round(k, s->scale_dtype, scale, count);
    for (int64_t b = 0; b < count; b += LANES) {
        replace_zeros(scale + b, 1);
        for (int i = 0; i < LANES; i++) zero[b + i] = -low[b + i] / scale[b + i];
        round_small(zero + b);
        for (int i = 0; i < LANES; i++) zero[b + i] = zero[b + i] < most ? zero[b + i] : most;
        make_by(s, out, b);
    }
}

// SVDQuant's nvfp4 as published: codes are made with the 16-bit scale g, f8(g) is stored.
static void make_published(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                           const float *hi, int64_t count, vise_upper upper) {
    float *g = out->by;
    for (int64_t b = 0; b < count; b += LANES) divide(g + b, hi + b, upper.exact);
    if (s->convention == VISE_SVDQ_NVFP4_LOW) vise_steps_round(k, s->second_dtype, g, count);
    for (int64_t b = 0; b < count; b += LANES) divide(g + b, g + b, 6);
    vise_steps_round(k, s->second_dtype, g, count);
    for (int64_t b = 0; b < count; b += LANES) replace_zeros(g + b, 1);
    for (int64_t b = 0; b < count; b += LANES) memcpy(out->scale + b, g + b, LANES * sizeof *g);
    vise_steps_round(k, VISE_F8E4M3, out->scale, count);
}

bool vise_steps_make(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                     const float *lo, const float *hi, int64_t count, vise_upper upper) {
    float exact[VISE_RUNS];
    for (int64_t i = 0; i < count; i += LANES) {
        if (!all_finite(lo + i, hi + i)) return false;
        memset(out->zero + i, 0, LANES * sizeof *lo);
    }
    out->upper = upper.stored;
    if (vise_is_peer(s) && !vise_peer_steps(k, out, s, lo, hi, count)) return false;
    switch (s->convention) {
    case VISE_AMAX_RECIPROCAL: make_reciprocal(k, out, s, hi, count); break;
    case VISE_MINMAX_FLOAT_ZERO: make_float_zero(k, out, s, lo, hi, count); break;
    case VISE_MINMAX_INT_ZERO: make_int_zero(k, out, s, lo, hi, count); break;
    case VISE_SVDQ_NVFP4:
    case VISE_SVDQ_NVFP4_LOW: make_published(k, out, s, hi, count, upper); break;
    default:
        if (vise_is_peer(s)) break;
        vise_steps_exact(s, exact, hi, count, upper);
        vise_steps_rounded(k, out, s, exact, count, upper);
        break;
    }
    bool all = true;
    for (int64_t i = 0; i < count; i += LANES) all &= decodable(s, out, i);
    return all;
}

bool vise_steps_given(vise_steps *out, const vise_scheme *s, int64_t count) {
    const bool multiplies = vise_step_form(s) == VISE_CODE_MUL;
    bool all = true;
    for (int64_t i = count; i % LANES; i++) out->scale[i] = out->zero[i] = 0;
    for (int64_t b = 0; b < count; b += LANES) {
        float *by = out->by + b;
        make_by(s, out, b);
        if (multiplies && s->convention != VISE_NVFP4) divide_one(by, out->scale + b);
        for (int i = 0; i < LANES; i++) {
            bool none = out->scale[b + i] == 0;
            if (multiplies) by[i] = none ? 0 : fminf(by[i], FLT_MAX);
            if (!multiplies && none) by[i] = INFINITY;
        }
        all &= decodable(s, out, b);
    }
    return all;
}

bool vise_step_make(const vise_kernels *k, vise_step *out, const vise_scheme *s, vise_range r,
                    vise_upper upper) {
    vise_steps steps;
    float lo[LANES] = {r.lo}, hi[LANES] = {r.hi};
    bool ok = vise_steps_make(k, &steps, s, lo, hi, 1, upper);
    *out = vise_steps_at(&steps, 0);
    return ok;
}

vise_step vise_step_of_scale(const vise_scheme *s, float scale) {
    bool multiplies = vise_step_form(s) == VISE_CODE_MUL;
    return (vise_step){.scale = scale, .upper = 1, .by = multiplies ? 1 / scale : scale};
}
