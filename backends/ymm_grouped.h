// Private to backends/: grouped_product of the levels with 256-bit registers: what goes through
// strips and blocks.

#ifndef VISE_YMM_GROUPED_H
#define VISE_YMM_GROUPED_H

#include "backends/ymm_grouped_tile.h"

// What a level does with the rows of a strip, once a block is open.
typedef void (*grouped_run)(const grouped_block *b, const grouped_rows *t);

static void grouped_open(grouped_block *b, bool codes) {
    const vise_grouped_product *p = b->p;
    int64_t at = b->first * VISE_PANEL;
    for (int64_t i = 0; i < b->groups * VISE_PANEL; i += 8) {
        _mm256_storeu_ps(b->scale + i, ymm_scales(p->scale_dtype, p->wscale, at + i));
    }
    for (int64_t i = 0; p->zeros && i < b->groups * VISE_PANEL; i++) {
        b->zero[i] = p->zeros[at + i];
    }
    int64_t pairs = codes ? b->groups * b->quads / 2 : 0;
    for (int64_t i = 0; i < pairs; i++) {
#pragma GCC unroll 6
        for (int v = 0; v < 4; v++) {
            __m256i lo, hi, *to = (__m256i *)b->codes + (v / 2 * pairs + i) * 4 + v % 2;
            open_nibbles(&lo, &hi, b->table, b->w + 128 * i + 32 * v);
            _mm256_storeu_si256(to, lo);
            _mm256_storeu_si256(to + 2, hi);
        }
    }
}

// The strips of a chunk, and what has been summed of them.
typedef struct grouped_chunk {
    int64_t first, end;
    _Alignas(64) float acc[YMM_CHUNK * VISE_PANEL];
    _Alignas(64) int32_t sum[YMM_CHUNK * VISE_PANEL];
} grouped_chunk;

// Inputs [k, k + 4 * quads) of the block's groups.
static void grouped_inputs(grouped_chunk *c, grouped_block *b, int64_t k, grouped_run run) {
    const vise_grouped_product *p = b->p;
    int64_t row = vise_strip_row(p->to.m, c->first);
    int64_t input = b->first * p->group + k;
    b->w = p->w + input / 2 * VISE_PANEL;
    b->fresh = k == 0;
    b->last = k + 4 * b->quads == p->group;
    grouped_open(b, vise_strip_row(p->to.m, c->end) - row > YMM_FEW);
    for (int64_t s = c->first; s < c->end; s++) {
        int64_t at = vise_strip_row(p->to.m, s);
        int64_t height = vise_strip_row(p->to.m, s + 1) - at;
        grouped_rows t;
        t.row = at;
        t.height = (int)height;
        t.x = p->x + at * p->groups * p->group + input * height;
        t.sum = c->sum + (at - row) * VISE_PANEL;
        t.acc = c->acc + (at - row) * VISE_PANEL;
        for (int64_t r = 0; r < height; r++) {
            const int32_t *xsum = p->xsum + (at + r) * p->groups + b->first;
            for (int64_t g = 0; g < b->groups; g++)
                t.base[r * GROUPED_GROUPS + g] = -p->zero * xsum[g];
        }
        run(b, &t);
    }
}

static void grouped_results(const grouped_chunk *c, const vise_grouped_product *p) {
    int64_t row = vise_strip_row(p->to.m, c->first), end = vise_strip_row(p->to.m, c->end);
    for (int64_t i = row; i < end; i++) {
        for (int j = 0; j < p->to.n; j += 8) {
            __m256 v = _mm256_loadu_ps(c->acc + (i - row) * VISE_PANEL + j);
            if (p->xrow) v = _mm256_mul_ps(v, _mm256_set1_ps(p->xrow[i]));
            if (p->wupper) v = _mm256_mul_ps(v, _mm256_loadu_ps(p->wupper + j));
            ymm_store(&p->to, i, j, v);
        }
    }
}

static void grouped_strips(const vise_grouped_product *p, grouped_block *b, grouped_run run) {
    const bool several = p->group > 0 && p->group < GROUPED_BLOCK; // a row may have no inputs
    const int64_t per = several ? GROUPED_BLOCK / p->group : 1;
    for (int64_t s = p->to.first; s < p->to.end; s += YMM_STRIPS) {
        grouped_chunk c;
        c.first = s;
        c.end = p->to.end - s < YMM_STRIPS ? p->to.end : s + YMM_STRIPS;
        int64_t rows = vise_strip_row(p->to.m, c.end) - vise_strip_row(p->to.m, s);
        memset(c.acc, 0, (size_t)rows * VISE_PANEL * sizeof(float));
        for (b->first = 0; b->first < p->groups; b->first += per) {
            b->groups = p->groups - b->first < per ? p->groups - b->first : per;
            for (int64_t k = 0; k < p->group; k += GROUPED_BLOCK) {
                b->quads = (p->group - k < GROUPED_BLOCK ? p->group - k : GROUPED_BLOCK) / 4;
                grouped_inputs(&c, b, k, run);
            }
        }
        grouped_results(&c, p);
    }
}

static void grouped_product_with(const vise_grouped_product *p, grouped_run run) {
    static const uint8_t same[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const uint8_t *table = p->table ? p->table : same;
    int most = 0;
    for (int i = 0; i < 16; i++) most = table[i] > most ? table[i] : most;
    grouped_block b;
    b.p = p;
    b.table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
    b.span = most < 16 ? 8 : most < 32 ? 4 : 0;
    grouped_strips(p, &b, run);
}

#endif
