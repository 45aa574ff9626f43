// Check of attention.

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/check_case.h"

enum { MAX_DH = 130, GAP = 3 };

static float *aligned_scratch(vise_case *c) {
    uintptr_t at = ((uintptr_t)c->w + 63) & ~(uintptr_t)63;
    return (float *)at;
}

// Adds what weight `p` with relative error `off` does to the sums of one row.
typedef struct row_sums {
    double weights, weights_off;
    double value[MAX_DH], value_off[MAX_DH], value_abs[MAX_DH];
} row_sums;

static void add_key(row_sums *r, double p, double off, const float *v, int64_t dh) {
    r->weights += p;
    r->weights_off += p * off + (double)FLT_MIN;
    for (int64_t d = 0; d < dh; d++) {
        r->value[d] += p * (double)v[d];
        r->value_abs[d] += p * fabs((double)v[d]);
        r->value_off[d] += (p * off + (double)FLT_MIN) * fabs((double)v[d]);
    }
}

// Scores of a row, the largest of them, and the largest scale * sum |q||k|, which is finite.
static double score_row(double *score, double *size, const vise_attention_tile *t,
                        const float *q, int64_t seen) {
    double max = -INFINITY;
    *size = 0;
    for (int64_t j = 0; j < seen; j++) {
        double sum = 0, abs = 0;
        for (int64_t d = 0; d < t->dh; d++) {
            double product = (double)q[d] * (double)t->k[j * t->kv_step + d];
            sum += product;
            abs += fabs(product);
        }
        score[j] = sum * (double)t->scale;
        if (isfinite(abs)) *size = fmax(*size, abs * (double)t->scale);
        max = fmax(max, score[j]);
    }
    return max;
}

// The largest error of each result of a row, as engine/attention_tile.h bounds it.
static void bound_row(double *bound, const vise_attention_tile *t, int64_t row) {
    static const double eps = (double)FLT_EPSILON;
    double score[1024], size;
    int64_t seen = t->seen + row / t->group < t->keys ? t->seen + row / t->group : t->keys;
    double max = score_row(score, &size, t, t->q + vise_attention_row(t, row), seen);
    double fixed = 2 * (double)(t->dh + 2) * size + 8 + (double)seen / 16;
    row_sums r = {0};
    for (int64_t j = 0; j < seen; j++) {
        double below = max - score[j];
        if (isfinite(below)) {
            add_key(&r, exp(-below), eps * (fixed + below), t->v + j * t->kv_step, t->dh);
        }
    }
    double sums = (double)(seen + 8) * eps / 2;
    for (int64_t d = 0; d < t->dh; d++) {
        double value_off = r.value_off[d] + sums * r.value_abs[d];
        double weights_off = r.weights_off + sums * r.weights;
        double y = fabs(r.value[d] / r.weights);
        bound[d] = 1.01 * (value_off + y * weights_off) / r.weights + eps * y;
    }
}

static void fill(vise_case *c, float *x, int64_t n, float size) {
    for (int64_t i = 0; i < n; i++) x[i] = size * vise_case_uniform(c);
}

// Keys that nobody may weigh, keys that not everybody sees, rows that are not finite.
static void make_odd(vise_case *c, float *q, float *k, float *v, const vise_attention_tile *t,
                     int64_t kind) {
    float *last = v + (t->keys - 1) * t->kv_step;
    for (int64_t r = 0; r < t->queries * t->group; r++) q[vise_attention_row(t, r)] = 0.5f;
    switch (kind) {
    case 0: // all but the last key have a score of -infinity
        for (int64_t j = 0; j + 1 < t->keys; j++) k[j * t->kv_step] = -INFINITY;
        break;
    case 1: // all have: NaN
        for (int64_t j = 0; j < t->keys; j++) k[j * t->kv_step] = -INFINITY;
        break;
    case 2: // one has +infinity: NaN
        k[vise_case_below(c, t->seen < t->keys ? t->seen : t->keys) * t->kv_step] = INFINITY;
        break;
    case 3: q[vise_attention_row(t, t->queries * t->group / 2)] = NAN; break;
    default: // weighs nothing with who does not see it
        for (int64_t d = 0; d < t->dh; d++) last[d] = 1e30f;
        break;
    }
}

static bool judge_attention(vise_case *c, vise_attention_tile t, bool causal, int64_t odd) {
    float *q = c->a + 1, *k = c->b + 1, *v = k + t.keys * (t.dh + GAP);
    int64_t rows = t.queries * t.group;
    double *bound = (double *)(void *)c->x;
    t.q_step = t.group * t.dh + GAP;
    t.kv_step = t.dh + GAP;
    t.seen = causal ? 1 + vise_case_below(c, t.keys) : t.keys;
    t.scale = (float)(1 / sqrt((double)t.dh));
    t.scratch = aligned_scratch(c);
    fill(c, q, t.queries * t.q_step, 3);
    fill(c, k, t.keys * t.kv_step, 3);
    fill(c, v, t.keys * t.kv_step, 2);
    if (odd >= 0) make_odd(c, q, k, v, &t, odd);
    t.q = q;
    t.k = k;
    t.v = v;
    memset(bound, 0, (size_t)(t.queries * t.q_step) * sizeof *bound);
    for (int64_t r = 0; r < rows; r++) bound_row(bound + vise_attention_row(&t, r), &t, r);
    vise_case_poison(c);
    t.out = vise_case_want(c, 4);
    c->ref->attention(&t);
    t.out = vise_case_got(c, 4);
    size_t floats = (size_t)vise_attention_scratch(rows, t.dh);
    memset(t.scratch, 0xff, (floats + 1) * sizeof *t.scratch); // the last one guards
    c->k->attention(&t);
    bool inside = memcmp(t.scratch + floats, &(int32_t){-1}, sizeof(int32_t)) == 0;
    return vise_case_verdict(
        c, inside && vise_case_near(c, bound, (t.queries - 1) * t.q_step + t.group * t.dh),
        t.keys);
}

void vise_check_attention(vise_case *c) {
    static const int64_t keys[] = {1, 2, 3, 5, 7, 8, 9, 31, 63, 64, 65, 66, 127, 130};
    static const int64_t dhs[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 128, 130};
    for (int64_t i = 0; i < 160; i++) {
        vise_attention_tile t = {.group = 1 + i % 3};
        t.queries = i < 80 ? 1 + i % 4 : 1 + vise_case_below(c, 60 / t.group);
        t.keys = keys[vise_case_below(c, 14)];
        t.dh = dhs[vise_case_below(c, 15)];
        if (!judge_attention(c, t, i % 2 == 0, -1)) return;
    }
    for (int64_t i = 0; i < 40; i++) {
        vise_attention_tile t = {.queries = 1 + i / 5 * 4, .group = 1, .keys = 70, .dh = 5};
        if (!judge_attention(c, t, i % 5 == 4, i % 5)) return;
    }
    vise_attention_tile many = {.queries = 2, .group = 2, .keys = 1000, .dh = 16};
    if (!judge_attention(c, many, false, -1)) return;
    many.queries = 50;
    judge_attention(c, many, false, -1);
}
