// Kernels of the solvers with AVX2: columns of a GPTQ sweep, eight rows at once, and
// Walsh-Hadamard transforms.

#include <immintrin.h>
#include <stdint.h>

#include "backends/backends.h"

enum { LANES = 8, EVEN = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

#define INLINE static inline __attribute__((always_inline))

// --- sweeps

// Codes as whole numbers, and what they stand for at `value` 1.
typedef struct coded {
    __m256i q;
    __m256 v;
} coded;

INLINE __m256 magnitude(__m256 x) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

INLINE __m256 choose(__m256 no, __m256 yes, __m256 where) {
    return _mm256_blendv_ps(no, yes, where);
}

INLINE __m256 below(__m256 x, float than) {
    return _mm256_cmp_ps(x, _mm256_set1_ps(than), _CMP_LT_OQ);
}

// From 2 on steps are 1, from 4 on 2.  Codes of [0, 2) are the number of half steps.
INLINE coded f4_codes(__m256 x, bool down) {
    const __m256 half = _mm256_set1_ps(0.5f), one = _mm256_set1_ps(1), two = _mm256_set1_ps(2);
    __m256 a = _mm256_min_ps(magnitude(x), _mm256_set1_ps(6));
    __m256 low = below(a, 2), middle = below(a, 4);
    __m256 unit = choose(choose(two, one, middle), half, low);
    __m256 inverse = choose(choose(half, one, middle), two, low);
    __m256 first = choose(choose(_mm256_set1_ps(4), two, middle), _mm256_setzero_ps(), low);
    __m256 t = _mm256_mul_ps(a, inverse), n = _mm256_round_ps(t, EVEN);
    if (down) { // half-way up is one too many
        __m256 up = _mm256_cmp_ps(_mm256_sub_ps(n, t), half, _CMP_EQ_OQ);
        n = _mm256_sub_ps(n, _mm256_and_ps(up, one));
    }
    __m256 v = _mm256_mul_ps(n, unit), code = _mm256_add_ps(n, first);
    __m256 negative =
        _mm256_and_ps(below(x, 0), _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ));
    code = _mm256_sub_ps(code, _mm256_andnot_ps(negative, _mm256_set1_ps(8)));
    v = _mm256_xor_ps(v, _mm256_and_ps(negative, _mm256_set1_ps(-0.0f)));
    return (coded){_mm256_cvtps_epi32(code), v};
}

// Normal numbers lose 20 bits of their fraction; below 2^-6 steps are 2^-9.
INLINE coded f8_codes(__m256 x) {
    __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0f));
    __m256 a = _mm256_min_ps(magnitude(x), _mm256_set1_ps(448)), small = below(a, 0x1p-6f);
    __m256i bits = _mm256_castps_si256(a);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 20), _mm256_set1_epi32(1));
    bits = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7ffff)));
    __m256i top = _mm256_srli_epi32(bits, 20);
    __m256 steps = _mm256_round_ps(_mm256_mul_ps(a, _mm256_set1_ps(512)), EVEN);
    __m256 v = choose(_mm256_castsi256_ps(_mm256_slli_epi32(top, 20)),
                      _mm256_mul_ps(steps, _mm256_set1_ps(0x1p-9f)), small);
    __m256i q = _mm256_sub_epi32(top, _mm256_set1_epi32(120 << 3));
    q = _mm256_blendv_epi8(q, _mm256_cvtps_epi32(steps), _mm256_castps_si256(small));
    // The sign of an i8: -128 + q.
    q = _mm256_or_si256(q,
                        _mm256_slli_epi32(_mm256_srai_epi32(_mm256_castps_si256(sign), 31), 7));
    return (coded){q, _mm256_or_ps(v, sign)};
}

INLINE __m256 clamp(__m256 x, float lo, float hi) {
    x = _mm256_max_ps(x, _mm256_set1_ps(lo));
    return _mm256_min_ps(x, _mm256_set1_ps(hi));
}

// What is coded and what it stands for.
INLINE coded code(const vise_sweep_columns *p, __m256 x, int64_t i, int64_t r,
                  vise_code_form form, vise_code_kind kind) {
    const __m256 scale = _mm256_loadu_ps(p->scale[i] + r),
                 value = _mm256_loadu_ps(p->value[i] + r);
    const __m256 zero = p->zero[i] ? _mm256_loadu_ps(p->zero[i] + r) : _mm256_setzero_ps();
    const float lo = (float)p->coding.lo, hi = (float)p->coding.hi;
    if (p->units) x = _mm256_div_ps(x, _mm256_loadu_ps(p->units + r));
    coded c;
    if (form == VISE_CODE_DIV_ADD) {
        __m256 n = _mm256_round_ps(_mm256_div_ps(x, scale), EVEN);
        n = clamp(_mm256_add_ps(n, zero), 0, hi - lo);
        c.q = _mm256_cvtps_epi32(_mm256_add_ps(n, _mm256_set1_ps(lo)));
        c.v = _mm256_mul_ps(_mm256_sub_ps(n, zero), value);
        return c;
    }
    if (form == VISE_CODE_MUL) {
        x = _mm256_mul_ps(x, scale);
    } else {
        if (p->zero[i]) x = _mm256_sub_ps(x, zero);
        x = _mm256_div_ps(x, scale);
    }
    if (kind == VISE_CODE_INT) {
        c.v = clamp(_mm256_round_ps(x, EVEN), lo, hi);
        c.q = _mm256_cvtps_epi32(c.v);
        c.v = _mm256_add_ps(_mm256_mul_ps(c.v, value), zero);
        return c;
    }
    c = kind == VISE_CODE_F8 ? f8_codes(x) : f4_codes(x, kind == VISE_CODE_F4_DOWN);
    c.v = _mm256_mul_ps(c.v, value);
    return c;
}

INLINE void store_codes(int8_t *to, __m256i q) {
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi16(words, words));
}

INLINE void sweep_as(const vise_sweep_columns *p, vise_code_form form, vise_code_kind kind) {
    for (int64_t r = 0; r < p->rows; r += LANES) {
        __m256 w[VISE_SWEEP_COLUMNS], loss = _mm256_setzero_ps();
        for (int64_t i = 0; i < p->cols; i++) w[i] = _mm256_loadu_ps(p->w + i * p->pitch + r);
        for (int64_t i = 0; i < p->cols; i++) {
            const float *u = p->u + i * p->ldu;
            bool dead = u[i] == 0;
            __m256 x = dead ? _mm256_setzero_ps() : w[i];
            coded c = code(p, x, i, r, form, kind);
            __m256 e = _mm256_div_ps(_mm256_sub_ps(c.v, x), _mm256_set1_ps(u[i]));
            if (dead) e = _mm256_setzero_ps();
            for (int64_t j = i + 1; j < p->cols; j++) {
                w[j] = _mm256_add_ps(w[j], _mm256_mul_ps(e, _mm256_set1_ps(u[j])));
            }
            _mm256_storeu_ps(p->w + i * p->pitch + r, e);
            store_codes(p->q + i * p->pitch + r, c.q);
            loss = _mm256_add_ps(loss, _mm256_mul_ps(e, e));
        }
        _mm256_storeu_ps(p->loss + r, loss);
    }
}

INLINE void sweep_kind(const vise_sweep_columns *p, vise_code_form form) {
    switch (p->coding.kind) {
    case VISE_CODE_INT: sweep_as(p, form, VISE_CODE_INT); break;
    case VISE_CODE_F8: sweep_as(p, form, VISE_CODE_F8); break;
    case VISE_CODE_F4: sweep_as(p, form, VISE_CODE_F4); break;
    case VISE_CODE_F4_DOWN: sweep_as(p, form, VISE_CODE_F4_DOWN); break;
    }
}

static void sweep_columns(const vise_sweep_columns *p) {
    switch (p->coding.form) {
    case VISE_CODE_MUL: sweep_kind(p, VISE_CODE_MUL); break;
    case VISE_CODE_DIV: sweep_kind(p, VISE_CODE_DIV); break;
    case VISE_CODE_DIV_ADD: sweep_as(p, VISE_CODE_DIV_ADD, VISE_CODE_INT); break;
    }
}

// --- transforms.  Three stages at a time, so that a vector is read and written once for them.

INLINE void butterfly(__m256 *a, __m256 *b) {
    __m256 sum = _mm256_add_ps(*a, *b);
    *b = _mm256_sub_ps(*a, *b);
    *a = sum;
}

// Stages 1, 2 and 4: inside a vector.
INLINE __m256 inside(__m256 x) {
    const __m256 one = _mm256_castsi256_ps(
        _mm256_setr_epi32(0, INT32_MIN, 0, INT32_MIN, 0, INT32_MIN, 0, INT32_MIN));
    const __m256 two = _mm256_castsi256_ps(
        _mm256_setr_epi32(0, 0, INT32_MIN, INT32_MIN, 0, 0, INT32_MIN, INT32_MIN));
    const __m256 four = _mm256_castsi256_ps(
        _mm256_setr_epi32(0, 0, 0, 0, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN));
    x = _mm256_add_ps(_mm256_permute_ps(x, 0xb1), _mm256_xor_ps(x, one));
    x = _mm256_add_ps(_mm256_permute_ps(x, 0x4e), _mm256_xor_ps(x, two));
    return _mm256_add_ps(_mm256_permute2f128_ps(x, x, 1), _mm256_xor_ps(x, four));
}

// Eight vectors by name: an array that a loop runs over would lie in memory.
typedef struct eight {
    __m256 a, b, c, d, e, f, g, h;
} eight;

INLINE eight stages_of_8(eight v) {
    butterfly(&v.a, &v.b), butterfly(&v.c, &v.d), butterfly(&v.e, &v.f), butterfly(&v.g, &v.h);
    butterfly(&v.a, &v.c), butterfly(&v.b, &v.d), butterfly(&v.e, &v.g), butterfly(&v.f, &v.h);
    butterfly(&v.a, &v.e), butterfly(&v.b, &v.f), butterfly(&v.c, &v.g), butterfly(&v.d, &v.h);
    return v;
}

INLINE eight load_eight(const float *x, int64_t h) {
    return (eight){_mm256_loadu_ps(x),         _mm256_loadu_ps(x + h),
                   _mm256_loadu_ps(x + 2 * h), _mm256_loadu_ps(x + 3 * h),
                   _mm256_loadu_ps(x + 4 * h), _mm256_loadu_ps(x + 5 * h),
                   _mm256_loadu_ps(x + 6 * h), _mm256_loadu_ps(x + 7 * h)};
}

INLINE void store_eight(float *y, int64_t h, eight v, __m256 by) {
    _mm256_storeu_ps(y, _mm256_mul_ps(v.a, by));
    _mm256_storeu_ps(y + h, _mm256_mul_ps(v.b, by));
    _mm256_storeu_ps(y + 2 * h, _mm256_mul_ps(v.c, by));
    _mm256_storeu_ps(y + 3 * h, _mm256_mul_ps(v.d, by));
    _mm256_storeu_ps(y + 4 * h, _mm256_mul_ps(v.e, by));
    _mm256_storeu_ps(y + 5 * h, _mm256_mul_ps(v.f, by));
    _mm256_storeu_ps(y + 6 * h, _mm256_mul_ps(v.g, by));
    _mm256_storeu_ps(y + 7 * h, _mm256_mul_ps(v.h, by));
}

// Stages 1 to 32, 64 elements at a time.
static void first_stages(float *y, const float *x, int64_t n, __m256 by) {
    for (int64_t i = 0; i < n; i += 64) {
        eight v = load_eight(x + i, LANES);
        v = (eight){inside(v.a), inside(v.b), inside(v.c), inside(v.d),
                    inside(v.e), inside(v.f), inside(v.g), inside(v.h)};
        store_eight(y + i, LANES, stages_of_8(v), by);
    }
}

// Stages h, 2 h and 4 h.
static void three_stages(float *y, int64_t n, int64_t h, __m256 by) {
    for (int64_t first = 0; first < n; first += 8 * h) {
        for (int64_t i = first; i < first + h; i += LANES) {
            store_eight(y + i, h, stages_of_8(load_eight(y + i, h)), by);
        }
    }
}

static void one_stage(float *y, int64_t n, int64_t h, __m256 by) {
    for (int64_t first = 0; first < n; first += 2 * h) {
        for (int64_t i = first; i < first + h; i += LANES) {
            __m256 a = _mm256_loadu_ps(y + i), b = _mm256_loadu_ps(y + i + h);
            butterfly(&a, &b);
            _mm256_storeu_ps(y + i, _mm256_mul_ps(a, by));
            _mm256_storeu_ps(y + i + h, _mm256_mul_ps(b, by));
        }
    }
}

static void small_walsh(float *y, const float *x, int64_t n, float by) {
    float v[32];
    for (int64_t i = 0; i < n; i++) v[i] = x[i];
    for (int64_t h = 1; h < n; h *= 2) {
        for (int64_t i = 0; i < n; i++) {
            float a = v[i], b = v[i ^ h];
            if (i & h) continue;
            v[i] = a + b;
            v[i ^ h] = a - b;
        }
    }
    for (int64_t i = 0; i < n; i++) y[i] = v[i] * by;
}

static void walsh(float *y, const float *x, int64_t n, float by) {
    const __m256 one = _mm256_set1_ps(1), last = _mm256_set1_ps(by);
    if (n < 64) {
        small_walsh(y, x, n, by);
        return;
    }
    first_stages(y, x, n, n == 64 ? last : one);
    int64_t h = 64;
    for (; 8 * h <= n; h *= 8) three_stages(y, n, h, 8 * h == n ? last : one);
    for (; h < n; h *= 2) one_stage(y, n, h, 2 * h == n ? last : one);
}

void vise_avx2_solvers_init(vise_kernels *k) {
    k->sweep_columns = sweep_columns;
    k->walsh = walsh;
}
