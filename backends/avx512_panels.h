// Private to the AVX-512 files: what the products of f32 and of float8 strips share.

#ifndef VISE_AVX512_PANELS_H
#define VISE_AVX512_PANELS_H

#include "backends/avx512_product.h"

enum {
    CHUNK = 44, // strips whose sums wait in a buffer while a block of inputs is in L1, 66 KiB
    CHUNK_ROWS = CHUNK * VISE_STRIP,
    AHEAD = 12288, // bytes from what is multiplied to what is asked for
};

typedef float sums[VISE_PANEL]; // of one row

static inline int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
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

#endif
