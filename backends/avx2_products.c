// f32 products with AVX2 and FMA.

#include <immintrin.h>

#include "backends/backends.h"
#include "backends/blocked.h"

enum { LANES = 8, MR = 6, NR = 2 * LANES };

#define INLINE static inline __attribute__((always_inline))

INLINE void tile(float *c, int64_t ldc, const float *a, const float *b, int64_t k, bool add,
                 const int rows) {
    __m256 lo[MR], hi[MR];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
        lo[i] = hi[i] = _mm256_setzero_ps();
        _mm_prefetch((const char *)(c + i * ldc), _MM_HINT_T0);
    }
    for (int64_t p = 0; p < k; p++, a += rows, b += NR) {
        __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + LANES);
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) {
            __m256 v = _mm256_set1_ps(a[i]);
            lo[i] = _mm256_fmadd_ps(v, b0, lo[i]);
            hi[i] = _mm256_fmadd_ps(v, b1, hi[i]);
            __asm__("" : "+v"(lo[i]), "+v"(hi[i])); // else gcc spills them in every step
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++, c += ldc) {
        if (add) {
            lo[i] = _mm256_add_ps(_mm256_loadu_ps(c), lo[i]);
            hi[i] = _mm256_add_ps(_mm256_loadu_ps(c + LANES), hi[i]);
        }
        _mm256_storeu_ps(c, lo[i]);
        _mm256_storeu_ps(c + LANES, hi[i]);
    }
}

static void run(float *c, int64_t ldc, const float *a, const float *b, int64_t k, int rows,
                bool add) {
    switch (rows) {
    case 1: tile(c, ldc, a, b, k, add, 1); break;
    case 2: tile(c, ldc, a, b, k, add, 2); break;
    case 3: tile(c, ldc, a, b, k, add, 3); break;
    case 4: tile(c, ldc, a, b, k, add, 4); break;
    case 5: tile(c, ldc, a, b, k, add, 5); break;
    default: tile(c, ldc, a, b, k, add, 6); break;
    }
}

static void copy(float *out, int width, const float *x, int64_t ldx, int count, int64_t depth) {
    for (int64_t p = 0; p < depth; p++, out += width, x += ldx) {
        for (int i = 0; i < width; i++) out[i] = i < count ? x[i] : 0;
    }
}

// out[p][i] = x[i][p] for 8 rows and columns.
INLINE void transpose_square(float *out, int width, const float *x, int64_t ldx) {
    __m256 r[LANES], t[LANES];
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i++) r[i] = _mm256_loadu_ps(x + i * ldx);
#pragma GCC unroll 4
    for (int i = 0; i < LANES; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < LANES; i += 4) {
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            r[i + 2 * h] = _mm256_shuffle_ps(t[i + h], t[i + 2 + h], 0x44);
            r[i + 2 * h + 1] = _mm256_shuffle_ps(t[i + h], t[i + 2 + h], 0xee);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(out + i * width, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        _mm256_storeu_ps(out + (i + 4) * width, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
}

// Squares as far as they go, the rest one by one.
static void transpose(float *out, int width, const float *x, int64_t ldx, int count,
                      int64_t depth) {
    const int rows = count / LANES * LANES;
    const int64_t whole = depth / LANES * LANES;
    for (int64_t p = 0; p < whole; p += LANES) {
        for (int i = 0; i < rows; i += LANES) {
            transpose_square(out + p * width + i, width, x + i * ldx + p, ldx);
        }
    }
    for (int64_t p = 0; p < depth; p++) {
        for (int i = p < whole ? rows : 0; i < width; i++) {
            out[p * width + i] = i < count ? x[i * ldx + p] : 0;
        }
    }
}

static void gemm(const vise_gemm *g) {
    static const vise_microkernel micro = {MR, NR, run, transpose, copy};
    vise_blocked_gemm(g, &micro);
}

void vise_avx2_products_init(vise_kernels *k) {
    k->gemm = gemm;
}
