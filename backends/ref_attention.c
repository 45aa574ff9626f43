// The definition of attention, as plain as ref.c: two passes over the keys, sums in double.

#include <math.h>

#include "backends/backends.h"

static double score(const vise_attention_tile *t, const float *q, int64_t key) {
    double sum = 0;
    for (int64_t d = 0; d < t->dh; d++) {
        sum += (double)q[d] * (double)t->k[key * t->kv_step + d];
    }
    return sum * (double)t->scale;
}

static void attend(const vise_attention_tile *t, float *out, const float *q, int64_t seen) {
    double *sum = (double *)(void *)t->scratch, total = 0, max = -INFINITY;
    for (int64_t d = 0; d < t->dh; d++) sum[d] = 0;
    for (int64_t j = 0; j < seen; j++) max = fmax(max, score(t, q, j));
    for (int64_t j = 0; j < seen; j++) {
        double p = exp(score(t, q, j) - max);
        total += p;
        for (int64_t d = 0; d < t->dh; d++) sum[d] += p * (double)t->v[j * t->kv_step + d];
    }
    for (int64_t d = 0; d < t->dh; d++) out[d] = (float)(sum[d] / total);
}

static void attention(const vise_attention_tile *t) {
    for (int64_t i = 0; i < t->queries; i++) {
        int64_t seen = t->seen + i < t->keys ? t->seen + i : t->keys;
        for (int64_t h = 0; h < t->group; h++) {
            int64_t at = vise_attention_row(t, i * t->group + h);
            attend(t, t->out + at, t->q + at, seen);
        }
    }
}

void vise_ref_attention_init(vise_kernels *k) {
    k->attention = attention;
}
