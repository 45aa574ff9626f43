// What a language model's logits are turned into: a loss, or the next id.

#ifndef VISE_OPS_LOSS_H
#define VISE_OPS_LOSS_H

#include "engine/context.h"
#include "engine/tensor.h"

// Sum over the rows of logits[n, V] of log(sum of exp(logit)) - logit of the target, in nats,
// in double.  Targets are i64 and count from 0; E-TN-11 names one outside the vocabulary.
vise_status vise_cross_entropy(const vise_context *ctx, double *nats, const vise_tensor *logits,
                               const vise_tensor *targets, vise_error *err);

// The same of each row: nats, f64 [n].  NaN where a logit of the row is NaN or +infinity.
vise_status vise_token_losses(const vise_context *ctx, vise_tensor *nats,
                              const vise_tensor *logits, const vise_tensor *targets,
                              vise_error *err);

typedef struct vise_top_p_options {
    double temperature; // 0: the likeliest
    double top_p;       // (0, 1]
    double u;           // [0, 1): the draw
} vise_top_p_options;

// Picks an id from logits[V]: the likeliest ids (equal ones in the order of the ids) whose
// probabilities at this temperature reach top_p share [0, 1) in proportion, and `u` falls on
// one.  E-NU-01 (VISE_ENUMERIC) if a logit is NaN or +infinity; -infinity excludes an id.
vise_status vise_top_p(int64_t *id, const vise_tensor *logits, const vise_top_p_options *opt,
                       vise_error *err);

#endif
