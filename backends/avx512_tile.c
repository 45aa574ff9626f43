#include "backends/avx512_tile.h"

#include <immintrin.h>

enum { LANES = 16, COLUMNS = 2 * LANES };

#define INLINE static inline __attribute__((always_inline))

INLINE void tile(float *c, int64_t ldc, const float *a, const float *b, int64_t k, bool add,
                 const int rows) {
    __m512 lo[12], hi[12];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        lo[i] = hi[i] = _mm512_setzero_ps();
        _mm_prefetch((const char *)(c + i * ldc), _MM_HINT_T0);
        _mm_prefetch((const char *)(c + i * ldc + LANES), _MM_HINT_T0);
    }
    for (int64_t p = 0; p < k; p++, a += rows, b += COLUMNS) {
        __m512 b0 = _mm512_loadu_ps(b), b1 = _mm512_loadu_ps(b + LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            __m512 v = _mm512_set1_ps(a[i]);
            lo[i] = _mm512_fmadd_ps(v, b0, lo[i]);
            hi[i] = _mm512_fmadd_ps(v, b1, hi[i]);
            __asm__("" : "+v"(lo[i]), "+v"(hi[i])); // else gcc spills them in every step
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++, c += ldc) {
        if (add) {
            lo[i] = _mm512_add_ps(_mm512_loadu_ps(c), lo[i]);
            hi[i] = _mm512_add_ps(_mm512_loadu_ps(c + LANES), hi[i]);
        }
        _mm512_storeu_ps(c, lo[i]);
        _mm512_storeu_ps(c + LANES, hi[i]);
    }
}

void vise_avx512_tile(float *c, int64_t ldc, const float *a, const float *b, int64_t k,
                      bool add, int64_t rows) {
    switch (rows) {
    case 1: tile(c, ldc, a, b, k, add, 1); break;
    case 2: tile(c, ldc, a, b, k, add, 2); break;
    case 3: tile(c, ldc, a, b, k, add, 3); break;
    case 4: tile(c, ldc, a, b, k, add, 4); break;
    case 5: tile(c, ldc, a, b, k, add, 5); break;
    case 6: tile(c, ldc, a, b, k, add, 6); break;
    case 7: tile(c, ldc, a, b, k, add, 7); break;
    case 8: tile(c, ldc, a, b, k, add, 8); break;
    case 9: tile(c, ldc, a, b, k, add, 9); break;
    case 10: tile(c, ldc, a, b, k, add, 10); break;
    case 11: tile(c, ldc, a, b, k, add, 11); break;
    default: tile(c, ldc, a, b, k, add, 12); break;
    }
}
