// Norms and modulations of one row with AVX2 and FMA.

#include <math.h>

#include "backends/avx2_vector.h"
#include "backends/backends.h"

enum { LANES = 8, HALF = 4, SUMS = 32 };

static double add_lanes(double lane[SUMS]) {
    for (int half = SUMS / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    }
    return lane[0];
}

INLINE __m256d widen(const float *x) {
    return _mm256_cvtps_pd(_mm_loadu_ps(x));
}

static double sum_of(const float *x, int64_t n) {
    double lane[SUMS] = {0};
    __m256d acc[8];
    int64_t i = 0;
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) acc[v] = _mm256_setzero_pd();
    for (; i + SUMS <= n; i += SUMS) {
#pragma GCC unroll 8
        for (int v = 0; v < 8; v++) acc[v] = _mm256_add_pd(acc[v], widen(x + i + v * HALF));
    }
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) _mm256_storeu_pd(lane + v * HALF, acc[v]);
    for (int l = 0; i + l < n; l++) lane[l] += (double)x[i + l];
    return add_lanes(lane);
}

static double square_sum_of(const float *x, int64_t n, double mean) {
    double lane[SUMS];
    const __m256d middle = _mm256_set1_pd(mean);
    __m256d acc[8];
    int64_t i = 0;
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) acc[v] = _mm256_setzero_pd();
    for (; i + SUMS <= n; i += SUMS) {
#pragma GCC unroll 8
        for (int v = 0; v < 8; v++) {
            __m256d d = _mm256_sub_pd(widen(x + i + v * HALF), middle);
            acc[v] = _mm256_fmadd_pd(d, d, acc[v]);
        }
    }
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) _mm256_storeu_pd(lane + v * HALF, acc[v]);
    for (int l = 0; i + l < n; l++) {
        double d = (double)x[i + l] - mean;
        lane[l] = fma(d, d, lane[l]);
    }
    return add_lanes(lane);
}

INLINE __m128 scale_half(__m128 x, __m256d mean, __m256d inv) {
    return _mm256_cvtpd_ps(_mm256_mul_pd(_mm256_sub_pd(_mm256_cvtps_pd(x), mean), inv));
}

INLINE __m256 scale(__m256 x, __m256d mean, __m256d inv) {
    __m128 lo = scale_half(_mm256_castps256_ps128(x), mean, inv);
    __m128 hi = scale_half(_mm256_extractf128_ps(x, 1), mean, inv);
    return _mm256_insertf128_ps(_mm256_castps128_ps256(lo), hi, 1);
}

static void norm(float *y, const float *x, int64_t n, const vise_norm *o) {
    double centre = o->centred ? sum_of(x, n) / (double)n : 0;
    double variance = square_sum_of(x, n, centre) / (double)n;
    const __m256d mean = _mm256_set1_pd(centre);
    const __m256d inv = _mm256_set1_pd(1 / sqrt(variance + o->eps));
    for (int64_t i = 0; i < n; i += LANES) {
        __m256 v = scale(load_some(x + i, n - i, 0), mean, inv);
        if (o->weight) v = _mm256_mul_ps(v, load_some(o->weight + i, n - i, 0));
        if (o->bias) v = _mm256_add_ps(v, load_some(o->bias + i, n - i, 0));
        store_some(y + i, n - i, v);
    }
}

static void modulate(float *y, const float *x, const float *shift, const float *by, int64_t n) {
    const __m256 one = _mm256_set1_ps(1.0f);
    for (int64_t i = 0; i < n; i += LANES) {
        __m256 factor = _mm256_add_ps(one, load_some(by + i, n - i, 0));
        __m256 v = _mm256_mul_ps(load_some(x + i, n - i, 0), factor);
        store_some(y + i, n - i, _mm256_add_ps(v, load_some(shift + i, n - i, 0)));
    }
}

static void gated_add(float *y, const float *x, const float *branch, const float *gate,
                      int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __m256 v =
            _mm256_mul_ps(load_some(gate + i, n - i, 0), load_some(branch + i, n - i, 0));
        store_some(y + i, n - i, _mm256_add_ps(load_some(x + i, n - i, 0), v));
    }
}

void vise_avx2_norms_init(vise_kernels *k) {
    k->norm = norm;
    k->modulate = modulate;
    k->gated_add = gated_add;
}
