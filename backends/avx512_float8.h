// Private to the AVX-512 files: float8_product around the one step in which CPUs differ.
//
// Weights are opened in registers each time a strip meets them, and a block of inputs of the
// panel stays in L1 while all strips run over it.

#ifndef VISE_AVX512_FLOAT8_H
#define VISE_AVX512_FLOAT8_H

#include <string.h>

#include "backends/avx512_panels.h"

// sum[r] += the two inputs at `x`, [rows][2], times those at `w`, / FLOAT8_FULL.
typedef void (*float8_step)(channels *sum, const uint16_t *x, const uint8_t *w, int rows);

enum { FLOAT8_BLOCK = 512 }; // inputs taken at a time

// acc[r] += xscale[r] * wscale * the sum over n inputs of a group.
INLINE void float8_group(sums *acc, const uint16_t *x, const uint8_t *w, int64_t n,
                         const float *xscale, int64_t ldscale, const float *wscale,
                         const float8_step step, const int rows) {
    const int sets = sets_of(rows);
    const __m512 full = _mm512_set1_ps(FLOAT8_FULL);
    channels sum[VISE_STRIP];
#pragma GCC unroll 12
    for (int r = 0; r < sets * rows; r++) sum[r] = same_channels(0);
    for (; n >= 2 * sets; n -= 2 * sets) {
#pragma GCC unroll 4
        for (int s = 0; s < sets; s++, x += 2 * rows, w += 64) step(sum + s * rows, x, w, rows);
    }
    for (; n > 0; n -= 2, x += 2 * rows, w += 64) step(sum, x, w, rows);
    fold_sets(sum, rows);
    channels s = load_channels(wscale);
    s = (channels){_mm512_mul_ps(s.lo, full), _mm512_mul_ps(s.hi, full)};
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++, xscale += ldscale) {
        const __m512 mine = _mm512_set1_ps(*xscale);
        add_scaled(acc[r], sum[r], _mm512_mul_ps(mine, s.lo), _mm512_mul_ps(mine, s.hi));
    }
}

// acc[r] += the inputs [from, end) of the strip that begins with `row`.
INLINE void float8_block(sums *acc, const vise_float8_product *p, int64_t row, int64_t from,
                         int64_t end, const float8_step step, const int rows) {
    const uint16_t *x = p->x + row * p->groups * p->group;
    for (int64_t g = from / p->group; from < end; g++) {
        int64_t n = smaller((g + 1) * p->group, end) - from;
        float8_group(acc, x + from * rows, p->w + from * VISE_PANEL, n,
                     p->xscale + row * p->groups + g, p->groups, p->wscale + g * VISE_PANEL,
                     step, rows);
        from += n;
    }
}

INLINE void float8_strip(sums *acc, const vise_float8_product *p, int64_t row, int64_t from,
                         int64_t end, int64_t rows, const float8_step step) {
    switch (rows) {
    case 1: float8_block(acc, p, row, from, end, step, 1); break;
    case 2: float8_block(acc, p, row, from, end, step, 2); break;
    case 3: float8_block(acc, p, row, from, end, step, 3); break;
    case 4: float8_block(acc, p, row, from, end, step, 4); break;
    case 5: float8_block(acc, p, row, from, end, step, 5); break;
    case 6: float8_block(acc, p, row, from, end, step, 6); break;
    case 7: float8_block(acc, p, row, from, end, step, 7); break;
    case 8: float8_block(acc, p, row, from, end, step, 8); break;
    case 9: float8_block(acc, p, row, from, end, step, 9); break;
    case 10: float8_block(acc, p, row, from, end, step, 10); break;
    case 11: float8_block(acc, p, row, from, end, step, 11); break;
    default: float8_block(acc, p, row, from, end, step, 12); break;
    }
}

INLINE void float8_chunk(const vise_float8_product *p, int64_t first, int64_t end,
                         const float8_step step) {
    _Alignas(64) sums acc[CHUNK_ROWS];
    const int64_t inputs = p->groups * p->group, m = p->to.m;
    const int64_t row0 = vise_strip_row(m, first), rows = vise_strip_row(m, end) - row0;
    memset(acc, 0, (size_t)rows * sizeof *acc);
    for (int64_t k = 0; k < inputs; k += FLOAT8_BLOCK) {
        for (int64_t s = first; s < end; s++) {
            int64_t row = vise_strip_row(m, s), height = vise_strip_row(m, s + 1) - row;
            float8_strip(acc + row - row0, p, row, k, smaller(k + FLOAT8_BLOCK, inputs), height,
                         step);
        }
    }
    for (int64_t i = 0; i < rows; i++) store_row(&p->to, row0 + i, acc[i], NULL);
}

INLINE void float8_strips(const vise_float8_product *p, const float8_step step) {
    for (int64_t s = p->to.first; s < p->to.end; s += CHUNK) {
        float8_chunk(p, s, smaller(s + CHUNK, p->to.end), step);
    }
}

#endif
