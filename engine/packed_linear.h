// The product of a linear layer: rows of activations times a packed weight (engine/products.h).

#ifndef VISE_PACKED_LINEAR_H
#define VISE_PACKED_LINEAR_H

#include "engine/rows.h"

typedef struct vise_linear_options {
    const vise_packed
        *up; // floats [outputs, rank] or NULL: rows made with `down` add inner up'
    const vise_tensor *bias; // [outputs], f32, f16 or bf16, or NULL
} vise_linear_options;

// y[..., outputs] = rows w' (+ inner up') (+ bias), f32, made if it is closed: of the shape of
// what the rows were made from, but for the last dimension.  E-SC-10 (VISE_EINVAL) if the parts
// do not go together, E-TN-04 for the bias, E-TN-07, E-TN-12 for `y`; E-MM-01 with `up` only.
vise_status vise_product_linear(const vise_context *ctx, vise_tensor *y, const vise_rows *rows,
                                const vise_packed *w, const vise_linear_options *opt,
                                vise_error *err);

#endif
