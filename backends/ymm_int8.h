// Private to backends/: int8_product of the levels with 256-bit registers.

#ifndef VISE_YMM_INT8_H
#define VISE_YMM_INT8_H

#include "backends/ymm.h"

enum { INT8_BLOCK = 256 }; // inputs: 8 KiB of weights

// How a level multiplies: sum[r][32] += x[r] * w over `quads` times four inputs, where x is
// still unsigned, of `rows` rows of one strip.
typedef struct int8_level {
    // Weights in memory.
    void (*few)(int32_t *sum, const uint8_t *x, const int8_t *w, int64_t quads, int rows);
    // Opened weights, more than YMM_FEW rows.
    void (*many)(int32_t *sum, const uint8_t *x, const void *w, int64_t quads, int rows);
    // Opens a block into `buffer`, of 64 bytes an input.  NULL: `many` takes it as it is.
    void (*open)(void *buffer, const int8_t *w, int64_t quads);
} int8_level;

static void int8_chunk(const vise_int8_product *p, const int8_level *level, int64_t first,
                       int64_t end) {
    int64_t row = vise_strip_row(p->to.m, first), rows = vise_strip_row(p->to.m, end) - row;
    _Alignas(64) int32_t sum[YMM_CHUNK * VISE_PANEL];
    _Alignas(64) uint8_t buffer[INT8_BLOCK * VISE_PANEL * 2];
    for (int64_t r = 0; r < rows; r++) {
        for (int j = 0; j < VISE_PANEL; j++) sum[r * VISE_PANEL + j] = -128 * p->wsum[j];
    }
    int64_t block = rows > YMM_FEW ? INT8_BLOCK : p->k;
    for (int64_t k = 0; k < p->k; k += block) {
        int64_t quads = (p->k - k < block ? p->k - k : block) / 4;
        const int8_t *w = p->w + k * VISE_PANEL;
        const void *opened = level->open ? (const void *)buffer : w;
        if (rows > YMM_FEW && level->open) level->open(buffer, w, quads);
        for (int64_t s = first; s < end; s++) {
            int64_t at = vise_strip_row(p->to.m, s);
            int height = (int)(vise_strip_row(p->to.m, s + 1) - at);
            const uint8_t *x = p->x + at * p->k + k * height;
            int32_t *to = sum + (at - row) * VISE_PANEL;
            if (rows > YMM_FEW) {
                level->many(to, x, opened, quads, height);
            } else {
                level->few(to, x, w, quads, height);
            }
        }
    }
    for (int64_t r = 0; r < rows; r++) {
        __m256 scale = _mm256_set1_ps(p->xscale[row + r]);
        for (int j = 0; j < p->to.n; j += 8) {
            __m256 s = _mm256_cvtepi32_ps(ymm_load(sum + r * VISE_PANEL + j));
            __m256 w = _mm256_loadu_ps(p->wscale + j);
            ymm_store(&p->to, row + r, j, _mm256_mul_ps(s, _mm256_mul_ps(scale, w)));
        }
    }
}

static void int8_strips(const vise_int8_product *p, const int8_level *level) {
    for (int64_t s = p->to.first; s < p->to.end; s += YMM_STRIPS) {
        int64_t left = p->to.end - s;
        int8_chunk(p, level, s, s + (left < YMM_STRIPS ? left : YMM_STRIPS));
    }
}

#endif
