// softmax, SiLU and GELU with AVX2 and FMA.

#include <math.h>

#include "backends/avx2_vector.h"
#include "backends/backends.h"

enum { LANES = 8 };

static float row_max(const float *x, int64_t n) {
    __m256 max = _mm256_set1_ps(-INFINITY);
    for (int64_t i = 0; i < n; i += LANES) {
        max = _mm256_max_ps(load_some(x + i, n - i, -INFINITY), max);
    }
    float lane[LANES], best = -INFINITY;
    _mm256_storeu_ps(lane, max);
    for (int j = 0; j < LANES; j++) best = lane[j] > best ? lane[j] : best;
    return best;
}

static double sum_lanes(__m256d a, __m256d b) {
    double lane[4];
    _mm256_storeu_pd(lane, _mm256_add_pd(a, b));
    return lane[0] + lane[1] + (lane[2] + lane[3]);
}

static void softmax(float *y, const float *x, int64_t n) {
    const __m256 max = _mm256_set1_ps(row_max(x, n));
    __m256d sum0 = _mm256_setzero_pd(), sum1 = sum0;
    for (int64_t i = 0; i < n; i += LANES) {
        // Lanes past the end hold -infinity, and so add exp(-infinity) = 0.
        __m256 z = _mm256_sub_ps(load_some(x + i, n - i, -INFINITY), max);
        split e = exp_split(z);
        __m256 v = scale_by(e.p, e.n);
        store_some(y + i, n - i, v);
        sum0 = _mm256_add_pd(sum0, _mm256_cvtps_pd(_mm256_castps256_ps128(v)));
        sum1 = _mm256_add_pd(sum1, _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
    }
    const __m256 share = _mm256_set1_ps((float)(1 / sum_lanes(sum0, sum1)));
    for (int64_t i = 0; i < n; i += LANES) {
        store_some(y + i, n - i, _mm256_mul_ps(load_some(y + i, n - i, 0), share));
    }
}

// x / (1 + exp(-u)), for u of the sign of x.  With e = exp(-|u|) in [0, 1]:
//   u >= 0:  x / (1 + e)       u < 0:  x e / (1 + e), which is 0 from x = -200 down
INLINE __m256 times_logistic(__m256 x, __m256 u) {
    const __m256 one = _mm256_set1_ps(1.0f), zero = _mm256_setzero_ps();
    x = _mm256_max_ps(_mm256_set1_ps(-200.0f), x);
    split s = exp_split(_mm256_or_ps(u, _mm256_set1_ps(-0.0f)));
    __m256 e = scale_by(s.p, s.n);
    __m256 below = _mm256_cmp_ps(u, zero, _CMP_LT_OQ);
    __m256 top = _mm256_mul_ps(x, _mm256_blendv_ps(one, s.p, below));
    __m256 y = _mm256_div_ps(top, _mm256_add_ps(one, e));
    return scale_by(y, _mm256_and_ps(s.n, below));
}

static void silu(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __m256 v = load_some(x + i, n - i, 0);
        store_some(y + i, n - i, times_logistic(v, v));
    }
}

static void silu_mul(float *y, const float *x, const float *up, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __m256 v = load_some(x + i, n - i, 0);
        v = _mm256_mul_ps(times_logistic(v, v), load_some(up + i, n - i, 0));
        store_some(y + i, n - i, v);
    }
}

// (1 + tanh(t)) / 2 = 1 / (1 + exp(-2 t))
static void gelu_tanh(float *y, const float *x, int64_t n) {
    const __m256 linear = _mm256_set1_ps(1.5957691216057308f);  // 2 sqrt(2 / pi)
    const __m256 cubic = _mm256_set1_ps(0.071354816272600248f); // 0.044715 of it
    for (int64_t i = 0; i < n; i += LANES) {
        __m256 v = load_some(x + i, n - i, 0);
        __m256 t = _mm256_mul_ps(v, _mm256_fmadd_ps(_mm256_mul_ps(v, v), cubic, linear));
        store_some(y + i, n - i, times_logistic(v, t));
    }
}

// max(x, 0) - u Q(u), u = |x|, where Q(u) = erfc(u / sqrt(2)) / 2 = exp(-u^2 / 2) t P(t - m),
// t = 1 / (1 + 0.35 u), m = 0.578125: a minimax polynomial of degree 8, off by 2^-24 of it up
// to u = 14.5, where the product is below every float.
INLINE __m256 gelu_of(__m256 x) {
    __m256 u = _mm256_min_ps(_mm256_set1_ps(20.0f), _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x));
    __m256 one = _mm256_set1_ps(1.0f), half = _mm256_set1_ps(0.5f);
    __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(u, _mm256_set1_ps(0.35f), one));
    __m256 d = _mm256_sub_ps(t, _mm256_set1_ps(0.578125f));
    __m256 p = _mm256_set1_ps(-0x1.ddb7dcp-6f);
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(0x1.2cabd4p-7f));
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(0x1.bbb81p-5f));
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(-0x1.0beb7p-5f));
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(-0x1.9681f4p-4f));
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(0x1.b510e6p-5f));
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(0x1.338ec6p-2f));
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(0x1.8e17ap-2f));
    p = _mm256_fmadd_ps(p, d, _mm256_set1_ps(0x1.20935ep-2f));
    // The square is rounded; what it lost goes to first order: exp(-lost / 2) = 1 - lost / 2.
    __m256 square = _mm256_mul_ps(u, u), lost = _mm256_fmsub_ps(u, u, square);
    split e = exp_split(_mm256_mul_ps(square, _mm256_set1_ps(-0.5f)));
    __m256 q = _mm256_mul_ps(_mm256_mul_ps(u, t), _mm256_mul_ps(p, e.p));
    q = _mm256_mul_ps(q, _mm256_fnmadd_ps(lost, half, one));
    return _mm256_sub_ps(_mm256_max_ps(_mm256_setzero_ps(), x), scale_by(q, e.n));
}

static void gelu_erf(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        store_some(y + i, n - i, gelu_of(load_some(x + i, n - i, 0)));
    }
}

// exp(z) for -700 <= z <= 0 in double, exp(-700) below: the Taylor polynomial of degree 12, off
// by 2^-52 of it.
INLINE __m256d exp_double(__m256d z) {
    static const double taylor[] = {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                                    1.0 / 5040,     1.0 / 720,     1.0 / 120,    1.0 / 24,
                                    1.0 / 6,        0.5,           1.0,          1.0};
    z = _mm256_max_pd(_mm256_set1_pd(-700.0), z);
    __m256d n = _mm256_round_pd(_mm256_mul_pd(z, _mm256_set1_pd(0x1.71547652b82fep+0)),
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256d r = _mm256_fnmadd_pd(n, _mm256_set1_pd(0x1.62e42fefa3800p-1), z);
    r = _mm256_fnmadd_pd(n, _mm256_set1_pd(0x1.ef35793c76730p-45), r);
    __m256d p = _mm256_set1_pd(1.0 / 479001600);
#pragma GCC unroll 12
    for (int i = 0; i < 12; i++) p = _mm256_fmadd_pd(p, r, _mm256_set1_pd(taylor[i]));
    // n + 1023 in the low bits of a double that is large enough, moved to the exponent.
    __m256d whole = _mm256_add_pd(n, _mm256_set1_pd(0x1.8p52 + 1023));
    __m256i power = _mm256_slli_epi64(_mm256_castpd_si256(whole), 52);
    return _mm256_mul_pd(p, _mm256_castsi256_pd(power));
}

static double exp_sum(const float *x, int64_t n, float max) {
    const __m256d top = _mm256_set1_pd((double)max);
    __m256d sum[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
    for (int64_t i = 0; i < n; i += LANES) {
        __m256 v = load_some(x + i, n - i, -INFINITY);
        __m256d lo = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
        __m256d hi = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
        sum[0] = _mm256_add_pd(sum[0], exp_double(_mm256_sub_pd(lo, top)));
        sum[1] = _mm256_add_pd(sum[1], exp_double(_mm256_sub_pd(hi, top)));
    }
    return sum_lanes(sum[0], sum[1]);
}

void vise_avx2_functions_init(vise_kernels *k) {
    k->softmax = softmax;
    k->silu = silu;
    k->silu_mul = silu_mul;
    k->gelu_tanh = gelu_tanh;
    k->gelu_erf = gelu_erf;
    k->exp_sum = exp_sum;
}
