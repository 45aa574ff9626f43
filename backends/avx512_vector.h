// What functions of rows with AVX-512 share: exp, and loads and stores of less than a vector.
//
// exp(z), z <= 0, is p * 2^n with n = rint(z / ln 2) and p = exp(z - n ln 2) in [0.70, 1.42].
// Keeping n apart lets a result that is subnormal be rounded once, at the end.

#ifndef VISE_AVX512_VECTOR_H
#define VISE_AVX512_VECTOR_H

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

typedef struct split {
    __m512 p, n;
} split;

// A minimax polynomial of degree 6: on |r| <= ln(2) / 2 it is off by at most 2^-28 of exp(r).
// n * ln 2 is taken off in two parts, the first exact in the product, so r is off by 2^-25.
INLINE split exp_split(__m512 z) {
    // Below -150 the result is 0 whatever comes; min and max return the NaN they get second.
    z = _mm512_max_ps(_mm512_set1_ps(-150.0f), z);
    __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(z, _mm512_set1_ps(0x1.715476p+0f)),
                                    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e4p-1f), z);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.7f7d1cp-20f), r);
    __m512 p = _mm512_set1_ps(0x1.6a244cp-10f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.1239d6p-7f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.5558f2p-5f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.555492p-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0x1.fffffcp-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    return (split){p, n};
}

// v * 2^n
INLINE __m512 scale_by(__m512 v, __m512 n) {
    return _mm512_scalef_ps(v, n);
}

INLINE __m512 exp_of(__m512 z) {
    split e = exp_split(z);
    return scale_by(e.p, e.n);
}

// Whole vectors go without a mask: with one, the processor does not fetch ahead.
INLINE __m512 load_some(const float *x, int64_t left, float fill) {
    if (left >= 16) return _mm512_loadu_ps(x);
    __mmask16 some = (__mmask16)((1u << left) - 1);
    return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), some, x);
}

INLINE void store_some(float *y, int64_t left, __m512 v) {
    if (left >= 16) {
        _mm512_storeu_ps(y, v);
    } else {
        _mm512_mask_storeu_ps(y, (__mmask16)((1u << left) - 1), v);
    }
}

#endif
