// f32 products of few rows with AVX2: some rows of B at a time, each against all rows of A, so
// that what comes from memory is read once.

#include <immintrin.h>

#include "backends/backends.h"
#include "engine/floats.h"

enum {
    LANES = 8,
    MOST = 4,         // rows of A at once, against 3 of B; up to 3 against 4
    A_FLOATS = 32768, // of A in L2: inputs are taken in blocks
    AHEAD = 2048,     // bytes from what is multiplied to what is asked for, in each row of B
};

#define INLINE static inline __attribute__((always_inline))

INLINE int element(const vise_dtype dtype) {
    return dtype == VISE_F32 ? 4 : 2;
}

INLINE __m256 load_right(const char *b, const vise_dtype dtype) {
    if (dtype == VISE_F32) return _mm256_loadu_ps((const float *)b);
    __m128i x = _mm_loadu_si128((const void *)b);
    if (dtype == VISE_F16) return _mm256_cvtph_ps(x);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
}

INLINE float right_at(const char *b, int64_t i, const vise_dtype dtype) {
    if (dtype == VISE_F32) return ((const float *)b)[i];
    uint16_t bits = ((const uint16_t *)b)[i];
    return dtype == VISE_F16 ? vise_f16_to_f32(bits) : vise_bf16_to_f32(bits);
}

static float sum_lanes(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

INLINE void add_product(__m256 *sum, __m256 x, __m256 w) {
    *sum = _mm256_fmadd_ps(x, w, *sum);
    __asm__("" : "+x"(*sum)); // else gcc spills them in every step
}

// sum[i][q] += a[i] * b[q], a vector of each.  The fewer ones stay in registers.
INLINE void multiply(__m256 (*sum)[4], const float *a, int64_t lda, const char *b, int64_t ldb,
                     const int m, const int n, const vise_dtype dtype) {
    const int64_t step = ldb * element(dtype);
    __m256 few[4];
    if (m < n) {
#pragma GCC unroll 4
        for (int i = 0; i < m; i++) few[i] = _mm256_loadu_ps(a + i * lda);
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) {
            __m256 w = load_right(b + q * step, dtype);
#pragma GCC unroll 4
            for (int i = 0; i < m; i++) add_product(&sum[i][q], few[i], w);
        }
    } else {
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) few[q] = load_right(b + q * step, dtype);
#pragma GCC unroll 4
        for (int i = 0; i < m; i++) {
            __m256 x = _mm256_loadu_ps(a + i * lda);
#pragma GCC unroll 4
            for (int q = 0; q < n; q++) add_product(&sum[i][q], x, few[q]);
        }
    }
}

// c[i][q] (+)= a[i] . b[q] over k inputs for `m` rows of A and `n` of B.  m and n are constants
// of each caller: m x n accumulators.
INLINE void dots(float *c, int64_t ldc, const float *a, int64_t lda, const char *b, int64_t ldb,
                 int64_t k, bool add, const int m, const int n, const vise_dtype dtype) {
    const int64_t ahead = k < AHEAD / element(dtype) ? k : AHEAD / element(dtype);
    const char *next = b + ahead * element(dtype);
    __m256 sum[MOST][4];
#pragma GCC unroll 4
    for (int i = 0; i < m; i++) {
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) sum[i][q] = _mm256_setzero_ps();
    }
    int64_t i0 = 0;
    for (; i0 + LANES <= k; i0 += LANES) {
        if (i0 + ahead >= k && i0 + ahead < k + LANES) next += (n * ldb - k) * element(dtype);
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) {
            _mm_prefetch(next + (q * ldb + i0) * element(dtype), _MM_HINT_T0);
        }
        multiply(sum, a + i0, lda, b + i0 * element(dtype), ldb, m, n, dtype);
    }
    float whole[MOST][4]; // all of them first: no vector has to outlive a call below
#pragma GCC unroll 4
    for (int i = 0; i < m; i++) {
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) whole[i][q] = sum_lanes(sum[i][q]);
    }
    for (int i = 0; i < m; i++, c += ldc, a += lda) {
        for (int q = 0; q < n; q++) {
            const char *row = b + q * ldb * element(dtype);
            float dot = whole[i][q];
            for (int64_t t = i0; t < k; t++) dot += a[t] * right_at(row, t, dtype);
            c[q] = add ? c[q] + dot : dot;
        }
    }
}

INLINE void rows_of(float *c, int64_t ldc, const float *a, int64_t lda, int64_t m,
                    const char *b, int64_t ldb, int64_t k, bool add, const int n,
                    const vise_dtype dtype) {
    switch (m) {
    case 1: dots(c, ldc, a, lda, b, ldb, k, add, 1, n, dtype); break;
    case 2: dots(c, ldc, a, lda, b, ldb, k, add, 2, n, dtype); break;
    case 3: dots(c, ldc, a, lda, b, ldb, k, add, 3, n, dtype); break;
    default: dots(c, ldc, a, lda, b, ldb, k, add, 4, n, dtype); break;
    }
}

// All rows of A, in nearly equal groups, against n rows of B from j on.
INLINE void all_rows(const vise_gemm *g, const char *b, int64_t p, int64_t k, int64_t j,
                     const int n, const vise_dtype dtype) {
    const int64_t groups = (g->m + MOST - 1) / MOST;
    for (int64_t s = 0; s < groups; s++) {
        const int64_t i = s * g->m / groups, m = (s + 1) * g->m / groups - i;
        rows_of(g->c + i * g->ldc + j, g->ldc, g->a + i * g->lda + p, g->lda, m,
                b + (j * g->ldb + p) * element(dtype), g->ldb, k, g->add || p > 0, n, dtype);
    }
}

INLINE void few(const vise_gemm *g, const void *b, const vise_dtype dtype) {
    if (g->m == 0) return;
    const int64_t most = A_FLOATS / g->m / LANES * LANES;
    for (int64_t p = 0; p == 0 || p < g->k; p += most) {
        const int64_t k = g->k - p < most ? g->k - p : most;
        int64_t j = 0;
        for (; g->m < MOST && j + 4 <= g->n; j += 4) all_rows(g, b, p, k, j, 4, dtype);
        for (; g->m >= MOST && j + 3 <= g->n; j += 3) all_rows(g, b, p, k, j, 3, dtype);
        for (; j < g->n; j++) all_rows(g, b, p, k, j, 1, dtype);
    }
}

static void gemm_few(const vise_gemm *g) {
    few(g, g->b, VISE_F32);
}

static void gemm_few16(const vise_gemm *g, const uint16_t *b, vise_dtype dtype) {
    if (dtype == VISE_F16) {
        few(g, b, VISE_F16);
    } else {
        few(g, b, VISE_BF16);
    }
}

void vise_avx2_few_init(vise_kernels *k) {
    k->gemm_few = gemm_few;
    k->gemm_few16 = gemm_few16;
}
