// Makes the operands of a problem.

#include "backends/timing_problem.h"

#include <string.h>

#include "engine/floats.h"
#include "engine/mem.h"

static uint32_t next(uint64_t *seed) {
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*seed >> 40); // 24 bits
}

// In [0, 1).
static float fraction(uint64_t *seed) {
    return (float)next(seed) * 0x1p-24f;
}

static void random_bytes(uint8_t *out, int64_t n, uint64_t seed, uint8_t mask) {
    for (int64_t i = 0; i < n; i++) out[i] = (uint8_t)(next(&seed) >> 8) & mask;
}

// Finite e4m3, none negative.
static void random_float8(uint8_t *out, int64_t n, uint64_t seed) {
    random_bytes(out, n, seed, 0x7f);
    for (int64_t i = 0; i < n; i++) out[i] = out[i] == 0x7f ? 0x38 : out[i];
}

static void store(void *out, int64_t i, vise_dtype dtype, float v) {
    switch (dtype) {
    case VISE_F16: ((uint16_t *)out)[i] = vise_f32_to_f16(v); break;
    case VISE_BF16: ((uint16_t *)out)[i] = vise_f32_to_bf16(v); break;
    case VISE_F8E4M3: ((uint8_t *)out)[i] = vise_f32_to_f8e4m3(v); break;
    default: ((float *)out)[i] = v; break;
    }
}

static void random_positive(void *out, int64_t n, uint64_t seed, vise_dtype dtype) {
    for (int64_t i = 0; i < n; i++) store(out, i, dtype, fraction(&seed) + 0.125f);
}

static void fill_weights(vise_timing *t) {
    int64_t n = t->panels * t->code_bytes;
    switch (t->s.what) {
    case VISE_TIMED_FLOAT8:
    case VISE_TIMED_W8F: random_float8(t->codes, n, 1); break;
    case VISE_TIMED_W8: random_bytes(t->codes, n, 1, 0x7f); break;
    case VISE_TIMED_INT8:
    case VISE_TIMED_GROUPED:
    case VISE_TIMED_NVFP4:
    case VISE_TIMED_W4: random_bytes(t->codes, n, 1, 0xff); break;
    case VISE_TIMED_F16: random_positive(t->codes, n / 2, 1, VISE_F16); break;
    case VISE_TIMED_BF16: random_positive(t->codes, n / 2, 1, VISE_BF16); break;
    default: random_positive(t->codes, n / 4, 1, VISE_F32); break;
    }
    int64_t scales = t->panels * VISE_PANEL * t->groups;
    if (t->scale_bytes > 0) random_positive(t->scales, scales, 2, t->s.scale_dtype);
    random_positive(t->upper, t->panels * VISE_PANEL, 3, VISE_F32);
    if (t->s.what == VISE_TIMED_INT8) {
        const int8_t *w = (const int8_t *)t->codes;
        for (int64_t i = 0; i < n; i++) {
            t->wsum[i / t->code_bytes * VISE_PANEL + i / 4 % VISE_PANEL] += w[i];
        }
    }
    for (int64_t copy = 1; copy < t->copies; copy++) {
        memcpy(t->codes + copy * n, t->codes, (size_t)n);
        int64_t bytes = t->panels * t->scale_bytes;
        memcpy(t->scales + copy * bytes, t->scales, (size_t)bytes);
    }
}

// Sums of the codes of each row and group, which lie in strips.
static void sum_codes(vise_timing *t) {
    const int8_t *x = t->x;
    for (int64_t strip = 0; strip < vise_strips(t->s.m); strip++) {
        int64_t first = vise_strip_row(t->s.m, strip);
        int64_t rows = vise_strip_row(t->s.m, strip + 1) - first;
        for (int64_t i = 0; i < rows * t->s.k; i++) {
            int64_t row = first + i / 4 % rows, k = i / (4 * rows) * 4;
            t->xsum[row * t->groups + k / t->s.group] += x[first * t->s.k + i];
        }
    }
}

static void fill_rows(vise_timing *t) {
    int64_t n = t->s.m * t->s.k;
    uint64_t seed = 4;
    random_positive(t->xscale, t->s.m * t->groups, 5, VISE_F32);
    switch (t->s.what) {
    case VISE_TIMED_INT8: random_bytes(t->x, n, seed, 0xff); break;
    case VISE_TIMED_GROUPED:
    case VISE_TIMED_NVFP4:
        random_bytes(t->x, n, seed, 0xff);
        sum_codes(t);
        break;
    case VISE_TIMED_FLOAT8:
        for (int64_t i = 0; i < n; i++) {
            uint8_t code = (uint8_t)(next(&seed) >> 8);
            float v = vise_f8e4m3_to_f32((code & 0x7f) == 0x7f ? 0 : code);
            ((uint16_t *)t->x)[i] = vise_f32_to_bf16(v);
        }
        break;
    default:
        for (int64_t i = 0; i < n; i++) ((float *)t->x)[i] = 2 * fraction(&seed) - 1;
    }
}

// Bits of a weight, and bytes of an activation.
static int64_t weight_bits(vise_timed what) {
    switch (what) {
    case VISE_TIMED_GROUPED:
    case VISE_TIMED_NVFP4:
    case VISE_TIMED_W4: return 4;
    case VISE_TIMED_F16:
    case VISE_TIMED_BF16: return 16;
    case VISE_TIMED_F32:
    case VISE_TIMED_GEMM:
    case VISE_TIMED_GEMM_FEW: return 32;
    default: return 8;
    }
}

static int64_t row_size(vise_timed what) {
    return what <= VISE_TIMED_NVFP4 ? 1 : what == VISE_TIMED_FLOAT8 ? 2 : 4;
}

static bool has_scales(vise_timed what) {
    return what >= VISE_TIMED_GROUPED && !vise_timed_gemm(what) && what != VISE_TIMED_F32 &&
           what != VISE_TIMED_F16 && what != VISE_TIMED_BF16;
}

static void lay_out(vise_timing *t, const vise_timing_shape *s) {
    t->s = *s;
    if (!has_scales(s->what)) t->s.group = s->k;
    if (s->what == VISE_TIMED_FLOAT8) t->s.scale_dtype = VISE_F32;
    if (s->what == VISE_TIMED_NVFP4) t->s.scale_dtype = VISE_F8E4M3;
    t->groups = s->k / t->s.group;
    t->panels = (s->n + VISE_PANEL - 1) / VISE_PANEL;
    t->code_bytes = s->k * VISE_PANEL * weight_bits(s->what) / 8;
    t->row_bytes = s->k * row_size(s->what);
    int64_t size = vise_dtype_size(t->s.scale_dtype);
    if (has_scales(s->what)) t->scale_bytes = t->groups * VISE_PANEL * size;
    int64_t each = vise_timing_weights(t);
    t->copies = s->cold > each ? (s->cold + each - 1) / each : 1;
}

static vise_status check_shape(const vise_timing_shape *s, vise_error *err) {
    int64_t few = s->what == VISE_TIMED_GEMM_FEW ? 8 : INT32_MAX;
    bool grouped = has_scales(s->what);
    if (s->m <= few && s->k % 8 == 0 &&
        (!grouped || (s->group % 8 == 0 && s->k % s->group == 0))) {
        return VISE_OK;
    }
    return vise_fail(err, VISE_EINVAL, "E-HW-08",
                     "no %s kernel takes %lld rows of %lld inputs in groups of %lld",
                     vise_timed_name(s->what), (long long)s->m, (long long)s->k,
                     (long long)s->group);
}

int64_t vise_timing_bytes(const vise_timing *t) {
    return t->copies * vise_timing_weights(t) + t->s.m * (t->row_bytes + 4 * t->s.n);
}

vise_status vise_timing_new(vise_timing **out, const vise_timing_shape *s, vise_error *err) {
    vise_status st = check_shape(s, err);
    if (st) return st;
    vise_timing *t = vise_calloc(sizeof *t);
    if (!t) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a problem");
    lay_out(t, s);
    size_t m = (size_t)s->m, groups = (size_t)t->groups, panels = (size_t)t->panels;
    size_t copies = (size_t)t->copies * panels;
    t->x = vise_calloc(m * (size_t)t->row_bytes);
    t->xscale = vise_calloc(m * groups * sizeof(float));
    t->xsum = vise_calloc(m * groups * sizeof(int32_t));
    t->codes = vise_calloc(copies * (size_t)t->code_bytes);
    t->scales = vise_calloc(copies * (size_t)t->scale_bytes);
    t->wsum = vise_calloc(panels * VISE_PANEL * sizeof(int32_t));
    t->upper = vise_calloc(panels * VISE_PANEL * sizeof(float));
    t->y = vise_calloc(m * (size_t)s->n * sizeof(float));
    if (!t->x || !t->xscale || !t->xsum || !t->codes || !t->scales || !t->wsum || !t->upper ||
        !t->y) {
        vise_timing_release(t);
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a product of this shape");
    }
    fill_weights(t);
    fill_rows(t);
    *out = t;
    return VISE_OK;
}

void vise_timing_release(vise_timing *t) {
    if (!t) return;
    void *parts[] = {t->x, t->xscale, t->xsum, t->codes, t->scales, t->wsum, t->upper, t->y};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) vise_free(parts[i]);
    vise_free(t);
}
