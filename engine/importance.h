// How much each column counts when steps are searched.

#ifndef VISE_IMPORTANCE_H
#define VISE_IMPORTANCE_H

#include "engine/context.h"
#include "engine/tensor.h"

// The importance of `cols` columns divided by its mean, in f32, in memory that vise_work_give()
// takes back.  E-SC-14 (VISE_EINVAL) if it has another length, a value that is not finite or
// negative, or nothing but zeros; E-MM-01.
vise_status vise_importance_make(const vise_context *ctx, float **out, const vise_tensor *t,
                                 int64_t cols, vise_error *err);

#endif
