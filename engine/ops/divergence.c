#include "engine/ops/divergence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

void vise_likeliest_release(vise_likeliest *l) {
    vise_tensor_release(&l->ids);
    vise_tensor_release(&l->log_probs);
    vise_tensor_release(&l->rest);
}

// log of the sum of exp, NaN if an element is NaN or +infinity or all are -infinity.
static double log_sum(const vise_kernels *k, const float *x, int64_t n, float max) {
    return (double)max + log(k->exp_sum(x, n, max));
}

// What is left of a row without some ids: the logarithm of its mass, and the least logit.
typedef struct leftover {
    double log_mass;
    float least;
} leftover;

// `kept` are the ids to leave out; `y` has room for the row.  The row has no NaN.
static leftover without(const vise_kernels *k, float *y, const float *x, int64_t n,
                        const int32_t *kept, int64_t count, double log_all) {
    memcpy(y, x, (size_t)n * sizeof *y);
    for (int64_t i = 0; i < count; i++) y[kept[i]] = NAN;
    int64_t left = 0;
    for (int64_t i = 0; i < n; i++) {
        float v = y[i];
        y[left] = v;
        left += !isnan(v);
    }
    leftover r = {-INFINITY, INFINITY};
    if (left == 0) return r;
    float max;
    k->minmax(&r.least, &max, y, left);
    if (max > -INFINITY) r.log_mass = log_sum(k, y, left, max) - log_all;
    return r;
}

// --- the likeliest ids

typedef struct choice {
    float logit;
    int32_t id;
} choice;

static bool likelier(const choice *a, const choice *b) {
    return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static int likelier_first(const void *left, const void *right) {
    return likelier(left, right) ? -1 : 1;
}

// Puts `c` into a heap of n whose top is the least likely, from place `at` down.
static void sink(choice *heap, int64_t n, int64_t at, choice c) {
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && likelier(&heap[child], &heap[child + 1])) child++;
        if (!likelier(&c, &heap[child])) break;
        heap[at] = heap[child];
    }
    heap[at] = c;
}

// The k likeliest of a row, in order.
static void choose(choice *heap, int64_t k, const float *x, int64_t n) {
    for (int64_t i = 0; i < k; i++) heap[i] = (choice){x[i], (int32_t)i};
    for (int64_t i = k / 2; i-- > 0;) sink(heap, k, i, heap[i]);
    for (int64_t i = k; i < n; i++) {
        choice c = {x[i], (int32_t)i};
        if (likelier(&c, &heap[0])) sink(heap, k, 0, c);
    }
    qsort(heap, (size_t)k, sizeof *heap, likelier_first);
}

typedef struct keeping {
    const vise_kernels *kernels;
    const float *logits;
    int64_t vocabulary, k;
    int32_t *ids;
    float *log_probs, *rest;
    vise_scratch scratch;
} keeping;

static void keep_tile(void *job, int64_t row) {
    keeping *j = job;
    int64_t n = j->vocabulary, k = j->k;
    const float *x = j->logits + row * n;
    int32_t *ids = j->ids + row * k;
    float *log_probs = j->log_probs + row * k, min, max;
    j->kernels->minmax(&min, &max, x, n);
    double all = log_sum(j->kernels, x, n, max);
    if (isnan(all)) {
        for (int64_t i = 0; i < k; i++) log_probs[i] = NAN;
        memset(ids, 0, (size_t)k * sizeof *ids);
        j->rest[row] = NAN;
        return;
    }
    void *slot = vise_scratch_take(&j->scratch);
    choice *best = slot;
    choose(best, k, x, n);
    for (int64_t i = 0; i < k; i++) {
        ids[i] = best[i].id;
        log_probs[i] = (float)((double)best[i].logit - all);
    }
    j->rest[row] = (float)without(j->kernels, slot, x, n, ids, k, all).log_mass;
    vise_scratch_give(&j->scratch, slot);
}

static vise_status check_logits(const vise_tensor *logits, vise_error *err) {
    vise_status st = vise_tensor_expect(logits, VISE_F32, "the logit tensor", err);
    if (!st) st = vise_argument_rank(logits, 2, "the logit tensor", err);
    if (st) return st;
    if (logits->shape[1] >= 1 && logits->shape[1] <= INT32_MAX) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-TN-09", "a vocabulary of %lld ids",
                     (long long)logits->shape[1]);
}

vise_status vise_likeliest_of(const vise_context *ctx, vise_likeliest *out,
                              const vise_tensor *logits, int64_t k, vise_error *err) {
    vise_likeliest made = {0};
    vise_status st = check_logits(logits, err);
    if (st) return st;
    int64_t rows = logits->shape[0], n = logits->shape[1];
    if (k < 1 || k > n) {
        return vise_fail(err, VISE_EINVAL, "E-TN-10", "the %lld likeliest of %lld ids",
                         (long long)k, (long long)n);
    }
    keeping j = {.kernels = &ctx->kernels, .logits = logits->data, .vocabulary = n, .k = k};
    st = vise_tensor_raw(&made.ids, VISE_I32, 2, (int64_t[]){rows, k}, err);
    if (!st) st = vise_tensor_raw(&made.log_probs, VISE_F32, 2, (int64_t[]){rows, k}, err);
    if (!st) st = vise_tensor_raw(&made.rest, VISE_F32, 1, &rows, err);
    // The heap of k, then the row.
    int64_t room = k * (int64_t)sizeof(choice);
    if (room < n * (int64_t)sizeof(float)) room = n * (int64_t)sizeof(float);
    if (!st) st = vise_scratch_new(&j.scratch, ctx, rows, room, err);
    if (st) goto done;
    j.ids = made.ids.data;
    j.log_probs = made.log_probs.data;
    j.rest = made.rest.data;
    st = vise_parallel(ctx, rows, keep_tile, &j, err);
    if (st) goto done;
    *out = made;
    made = (vise_likeliest){0};

done:
    vise_scratch_release(&j.scratch);
    vise_likeliest_release(&made);
    return st;
}

// --- the divergence

typedef struct measuring {
    const vise_kernels *kernels;
    const float *logits;
    int64_t vocabulary, k;
    const int32_t *ids;
    const float *log_probs, *rest;
    double *out;
    vise_scratch scratch;
} measuring;

// p log(p / q) - p + q of log p and log q: p (e^d - 1 - d) with d = log q - log p.
static double term(double log_p, double log_q) {
    if (log_p == -INFINITY) return exp(log_q);
    double d = log_q - log_p;
    return exp(log_p) * (expm1(d) - d);
}

static void measure_tile(void *job, int64_t row) {
    measuring *j = job;
    int64_t n = j->vocabulary, k = j->k, top = 0;
    const float *x = j->logits + row * n, *log_p = j->log_probs + row * k;
    const int32_t *ids = j->ids + row * k;
    double *out = j->out + row * VISE_DIVERGENCE_COLUMNS;
    float min, max;
    j->kernels->minmax(&min, &max, x, n);
    double all = log_sum(j->kernels, x, n, max), sum = 0;
    if (isnan(all)) {
        for (int i = 0; i < VISE_DIVERGENCE_COLUMNS; i++) out[i] = NAN;
        return;
    }
    for (int64_t i = 0; i < k; i++) sum += term((double)log_p[i], (double)x[ids[i]] - all);
    while (x[top] != max) top++;
    out[VISE_DIVERGENCE] = out[VISE_DIVERGENCE_AT_MOST] = sum;
    out[VISE_SAME_TOP] = ids[0] == top;
    if (k == n) return;

    float *slot = vise_scratch_take(&j->scratch);
    leftover q = without(j->kernels, slot, x, n, ids, k, all);
    vise_scratch_give(&j->scratch, slot);
    double log_rest = (double)j->rest[row], together = term(log_rest, q.log_mass), most = 0;
    if (log_rest > -INFINITY) {
        double largest = fmin((double)log_p[k - 1], log_rest), mass = exp(log_rest);
        most = mass * (largest - ((double)q.least - all)) - mass + exp(q.log_mass);
    }
    out[VISE_DIVERGENCE] = sum + together;
    out[VISE_DIVERGENCE_AT_MOST] = sum + fmax(together, most);
}

// What a file says is held against what can be.  A logarithm rounded to f32 may pass 0.
static vise_status check_base(const vise_likeliest *base, const vise_tensor *logits,
                              vise_error *err) {
    vise_status st = vise_tensor_expect(&base->ids, VISE_I32, "the id tensor", err);
    if (!st) st = vise_argument_rank(&base->ids, 2, "the id tensor", err);
    if (!st) st = vise_tensor_expect(&base->log_probs, VISE_F32, "the probabilities", err);
    if (!st) st = vise_tensor_expect(&base->rest, VISE_F32, "the rest", err);
    if (st) return st;
    int64_t k = base->ids.shape[1], rows = logits->shape[0];
    st = vise_argument_shape(&base->ids, 2, (int64_t[]){rows, k}, "the id tensor", err);
    if (!st)
        st =
            vise_argument_shape(&base->log_probs, 2, base->ids.shape, "the probabilities", err);
    if (!st) st = vise_argument_shape(&base->rest, 1, &rows, "the rest", err);
    if (st) return st;
    const int32_t *ids = base->ids.data;
    const float *log_probs = base->log_probs.data, *rest = base->rest.data;
    for (int64_t i = 0; i < rows * k; i++) {
        bool fits = ids[i] >= 0 && ids[i] < logits->shape[1] && log_probs[i] < 1e-3f;
        if (fits && rest[i / k] < 1e-3f) continue;
        return vise_fail(err, VISE_EFORMAT, "E-EV-03",
                         "row %lld of the base: id %d of %lld has log-probability %g, rest %g",
                         (long long)(i / k + 1), ids[i], (long long)logits->shape[1],
                         (double)log_probs[i], (double)rest[i / k]);
    }
    if (k >= 1 && k <= logits->shape[1]) return VISE_OK;
    return vise_fail(err, VISE_EFORMAT, "E-EV-03", "the base keeps %lld ids of %lld",
                     (long long)k, (long long)logits->shape[1]);
}

vise_status vise_divergence(const vise_context *ctx, vise_tensor *out,
                            const vise_likeliest *base, const vise_tensor *logits,
                            vise_error *err) {
    vise_status st = check_logits(logits, err);
    if (!st) st = check_base(base, logits, err);
    if (st) return st;
    int64_t rows = logits->shape[0];
    st = vise_tensor_output(out, VISE_F64, 2, (int64_t[]){rows, VISE_DIVERGENCE_COLUMNS}, err);
    if (st) return st;
    measuring j = {
        .kernels = &ctx->kernels,
        .logits = logits->data,
        .vocabulary = logits->shape[1],
        .k = base->ids.shape[1],
        .ids = base->ids.data,
        .log_probs = base->log_probs.data,
        .rest = base->rest.data,
        .out = out->data,
    };
    st = vise_scratch_new(&j.scratch, ctx, rows, j.vocabulary * (int64_t)sizeof(float), err);
    if (!st) st = vise_parallel(ctx, rows, measure_tile, &j, err);
    vise_scratch_release(&j.scratch);
    return st;
}
