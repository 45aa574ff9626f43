#include "engine/ops/loss.h"

#include <math.h>
#include <stdlib.h>

#include "engine/mem.h"
#include "engine/ops/argument.h"

typedef struct entropy {
    const vise_kernels *kernels;
    const float *logits;
    const int64_t *targets;
    int64_t vocabulary;
    double *nats; // one a row
} entropy;

static void entropy_tile(void *job, int64_t row) {
    const entropy *e = job;
    const float *x = e->logits + row * e->vocabulary;
    float min, max;
    e->kernels->minmax(&min, &max, x, e->vocabulary);
    double sum = e->kernels->exp_sum(x, e->vocabulary, max);
    e->nats[row] = log(sum) + ((double)max - (double)x[e->targets[row]]);
}

static vise_status check_targets(const vise_tensor *logits, const vise_tensor *targets,
                                 vise_error *err) {
    vise_status st = vise_tensor_expect(logits, VISE_F32, "the logit tensor", err);
    if (!st) st = vise_tensor_expect(targets, VISE_I64, "the target tensor", err);
    if (!st) st = vise_argument_rank(logits, 2, "the logit tensor", err);
    if (!st) st = vise_argument_shape(targets, 1, logits->shape, "the target tensor", err);
    if (st) return st;
    const int64_t *target = targets->data;
    for (int64_t i = 0; i < targets->shape[0]; i++) {
        if (target[i] < 0 || target[i] >= logits->shape[1]) {
            return vise_fail(
                err, VISE_EINVAL, "E-TN-11", "target %lld at place %lld, expected 0 to %lld",
                (long long)target[i], (long long)(i + 1), (long long)logits->shape[1] - 1);
        }
    }
    return VISE_OK;
}

// The nats of every row into `nats`.
static vise_status row_losses(const vise_context *ctx, double *nats, const vise_tensor *logits,
                              const vise_tensor *targets, vise_error *err) {
    entropy e = {&ctx->kernels, logits->data, targets->data, logits->shape[1], nats};
    return vise_parallel(ctx, logits->shape[0], entropy_tile, &e, err);
}

vise_status vise_token_losses(const vise_context *ctx, vise_tensor *nats,
                              const vise_tensor *logits, const vise_tensor *targets,
                              vise_error *err) {
    vise_status st = check_targets(logits, targets, err);
    if (!st) st = vise_tensor_output(nats, VISE_F64, 1, logits->shape, err);
    return st ? st : row_losses(ctx, nats->data, logits, targets, err);
}

vise_status vise_cross_entropy(const vise_context *ctx, double *nats, const vise_tensor *logits,
                               const vise_tensor *targets, vise_error *err) {
    vise_status st = check_targets(logits, targets, err);
    if (st) return st;
    int64_t rows = logits->shape[0];
    double *each = vise_calloc((size_t)rows * sizeof *each);
    if (!each) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for the loss of %lld rows",
                         (long long)rows);
    }
    st = row_losses(ctx, each, logits, targets, err);
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) sum += each[r];
    vise_free(each);
    if (!st) *nats = sum;
    return st;
}

typedef struct candidate {
    double weight;
    int64_t id;
} candidate;

static int likelier_first(const void *left, const void *right) {
    const candidate *a = left, *b = right;
    if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static vise_status check_logits(const vise_tensor *logits, vise_error *err) {
    vise_status st = vise_tensor_expect(logits, VISE_F32, "the logit tensor", err);
    if (!st) st = vise_argument_rank(logits, 1, "the logit tensor", err);
    if (st) return st;
    const float *x = logits->data;
    bool some = false;
    for (int64_t i = 0; i < logits->shape[0]; i++) {
        if (isnan(x[i]) || x[i] == INFINITY) {
            return vise_fail(err, VISE_ENUMERIC, "E-NU-01", "the logit of id %lld is %g",
                             (long long)i, (double)x[i]);
        }
        some = some || isfinite(x[i]);
    }
    if (some) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-TN-09", "there is no id to choose from");
}

// Fills `c` with every id and its weight, likeliest first.
static void rank_ids(candidate *c, const float *x, int64_t n, double temperature) {
    float max = x[0];
    for (int64_t i = 1; i < n; i++) max = x[i] > max ? x[i] : max;
    for (int64_t i = 0; i < n; i++) {
        double below = (double)x[i] - (double)max;
        c[i].weight = below == 0 ? 1 : temperature > 0 ? exp(below / temperature) : 0;
        c[i].id = i;
    }
    qsort(c, (size_t)n, sizeof *c, likelier_first);
}

vise_status vise_top_p(int64_t *id, const vise_tensor *logits, const vise_top_p_options *opt,
                       vise_error *err) {
    vise_status st = check_logits(logits, err);
    if (st) return st;
    int64_t n = logits->shape[0], kept = 0;
    candidate *c = vise_calloc((size_t)n * sizeof *c);
    if (!c) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to rank %lld ids",
                         (long long)n);
    }
    rank_ids(c, logits->data, n, opt->temperature);
    double total = 0, mass = 0;
    for (int64_t i = 0; i < n; i++) total += c[i].weight;
    while (kept < n && mass < opt->top_p * total && c[kept].weight > 0) {
        mass += c[kept++].weight;
    }
    if (opt->temperature == 0) kept = 1; // equal logits: the first id
    double left = opt->u * mass;
    int64_t at = 0;
    while (at + 1 < kept && left >= c[at].weight) left -= c[at++].weight;
    *id = c[at].id;
    vise_free(c);
    return VISE_OK;
}
