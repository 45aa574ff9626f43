// Scale search on AVX-512: a vector is the 16 lanes.

#include <immintrin.h>

#include "backends/backends.h"

enum { LANES = 16, EVEN = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

// Up to 16 elements from i on, then zeros, which add nothing.
static __m512 load(const float *x, int64_t i, int64_t n) {
    __mmask16 some = (__mmask16)(n - i >= LANES ? 0xffff : (1u << (n - i)) - 1);
    return _mm512_maskz_loadu_ps(some, x + i);
}

// Lanes 8 apart, 4, 2, 1.
static float add_lanes(__m512 sum) {
    __m256 v = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
    __m128 w = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    w = _mm_add_ps(w, _mm_movehl_ps(w, w));
    return _mm_cvtss_f32(_mm_add_ss(w, _mm_movehdup_ps(w)));
}

static __m512 int_lanes(__m512 sum, __m512 x, __m512 scale, __m512 inv, __m512 lo, __m512 hi) {
    __m512 q = _mm512_roundscale_ps(_mm512_mul_ps(x, inv), EVEN);
    q = _mm512_min_ps(_mm512_max_ps(q, lo), hi);
    __m512 e = _mm512_fnmadd_ps(q, scale, x);
    return _mm512_fmadd_ps(e, e, sum);
}

// Adding and taking away 1.5 * 2^22 * 2^k rounds to multiples of 2^(k-1), ties to even: k = 0
// below 2, 1 below 4, 2 above; the exponent of the number gives k.
static __m512 f4_lanes(__m512 sum, __m512 x, __m512 scale, __m512 inv) {
    const __m512i exponent = _mm512_set1_epi32(0x7f800000), one = _mm512_set1_epi32(0x3f800000);
    const __m512i up = _mm512_set1_epi32(0x4ac00000 - 0x3f800000); // 1.5 * 2^22 for 1.0
    x = _mm512_abs_ps(x);                                          // e^2 has no sign
    __m512 v = _mm512_min_ps(_mm512_mul_ps(x, inv), _mm512_set1_ps(6));
    __m512i e2 = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(v), exponent), one);
    __m512 grid = _mm512_castsi512_ps(_mm512_add_epi32(e2, up));
    __m512 q = _mm512_sub_ps(_mm512_add_ps(v, grid), grid);
    __m512 e = _mm512_fnmadd_ps(q, scale, x);
    return _mm512_fmadd_ps(e, e, sum);
}

static void int_errors(float *err, const float *x, int64_t n, const float *scale,
                       const float *inv, int count, int least, int most) {
    const __m512 lo = _mm512_set1_ps((float)least), hi = _mm512_set1_ps((float)most);
    for (int c = 0; c < count; c++) {
        const __m512 s = _mm512_set1_ps(scale[c]), r = _mm512_set1_ps(inv[c]);
        __m512 sum = _mm512_setzero_ps();
        for (int64_t i = 0; i < n; i += LANES) {
            sum = int_lanes(sum, load(x, i, n), s, r, lo, hi);
        }
        err[c] = add_lanes(sum);
    }
}

static void f4_errors(float *err, const float *x, int64_t n, const float *scale,
                      const float *inv, int count) {
    for (int c = 0; c < count; c++) {
        const __m512 s = _mm512_set1_ps(scale[c]), r = _mm512_set1_ps(inv[c]);
        __m512 sum = _mm512_setzero_ps();
        for (int64_t i = 0; i < n; i += LANES) {
            sum = f4_lanes(sum, load(x, i, n), s, r);
        }
        err[c] = add_lanes(sum);
    }
}

// --- errors to a power

#define INLINE static inline __attribute__((always_inline))

enum { SQUARE, CUBE, ANY };

// What is tried, and what is made of its errors; of `some` lanes, if not all are there.
typedef struct trial {
    __m512 scale, inv, zero, lo, hi;
    __m512 poly[VISE_POWER_POLY], table[2];
} trial;

INLINE __m512 any_power(const trial *s, __m512 a) {
    const __m512i bits = _mm512_castps_si512(a), one = _mm512_set1_epi32(0x3f800000);
    // The exponent is in the lower half of its word: less than none is none.
    const __m512i least = _mm512_set1_epi32(VISE_POWER_LEAST);
    const __m512i k = _mm512_subs_epu16(_mm512_srli_epi32(bits, 23), least);
    // (bits & 0x7fffff) | one
    const __m512i m = _mm512_ternarylogic_epi32(bits, _mm512_set1_epi32(0x7fffff), one, 0xea);
    const __m512 f = _mm512_sub_ps(_mm512_castsi512_ps(m), _mm512_set1_ps(1.5f));
    __m512 t = s->poly[VISE_POWER_POLY - 1];
    for (int i = VISE_POWER_POLY - 2; i >= 0; i--) t = _mm512_fmadd_ps(t, f, s->poly[i]);
    return _mm512_mul_ps(t, _mm512_permutex2var_ps(s->table[0], k, s->table[1]));
}

INLINE __m512 power_of(const trial *s, __m512 a, int kind) {
    if (kind == ANY) return any_power(s, a);
    const __m512 square = _mm512_mul_ps(a, a);
    return kind == CUBE ? _mm512_mul_ps(square, a) : square;
}

// Lanes that are not there have value and weight 0.
INLINE __m512 power_lanes(const trial *s, __m512 sum, __m512 x, __m512 weight, __mmask16 some,
                          int kind, bool weighted, bool shifted) {
    const __m512 v = shifted ? _mm512_sub_ps(x, s->zero) : x;
    __m512 q = _mm512_roundscale_ps(_mm512_mul_ps(v, s->inv), EVEN);
    q = _mm512_min_ps(_mm512_max_ps(q, s->lo), s->hi);
    const __m512 e = _mm512_fnmadd_ps(q, s->scale, v);
    if (!weighted && kind == SQUARE) return _mm512_mask3_fmadd_ps(e, e, sum, some);
    const __m512 t = power_of(s, _mm512_abs_ps(e), kind);
    return weighted ? _mm512_fmadd_ps(t, weight, sum) : _mm512_mask_add_ps(sum, some, sum, t);
}

INLINE void errors_by(const vise_power_errors *p, int kind, bool weighted, bool shifted) {
    const int64_t left = p->n % LANES, whole = p->n - left;
    const __mmask16 some = (__mmask16)((1u << left) - 1);
    trial s = {0};
    for (int i = 0; i < VISE_POWER_POLY; i++) s.poly[i] = _mm512_set1_ps(p->power->poly[i]);
    for (int i = 0; i < 2; i++) s.table[i] = _mm512_loadu_ps(p->power->scale + LANES * i);
    for (int c = 0; c < p->count; c++) {
        s.scale = _mm512_set1_ps(p->scale[c]);
        s.inv = _mm512_set1_ps(p->inv[c]);
        s.lo = _mm512_set1_ps(p->lo[c]);
        s.hi = _mm512_set1_ps(p->hi[c]);
        if (shifted) s.zero = _mm512_set1_ps(p->zero[c]);
        __m512 sum = _mm512_setzero_ps(), w = sum;
        for (int64_t i = 0; i < whole; i += LANES) {
            if (weighted) w = _mm512_loadu_ps(p->weight + i);
            sum = power_lanes(&s, sum, _mm512_loadu_ps(p->x + i), w, 0xffff, kind, weighted,
                              shifted);
        }
        if (left && weighted) w = load(p->weight, whole, p->n);
        if (left) {
            sum =
                power_lanes(&s, sum, load(p->x, whole, p->n), w, some, kind, weighted, shifted);
        }
        p->err[c] = add_lanes(sum);
    }
}

INLINE void errors_of(const vise_power_errors *p, int kind) {
    if (p->weight && p->zero) {
        errors_by(p, kind, true, true);
    } else if (p->weight) {
        errors_by(p, kind, true, false);
    } else if (p->zero) {
        errors_by(p, kind, false, true);
    } else {
        errors_by(p, kind, false, false);
    }
}

static void power_errors(const vise_power_errors *p) {
    if (p->power->power == 2) {
        errors_of(p, SQUARE);
    } else if (p->power->power == 3) {
        errors_of(p, CUBE);
    } else {
        errors_of(p, ANY);
    }
}

void vise_avx512_errors_init(vise_kernels *k) {
    k->int_errors = int_errors;
    k->f4_errors = f4_errors;
    k->power_errors = power_errors;
}
