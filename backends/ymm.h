// Private to backends/: what the products of the levels with 256-bit registers share.  Each
// file that includes it is compiled with its own flags.
//
// A product goes through the strips a chunk at a time and through the inputs a block at a
// time, so that a block of weights, opened once, stays in L1 for all strips of the chunk; what
// is not finished lies in a small array meanwhile.  Up to YMM_FEW rows are not worth that:
// they open the weights in registers.

#ifndef VISE_YMM_H
#define VISE_YMM_H

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "engine/products.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    YMM_FEW = 2,                         // rows that open weights in registers
    YMM_STRIPS = 8,                      // a chunk
    YMM_CHUNK = YMM_STRIPS * VISE_STRIP, // its rows
};

// Else gcc makes each use of a loaded vector a load of its own, more than there are ports for.
#define YMM_KEEP(v) __asm__("" : "+x"(v))

// Else gcc keeps all it has once read from there, in more registers than there are.
#define YMM_AGAIN(p) __asm__("" : "+r"(p))

// The rows and vectors of channels of a tile, both constants.
#define FOR_TILE(r, v, rows, vectors)                                                          \
    _Pragma("GCC unroll 6") for (int r = 0; r < rows; r++)                                     \
        _Pragma("GCC unroll 4") for (int v = 0; v < vectors; v++)

INLINE __m256i ymm_load(const void *p) {
    return _mm256_loadu_si256(p);
}

// Asks for weights that few rows will read soon, a cache line or two: they come from memory.
INLINE void ymm_ahead(const void *w, const int bytes) {
    enum { DISTANCE = 4096, LINE = 64 };
    _mm_prefetch((const char *)w + DISTANCE, _MM_HINT_T0);
    if (bytes > LINE) _mm_prefetch((const char *)w + DISTANCE + LINE, _MM_HINT_T0);
}

// The same four bytes in every lane.
INLINE __m256i ymm_four(const void *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm256_set1_epi32(four);
}

// 8 scales, or zeros, from element i on.
INLINE __m256 ymm_scales(vise_dtype dtype, const void *data, int64_t i) {
    if (dtype == VISE_F32) return _mm256_loadu_ps((const float *)data + i);
    if (dtype == VISE_F8E4M3) {
        // The bits of an e4m3 are those of an f16 but for the bias of the exponent, which is
        // 7 instead of 15.
        __m128i v = _mm_loadl_epi64((const __m128i *)((const uint8_t *)data + i));
        v = _mm_srai_epi16(_mm_unpacklo_epi8(_mm_setzero_si128(), v), 1);
        v = _mm_and_si128(v, _mm_set1_epi16((short)0xbf80));
        return _mm256_mul_ps(_mm256_cvtph_ps(v), _mm256_set1_ps(256));
    }
    __m128i v = _mm_loadu_si128((const __m128i *)((const uint16_t *)data + i));
    if (dtype == VISE_F16) return _mm256_cvtph_ps(v);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
}

// Stores 8 channels of row i from j on, those of them that exist.
INLINE void ymm_store(const vise_product *to, int64_t i, int j, __m256 v) {
    float *y = to->y + i * to->ldy + j;
    const float *add = to->add ? to->add + i * to->ldadd + j : NULL;
    const float *bias = to->bias ? to->bias + j : NULL;
    if (to->n - j >= 8) {
        if (add) v = _mm256_add_ps(v, _mm256_loadu_ps(add));
        if (bias) v = _mm256_add_ps(v, _mm256_loadu_ps(bias));
        _mm256_storeu_ps(y, v);
        return;
    }
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i some = _mm256_cmpgt_epi32(_mm256_set1_epi32(to->n - j), lane);
    if (add) v = _mm256_add_ps(v, _mm256_maskload_ps(add, some));
    if (bias) v = _mm256_add_ps(v, _mm256_maskload_ps(bias, some));
    _mm256_maskstore_ps(y, some, v);
}

// Tile `i` of a strip begins at this row, if tiles have at most `most`; they are of nearly
// equal height, so that only strips of one or two rows have tiles of one.
INLINE int ymm_tile_row(int height, int most, int i) {
    return i * height / ((height + most - 1) / most);
}

#endif
