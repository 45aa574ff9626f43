// Scale search on AVX2 and FMA: 16 lanes are two vectors.

#include <immintrin.h>
#include <string.h>

#include "backends/backends.h"

enum { LANES = 16, EVEN = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

typedef struct lanes {
    __m256 lo, hi;
} lanes;

// Lanes 8 apart, 4, 2, 1.
static float add_lanes(lanes sum) {
    __m256 v = _mm256_add_ps(sum.lo, sum.hi);
    __m128 w = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    w = _mm_add_ps(w, _mm_movehl_ps(w, w));
    return _mm_cvtss_f32(_mm_add_ss(w, _mm_movehdup_ps(w)));
}

static __m256 int_lane(__m256 sum, const float *at, __m256 scale, __m256 inv, __m256 lo,
                       __m256 hi) {
    __m256 x = _mm256_loadu_ps(at), q = _mm256_round_ps(_mm256_mul_ps(x, inv), EVEN);
    q = _mm256_min_ps(_mm256_max_ps(q, lo), hi);
    __m256 e = _mm256_fnmadd_ps(q, scale, x);
    return _mm256_fmadd_ps(e, e, sum);
}

// Adding and taking away 1.5 * 2^22 * 2^k rounds to multiples of 2^(k-1), ties to even: k = 0
// below 2, 1 below 4, 2 above; the exponent of the number gives k.
static __m256 f4_lane(__m256 sum, const float *at, __m256 scale, __m256 inv) {
    const __m256i exponent = _mm256_set1_epi32(0x7f800000), one = _mm256_set1_epi32(0x3f800000);
    const __m256i up = _mm256_set1_epi32(0x4ac00000 - 0x3f800000); // 1.5 * 2^22 for 1.0
    __m256 x = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_loadu_ps(at)); // e^2 has no sign
    __m256 v = _mm256_min_ps(_mm256_mul_ps(x, inv), _mm256_set1_ps(6));
    __m256i e2 = _mm256_max_epi32(_mm256_and_si256(_mm256_castps_si256(v), exponent), one);
    __m256 grid = _mm256_castsi256_ps(_mm256_add_epi32(e2, up));
    __m256 q = _mm256_sub_ps(_mm256_add_ps(v, grid), grid);
    __m256 e = _mm256_fnmadd_ps(q, scale, x);
    return _mm256_fmadd_ps(e, e, sum);
}

// What is left of a row after whole blocks of 16, filled up with zeros, which add nothing.
static int64_t tail_of(float tail[LANES], const float *x, int64_t n) {
    int64_t left = n % LANES;
    memset(tail, 0, LANES * sizeof *tail);
    memcpy(tail, x + n - left, (size_t)left * sizeof *tail);
    return left;
}

static void int_errors(float *err, const float *x, int64_t n, const float *scale,
                       const float *inv, int count, int least, int most) {
    const __m256 lo = _mm256_set1_ps((float)least), hi = _mm256_set1_ps((float)most);
    float tail[LANES];
    int64_t left = tail_of(tail, x, n), whole = n - left;
    for (int c = 0; c < count; c++) {
        const __m256 s = _mm256_set1_ps(scale[c]), r = _mm256_set1_ps(inv[c]);
        lanes sum = {_mm256_setzero_ps(), _mm256_setzero_ps()};
        for (int64_t i = 0; i < whole; i += LANES) {
            sum.lo = int_lane(sum.lo, x + i, s, r, lo, hi);
            sum.hi = int_lane(sum.hi, x + i + LANES / 2, s, r, lo, hi);
        }
        if (left) {
            sum.lo = int_lane(sum.lo, tail, s, r, lo, hi);
            sum.hi = int_lane(sum.hi, tail + LANES / 2, s, r, lo, hi);
        }
        err[c] = add_lanes(sum);
    }
}

static void f4_errors(float *err, const float *x, int64_t n, const float *scale,
                      const float *inv, int count) {
    float tail[LANES];
    int64_t left = tail_of(tail, x, n), whole = n - left;
    for (int c = 0; c < count; c++) {
        const __m256 s = _mm256_set1_ps(scale[c]), r = _mm256_set1_ps(inv[c]);
        lanes sum = {_mm256_setzero_ps(), _mm256_setzero_ps()};
        for (int64_t i = 0; i < whole; i += LANES) {
            sum.lo = f4_lane(sum.lo, x + i, s, r);
            sum.hi = f4_lane(sum.hi, x + i + LANES / 2, s, r);
        }
        if (left) {
            sum.lo = f4_lane(sum.lo, tail, s, r);
            sum.hi = f4_lane(sum.hi, tail + LANES / 2, s, r);
        }
        err[c] = add_lanes(sum);
    }
}

// --- errors to a power

#define INLINE static inline __attribute__((always_inline))

enum { SQUARE, CUBE, ANY, HALF = LANES / 2 };

// What is tried, and what is made of its errors.
typedef struct trial {
    __m256 scale, inv, zero, lo, hi;
    const vise_power *power;
} trial;

INLINE __m256 any_power(const vise_power *p, __m256 a) {
    const __m256i bits = _mm256_castps_si256(a), one = _mm256_set1_epi32(0x3f800000);
    // The exponent is in the lower half of its word: less than none is none.
    const __m256i least = _mm256_set1_epi32(VISE_POWER_LEAST);
    const __m256i k = _mm256_subs_epu16(_mm256_srli_epi32(bits, 23), least);
    const __m256i m = _mm256_or_si256(_mm256_and_si256(bits, _mm256_set1_epi32(0x7fffff)), one);
    const __m256 f = _mm256_sub_ps(_mm256_castsi256_ps(m), _mm256_set1_ps(1.5f));
    __m256 t = _mm256_set1_ps(p->poly[VISE_POWER_POLY - 1]);
    for (int i = VISE_POWER_POLY - 2; i >= 0; i--) {
        t = _mm256_fmadd_ps(t, f, _mm256_set1_ps(p->poly[i]));
    }
    return _mm256_mul_ps(t, _mm256_i32gather_ps(p->scale, k, 4));
}

INLINE __m256 power_of(const vise_power *p, __m256 a, int kind) {
    if (kind == ANY) return any_power(p, a);
    const __m256 square = _mm256_mul_ps(a, a);
    return kind == CUBE ? _mm256_mul_ps(square, a) : square;
}

// Half of the lanes; those whose weight is 0 add nothing.
INLINE __m256 power_lane(const trial *s, __m256 sum, const float *x, const float *weight,
                         int kind) {
    __m256 v = _mm256_sub_ps(_mm256_loadu_ps(x), s->zero);
    __m256 q = _mm256_round_ps(_mm256_mul_ps(v, s->inv), EVEN);
    q = _mm256_min_ps(_mm256_max_ps(q, s->lo), s->hi);
    __m256 e = _mm256_fnmadd_ps(q, s->scale, v);
    if (!weight && kind == SQUARE) return _mm256_fmadd_ps(e, e, sum);
    __m256 t = power_of(s->power, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), e), kind);
    return weight ? _mm256_fmadd_ps(t, _mm256_loadu_ps(weight), sum) : _mm256_add_ps(sum, t);
}

// Squares of what is left, which are fused with the sum: lanes that are not there keep theirs.
INLINE lanes square_tail(const trial *s, lanes sum, const float tail[LANES], int64_t left) {
    float before[LANES], after[LANES];
    _mm256_storeu_ps(before, sum.lo);
    _mm256_storeu_ps(before + HALF, sum.hi);
    _mm256_storeu_ps(after, power_lane(s, sum.lo, tail, NULL, SQUARE));
    _mm256_storeu_ps(after + HALF, power_lane(s, sum.hi, tail + HALF, NULL, SQUARE));
    memcpy(before, after, (size_t)left * sizeof *before);
    return (lanes){_mm256_loadu_ps(before), _mm256_loadu_ps(before + HALF)};
}

INLINE void errors_by(const vise_power_errors *p, int kind, bool weighted) {
    float tail[LANES], last[LANES] = {0};
    const int64_t left = tail_of(tail, p->x, p->n), whole = p->n - left;
    for (int64_t i = 0; i < left; i++) last[i] = weighted ? p->weight[whole + i] : 1;
    for (int c = 0; c < p->count; c++) {
        const trial s = {
            .scale = _mm256_set1_ps(p->scale[c]),
            .inv = _mm256_set1_ps(p->inv[c]),
            .zero = p->zero ? _mm256_set1_ps(p->zero[c]) : _mm256_setzero_ps(),
            .lo = _mm256_set1_ps(p->lo[c]),
            .hi = _mm256_set1_ps(p->hi[c]),
            .power = p->power,
        };
        lanes sum = {_mm256_setzero_ps(), _mm256_setzero_ps()};
        for (int64_t i = 0; i < whole; i += LANES) {
            const float *x = p->x + i, *w = weighted ? p->weight + i : NULL;
            sum.lo = power_lane(&s, sum.lo, x, w, kind);
            sum.hi = power_lane(&s, sum.hi, x + HALF, weighted ? w + HALF : NULL, kind);
        }
        lanes end = sum;
        if (left && (weighted || kind != SQUARE)) {
            end.lo = power_lane(&s, sum.lo, tail, last, kind);
            end.hi = power_lane(&s, sum.hi, tail + HALF, last + HALF, kind);
        } else if (left) {
            end = square_tail(&s, sum, tail, left);
        }
        p->err[c] = add_lanes(end);
    }
}

INLINE void errors_of(const vise_power_errors *p, int kind) {
    if (p->weight) {
        errors_by(p, kind, true);
    } else {
        errors_by(p, kind, false);
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

void vise_avx2_errors_init(vise_kernels *k) {
    k->int_errors = int_errors;
    k->f4_errors = f4_errors;
    k->power_errors = power_errors;
}
