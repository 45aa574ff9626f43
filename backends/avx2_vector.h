// What functions of rows with AVX2 and FMA share: exp, and loads and stores of less than a
// vector.
//
// exp(z), z <= 0, is p * 2^n with n = rint(z / ln 2) and p = exp(z - n ln 2) in [0.70, 1.42].
// Keeping n apart lets a result that is subnormal be rounded once, at the end.

#ifndef VISE_AVX2_VECTOR_H
#define VISE_AVX2_VECTOR_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef struct split {
    __m256 p, n;
} split;

// A minimax polynomial of degree 6: on |r| <= ln(2) / 2 it is off by at most 2^-28 of exp(r).
// n * ln 2 is taken off in two parts, the first exact in the product, so r is off by 2^-25.
INLINE split exp_split(__m256 z) {
    // Below -150 the result is 0 whatever comes; min and max return the NaN they get second.
    z = _mm256_max_ps(_mm256_set1_ps(-150.0f), z);
    __m256 n = _mm256_round_ps(_mm256_mul_ps(z, _mm256_set1_ps(0x1.715476p+0f)),
                               _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.62e4p-1f), z);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.7f7d1cp-20f), r);
    __m256 p = _mm256_set1_ps(0x1.6a244cp-10f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.1239d6p-7f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.5558f2p-5f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.555492p-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.fffffcp-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
    return (split){p, n};
}

// v * 2^n for -217 <= n <= 0, in two factors of which the first keeps v normal.
INLINE __m256 scale_by(__m256 v, __m256 n) {
    __m256i whole = _mm256_cvtps_epi32(n);
    __m256i first = _mm256_max_epi32(whole, _mm256_set1_epi32(-100));
    __m256i second = _mm256_sub_epi32(whole, first);
    const __m256i bias = _mm256_set1_epi32(127);
    __m256i a = _mm256_slli_epi32(_mm256_add_epi32(first, bias), 23);
    __m256i b = _mm256_slli_epi32(_mm256_add_epi32(second, bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(v, _mm256_castsi256_ps(a)), _mm256_castsi256_ps(b));
}

INLINE __m256 exp_of(__m256 z) {
    split e = exp_split(z);
    return scale_by(e.p, e.n);
}

INLINE __m256 load_some(const float *x, int64_t left, float fill) {
    if (left >= 8) return _mm256_loadu_ps(x);
    float in[8] = {fill, fill, fill, fill, fill, fill, fill, fill};
    memcpy(in, x, (size_t)left * sizeof *x);
    return _mm256_loadu_ps(in);
}

INLINE void store_some(float *y, int64_t left, __m256 v) {
    if (left >= 8) {
        _mm256_storeu_ps(y, v);
        return;
    }
    float out[8];
    _mm256_storeu_ps(out, v);
    memcpy(y, out, (size_t)left * sizeof *y);
}

#endif
