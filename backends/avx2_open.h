// Private to the AVX2 files: weights of panels (engine/products.h) opened to f32, 8 channels
// at a time.  FLOAT8 comes out as 1 / VISE_AVX2_FLOAT8 of its value: its bits, moved to where
// those of an f32 are, mean the same, subnormals as well, but for the bias of the exponent,
// which is 7 instead of 127.

#ifndef VISE_AVX2_OPEN_H
#define VISE_AVX2_OPEN_H

#include "backends/avx2_tile.h"
#include "backends/ymm.h"

// Inputs that are opened at once, and how often that takes to open what lies together.
INLINE int open_unit(vise_panel_kind kind) {
    if (kind == VISE_PANEL_NIBBLE || kind == VISE_PANEL_INT8) return 4;
    return kind == VISE_PANEL_FLOAT8 ? 2 : 1;
}

INLINE int open_units(vise_panel_kind kind) {
    return kind == VISE_PANEL_NIBBLE ? 2 : 1;
}

// Each byte plus 128 becomes the lower end of 2^23, whose last bit is worth 1.
INLINE void open_int8(__m256 out[4], const void *w) {
    const __m256i upper = _mm256_castps_si256(_mm256_set1_ps(0x1p23f));
    const __m256 bias = _mm256_set1_ps(0x1p23f + 128);
    // The second and the third byte of every four, to the front.
    const __m256i second = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(1, -1, -1, -1, 5, -1, -1, -1, 9, -1, -1, -1, 13, -1, -1, -1));
    const __m256i third = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(2, -1, -1, -1, 6, -1, -1, -1, 10, -1, -1, -1, 14, -1, -1, -1));
    __m256i bytes = _mm256_xor_si256(ymm_load(w), _mm256_set1_epi8(-128));
    __m256i v[4] = {_mm256_and_si256(bytes, _mm256_set1_epi32(255)),
                    _mm256_shuffle_epi8(bytes, second), _mm256_shuffle_epi8(bytes, third),
                    _mm256_srli_epi32(bytes, 24)};
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_or_si256(v[i], upper);
        out[i] = _mm256_sub_ps(_mm256_castsi256_ps(v[i]), bias);
    }
}

INLINE void open_float8(__m256 out[2], const void *w) {
    // Every other byte of 16 to the top of a lane.
    const __m256i even = _mm256_setr_epi32(0x00ffffff, 0x02ffffff, 0x04ffffff, 0x06ffffff,
                                           0x08ffffff, 0x0affffff, 0x0cffffff, 0x0effffff);
    const __m256i odd = _mm256_add_epi32(even, _mm256_set1_epi32(0x01000000));
    const __m256i keep = _mm256_set1_epi32((int)0x87f00000);
    __m256i v = _mm256_broadcastsi128_si256(_mm_loadu_si128(w));
    __m256i e = _mm256_srai_epi32(_mm256_shuffle_epi8(v, even), 4);
    __m256i o = _mm256_srai_epi32(_mm256_shuffle_epi8(v, odd), 4);
    out[0] = _mm256_castsi256_ps(_mm256_and_si256(e, keep));
    out[1] = _mm256_castsi256_ps(_mm256_and_si256(o, keep));
}

// The lower nibbles of 32 bytes, or (part 1) the upper ones.  Three bits of a nibble choose
// from either half of the table, the fourth the half.
INLINE void open_nibble(__m256 out[4], const void *w, const __m256 table[2], const int part) {
    __m256i v = ymm_load(w);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        int bit = 8 * i + 4 * part;
        __m256i at = _mm256_srli_epi32(v, bit);
        __m256 lo = _mm256_permutevar8x32_ps(table[0], at);
        __m256 hi = _mm256_permutevar8x32_ps(table[1], at);
        __m256 half = _mm256_castsi256_ps(_mm256_slli_epi32(v, 28 - bit));
        out[i] = _mm256_blendv_ps(lo, hi, half);
    }
}

// Bytes of what lies together.
INLINE int open_bytes(vise_panel_kind kind) {
    switch (kind) {
    case VISE_PANEL_F32: return VISE_PANEL * 4;
    case VISE_PANEL_F16:
    case VISE_PANEL_BF16: return VISE_PANEL * 2;
    case VISE_PANEL_NIBBLE: return VISE_PANEL * 4;
    default: return VISE_PANEL * open_unit(kind);
    }
}

// Unit `part` of inputs k and on, channels from 8 v on.  `part` and `kind` are constants.
INLINE void open_inputs(__m256 out[4], const void *w, int64_t k, int v, const __m256 table[2],
                        const int part, const vise_panel_kind kind) {
    const char *at = w;
    switch (kind) {
    case VISE_PANEL_F16: out[0] = ymm_scales(VISE_F16, w, k * VISE_PANEL + 8 * v); break;
    case VISE_PANEL_BF16: out[0] = ymm_scales(VISE_BF16, w, k * VISE_PANEL + 8 * v); break;
    case VISE_PANEL_INT8: open_int8(out, at + k * VISE_PANEL + 32 * v); break;
    case VISE_PANEL_NIBBLE:
        open_nibble(out, at + k * VISE_PANEL / 2 + 32 * v, table, part);
        break;
    case VISE_PANEL_FLOAT8: open_float8(out, at + k * VISE_PANEL + 16 * v); break;
    default: out[0] = ymm_scales(VISE_F32, w, k * VISE_PANEL + 8 * v); break;
    }
}

#endif
