// f32 products of few rows with AVX-512.

#include <immintrin.h>

#include "backends/backends.h"

enum { LANES = 16 };

#define INLINE static inline __attribute__((always_inline))

// The lanes of elements i, i + 1, ... below n.
INLINE __mmask16 lanes_at(int64_t i, int64_t n) {
    if (n - i >= LANES) return 0xffff;
    return (__mmask16)((1u << (n - i)) - 1);
}

// Inputs are taken in blocks, so that a block of A stays in L1.  Its rows are laid out as
// [k / 16][m][16]: at their own stride, a power of two as a rule, they would share cache sets.
enum { A_FLOATS = 6144 };

static void copy_block(float *out, const vise_gemm *g, int64_t p, int64_t k) {
    for (int64_t i0 = 0; i0 < k; i0 += LANES) {
        __mmask16 some = lanes_at(i0, k);
        for (int64_t i = 0; i < g->m; i++, out += LANES) {
            _mm512_storeu_ps(out, _mm512_maskz_loadu_ps(some, g->a + i * g->lda + p + i0));
        }
    }
}

// c[i][j] (+)= a[i] . b[j] over `k` inputs, for `m` rows of A from `row` on and `n` of B from
// `j` on.  m, n and `total`, the rows of A, are constants of each
// caller: m x n accumulators.
INLINE void dots(const vise_gemm *g, const float *a, int64_t row, int64_t j, int64_t p,
                 int64_t k, bool add, const int m, const int n, const int total) {
    const float *b = g->b + j * g->ldb + p;
    a += row * LANES;
    __m512 sum[8][4];
#pragma GCC unroll 8
    for (int i = 0; i < m; i++) {
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) sum[i][q] = _mm512_setzero_ps();
    }
    for (int64_t i0 = 0; i0 < k; i0 += LANES, a += total * LANES) {
        __mmask16 some = lanes_at(i0, k);
        __m512 w[4];
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) { // the same inputs of the rows that come next
            _mm_prefetch((const char *)(b + (n + q) * g->ldb + i0), _MM_HINT_T0);
        }
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) w[q] = _mm512_maskz_loadu_ps(some, b + q * g->ldb + i0);
#pragma GCC unroll 8
        for (int i = 0; i < m; i++) {
            __m512 x = _mm512_loadu_ps(a + i * LANES);
#pragma GCC unroll 4
            for (int q = 0; q < n; q++) sum[i][q] = _mm512_fmadd_ps(x, w[q], sum[i][q]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < m; i++) {
#pragma GCC unroll 4
        for (int q = 0; q < n; q++) {
            float *c = g->c + (row + i) * g->ldc + j + q, dot = _mm512_reduce_add_ps(sum[i][q]);
            *c = add ? *c + dot : dot;
        }
    }
}

// The rows of B go by four at a time, each against the `total` rows of A, `m` at once: what
// comes from memory is read once.
INLINE void few(const vise_gemm *g, int64_t p, int64_t k, bool add, const int m,
                const int total) {
    float a[A_FLOATS];
    int64_t j = 0;
    copy_block(a, g, p, k);
    for (; j + 4 <= g->n; j += 4) {
        for (int row = 0; row < total; row += m) dots(g, a, row, j, p, k, add, m, 4, total);
    }
    for (; j < g->n; j++) {
        for (int row = 0; row < total; row += m) dots(g, a, row, j, p, k, add, m, 1, total);
    }
}

static void gemm_few(const vise_gemm *g) {
    if (g->m == 0) return;
    int64_t most = A_FLOATS / g->m / LANES * LANES;
    for (int64_t p = 0; p == 0 || p < g->k; p += most) {
        int64_t k = g->k - p < most ? g->k - p : most;
        bool add = g->add || p > 0;
        switch (g->m) {
        case 1: few(g, p, k, add, 1, 1); break;
        case 2: few(g, p, k, add, 2, 2); break;
        case 3: few(g, p, k, add, 3, 3); break;
        case 4: few(g, p, k, add, 4, 4); break;
        case 5: few(g, p, k, add, 5, 5); break;
        case 6: few(g, p, k, add, 6, 6); break;
        case 7: few(g, p, k, add, 7, 7); break;
        case 8: few(g, p, k, add, 4, 8); break;
        default: break;
        }
    }
}

void vise_avx512_few_init(vise_kernels *k) {
    k->gemm_few = gemm_few;
}
