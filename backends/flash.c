// Rows of a tile become lanes, so that the largest score and the sum of a row need no sums
// across a vector, and neither keys nor values have to be transposed.  They are copied once
// per block: at their own stride, a power of two as a rule, they would share cache sets.

#include "backends/flash.h"

#include <float.h>
#include <string.h>

enum { KEYS = VISE_ATTENTION_KEYS };

// The rows of panel `first` .. `first + width` of a tile of `rows` rows, transposed.
typedef struct layout {
    const vise_attention_tile *t;
    const vise_flash *steps;
    int64_t rows, inputs;
    float *q, *o, *max, *sum; // of all panels, one after the other
    float *k, *v, *s;
    int32_t *seen; // [width] of a panel
} layout;

static int64_t at_most(int64_t n, int64_t most) {
    return n < most ? n : most;
}

// Panels of nearly equal width, at most three vectors.
static int vectors_at(const layout *l, int64_t first) {
    int64_t left = (l->rows - first + l->steps->lanes - 1) / l->steps->lanes;
    int64_t panels = (left + 2) / 3;
    return (int)((left + panels - 1) / panels);
}

static void load_queries(const layout *l, int64_t first, int64_t width) {
    const int64_t dh = l->t->dh;
    float *q = l->q + first * dh;
    for (int64_t i = 0; i < width; i++) {
        if (first + i < l->rows) {
            const float *from = l->t->q + vise_attention_row(l->t, first + i);
            for (int64_t d = 0; d < dh; d++) q[d * width + i] = from[d];
        } else {
            for (int64_t d = 0; d < dh; d++) q[d * width + i] = 0;
        }
        l->max[first + i] = -FLT_MAX; // not -infinity, from which nothing can be subtracted
        l->sum[first + i] = 0;
    }
    memset(l->o + first * l->inputs, 0, (size_t)(width * l->inputs) * sizeof *l->o);
}

static void store_results(const layout *l, int64_t first, int64_t width) {
    const float *o = l->o + first * l->inputs;
    for (int64_t i = 0; i < at_most(l->rows - first, width); i++) {
        float *out = l->t->out + vise_attention_row(l->t, first + i);
        float share = 1 / l->sum[first + i];
        for (int64_t d = 0; d < l->t->dh; d++) out[d] = o[d * width + i] * share;
    }
}

// Steps go by several keys, and inputs of values, at once: what follows the last ones is left
// over from elsewhere, and so is what comes of it, which nobody reads.
static void load_block(const layout *l, int64_t key, int64_t keys) {
    const vise_attention_tile *t = l->t;
    const float *k = t->k + key * t->kv_step, *v = t->v + key * t->kv_step;
    size_t bytes = (size_t)t->dh * sizeof *k;
    for (int64_t j = 0; j < keys; j++) {
        memcpy(l->k + j * t->dh, k + j * t->kv_step, bytes);
        memcpy(l->v + j * l->inputs, v + j * t->kv_step, bytes);
    }
}

// How many keys of the block from `key` on each row sees; false if all see all.
static bool find_seen(const layout *l, int64_t first, int64_t width, int64_t key,
                      int64_t keys) {
    const vise_attention_tile *t = l->t;
    if (t->seen + first / t->group >= key + keys) return false;
    for (int64_t i = 0; i < width; i++) {
        int64_t seen = t->seen + (first + i) / t->group - key;
        l->seen[i] = (int32_t)(seen < 0 ? 0 : at_most(seen, keys));
    }
    return true;
}

static void take_block(const layout *l, int64_t key, int64_t keys) {
    load_block(l, key, keys);
    for (int64_t first = 0, width; first < l->rows; first += width) {
        int vectors = vectors_at(l, first);
        width = vectors * l->steps->lanes;
        int64_t last = at_most(first + width, l->rows) - 1;
        int64_t most = l->t->seen + last / l->t->group - key; // that any row sees
        if (most <= 0) continue;
        vise_flash_panel p = {.vectors = vectors, .inputs = l->inputs};
        p.keys = at_most(keys, most);
        p.seen = find_seen(l, first, width, key, p.keys) ? l->seen : NULL;
        p.dh = l->t->dh;
        p.scale = l->t->scale;
        p.q = l->q + first * p.dh;
        p.o = l->o + first * p.inputs;
        p.max = l->max + first;
        p.sum = l->sum + first;
        p.k = l->k;
        p.v = l->v;
        p.s = l->s;
        l->steps->panel(&p);
    }
}

static void take_all(const layout *l) {
    const vise_attention_tile *t = l->t;
    int64_t seen = at_most(t->keys, t->seen + t->queries - 1);
    for (int64_t first = 0, width; first < l->rows; first += width) {
        width = vectors_at(l, first) * l->steps->lanes;
        load_queries(l, first, width);
    }
    for (int64_t key = 0; key < seen; key += KEYS)
        take_block(l, key, at_most(seen - key, KEYS));
    for (int64_t first = 0, width; first < l->rows; first += width) {
        width = vectors_at(l, first) * l->steps->lanes;
        store_results(l, first, width);
    }
}

void vise_flash_attention(const vise_attention_tile *t, const vise_flash *steps) {
    layout l = {.t = t, .steps = steps, .rows = t->queries * t->group};
    if (l.rows <= VISE_FLASH_FEW) {
        steps->few(t);
        return;
    }
    int32_t seen[VISE_ATTENTION_ALIGN];
    int64_t width =
        (l.rows + VISE_ATTENTION_ALIGN - 1) / VISE_ATTENTION_ALIGN * VISE_ATTENTION_ALIGN;
    l.inputs = (t->dh + 7) / 8 * 8;
    l.seen = seen;
    l.q = t->scratch;
    l.o = l.q + width * l.inputs;
    l.k = l.o + width * l.inputs;
    l.v = l.k + KEYS * l.inputs;
    l.s = l.v + KEYS * l.inputs;
    l.max = l.s + KEYS * VISE_ATTENTION_ALIGN;
    l.sum = l.max + width;
    take_all(&l);
}
