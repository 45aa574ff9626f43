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

INLINE __mmask16 lanes_below(int64_t n) {
    if (n >= 16) return 0xffff;
    if (n <= 0) return 0;
    return (__mmask16)((1u << n) - 1);
}

// A row of a panel, the weights of one input or what becomes of them.
typedef struct channels {
    __m512 lo, hi;
} channels;

INLINE channels load_channels(const float *x) {
    return (channels){_mm512_loadu_ps(x), _mm512_loadu_ps(x + 16)};
}

INLINE __m512i load_bytes(const void *x) {
    return _mm512_loadu_si512(x);
}

INLINE channels open_f16(__m512i x) {
    return (channels){_mm512_cvtph_ps(_mm512_castsi512_si256(x)),
                      _mm512_cvtph_ps(_mm512_extracti64x4_epi64(x, 1))};
}

INLINE channels open_bf16(__m512i x) {
    __m512i lo = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(x));
    __m512i hi = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(x, 1));
    return (channels){_mm512_castsi512_ps(_mm512_slli_epi32(lo, 16)),
                      _mm512_castsi512_ps(_mm512_slli_epi32(hi, 16))};
}

// e4m3 in the upper bytes of 16-bit words, whatever the lower ones hold, to value /
// FLOAT8_FULL: its bits, moved down by one, are those of an f16, subnormals as well, but for
// the exponent's bias.
#define FLOAT8_FULL 256.0f
INLINE channels open_float8(__m512i x) {
    const __m512i keep = _mm512_set1_epi16((short)0xbf80);
    return open_f16(_mm512_and_si512(_mm512_srai_epi16(x, 1), keep));
}

// 32 scales or zeros of group g.
INLINE channels open_scales(vise_dtype dtype, const void *data, int64_t g) {
    const char *at = data;
    g *= VISE_PANEL;
    switch (dtype) {
    case VISE_F16: return open_f16(load_bytes(at + 2 * g));
    case VISE_BF16: return open_bf16(load_bytes(at + 2 * g));
    case VISE_F8E4M3: {
        __m256i bits = _mm256_loadu_si256((const void *)(at + g));
        channels s = open_float8(_mm512_slli_epi16(_mm512_cvtepu8_epi16(bits), 8));
        const __m512 full = _mm512_set1_ps(FLOAT8_FULL);
        return (channels){_mm512_mul_ps(s.lo, full), _mm512_mul_ps(s.hi, full)};
    }
    default: return load_channels((const float *)data + g);
    }
}

// y[row] = sum * upper (+ add) (+ bias).
static inline void store_row(const vise_product *to, int64_t row, const float *sum,
                             const float *upper) {
    const __mmask16 first = lanes_below(to->n), second = lanes_below(to->n - 16);
    channels v = load_channels(sum);
    if (upper) {
        channels scale = load_channels(upper);
        v = (channels){_mm512_mul_ps(v.lo, scale.lo), _mm512_mul_ps(v.hi, scale.hi)};
    }
    if (to->add) {
        const float *add = to->add + row * to->ldadd;
        v.lo = _mm512_add_ps(v.lo, _mm512_maskz_loadu_ps(first, add));
        v.hi = _mm512_add_ps(v.hi, _mm512_maskz_loadu_ps(second, add + 16));
    }
    if (to->bias) {
        v.lo = _mm512_add_ps(v.lo, _mm512_maskz_loadu_ps(first, to->bias));
        v.hi = _mm512_add_ps(v.hi, _mm512_maskz_loadu_ps(second, to->bias + 16));
    }
    float *y = to->y + row * to->ldy;
    _mm512_mask_storeu_ps(y, first, v.lo);
    _mm512_mask_storeu_ps(y + 16, second, v.hi);
}

#endif
