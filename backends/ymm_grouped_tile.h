// Private to backends/: tiles of grouped_product with 256-bit registers, one strip and one
// block of inputs.
//
// Sums go in 32-bit lanes if the level has vpdpbusd.  If not, as 16-bit numbers as far as they
// cannot overflow: `span` fours of inputs, of which each lane adds two products up to
// table * 128 from vpmaddubsw:
//   table up to 15: 8 * 2 * 15 * 128 = 30,720     up to 31: 4 * 2 * 31 * 128 = 31,744
// With a larger one, up to 2 * 127 * 128 = 32,512, each product is widened at once.

#ifndef VISE_YMM_GROUPED_TILE_H
#define VISE_YMM_GROUPED_TILE_H

#include "backends/ymm.h"

enum {
    GROUPED_BLOCK = 512,                // inputs: 16 KiB of opened weights
    GROUPED_GROUPS = GROUPED_BLOCK / 8, // the most groups of them
#ifdef __AVXVNNI__
    GROUPED_ROWS = 6, // a tile: 12 sums, two weights and an activation
#else
    GROUPED_ROWS = 4, // room for products on their way to the sums, too
#endif
};

// Whole groups or, of one that is longer than a block, a piece.
typedef struct grouped_block {
    _Alignas(64) uint8_t codes[GROUPED_BLOCK * VISE_PANEL]; // opened: [2][groups][quads][16][4]
    float scale[GROUPED_GROUPS * VISE_PANEL];               // [groups][32]
    int32_t zero[GROUPED_GROUPS * VISE_PANEL];              // the same; if they differ
    const vise_grouped_product *p;
    int64_t first, groups, quads; // groups; fours of inputs in each
    bool fresh, last;             // is this the first, the last piece of its group?
    int64_t span;                 // 0: sums have 32 bits
    __m256i table;                // what a nibble stands for, in either half
    const uint8_t *w;             // codes in memory
} grouped_block;

// Some rows of a strip.
typedef struct grouped_rows {
    const int8_t *x; // from the block's first input on
    int32_t base[VISE_STRIP *
                 GROUPED_GROUPS]; // [height][groups]: -zero * sum of x, if one zero serves all
    int64_t row;
    int height;   // of the strip
    int32_t *sum; // [rows][32]: what has been summed of a group
    float *acc;   // [rows][32]: what has been summed of groups
} grouped_rows;

// Adds the products of four inputs: to a 32-bit lane, or (narrow) to two 16-bit ones.
INLINE __m256i grouped_dot(__m256i acc, __m256i w, __m256i x, const bool narrow) {
    if (narrow) return _mm256_add_epi16(acc, _mm256_maddubs_epi16(w, x));
#ifdef __AVXVNNI__
    return _mm256_dpbusd_avx_epi32(acc, w, x);
#else
    __m256i two = _mm256_maddubs_epi16(w, x);
    return _mm256_add_epi32(acc, _mm256_madd_epi16(two, _mm256_set1_epi16(1)));
#endif
}

// The same for some rows and vectors v and v + 1 of the channels.
INLINE void grouped_dots(__m256i acc[6][4], const int v, __m256i w0, __m256i w1,
                         const int8_t *x, const int rows, const bool narrow) {
    YMM_KEEP(w0);
    YMM_KEEP(w1);
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        __m256i four = ymm_four(x + 4 * r);
        acc[r][v] = grouped_dot(acc[r][v], w0, four, narrow);
        acc[r][v + 1] = grouped_dot(acc[r][v + 1], w1, four, narrow);
        __asm__(""
                : "+x"(acc[r][v]), "+x"(acc[r][v + 1])); // else gcc spills them in every step
    }
}

// The first four inputs of each lane's eight, and the second ones.
INLINE void open_nibbles(__m256i *lo, __m256i *hi, __m256i table, const void *w) {
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i both = ymm_load(w);
    *lo = _mm256_shuffle_epi8(table, _mm256_and_si256(both, nibble));
    *hi = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble));
}

// acc += x * w for `pairs` pairs of quads.  Weights of two vectors are opened, of four not.
INLINE void grouped_multiply(__m256i acc[6][4], const grouped_block *b, const int8_t *x,
                             int height, const uint8_t *w, int64_t pairs, const int rows,
                             const int vectors, const bool narrow) {
    for (int64_t i = 0; i < pairs; i++, w += 128, x += 8 * height) {
        if (vectors == 2) {
            const int8_t *next = x + 4 * height;
            grouped_dots(acc, 0, ymm_load(w), ymm_load(w + 32), x, rows, narrow);
            grouped_dots(acc, 0, ymm_load(w + 64), ymm_load(w + 96), next, rows, narrow);
            continue;
        }
        ymm_ahead(w, 128);
#pragma GCC unroll 2
        for (int v = 0; v < 4; v += 2) {
            __m256i w0, w1, w2, w3;
            open_nibbles(&w0, &w2, b->table, w + 32 * v);
            open_nibbles(&w1, &w3, b->table, w + 32 * v + 32);
            YMM_AGAIN(x);
            grouped_dots(acc, v, w0, w1, x, rows, narrow);
            grouped_dots(acc, v, w2, w3, x + 4 * height, rows, narrow);
        }
    }
}

// Where a tile of some rows and vectors of channels finds what belongs to a group, and leaves
// its results.  Rows of xsum and xscale are `stride` apart, of sum and acc VISE_PANEL.
typedef struct grouped_place {
    const int32_t *base, *xsum, *zero;
    const float *xscale, *scale; // xscale may be NULL
    int64_t stride;
    int32_t *sum;
    float *acc;
} grouped_place;

// Adds what was summed before: of a group that begins, -zero * sum of x.
INLINE void grouped_begin(__m256i s[6][4], const grouped_place *at, const bool fresh,
                          const int rows, const int vectors) {
    if (fresh && !at->zero) {
        FOR_TILE(r, v, rows, vectors) {
            __m256i x = _mm256_set1_epi32(at->base[r * GROUPED_GROUPS]);
            s[r][v] = _mm256_add_epi32(s[r][v], x);
        }
    } else if (fresh) {
        FOR_TILE(r, v, rows, vectors) {
            __m256i x = _mm256_set1_epi32(at->xsum[r * at->stride]);
            x = _mm256_mullo_epi32(x, ymm_load(at->zero + 8 * v));
            s[r][v] = _mm256_sub_epi32(s[r][v], x);
        }
    } else {
        FOR_TILE(r, v, rows, vectors) {
            __m256i old = ymm_load(at->sum + r * VISE_PANEL + 8 * v);
            s[r][v] = _mm256_add_epi32(s[r][v], old);
        }
    }
}

// Keeps the sums or, of a group that ends, adds them as floats.
INLINE void grouped_end(__m256i s[6][4], const grouped_place *at, const bool last,
                        const int rows, const int vectors) {
    if (!last) {
        FOR_TILE(r, v, rows, vectors) {
            _mm256_storeu_si256((__m256i *)(at->sum + r * VISE_PANEL + 8 * v), s[r][v]);
        }
        return;
    }
    FOR_TILE(r, v, rows, vectors) {
        __m256 scale = _mm256_loadu_ps(at->scale + 8 * v);
        if (at->xscale) {
            scale = _mm256_mul_ps(_mm256_set1_ps(at->xscale[r * at->stride]), scale);
        }
        float *acc = at->acc + r * VISE_PANEL + 8 * v;
        __m256 old = _mm256_loadu_ps(acc);
        _mm256_storeu_ps(acc, _mm256_fmadd_ps(_mm256_cvtepi32_ps(s[r][v]), scale, old));
    }
}

// `rows` rows from row `r` of the strip on, channels from c on.
INLINE void grouped_tile(const grouped_block *b, const grouped_rows *t, int r, int c,
                         const int rows, const int vectors, const bool narrow) {
    const vise_grouped_product *p = b->p;
    const int64_t first = (t->row + r) * p->groups + b->first, groups = b->groups;
    const int64_t quads = b->quads, span = narrow ? b->span : quads;
    const bool fresh = b->fresh, last = b->last;
    const int8_t *x = t->x + 4 * r;
    const uint8_t *w = vectors == 4 ? b->w : b->codes + c / 16 * groups * quads * 64;
    grouped_place at = {.xsum = p->xsum + first, .scale = b->scale + c};
    at.zero = p->zeros ? b->zero + c : NULL;
    at.base = t->base + r * GROUPED_GROUPS;
    at.xscale = p->xscale ? p->xscale + first : NULL;
    at.stride = p->groups;
    at.sum = t->sum + r * VISE_PANEL + c;
    at.acc = t->acc + r * VISE_PANEL + c;
    for (int64_t g = 0; g < groups; g++) {
        for (int64_t q = 0; q < quads; q += span) {
            int64_t count = quads - q < span ? quads - q : span;
            __m256i s[6][4];
            FOR_TILE(i, v, rows, vectors) s[i][v] = _mm256_setzero_si256();
            grouped_multiply(s, b, x, t->height, w, count / 2, rows, vectors, narrow);
            if (narrow) {
                FOR_TILE(i, v, rows, vectors) {
                    s[i][v] = _mm256_madd_epi16(s[i][v], _mm256_set1_epi16(1));
                }
            }
            grouped_begin(s, &at, fresh && q == 0, rows, vectors);
            grouped_end(s, &at, last && q + count == quads, rows, vectors);
            x += 4 * count * t->height;
            w += 64 * count;
        }
        at.base++, at.xsum++, at.scale += VISE_PANEL;
        if (at.zero) at.zero += VISE_PANEL;
        if (at.xscale) at.xscale++;
    }
}

// All rows of a strip.
INLINE void grouped_strip(const grouped_block *b, const grouped_rows *t, const bool narrow) {
    const int height = t->height;
    if (height == 1) {
        grouped_tile(b, t, 0, 0, 1, 4, narrow);
        return;
    }
    if (height == 2) {
        grouped_tile(b, t, 0, 0, 2, 4, narrow);
        return;
    }
    for (int i = 0, r = 0, end; r < height; i++, r = end) {
        end = ymm_tile_row(height, GROUPED_ROWS, i + 1);
        for (int c = 0; c < VISE_PANEL; c += 16) {
            switch (end - r) {
            case 2: grouped_tile(b, t, r, c, 2, 2, narrow); break;
            case 3: grouped_tile(b, t, r, c, 3, 2, narrow); break;
            case GROUPED_ROWS: grouped_tile(b, t, r, c, GROUPED_ROWS, 2, narrow); break;
            case 5: grouped_tile(b, t, r, c, 5, 2, narrow); break;
            default: grouped_tile(b, t, r, c, 4, 2, narrow); break;
            }
        }
    }
}

#endif
