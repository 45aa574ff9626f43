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

void vise_avx512_errors_init(vise_kernels *k) {
    k->int_errors = int_errors;
    k->f4_errors = f4_errors;
}
