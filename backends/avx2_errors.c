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

void vise_avx2_errors_init(vise_kernels *k) {
    k->int_errors = int_errors;
    k->f4_errors = f4_errors;
}
