// Private to the AVX2 files: weights of panels (engine/products.h) opened to f32, 8 channels
// at a time.  FLOAT8 comes out as 1 / VISE_AVX2_FLOAT8 of its value: its bits are those of an
// f16, subnormals as well, but for the bias of the exponent, which is 7 instead of 15.

#ifndef VISE_AVX2_OPEN_H
#define VISE_AVX2_OPEN_H

#include "backends/ymm.h"

// Inputs that are opened at once.
INLINE int open_unit(vise_panel_kind kind) {
    if (kind == VISE_PANEL_NIBBLE) return 8;
    if (kind == VISE_PANEL_INT8) return 4;
    return kind == VISE_PANEL_FLOAT8 ? 2 : 1;
}

INLINE void open_int8(__m256 out[4], const void *w) {
    __m256i v = ymm_load(w);
    __m256i odd = _mm256_srai_epi16(v, 8), even = _mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8);
    out[0] = _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(even, 16), 16));
    out[1] = _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(odd, 16), 16));
    out[2] = _mm256_cvtepi32_ps(_mm256_srai_epi32(even, 16));
    out[3] = _mm256_cvtepi32_ps(_mm256_srai_epi32(odd, 16));
}

INLINE void open_float8(__m256 out[2], const void *w) {
    const __m128i keep = _mm_set1_epi16((short)0xbf80);
    __m128i v = _mm_loadu_si128(w);
    __m128i even = _mm_srai_epi16(_mm_slli_epi16(v, 8), 1), odd = _mm_srai_epi16(v, 1);
    out[0] = _mm256_cvtph_ps(_mm_and_si128(even, keep));
    out[1] = _mm256_cvtph_ps(_mm_and_si128(odd, keep));
}

// The lower three bits of a nibble choose from either half of the table, the fourth the half.
INLINE void open_nibble(__m256 out[8], const void *w, const __m256 table[2]) {
    __m256i v = ymm_load(w);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        int bit = 8 * (i % 4) + 4 * (i / 4); // where the nibble of input i begins
        __m256i at = _mm256_srli_epi32(v, bit);
        __m256 lo = _mm256_permutevar8x32_ps(table[0], at);
        __m256 hi = _mm256_permutevar8x32_ps(table[1], at);
        __m256 half = _mm256_castsi256_ps(_mm256_slli_epi32(v, 28 - bit));
        out[i] = _mm256_blendv_ps(lo, hi, half);
    }
}

// Inputs k up to k + open_unit(kind), channels from 8 v on.  `kind` is a constant of callers.
INLINE void open_inputs(__m256 out[8], const void *w, int64_t k, int v, const __m256 table[2],
                        const vise_panel_kind kind) {
    const char *at = w;
    switch (kind) {
    case VISE_PANEL_F16: out[0] = ymm_scales(VISE_F16, w, k * VISE_PANEL + 8 * v); break;
    case VISE_PANEL_BF16: out[0] = ymm_scales(VISE_BF16, w, k * VISE_PANEL + 8 * v); break;
    case VISE_PANEL_INT8: open_int8(out, at + k * VISE_PANEL + 32 * v); break;
    case VISE_PANEL_NIBBLE: open_nibble(out, at + k * VISE_PANEL / 2 + 32 * v, table); break;
    case VISE_PANEL_FLOAT8: open_float8(out, at + k * VISE_PANEL + 16 * v); break;
    default: out[0] = ymm_scales(VISE_F32, w, k * VISE_PANEL + 8 * v); break;
    }
}

#endif
