// Second moments of the columns of a matrix.

#ifndef VISE_OBSERVE_PRODUCT_H
#define VISE_OBSERVE_PRODUCT_H

#include "engine/context.h"

// product[cols, cols] = x'x of x [rows, cols] with a row stride, in f32: its lower triangle
// (the elements above it may be written or not).  The bits depend on the shape and the values
// alone. E-NU-04 if a row passes 32 bits, E-RN-01.
vise_status vise_observe_product(const vise_context *ctx, float *product, const float *x,
                                 int64_t rows, int64_t cols, int64_t stride, vise_error *err);

#endif
