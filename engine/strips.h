// Fills strips: the way from rows of f32 to what kernels read.  Private to engine/rows.h.

#ifndef VISE_STRIPS_H
#define VISE_STRIPS_H

#include "engine/row_encoder.h"
#include "engine/rows.h"

// Fills the memory of `r`, all of it.
vise_status vise_strips_fill(const vise_context *ctx, vise_rows *r,
                             const vise_row_source *source, const vise_rows_options *opt,
                             vise_error *err);

// Codes one row of f32 and puts its steps where row `row` of `r` has them.  `line` takes its
// codes in the order of a strip, vise_strip_line() bytes.  False if x is not finite or a step
// does not fit its dtype.
int64_t vise_strip_line(const vise_rows *r);
bool vise_strip_encode(const vise_kernels *k, const vise_encoding *e, vise_rows *r, int64_t row,
                       uint8_t *line, const float *x);

#endif
