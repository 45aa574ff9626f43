// One tile of attention, as kernels see it: some queries of the heads that share one key-value
// head, against the keys that they see.
//
//   t[j] = scale * (q . k[j])           p[j] = exp(t[j] - max of t)
//   out  = (sum of p[j] v[j]) / (sum of p[j])        over the keys j that the query sees
//
// Scores are never kept as a whole: a kernel takes VISE_ATTENTION_KEYS keys at a time and
// carries, for each row, the largest score, the sum of the weights and the sum of the weighted
// values, which it scales down whenever a larger score comes.

#ifndef VISE_ATTENTION_TILE_H
#define VISE_ATTENTION_TILE_H

#include <stdint.h>

enum {
    VISE_ATTENTION_KEYS = 64, // keys of a block
    VISE_ATTENTION_ALIGN = 48 // rows are rounded up to a multiple of this, inputs to one of 8
};

// A row is one query of one head: row i is query i / group of head i % group.
//
// near: by its rounding each weight p[j] is off by at most FLT_MIN and this share of itself,
//   FLT_EPSILON * (2 (dh + 2) s + |t[j] - max| + 8 + keys / 16),
// where s is the largest scale * sum |q||k[j]|, and each of the two sums by FLT_EPSILON / 2 *
// (keys + 8) of its |terms|.  NaN and infinity go the way of the formula.  What a row does not
// see may be anything finite.
typedef struct vise_attention_tile {
    int64_t queries, group, dh;
    int64_t keys; // at least one
    int64_t seen; // query i sees the first min(keys, seen + i) keys; at least 1
    float scale;
    const float *q; // query i of head h at q + i * q_step + h * dh
    float *out;     // likewise
    int64_t q_step;
    const float *k, *v; // key j at k + j * kv_step
    int64_t kv_step;
    float *scratch; // vise_attention_scratch() floats on a cache line; anything may be in them
} vise_attention_tile;

// Where row `row` begins, from `q` and from `out`.
static inline int64_t vise_attention_row(const vise_attention_tile *t, int64_t row) {
    return row / t->group * t->q_step + row % t->group * t->dh;
}

// What a tile of so many rows needs: queries and sums, two blocks of keys and values, one of
// scores, three numbers a row.
static inline int64_t vise_attention_scratch(int64_t rows, int64_t dh) {
    int64_t width =
        (rows + VISE_ATTENTION_ALIGN - 1) / VISE_ATTENTION_ALIGN * VISE_ATTENTION_ALIGN;
    int64_t inputs = (dh + 7) / 8 * 8;
    return 2 * (width + VISE_ATTENTION_KEYS) * inputs +
           (VISE_ATTENTION_KEYS + 3) * VISE_ATTENTION_ALIGN + 3 * width;
}

#endif
