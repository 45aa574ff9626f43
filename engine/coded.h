// Coded tensors: a matrix in a scheme's codes, with its steps.  This is what is saved and
// compared; engine/packed.h derives the layouts that kernels read.

#ifndef VISE_CODED_H
#define VISE_CODED_H

#include "engine/context.h"
#include "engine/scale_search.h"

// All-zero bytes is the closed value.  The tensors are laid out as vise_scheme_plan() says; the
// parts that the scheme does not have are closed.
typedef struct vise_coded {
    vise_scheme scheme;
    int64_t rows, cols;
    vise_tensor part[VISE_PART_COUNT];
} vise_coded;

// Drops the tensors and closes it.  Safe to call twice.
void vise_coded_release(vise_coded *c);
int64_t vise_coded_bytes(const vise_coded *c); // of the tensors: what vise_scheme_plan() says

// How steps are found, all zeros for those of the convention.
typedef struct vise_encode_options {
    vise_search search;
    const vise_tensor *importance; // with a search: floats [columns], or NULL
    // Or they are given: all parts that the scheme has but the codes, float tensors of their
    // shapes.  They are rounded as they are stored, and codes are made with what is stored.
    const vise_tensor *given[VISE_PART_COUNT];
} vise_encode_options;

// Encodes `x`, f32, f16 or bf16; every tensor is a matrix of [rows, last dimension].  Fails as
// vise_scheme_plan(), vise_encoding_make() and vise_encode_rows(), and with E-SC-13
// (VISE_EINVAL) if given steps are not all there, of another shape or of values that a step
// cannot have, E-SC-14 (VISE_EINVAL) if importance is not finite, negative, all 0 or of another
// length; `*out` is untouched on failure.
vise_status vise_encode(const vise_context *ctx, vise_coded *out, const vise_scheme *s,
                        const vise_encode_options *opt, const vise_tensor *x, vise_error *err);

// What decoding the codes of `x` would give, into `out`: f32, of the shape of `x`, made if it
// is closed; `x` itself if that is f32.  Takes no memory beside it.  `scale` is the one of the
// tensor, or NULL: found in `x`.  Fails as vise_encode() and vise_encoding_of_scale(), and with
// E-TN-12 if `out` overlaps `x`; an `out` that is `x` is then half written.
vise_status vise_simulate(const vise_context *ctx, vise_tensor *out, const vise_scheme *s,
                          const vise_tensor *x, const float *scale, vise_error *err);

// Rebuilds a coded tensor from its parts, which it shares; NULL stands for one that is not
// there.  A wrong set, dtype or shape is E-SC-06; a code or step that is not finite, a zero
// point past the codes or a padding nibble that is not 0 is E-SC-07 (both VISE_EFORMAT).
vise_status vise_coded_build(vise_coded *out, const vise_scheme *s, int64_t rows, int64_t cols,
                             const vise_tensor *const part[VISE_PART_COUNT], vise_error *err);

// Decodes into `out`, f32 [rows, cols], which is made if it is closed.  E-TN-12 if it shares
// memory with a part of `c`.
vise_status vise_decode(const vise_context *ctx, vise_tensor *out, const vise_coded *c,
                        vise_error *err);

// For who makes codes and steps column by column: a coded tensor with all its parts and nothing
// in them, E-TN-01 or E-MM-01; the centred codes (engine/codec.h) of a row; and what all rows
// share, if the scheme has such a step or upper level.
vise_status vise_coded_new(vise_coded *out, const vise_scheme *s, int64_t rows, int64_t cols,
                           vise_error *err);
void vise_coded_put_row(const vise_kernels *k, vise_coded *c, int64_t row, const int8_t *q);
void vise_coded_put_shared(const vise_kernels *k, vise_coded *c, vise_step step,
                           vise_upper upper);

// Where the steps of a row begin, and step `i` of a part as it is stored.
int64_t vise_coded_step(const vise_coded *c, int64_t row);
float vise_coded_load(const vise_coded *c, vise_part part, int64_t i);

#endif
