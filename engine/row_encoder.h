// Encodes the rows of a matrix.  Weights on their way to storage and activations on their way
// to an integer product go through this one encoder; only where the codes land differs.

#ifndef VISE_ROW_ENCODER_H
#define VISE_ROW_ENCODER_H

#include "engine/codec.h"
#include "engine/context.h"

// Where rows land.  A row is cut into spans of `span` columns (the last may be shorter); each
// span gets the scale and zero point of the run it lies in, so runs hold whole spans.
typedef struct vise_row_sink {
    int64_t span;  // columns
    int64_t spans; // a row
    int64_t pitch; // bytes from one row of codes to the next

    // One of these.  `codes` holds centred codes, span i of a row from i * span_pitch on;
    // `nibbles` two a byte, spans side by side.
    int8_t *codes;
    int64_t span_pitch;
    uint8_t *nibbles;

    // [row][span].  `zero` and `sums` (of the codes of the span) may be NULL.
    vise_dtype scale_dtype, zero_dtype;
    void *scale, *zero;
    int32_t *sums;
} vise_row_sink;

// The one step of a whole tensor.  Fails as vise_encode_rows().
vise_status vise_encode_shared_step(const vise_context *ctx, vise_step *out,
                                    const vise_scheme *s, const vise_matrix *m,
                                    vise_error *err);

// Encodes rows [first, first + count) of `m`; row first + i lands in row i of the sink.
// `shared` is the step of every row, or NULL: each run has its own.  When `shared` is given
// the sink's scales are not written if `scale` is NULL.
//   E-SC-04 (VISE_ENUMERIC)  NaN or infinity, naming the first such row and column
//   E-SC-05 (VISE_ENUMERIC)  values whose scale or zero point does not fit the scale dtype
vise_status vise_encode_rows(const vise_context *ctx, const vise_scheme *s,
                             const vise_matrix *m, int64_t first, int64_t count,
                             const vise_step *shared, const vise_row_sink *sink,
                             vise_error *err);

#endif
