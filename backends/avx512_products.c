// f32 products with AVX-512.

#include <immintrin.h>

#include "backends/backends.h"
#include "backends/blocked.h"

enum { LANES = 16, MR = 12, NR = 2 * LANES };

#define INLINE static inline __attribute__((always_inline))

static void tile_product(float *tile, const float *a, const float *b, int64_t k) {
    __m512 lo[MR], hi[MR];
#pragma GCC unroll 12
    for (int i = 0; i < MR; i++) lo[i] = hi[i] = _mm512_setzero_ps();
    for (int64_t p = 0; p < k; p++, a += MR, b += NR) {
        __m512 b0 = _mm512_loadu_ps(b), b1 = _mm512_loadu_ps(b + LANES);
#pragma GCC unroll 12
        for (int i = 0; i < MR; i++) {
            __m512 v = _mm512_set1_ps(a[i]);
            lo[i] = _mm512_fmadd_ps(v, b0, lo[i]);
            hi[i] = _mm512_fmadd_ps(v, b1, hi[i]);
            __asm__("" : "+v"(lo[i]), "+v"(hi[i])); // else gcc spills them in every step
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < MR; i++) {
        _mm512_storeu_ps(tile + i * NR, lo[i]);
        _mm512_storeu_ps(tile + i * NR + LANES, hi[i]);
    }
}

static void gemm(const vise_gemm *g) {
    static const vise_microkernel micro = {MR, NR, tile_product};
    vise_blocked_gemm(g, &micro);
}

// The lanes of elements i, i + 1, ... below n.
INLINE __mmask16 lanes_at(int64_t i, int64_t n) {
    if (n - i >= LANES) return 0xffff;
    return (__mmask16)((1u << (n - i)) - 1);
}

// c[i][j] (+)= a[i] . b[j] over `k` inputs, for `m` rows of A and `n` of B, constants of each
// caller: m x n accumulators.
INLINE void dots(const vise_gemm *g, int64_t j, int64_t p, int64_t k, bool add, const int m,
                 const int n) {
    const float *a = g->a + p, *b = g->b + j * g->ldb + p;
    __m512 sum[8][4];
#pragma GCC unroll 8
    for (int i = 0; i < m; i++) {
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) sum[i][q] = _mm512_setzero_ps();
    }
    for (int64_t i0 = 0; i0 < k; i0 += LANES) {
        __mmask16 some = lanes_at(i0, k);
        __m512 w[4];
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) w[q] = _mm512_maskz_loadu_ps(some, b + q * g->ldb + i0);
#pragma GCC unroll 8
        for (int i = 0; i < m; i++) {
            __m512 x = _mm512_maskz_loadu_ps(some, a + i * g->lda + i0);
#pragma GCC unroll 4
            for (int q = 0; q < n; q++) sum[i][q] = _mm512_fmadd_ps(x, w[q], sum[i][q]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < m; i++) {
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) {
            float *c = g->c + i * g->ldc + j + q, dot = _mm512_reduce_add_ps(sum[i][q]);
            *c = add ? *c + dot : dot;
        }
    }
}

// The rows of B go by three or four at a time, each against every row of A: B is read once.
INLINE void few(const vise_gemm *g, int64_t p, int64_t k, bool add, const int m, const int n) {
    int64_t j = 0;
    for (; j + n <= g->n; j += n) dots(g, j, p, k, add, m, n);
    for (; j < g->n; j++) dots(g, j, p, k, add, m, 1);
}

// Inputs are taken in blocks, so that this much of A stays in L2.
enum { A_FLOATS = 32768 };

static void gemm_few(const vise_gemm *g) {
    if (g->m == 0) return;
    int64_t most = A_FLOATS / g->m / LANES * LANES;
    for (int64_t p = 0; p == 0 || p < g->k; p += most) {
        int64_t k = g->k - p < most ? g->k - p : most;
        bool add = g->add || p > 0;
        switch (g->m) {
        case 1: few(g, p, k, add, 1, 4); break;
        case 2: few(g, p, k, add, 2, 4); break;
        case 3: few(g, p, k, add, 3, 4); break;
        case 4: few(g, p, k, add, 4, 4); break;
        case 5: few(g, p, k, add, 5, 4); break;
        case 6: few(g, p, k, add, 6, 4); break;
        case 7: few(g, p, k, add, 7, 3); break;
        case 8: few(g, p, k, add, 8, 3); break;
        default: break;
        }
    }
}

void vise_avx512_products_init(vise_kernels *k) {
    k->gemm = gemm;
    k->gemm_few = gemm_few;
}
