// softmax, SiLU and GELU with AVX2 and FMA.
//
// All three rest on exp(z), z <= 0, split as p * 2^n with n = rint(z / ln 2) and
// p = exp(z - n ln 2) in [0.70, 1.42].  Keeping n apart lets a result that is subnormal be
// rounded once, at the end.

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "backends/backends.h"

enum { LANES = 8 };

typedef struct split {
    __m256 p, n;
} split;

// The Taylor polynomial of degree 7: on |r| <= ln(2) / 2 it is off by at most 2^-27 of exp(r).
// n * ln 2 is taken off in two parts, the first exact in the product, so r is off by 2^-25.
static split exp_split(__m256 z) {
    // Below -150 the result is 0 whatever comes; min and max return the NaN they get second.
    z = _mm256_max_ps(_mm256_set1_ps(-150.0f), z);
    __m256 n = _mm256_round_ps(_mm256_mul_ps(z, _mm256_set1_ps(0x1.715476p+0f)),
                               _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.62e4p-1f), z);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.7f7d1cp-20f), r);
    __m256 p = _mm256_set1_ps(1.0f / 5040);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 720));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 120));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 24));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 6));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
    return (split){p, n};
}

// v * 2^n for -217 <= n <= 0, in two factors of which the first keeps v normal.
static __m256 scale_by(__m256 v, __m256 n) {
    __m256i whole = _mm256_cvtps_epi32(n);
    __m256i first = _mm256_max_epi32(whole, _mm256_set1_epi32(-100));
    __m256i second = _mm256_sub_epi32(whole, first);
    const __m256i bias = _mm256_set1_epi32(127);
    __m256i a = _mm256_slli_epi32(_mm256_add_epi32(first, bias), 23);
    __m256i b = _mm256_slli_epi32(_mm256_add_epi32(second, bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(v, _mm256_castsi256_ps(a)), _mm256_castsi256_ps(b));
}

static __m256 load_some(const float *x, int64_t left, float fill) {
    if (left >= LANES) return _mm256_loadu_ps(x);
    float in[LANES] = {fill, fill, fill, fill, fill, fill, fill, fill};
    memcpy(in, x, (size_t)left * sizeof *x);
    return _mm256_loadu_ps(in);
}

static void store_some(float *y, int64_t left, __m256 v) {
    if (left >= LANES) {
        _mm256_storeu_ps(y, v);
        return;
    }
    float out[LANES];
    _mm256_storeu_ps(out, v);
    memcpy(y, out, (size_t)left * sizeof *y);
}

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
static __m256 times_logistic(__m256 x, __m256 u) {
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

void vise_avx2_functions_init(vise_kernels *k) {
    k->softmax = softmax;
    k->silu = silu;
    k->gelu_tanh = gelu_tanh;
}
