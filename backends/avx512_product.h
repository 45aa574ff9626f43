// Private to backends/avx512_*.c: what the products of engine/products.h share there.

#ifndef VISE_AVX512_PRODUCT_H
#define VISE_AVX512_PRODUCT_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "engine/products.h"

// gcc spills accumulators that it need not keep in order: this line in a loop, for each of
// them, makes it hold them in registers.
#define PIN(x) __asm__("" : "+v"(x))

// For functions that are instantiated by constant arguments.
#define INLINE static inline __attribute__((always_inline))

// Four bytes in every lane.
INLINE __m512i broadcast4(const void *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32(four);
}

INLINE void prefetch(const void *x) {
    _mm_prefetch(x, _MM_HINT_T0);
}

// The rows that a tile will write, long before it does: they lie far apart, the stores would
// come one after the other, and each would wait for memory.
INLINE void prefetch_rows(const vise_product *to, int64_t row, int rows) {
    for (int r = 0; r < rows; r++) {
        const float *y = to->y + (row + r) * to->ldy;
        __asm__ volatile("prefetchw %0\n\tprefetchw %1" : : "m"(y[0]), "m"(y[16]));
    }
}

INLINE __mmask16 lanes_below(int n) {
    if (n >= 16) return 0xffff;
    if (n <= 0) return 0;
    return (__mmask16)((1u << n) - 1);
}

// The finished rows of a tile, 32 channels each, of which `n` exist.
static inline void store_rows(const vise_product *to, int64_t row, int rows,
                              float (*sum)[VISE_PANEL]) {
    const __mmask16 first = lanes_below(to->n), second = lanes_below(to->n - 16);
    for (int r = 0; r < rows; r++) {
        __m512 lo = _mm512_load_ps(sum[r]), hi = _mm512_load_ps(sum[r] + 16);
        if (to->add) {
            const float *add = to->add + (row + r) * to->ldadd;
            lo = _mm512_add_ps(lo, _mm512_maskz_loadu_ps(first, add));
            hi = _mm512_add_ps(hi, _mm512_maskz_loadu_ps(second, add + 16));
        }
        if (to->bias) {
            lo = _mm512_add_ps(lo, _mm512_maskz_loadu_ps(first, to->bias));
            hi = _mm512_add_ps(hi, _mm512_maskz_loadu_ps(second, to->bias + 16));
        }
        float *y = to->y + (row + r) * to->ldy;
        _mm512_mask_storeu_ps(y, first, lo);
        _mm512_mask_storeu_ps(y + 16, second, hi);
    }
}

#endif
