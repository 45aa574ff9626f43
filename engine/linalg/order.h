// Orders of columns: the permutations that GPTQ takes columns in.

#ifndef VISE_LINALG_ORDER_H
#define VISE_LINALG_ORDER_H

#include "engine/tensor.h"

// Reads a permutation of `n` columns, i32 [n], counted from 1, into index[n], counted from 0.
// E-TN-04, E-TN-08, E-NU-12 (all VISE_EINVAL) if it is none.  NULL: as the columns stand.
vise_status vise_order_read(int32_t *index, const vise_tensor *order, int64_t n,
                            vise_error *err);

// The order of a falling diagonal of h[n, n], f32 or f64, the first of equals first: out is i32
// [n], counted from 1. `group` > 0: groups of so many columns stay together; columns fall
// within a group, and groups by their largest element (GPTQModel's group-aware reordering).
vise_status vise_order_make(vise_tensor *out, const vise_tensor *h, int64_t group,
                            vise_error *err);

#endif
