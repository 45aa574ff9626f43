// All dimensions but the last made one number: [..., n] -> [n], one for each channel.

#ifndef VISE_OPS_FOLD_H
#define VISE_OPS_FOLD_H

#include "engine/context.h"
#include "engine/ops/reduce.h"
#include "engine/tensor.h"

// Sums are in double, row after row, so they do not depend on the number of threads; NaN in a
// channel makes its result NaN.  The mean, smallest and largest of no rows are errors,
// E-TN-09.  VISE_NORM is the square root of the sum of squares.
vise_status vise_fold(const vise_context *ctx, vise_tensor *out, vise_reduction what,
                      const vise_tensor *x, vise_error *err);

#endif
