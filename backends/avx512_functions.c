// softmax, SiLU and GELU with AVX-512.
//
// All three rest on exp(z), z <= 0, split as p * 2^n with n = rint(z / ln 2) and
// p = exp(z - n ln 2) in [0.70, 1.42].  Keeping n apart lets a result that is subnormal be
// rounded once, at the end.

#include <float.h>
#include <immintrin.h>

#include "backends/backends.h"

enum { LANES = 16 };

typedef struct split {
    __m512 p, n;
} split;

// The Taylor polynomial of degree 7: on |r| <= ln(2) / 2 it is off by at most 2^-27 of exp(r).
// n * ln 2 is taken off in two parts, the first exact in the product, so r is off by 2^-25.
static split exp_split(__m512 z) {
    // Below -150 the result is 0 whatever comes; min and max return the NaN they get second.
    z = _mm512_max_ps(_mm512_set1_ps(-150.0f), z);
    __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(z, _mm512_set1_ps(0x1.715476p+0f)),
                                    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e4p-1f), z);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.7f7d1cp-20f), r);
    __m512 p = _mm512_set1_ps(1.0f / 5040);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 720));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 120));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 24));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 6));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    return (split){p, n};
}

static __mmask16 lanes_at(int64_t i, int64_t n) {
    if (n - i >= LANES) return 0xffff;
    return (__mmask16)((1u << (n - i)) - 1);
}

static float row_max(const float *x, int64_t n) {
    const __m512 lowest = _mm512_set1_ps(-__builtin_inff());
    __m512 max = lowest;
    for (int64_t i = 0; i < n; i += LANES) {
        max = _mm512_max_ps(_mm512_mask_loadu_ps(lowest, lanes_at(i, n), x + i), max);
    }
    return _mm512_reduce_max_ps(max);
}

static void softmax(float *y, const float *x, int64_t n) {
    const __m512 max = _mm512_set1_ps(row_max(x, n));
    __m512d sum0 = _mm512_setzero_pd(), sum1 = sum0;
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        split e = exp_split(_mm512_sub_ps(_mm512_maskz_loadu_ps(some, x + i), max));
        __m512 v = _mm512_maskz_scalef_ps(some, e.p, e.n);
        _mm512_mask_storeu_ps(y + i, some, v);
        sum0 = _mm512_add_pd(sum0, _mm512_cvtps_pd(_mm512_castps512_ps256(v)));
        sum1 = _mm512_add_pd(sum1, _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)));
    }
    double sum = _mm512_reduce_add_pd(_mm512_add_pd(sum0, sum1));
    const __m512 share = _mm512_set1_ps((float)(1 / sum));
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        __m512 v = _mm512_maskz_loadu_ps(some, y + i);
        _mm512_mask_storeu_ps(y + i, some, _mm512_mul_ps(v, share));
    }
}

// x / (1 + exp(-u)), for u of the sign of x.  With e = exp(-|u|) in [0, 1]:
//   u >= 0:  x / (1 + e)       u < 0:  x e / (1 + e), which is 0 from x = -200 down
static __m512 times_logistic(__m512 x, __m512 u) {
    x = _mm512_max_ps(_mm512_set1_ps(-200.0f), x);
    split s = exp_split(_mm512_sub_ps(_mm512_setzero_ps(), _mm512_abs_ps(u)));
    __m512 e = _mm512_scalef_ps(s.p, s.n), one = _mm512_set1_ps(1.0f);
    __mmask16 below = _mm512_cmp_ps_mask(u, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 top = _mm512_mask_mul_ps(x, below, x, s.p);
    __m512 y = _mm512_div_ps(top, _mm512_add_ps(one, e));
    return _mm512_mask_scalef_ps(y, below, y, s.n);
}

static void silu(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        __m512 v = _mm512_maskz_loadu_ps(some, x + i);
        _mm512_mask_storeu_ps(y + i, some, times_logistic(v, v));
    }
}

// (1 + tanh(t)) / 2 = 1 / (1 + exp(-2 t))
static void gelu_tanh(float *y, const float *x, int64_t n) {
    const __m512 linear = _mm512_set1_ps(1.5957691216057308f);  // 2 sqrt(2 / pi)
    const __m512 cubic = _mm512_set1_ps(0.071354816272600248f); // 0.044715 of it
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        __m512 v = _mm512_maskz_loadu_ps(some, x + i);
        __m512 t = _mm512_mul_ps(v, _mm512_fmadd_ps(_mm512_mul_ps(v, v), cubic, linear));
        _mm512_mask_storeu_ps(y + i, some, times_logistic(v, t));
    }
}

void vise_avx512_functions_init(vise_kernels *k) {
    k->softmax = softmax;
    k->silu = silu;
    k->gelu_tanh = gelu_tanh;
}
