// The divergence of one model's predictions from another's, of which the likeliest ids were
// kept: k log-probabilities a row, and the mass of all other ids as one number.

#ifndef VISE_OPS_DIVERGENCE_H
#define VISE_OPS_DIVERGENCE_H

#include "engine/context.h"
#include "engine/tensor.h"

// What is kept of n rows of logits.  All-zero is closed.
typedef struct vise_likeliest {
    vise_tensor ids; // i32 [n, k], the likeliest first, equal ones in the order of the ids
    vise_tensor log_probs; // f32 [n, k], in nats
    vise_tensor rest;      // f32 [n]: the logarithm of what the others have together
} vise_likeliest;

void vise_likeliest_release(vise_likeliest *l);

// Keeps the `k` likeliest ids of each row of logits[n, V], 1 <= k <= V (E-TN-10).  `rest` is
// -infinity where nothing is left.  A row with NaN or +infinity gives NaN.
vise_status vise_likeliest_of(const vise_context *ctx, vise_likeliest *out,
                              const vise_tensor *logits, int64_t k, vise_error *err);

// Columns of a row of the result.
enum {
    VISE_DIVERGENCE,         // of base from logits, the rest taken as one id
    VISE_DIVERGENCE_AT_MOST, // the same without that: the true one lies between the two
    VISE_SAME_TOP,           // 1 if both have the same likeliest id, else 0
    VISE_DIVERGENCE_COLUMNS
};

// Makes out[n, 3], f64, in nats, of what was kept of a base and the logits[n, V] of another
// model.  With p of the base and q of the logits
//   divergence = sum over the k ids of p log(p / q) - p + q, and the same of the rest,
// which is the sum of p log(p / q) where both add up to 1, and is never below 0 where rounding
// left a little.  Taking the rest as one id can only lower it; at most it is that with
//   R (log min(p of the last id kept, R) - log min q of the rest) - R + Q
// for the rest.  Equal with k = V.  A row of NaN for logits with NaN or +infinity.
// E-EV-03 (VISE_EFORMAT) for ids outside the vocabulary, or numbers that are no logarithms.
vise_status vise_divergence(const vise_context *ctx, vise_tensor *out,
                            const vise_likeliest *base, const vise_tensor *logits,
                            vise_error *err);

#endif
