// Positions and times: as sines and cosines, or learned.  All arithmetic that decides an angle
// is f32, as in the frameworks that trained the models.

#ifndef VISE_OPS_POSITION_H
#define VISE_OPS_POSITION_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef struct vise_rope_options {
    int64_t heads;
    double theta;
    int64_t position; // of the first token
} vise_rope_options;

// Rotates each head of x[B, T, H dh]: elements i and i + dh/2 by the angle
// (position + t) theta^(-2i / dh).  The output may be `x` itself.
vise_status vise_rope(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                      const vise_rope_options *opt, vise_error *err);

// out = x[B, T, D] with row position + t of `table`[P, D], of any float dtype, added to the
// token at place t.  The output may be `x` itself.  E-TN-11 when the table has too few rows.
vise_status vise_add_positions(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                               const vise_tensor *table, int64_t position, vise_error *err);

typedef struct vise_sinusoid_options {
    int64_t dim;       // even
    bool cos_first;    // cosines, then sines; else the other way round
    double shift;      // less than dim / 2
    double max_period; // > 0
} vise_sinusoid_options;

// out[n, dim]: cosines and sines of values[n] times max_period^(-i / (dim/2 - shift)).
vise_status vise_sinusoid(vise_tensor *out, const vise_tensor *values,
                          const vise_sinusoid_options *opt, vise_error *err);

#endif
