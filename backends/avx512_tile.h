// Private to the AVX-512 files: the tile all their f32 products are made of.

#ifndef VISE_AVX512_TILE_H
#define VISE_AVX512_TILE_H

#include <stdbool.h>
#include <stdint.h>

// c[i][j] (+)= sum over p of a[p][i] * b[p][j] for `rows` (1 to 12) rows and 32 columns;
// a is [k][rows], b is [k][32].
void vise_avx512_tile(float *c, int64_t ldc, const float *a, const float *b, int64_t k,
                      bool add, int64_t rows);

#endif
