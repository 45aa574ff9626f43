// Private to the AVX-512 files: what the products of f32 and of float8 strips share.  A row of
// a panel, the weights of one input or what becomes of them, is 32 channels: `lo` and `hi`.

#ifndef VISE_AVX512_PANELS_H
#define VISE_AVX512_PANELS_H

#include <immintrin.h>
#include <string.h>

#include "engine/products.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    CHUNK = 44, // strips whose sums wait in a buffer while a block of inputs is in L1, 66 KiB
    CHUNK_ROWS = CHUNK * VISE_STRIP,
    AHEAD = 12288, // bytes from what is multiplied to what is asked for
};

typedef float sums[VISE_PANEL]; // of one row

static inline int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

typedef struct channels {
    __m512 lo, hi;
} channels;

INLINE __mmask16 lanes_below(int64_t n) {
    if (n >= 16) return 0xffff;
    if (n <= 0) return 0;
    return (__mmask16)((1u << n) - 1);
}

INLINE channels load_channels(const float *x) {
    return (channels){_mm512_loadu_ps(x), _mm512_loadu_ps(x + 16)};
}

INLINE channels same_channels(float x) {
    return (channels){_mm512_set1_ps(x), _mm512_set1_ps(x)};
}

// sum += v * scale.
INLINE void add_scaled(float *sum, channels v, __m512 lo, __m512 hi) {
    channels to = load_channels(sum);
    _mm512_storeu_ps(sum, _mm512_fmadd_ps(v.lo, lo, to.lo));
    _mm512_storeu_ps(sum + 16, _mm512_fmadd_ps(v.hi, hi, to.hi));
}

// Accumulators of a few rows, [set][row]: enough of them to hide the latency.
INLINE int sets_of(const int rows) {
    return rows == 1 ? 4 : rows < 4 ? 2 : 1;
}

INLINE void fold_sets(channels *sum, const int rows) {
#pragma GCC unroll 12
    for (int i = rows; i < sets_of(rows) * rows; i++) {
        sum[i % rows].lo = _mm512_add_ps(sum[i % rows].lo, sum[i].lo);
        sum[i % rows].hi = _mm512_add_ps(sum[i % rows].hi, sum[i].hi);
    }
}

INLINE __m512i load_bytes(const void *x) {
    return _mm512_loadu_si512(x);
}

// Two 16-bit numbers in every lane.
INLINE __m512i two_halves(const uint16_t *x) {
    int32_t two;
    memcpy(&two, x, sizeof two);
    return _mm512_set1_epi32(two);
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

// Weights are opened a piece at a time: the fewest inputs whose bytes no others share.
INLINE int piece_inputs(const vise_panel_kind kind) {
    switch (kind) {
    case VISE_PANEL_INT8: return 4;
    case VISE_PANEL_NIBBLE: return 8;
    case VISE_PANEL_FLOAT8: return 2;
    default: return 1;
    }
}

INLINE int piece_bytes(const vise_panel_kind kind) {
    switch (kind) {
    case VISE_PANEL_F16:
    case VISE_PANEL_BF16:
    case VISE_PANEL_FLOAT8: return 64;
    default: return 128;
    }
}

// Byte i of every 32-bit lane as a number.
INLINE __m512 signed_byte(__m512i x, const int i) {
    return _mm512_cvtepi32_ps(
        _mm512_srai_epi32(_mm512_slli_epi32(x, (unsigned)(24 - 8 * i)), 24));
}

// The bytes of a piece.
typedef struct piece {
    __m512i lo, hi;
} piece;

INLINE piece load_piece(const char *w, const vise_panel_kind kind) {
    __m512i lo = load_bytes(w);
    return (piece){lo, piece_bytes(kind) > 64 ? load_bytes(w + 64) : lo};
}

// Input i of a piece, without scale; of FLOAT8 divided by FLOAT8_FULL.
INLINE channels open_input(piece w, __m512 table, const vise_panel_kind kind, const int i) {
    const unsigned nibble = (unsigned)(i < 4 ? 8 * i : 8 * i - 28);
    switch (kind) {
    case VISE_PANEL_F16: return open_f16(w.lo);
    case VISE_PANEL_BF16: return open_bf16(w.lo);
    case VISE_PANEL_INT8: return (channels){signed_byte(w.lo, i), signed_byte(w.hi, i)};
    case VISE_PANEL_NIBBLE: // vpermps looks at the low four bits alone
        return (channels){_mm512_permutexvar_ps(_mm512_srli_epi32(w.lo, nibble), table),
                          _mm512_permutexvar_ps(_mm512_srli_epi32(w.hi, nibble), table)};
    case VISE_PANEL_FLOAT8: return open_float8(i == 0 ? _mm512_slli_epi16(w.lo, 8) : w.lo);
    default: return (channels){_mm512_castsi512_ps(w.lo), _mm512_castsi512_ps(w.hi)};
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
