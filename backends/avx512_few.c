// f32 products of few rows with AVX-512: four rows of B at a time, each against all rows of A,
// so that what comes from memory is read once.

#include <immintrin.h>

#include "backends/backends.h"

enum {
    LANES = 16,
    QUAD = 4,
    MOST = 6,        // rows of A at once: MOST x QUAD accumulators
    A_FLOATS = 8192, // of A in L1: inputs are taken in blocks
    AHEAD = 2048,    // bytes from what is multiplied to what is asked for, in each row of B
};

#define INLINE static inline __attribute__((always_inline))

INLINE int element(const vise_dtype dtype) {
    return dtype == VISE_F32 ? 4 : 2;
}

INLINE __m512 load_right(const char *b, __mmask16 some, const vise_dtype dtype) {
    if (dtype == VISE_F32) return _mm512_maskz_loadu_ps(some, b);
    __m256i x = _mm256_maskz_loadu_epi16(some, b);
    if (dtype == VISE_F16) return _mm512_cvtph_ps(x);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}

// The lanes of elements i, i + 1, ... below n.
INLINE __mmask16 lanes_at(int64_t i, int64_t n) {
    if (n - i >= LANES) return 0xffff;
    return (__mmask16)((1u << (n - i)) - 1);
}

// A block of A laid out as [k / 16][m][16]: at their own stride, a power of two as a rule, its
// rows would share cache sets.
static void copy_block(float *out, const vise_gemm *g, int64_t p, int64_t k) {
    for (int64_t i0 = 0; i0 < k; i0 += LANES) {
        __mmask16 some = lanes_at(i0, k);
        for (int64_t i = 0; i < g->m; i++, out += LANES) {
            _mm512_storeu_ps(out, _mm512_maskz_loadu_ps(some, g->a + i * g->lda + p + i0));
        }
    }
}

// The sums of the lanes of four vectors.
INLINE __m128 sum_lanes(const __m512 v[QUAD]) {
    __m512 x = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    __m512 y = _mm512_add_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    __m512d xd = _mm512_castps_pd(x), yd = _mm512_castps_pd(y);
    __m512 z = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(xd, yd)),
                             _mm512_castpd_ps(_mm512_unpackhi_pd(xd, yd)));
    __m256 h = _mm256_add_ps(_mm512_castps512_ps256(z), _mm512_extractf32x8_ps(z, 1));
    return _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
}

// c[i][q] (+)= a[i] . b[q] over k inputs for `m` rows of A, of `total` in the block, and `n` of
// B.  m and n are constants of each caller.
INLINE void dots(float *c, int64_t ldc, const float *a, int64_t total, const char *b,
                 int64_t ldb, int64_t k, bool add, const int m, const int n,
                 const vise_dtype dtype) {
    const int64_t ahead = k < AHEAD / element(dtype) ? k : AHEAD / element(dtype);
    const char *next = b + ahead * element(dtype);
    __m512 sum[MOST][QUAD];
#pragma GCC unroll 6
    for (int i = 0; i < m; i++) {
#pragma GCC unroll 4
        for (int q = 0; q < QUAD; q++) sum[i][q] = _mm512_setzero_ps();
    }
    for (int64_t i0 = 0; i0 < k; i0 += LANES, a += total * LANES) {
        const __mmask16 some = lanes_at(i0, k);
        if (i0 + ahead >= k && i0 + ahead < k + LANES) next += (n * ldb - k) * element(dtype);
        __m512 w[QUAD];
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) {
            const int64_t row = q * ldb * element(dtype);
            _mm_prefetch(next + row, _MM_HINT_T0);
            w[q] = load_right(b + row, some, dtype);
        }
        b += LANES * element(dtype);
        next += LANES * element(dtype);
#pragma GCC unroll 6
        for (int i = 0; i < m; i++) {
            __m512 x = _mm512_loadu_ps(a + i * LANES);
#pragma GCC unroll 4
            for (int q = 0; q < n; q++) sum[i][q] = _mm512_fmadd_ps(x, w[q], sum[i][q]);
        }
    }
    const __mmask8 stored = (__mmask8)((1 << n) - 1);
#pragma GCC unroll 6
    for (int i = 0; i < m; i++, c += ldc) {
        __m128 dot = sum_lanes(sum[i]);
        if (add) dot = _mm_add_ps(_mm_maskz_loadu_ps(stored, c), dot);
        _mm_mask_storeu_ps(c, stored, dot);
    }
}

INLINE void rows_of(float *c, int64_t ldc, const float *a, int64_t m, int64_t total,
                    const char *b, int64_t ldb, int64_t k, bool add, const int n,
                    const vise_dtype dtype) {
    switch (m) {
    case 1: dots(c, ldc, a, total, b, ldb, k, add, 1, n, dtype); break;
    case 2: dots(c, ldc, a, total, b, ldb, k, add, 2, n, dtype); break;
    case 3: dots(c, ldc, a, total, b, ldb, k, add, 3, n, dtype); break;
    case 4: dots(c, ldc, a, total, b, ldb, k, add, 4, n, dtype); break;
    case 5: dots(c, ldc, a, total, b, ldb, k, add, 5, n, dtype); break;
    default: dots(c, ldc, a, total, b, ldb, k, add, 6, n, dtype); break;
    }
}

// All rows of A, in nearly equal groups, against n rows of B from j on.
INLINE void all_rows(const vise_gemm *g, const float *a, const char *b, int64_t p, int64_t k,
                     int64_t j, const int n, const vise_dtype dtype) {
    const int64_t groups = (g->m + MOST - 1) / MOST;
    for (int64_t s = 0; s < groups; s++) {
        const int64_t i = s * g->m / groups, m = (s + 1) * g->m / groups - i;
        rows_of(g->c + i * g->ldc + j, g->ldc, a + i * LANES, m, g->m,
                b + (j * g->ldb + p) * element(dtype), g->ldb, k, g->add || p > 0, n, dtype);
    }
}

INLINE void few(const vise_gemm *g, const void *b, const vise_dtype dtype) {
    float a[A_FLOATS];
    if (g->m == 0) return;
    const int64_t most = A_FLOATS / g->m / LANES * LANES;
    for (int64_t p = 0; p == 0 || p < g->k; p += most) {
        const int64_t k = g->k - p < most ? g->k - p : most;
        int64_t j = 0;
        copy_block(a, g, p, k);
        for (; j + QUAD <= g->n; j += QUAD) all_rows(g, a, b, p, k, j, QUAD, dtype);
        for (; j < g->n; j++) all_rows(g, a, b, p, k, j, 1, dtype);
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

void vise_avx512_few_init(vise_kernels *k) {
    k->gemm_few = gemm_few;
    k->gemm_few16 = gemm_few16;
}
