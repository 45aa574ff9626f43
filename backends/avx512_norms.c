// Norms and modulations of one row with AVX-512.

#include <math.h>

#include "backends/avx512_vector.h"
#include "backends/backends.h"

enum { LANES = 16, HALF = 8, SUMS = 32 };

static double add_lanes(double lane[SUMS]) {
    for (int half = SUMS / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    }
    return lane[0];
}

INLINE __m512d widen(const float *x) {
    return _mm512_cvtps_pd(_mm256_loadu_ps(x));
}

static double sum_of(const float *x, int64_t n) {
    double lane[SUMS];
    __m512d acc[4] = {_mm512_setzero_pd(), _mm512_setzero_pd(), _mm512_setzero_pd(),
                      _mm512_setzero_pd()};
    int64_t i = 0;
    for (; i + SUMS <= n; i += SUMS) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) acc[v] = _mm512_add_pd(acc[v], widen(x + i + v * HALF));
    }
    for (int v = 0; v < 4; v++) _mm512_storeu_pd(lane + v * HALF, acc[v]);
    for (int l = 0; i + l < n; l++) lane[l] += (double)x[i + l];
    return add_lanes(lane);
}

static double square_sum_of(const float *x, int64_t n, double mean) {
    double lane[SUMS];
    const __m512d middle = _mm512_set1_pd(mean);
    __m512d acc[4] = {_mm512_setzero_pd(), _mm512_setzero_pd(), _mm512_setzero_pd(),
                      _mm512_setzero_pd()};
    int64_t i = 0;
    for (; i + SUMS <= n; i += SUMS) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            __m512d d = _mm512_sub_pd(widen(x + i + v * HALF), middle);
            acc[v] = _mm512_fmadd_pd(d, d, acc[v]);
        }
    }
    for (int v = 0; v < 4; v++) _mm512_storeu_pd(lane + v * HALF, acc[v]);
    for (int l = 0; i + l < n; l++) {
        double d = (double)x[i + l] - mean;
        lane[l] = fma(d, d, lane[l]);
    }
    return add_lanes(lane);
}

INLINE __m256 scale_half(__m256 x, __m512d mean, __m512d inv) {
    return _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_sub_pd(_mm512_cvtps_pd(x), mean), inv));
}

INLINE __m512 scale(__m512 x, __m512d mean, __m512d inv) {
    __m256 lo = scale_half(_mm512_castps512_ps256(x), mean, inv);
    __m256 hi = scale_half(_mm512_extractf32x8_ps(x, 1), mean, inv);
    return _mm512_insertf32x8(_mm512_castps256_ps512(lo), hi, 1);
}

static void norm(float *y, const float *x, int64_t n, const vise_norm *o) {
    double centre = o->centred ? sum_of(x, n) / (double)n : 0;
    double variance = square_sum_of(x, n, centre) / (double)n;
    const __m512d mean = _mm512_set1_pd(centre);
    const __m512d inv = _mm512_set1_pd(1 / sqrt(variance + o->eps));
    for (int64_t i = 0; i < n; i += LANES) {
        __m512 v = scale(load_some(x + i, n - i, 0), mean, inv);
        if (o->weight) v = _mm512_mul_ps(v, load_some(o->weight + i, n - i, 0));
        if (o->bias) v = _mm512_add_ps(v, load_some(o->bias + i, n - i, 0));
        store_some(y + i, n - i, v);
    }
}

static void modulate(float *y, const float *x, const float *shift, const float *by, int64_t n) {
    const __m512 one = _mm512_set1_ps(1.0f);
    for (int64_t i = 0; i < n; i += LANES) {
        __m512 v = load_some(x + i, n - i, 0);
        v = _mm512_mul_ps(v, _mm512_add_ps(one, load_some(by + i, n - i, 0)));
        v = _mm512_add_ps(v, load_some(shift + i, n - i, 0));
        store_some(y + i, n - i, v);
    }
}

static void gated_add(float *y, const float *x, const float *branch, const float *gate,
                      int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __m512 v =
            _mm512_mul_ps(load_some(gate + i, n - i, 0), load_some(branch + i, n - i, 0));
        v = _mm512_add_ps(load_some(x + i, n - i, 0), v);
        store_some(y + i, n - i, v);
    }
}

void vise_avx512_norms_init(vise_kernels *k) {
    k->norm = norm;
    k->modulate = modulate;
    k->gated_add = gated_add;
}
