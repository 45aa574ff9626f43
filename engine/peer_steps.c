#include "engine/peer_steps.h"

#include <float.h>
#include <math.h>

bool vise_is_peer(const vise_scheme *s) {
    return s->convention >= VISE_CT_SYM;
}

// --- scales, before they are rounded for storage

static float larger(float a, float b) {
    return a > b ? a : b;
}

// The machine epsilon of a scale's dtype, as compressed-tensors has it.
static float epsilon(vise_dtype dtype) {
    switch (dtype) {
    case VISE_F16: return 0x1p-10f;
    case VISE_BF16: return 0x1p-7f;
    case VISE_F8E4M3: return 0.125f;
    default: return 0x1p-23f;
    }
}

// The least and the largest value, 0 among them where the convention says so.
static vise_range sides_of(const vise_scheme *s, float lo, float hi) {
    if (vise_scheme_sides(s) != VISE_WITH_ZERO) return (vise_range){lo, hi};
    vise_range r = {lo < 0 ? lo : 0, hi > 0 ? hi : 0};
    bool gptq = s->convention == VISE_GPTQ_SYM || s->convention == VISE_GPTQ_ASYM;
    return gptq && r.lo == r.hi ? (vise_range){-1, 1} : r;
}

static float ct_most(const vise_scheme *s, float half) {
    return s->element == VISE_ELEMENT_INT ? half - 0.5f : vise_scheme_most(s);
}

static float exact_scale(const vise_scheme *s, vise_range r) {
    const float half = (float)(1 << (s->bits - 1)), codes = 2 * half - 1;
    const float amax = larger(-r.lo, r.hi), width = r.hi - r.lo;
    const float signed_scale = (-r.lo > r.hi ? r.lo : r.hi) / -half;
    switch (s->convention) {
    case VISE_CT_SYM: return r.hi / ct_most(s, half);
    case VISE_GPTQ_SYM: return (r.lo < 0 ? amax + amax : r.hi) / codes;
    case VISE_AMAX_FLOOR: return larger(r.hi, 1e-5f) / (half - 1);
    case VISE_AWQ_ASYM: return larger(width, 1e-5f) / codes;
    case VISE_AUTOROUND_SYM:
        return signed_scale < 0 ? -larger(-signed_scale, 1e-5f) : larger(signed_scale, 1e-5f);
    case VISE_AUTOROUND_ASYM: return larger(width / codes, 1e-5f);
    case VISE_NC_SYM: return (r.hi == 0 ? 1 : r.hi) / (half - 1);
    case VISE_NC_FULL: {
        const float most = larger(fabsf(r.lo), fabsf(r.hi)),
                    scale = (most == 0 ? 1 : most) / half;
        return fabsf(r.hi) > fabsf(r.lo) ? -scale : scale;
    }
    case VISE_GGUF_Q4_0: return signed_scale;
    case VISE_AMAX_NARROW:
    case VISE_GGUF_Q8_0: return r.hi / (half - 1);
    default: return width / codes; // ct_asym, gptq_asym, gguf_q4_1, quanto_asym
    }
}

// --- zero points, and what codes are made with

static float clamp(float x, float lo, float hi) {
    return x < lo ? lo : x > hi ? hi : x;
}

static float int_zero(const vise_scheme *s, float lo, float exact, float scale) {
    const float half = (float)(1 << (s->bits - 1)), most = 2 * half - 1;
    if (s->convention == VISE_CT_ASYM) {
        float z = -half - lo / exact;
        return isnan(z) ? half : rintf(clamp(z, -half, half - 1)) + half;
    }
    return clamp(rintf(-lo / scale), 0, most);
}

static bool keeps_exact(const vise_scheme *s) {
    return s->convention >= VISE_GGUF_Q4_0 && s->convention <= VISE_GGUF_Q8_0;
}

static vise_step finish(const vise_scheme *s, vise_range r, float exact, float scale) {
    const bool ct = s->convention == VISE_CT_SYM || s->convention == VISE_CT_ASYM;
    vise_step step = {.scale = scale, .upper = 1};
    if (keeps_exact(s)) {
        step.by = 1 / exact;
        if (!(fabsf(step.by) <= FLT_MAX)) step.by = step.scale = 0;
    } else {
        if (step.scale == 0) step.scale = ct ? epsilon(s->scale_dtype) : 1;
        step.by = step.scale;
    }
    if (s->zero == VISE_ZERO_INT) step.zero = int_zero(s, r.lo, exact, step.scale);
    if (s->zero == VISE_ZERO_FLOAT) step.zero = r.lo;
    return step;
}

bool vise_peer_steps(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                     const float *lo, const float *hi, int64_t count) {
    float exact[VISE_RUNS], zero[VISE_RUNS];
    count =
        (count + VISE_RUN_LANES - 1) / VISE_RUN_LANES * VISE_RUN_LANES; // all that is filled
    for (int64_t i = 0; i < count; i++) {
        out->scale[i] = exact[i] = exact_scale(s, sides_of(s, lo[i], hi[i]));
    }
    vise_steps_round(k, s->scale_dtype, out->scale, count);
    for (int64_t i = 0; i < count; i++) {
        vise_range r = sides_of(s, lo[i], hi[i]);
        vise_steps_put(out, i, finish(s, r, exact[i], out->scale[i]));
        zero[i] = out->zero[i];
    }
    out->upper = 1;
    if (s->zero != VISE_ZERO_FLOAT) return true;
    vise_steps_round(k, s->scale_dtype, zero, count);
    bool fit = true;
    for (int64_t i = 0; i < count; i++) {
        fit &= isfinite(zero[i]);
        if (s->convention != VISE_GGUF_Q4_1) out->zero[i] = zero[i];
    }
    return fit;
}

// --- codes

bool vise_peer_coded(const vise_scheme *s) {
    return s->convention == VISE_CT_ASYM || s->convention == VISE_QUANTO_ASYM || keeps_exact(s);
}

// The nearest whole number of a small one, ties to even.
static float nearest(float x) {
    return (x + 0x1.8p23f) - 0x1.8p23f;
}

// Halves away from 0.
static float nearest_away(float x) {
    const float whole = (float)(int)x, rest = x - whole;
    return whole + (float)(rest >= 0.5f) - (float)(rest <= -0.5f);
}

void vise_peer_codes(const vise_scheme *s, int8_t *q, const float *x, int64_t n, float by,
                     float zero) {
    const float half = (float)(1 << (s->bits - 1)), most = 2 * half - 1;
    switch (s->convention) {
    case VISE_CT_ASYM:
        for (int64_t i = 0; i < n; i++) {
            q[i] = (int8_t)nearest(clamp(x[i] / by + (zero - half), -half, half - 1));
        }
        break;
    case VISE_QUANTO_ASYM:
        for (int64_t i = 0; i < n; i++) {
            q[i] = (int8_t)(nearest(clamp((x[i] - zero) / by, 0, most)) - half);
        }
        break;
    case VISE_GGUF_Q4_0:
        for (int64_t i = 0; i < n; i++) {
            q[i] = (int8_t)((int)clamp(x[i] * by + (half + 0.5f), 0, most) - (int)half);
        }
        break;
    case VISE_GGUF_Q4_1:
        for (int64_t i = 0; i < n; i++) {
            q[i] = (int8_t)((int)clamp((x[i] - zero) * by + 0.5f, 0, most) - (int)half);
        }
        break;
    default: // gguf_q8_0
        for (int64_t i = 0; i < n; i++) {
            q[i] = (int8_t)nearest_away(clamp(x[i] * by, -half, half - 1));
        }
        break;
    }
}
