// Encodes the rows of a matrix: weights on their way to storage and values that are only
// simulated; only where the codes land differs.  Activations on their way to a product are
// coded strip by strip (engine/strips.h), with the same arithmetic and what follows of an
// encoding.

#ifndef VISE_ROW_ENCODER_H
#define VISE_ROW_ENCODER_H

#include "engine/context.h"
#include "engine/scale_search.h"

// How a matrix is encoded: by what scheme, and with what its rows have in common.
typedef struct vise_encoding {
    const vise_scheme *scheme;
    vise_search search;
    bool given;       // `step` came from outside: nobody has looked at the values yet
    vise_step step;   // of all rows, VISE_PER_TENSOR only
    vise_upper upper; // of all rows, VISE_SECOND_TENSOR only
    // Or NULL: the steps of each run and row, as they are stored (engine/given_steps.h).
    const vise_tensor *parts;
} vise_encoding;

// Looks at the whole matrix, if the scheme's steps need that.  `search` may be NULL: none.
// Fails as vise_encode_rows(), and with E-SC-11 if there is nothing to search.
vise_status vise_encoding_make(const vise_context *ctx, vise_encoding *out,
                               const vise_scheme *s, const vise_search *search,
                               const vise_matrix *m, vise_error *err);

// The same when the range of the whole matrix is known, and finite.
vise_status vise_encoding_of_range(const vise_context *ctx, vise_encoding *out,
                                   const vise_scheme *s, vise_range r, vise_error *err);

// Takes the one scale of a whole tensor as given, whatever the values: E-SC-12 (VISE_EINVAL) if
// the scheme has none, or if it is not a positive number.
vise_status vise_encoding_of_scale(vise_encoding *out, const vise_scheme *s, float scale,
                                   vise_error *err);

// Where rows land.
typedef struct vise_row_sink {
    // One of these.  `codes` holds centred codes, `packed` those of 2 to 4 bits without gaps;
    // `values` what the codes stand for.  Rows of codes are `pitch` bytes apart.
    int8_t *codes;
    uint8_t *packed;
    int64_t pitch;
    float *values; // [row][columns of the matrix]; may be the matrix itself

    // [band][run], [band][run], [row]: each may be NULL.  A band is the rows that share their
    // steps, mostly one.
    vise_dtype scale_dtype, zero_dtype, upper_dtype;
    void *scale, *zero, *upper;
} vise_row_sink;

// Encodes rows [first, first + count) of `m`; row first + i lands in row i of the sink. `first`
// is the first row of a band.
//   E-SC-04 (VISE_ENUMERIC)  NaN or infinity, naming the first such row and column
//   E-SC-05 (VISE_ENUMERIC)  values whose scale or zero point does not fit the scale dtype
vise_status vise_encode_rows(const vise_context *ctx, const vise_encoding *e,
                             const vise_matrix *m, int64_t first, int64_t count,
                             const vise_row_sink *sink, vise_error *err);

#endif
