// Private to the AVX2 files: products of f32 activations and weights of any kind, opened to
// f32 (avx2_tile.c).

#ifndef VISE_AVX2_TILE_H
#define VISE_AVX2_TILE_H

#include <immintrin.h>
#include <stdbool.h>

#include "engine/products.h"

// Weights of kind FLOAT8 come out as 1 / VISE_AVX2_FLOAT8 of their value.
#define VISE_AVX2_FLOAT8 0x1p120f

// Weights of a panel that share scales.
typedef struct segment {
    vise_panel_kind kind;
    const void *w;                             // of input 0
    int64_t k, end;                            // inputs
    __m256 table[2];                           // what nibbles stand for
    bool scaled;                               // if not, the values are left as they come out
    float scale[VISE_PANEL], zero[VISE_PANEL]; // value * scale + zero
} segment;

// Activations of a strip: input k of row r is at even or odd (by k) [k / 2 * step + r].
typedef struct activations {
    const float *even, *odd;
    int64_t step;
    int rows;
} activations;

// Opens the weights of a segment: out[inputs][32].
void vise_avx2_open(float *out, const segment *s);

// sum[r][32] += x w over inputs [k, end), k even, of three rows or more; `w` is opened,
// from k on.
void vise_avx2_many(float *sum, const activations *x, const float *w, int64_t k, int64_t end);

// The same over a segment, of one or two rows.
void vise_avx2_few(float *sum, const activations *x, const segment *s);

#endif
