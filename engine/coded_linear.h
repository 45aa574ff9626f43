// Linear layers over coded weights: y[..., rows] = x[..., cols] w' + bias.

#ifndef VISE_CODED_LINEAR_H
#define VISE_CODED_LINEAR_H

#include "engine/packed.h"

// Integer product: activations are coded by the scheme `a` as they come, then multiplied code
// by code.  `x` is f32, f16 or bf16, `bias` any of these or NULL, `y` f32 (made if closed).
// E-SC-08 (VISE_EINVAL) if there is no integer kernel for the pair of schemes, E-SC-10 if
// shapes do not go together, E-TN-12 if `y` overlaps an input (`y` may be `x` itself); also
// fails as vise_encode_rows().  `scale` is the one scale of the activations, or NULL: found in
// `x`; fails as vise_encoding_of_scale().
//   weights  8 bits: activations per tensor or token
//   weights  4 bits: activations per tensor or token, or in the weights' own groups
vise_status vise_integer_linear(const vise_context *ctx, vise_tensor *y, const vise_tensor *x,
                                const vise_packed *w, const vise_scheme *a,
                                const vise_tensor *bias, const float *scale, vise_error *err);

// Bytes that vise_integer_linear() takes beside `y` for an `x` of `rows` rows.
int64_t vise_integer_linear_bytes(const vise_packed *w, int64_t rows);

// Weight-only product: decodes a panel of the weights at a time inside the tile that uses it,
// then multiplies in f32.  Takes no memory beside `y`.  `x` is f32, contiguous, and apart from
// `y`; fails with E-TN-04, -06, -12, E-SC-10.
vise_status vise_decoded_linear(const vise_context *ctx, vise_tensor *y, const vise_tensor *x,
                                const vise_coded *w, const vise_tensor *bias, vise_error *err);

#endif
