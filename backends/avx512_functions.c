// softmax, SiLU and GELU with AVX-512.

#include <float.h>

#include "backends/avx512_vector.h"
#include "backends/backends.h"

enum { LANES = 16 };

static float row_max(const float *x, int64_t n) {
    const __m512 lowest = _mm512_set1_ps(-__builtin_inff());
    __m512 max = lowest, other = lowest;
    for (int64_t i = 0; i < n; i += 2 * LANES) {
        max = _mm512_max_ps(load_some(x + i, n - i, -__builtin_inff()), max);
        if (n - i <= LANES) break;
        other =
            _mm512_max_ps(load_some(x + i + LANES, n - i - LANES, -__builtin_inff()), other);
    }
    return _mm512_reduce_max_ps(_mm512_max_ps(max, other));
}

static void softmax(float *y, const float *x, int64_t n) {
    const __m512 max = _mm512_set1_ps(row_max(x, n));
    __m512d sum0 = _mm512_setzero_pd(), sum1 = sum0;
    for (int64_t i = 0; i < n; i += LANES) {
        // Lanes past the end hold -infinity, and so add exp(-infinity) = 0.
        __m512 v = exp_of(_mm512_sub_ps(load_some(x + i, n - i, -__builtin_inff()), max));
        store_some(y + i, n - i, v);
        sum0 = _mm512_add_pd(sum0, _mm512_cvtps_pd(_mm512_castps512_ps256(v)));
        sum1 = _mm512_add_pd(sum1, _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)));
    }
    double sum = _mm512_reduce_add_pd(_mm512_add_pd(sum0, sum1));
    const __m512 share = _mm512_set1_ps((float)(1 / sum));
    for (int64_t i = 0; i < n; i += LANES) {
        store_some(y + i, n - i, _mm512_mul_ps(load_some(y + i, n - i, 0), share));
    }
}

// x / (1 + exp(-u)), for u of the sign of x.  With e = exp(-|u|) in [0, 1]:
//   u >= 0:  x / (1 + e)       u < 0:  x e / (1 + e), which is 0 from x = -200 down
INLINE __m512 times_logistic(__m512 x, __m512 u) {
    x = _mm512_max_ps(_mm512_set1_ps(-200.0f), x);
    split s = exp_split(_mm512_or_ps(u, _mm512_set1_ps(-0.0f)));
    __m512 e = _mm512_scalef_ps(s.p, s.n), one = _mm512_set1_ps(1.0f);
    __mmask16 below = _mm512_cmp_ps_mask(u, _mm512_setzero_ps(), _CMP_LT_OQ);
    __m512 top = _mm512_mask_mul_ps(x, below, x, s.p);
    __m512 y = _mm512_div_ps(top, _mm512_add_ps(one, e));
    return _mm512_mask_scalef_ps(y, below, y, s.n);
}

static void silu(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __m512 v = load_some(x + i, n - i, 0);
        store_some(y + i, n - i, times_logistic(v, v));
    }
}

static void silu_mul(float *y, const float *x, const float *up, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __m512 v = load_some(x + i, n - i, 0);
        v = _mm512_mul_ps(times_logistic(v, v), load_some(up + i, n - i, 0));
        store_some(y + i, n - i, v);
    }
}

// (1 + tanh(t)) / 2 = 1 / (1 + exp(-2 t))
static void gelu_tanh(float *y, const float *x, int64_t n) {
    const __m512 linear = _mm512_set1_ps(1.5957691216057308f);  // 2 sqrt(2 / pi)
    const __m512 cubic = _mm512_set1_ps(0.071354816272600248f); // 0.044715 of it
    for (int64_t i = 0; i < n; i += LANES) {
        __m512 v = load_some(x + i, n - i, 0);
        __m512 t = _mm512_mul_ps(v, _mm512_fmadd_ps(_mm512_mul_ps(v, v), cubic, linear));
        store_some(y + i, n - i, times_logistic(v, t));
    }
}

// max(x, 0) - u Q(u), u = |x|, where Q(u) = erfc(u / sqrt(2)) / 2 = exp(-u^2 / 2) t P(t - m),
// t = 1 / (1 + 0.35 u), m = 0.578125: a minimax polynomial of degree 8, off by 2^-24 of it up
// to u = 14.5, where the product is below every float.
INLINE __m512 gelu_of(__m512 x) {
    __m512 u = _mm512_min_ps(_mm512_set1_ps(20.0f), _mm512_abs_ps(x));
    __m512 one = _mm512_set1_ps(1.0f), half = _mm512_set1_ps(0.5f);
    __m512 t = _mm512_div_ps(one, _mm512_fmadd_ps(u, _mm512_set1_ps(0.35f), one));
    __m512 d = _mm512_sub_ps(t, _mm512_set1_ps(0.578125f));
    __m512 p = _mm512_set1_ps(-0x1.ddb7dcp-6f);
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(0x1.2cabd4p-7f));
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(0x1.bbb81p-5f));
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(-0x1.0beb7p-5f));
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(-0x1.9681f4p-4f));
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(0x1.b510e6p-5f));
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(0x1.338ec6p-2f));
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(0x1.8e17ap-2f));
    p = _mm512_fmadd_ps(p, d, _mm512_set1_ps(0x1.20935ep-2f));
    // The square is rounded; what it lost goes to first order: exp(-lost / 2) = 1 - lost / 2.
    __m512 square = _mm512_mul_ps(u, u), lost = _mm512_fmsub_ps(u, u, square);
    split e = exp_split(_mm512_mul_ps(square, _mm512_set1_ps(-0.5f)));
    __m512 q = _mm512_mul_ps(_mm512_mul_ps(u, t), _mm512_mul_ps(p, e.p));
    q = _mm512_mul_ps(q, _mm512_fnmadd_ps(lost, half, one));
    return _mm512_sub_ps(_mm512_max_ps(_mm512_setzero_ps(), x), _mm512_scalef_ps(q, e.n));
}

static void gelu_erf(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        store_some(y + i, n - i, gelu_of(load_some(x + i, n - i, 0)));
    }
}

// exp(z) for z <= 0 in double: the Taylor polynomial of degree 12, off by 2^-52 of it.
INLINE __m512d exp_double(__m512d z) {
    static const double taylor[] = {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                                    1.0 / 5040,     1.0 / 720,     1.0 / 120,    1.0 / 24,
                                    1.0 / 6,        0.5,           1.0,          1.0};
    z = _mm512_max_pd(_mm512_set1_pd(-1100.0), z);
    __m512d n = _mm512_roundscale_pd(_mm512_mul_pd(z, _mm512_set1_pd(0x1.71547652b82fep+0)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512d r = _mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.62e42fefa3800p-1), z);
    r = _mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.ef35793c76730p-45), r);
    __m512d p = _mm512_set1_pd(1.0 / 479001600);
#pragma GCC unroll 12
    for (int i = 0; i < 12; i++) p = _mm512_fmadd_pd(p, r, _mm512_set1_pd(taylor[i]));
    return _mm512_scalef_pd(p, n);
}

static double exp_sum(const float *x, int64_t n, float max) {
    const __m512d top = _mm512_set1_pd((double)max);
    __m512d sum[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
    for (int64_t i = 0; i < n; i += LANES) {
        __m512 v = load_some(x + i, n - i, -__builtin_inff());
        __m512d lo = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
        __m512d hi = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
        sum[0] = _mm512_add_pd(sum[0], exp_double(_mm512_sub_pd(lo, top)));
        sum[1] = _mm512_add_pd(sum[1], exp_double(_mm512_sub_pd(hi, top)));
    }
    return _mm512_reduce_add_pd(_mm512_add_pd(sum[0], sum[1]));
}

void vise_avx512_functions_init(vise_kernels *k) {
    k->softmax = softmax;
    k->silu = silu;
    k->silu_mul = silu_mul;
    k->gelu_tanh = gelu_tanh;
    k->gelu_erf = gelu_erf;
    k->exp_sum = exp_sum;
}
