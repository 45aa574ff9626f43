// One number, or a few, from f32 tensors.  Sums are in double, in an order that the shape
// fixes.  NaN anywhere makes every result NaN.

#ifndef VISE_OPS_REDUCE_H
#define VISE_OPS_REDUCE_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef enum vise_reduction {
    VISE_SUM,
    VISE_MEAN, // the mean, smallest and largest of nothing are errors, E-TN-09
    VISE_MIN,
    VISE_MAX,
    VISE_NORM, // square root of the sum of squares
} vise_reduction;

vise_status vise_reduce(const vise_context *ctx, double *out, vise_reduction what,
                        const vise_tensor *x, vise_error *err);

// Index of the first largest element; NaN counts as larger than anything.  E-TN-09.
vise_status vise_argmax(int64_t *out, const vise_tensor *x, vise_error *err);

// How far `a` is from `b`, which is taken as the truth.
typedef struct vise_comparison {
    double mae, rmse, max_abs; // of a - b
    double rel_l2;             // ||a - b|| / max(||b||, 1e-12)
    double cosine;             // 1 if both are zero, 0 if one is
    double sqnr;               // 10 log10(||b||^2 / ||a - b||^2), infinite if a = b
} vise_comparison;

// E-TN-08 unless the shapes are equal, E-TN-09 if there is nothing to compare.
vise_status vise_compare(const vise_context *ctx, vise_comparison *out, const vise_tensor *a,
                         const vise_tensor *b, vise_error *err);

#endif
