// Rows of activations, ready for the products with packed weights (engine/products.h): read
// once, with what is fused in front of the product, smoothed, coded and laid out in strips.
// The product with a layer's `down` is taken on the way, for its low-rank branch.
//
//   kind      for                                       strips hold
//   f32       any weight, activations as they are       the values
//   int8      int8 weights, a scale for all or a row    code + 128
//   grouped   4-bit weights, int or f4e2m1 activations  the codes, with their sums
//             (f4e2m1: twice the value, and half as much in the scale)
//   float8    f8e4m3 on both sides                      the values as bf16
//
// Codes and steps are those of engine/codec.h, to the bit.

#ifndef VISE_ROWS_H
#define VISE_ROWS_H

#include "engine/packed.h"
#include "engine/row_source.h"

typedef enum vise_strip_kind {
    VISE_STRIPS_F32,
    VISE_STRIPS_INT8,
    VISE_STRIPS_GROUPED,
    VISE_STRIPS_FLOAT8,
    VISE_STRIP_KIND_COUNT
} vise_strip_kind;

// All-zero bytes is the closed value.
typedef struct vise_rows {
    vise_strip_kind kind;
    int ndim; // of the tensor they were made from, whose last dimension is `cols`
    int64_t shape[VISE_MAX_RANK];
    int64_t m, cols;
    int64_t group, groups, pitch; // as the weight's
    int64_t rank;                 // of the low-rank branch, 0 without one

    // One block of memory, which `block` begins.  All but the strips may be NULL.
    void *strips;
    float *scale;  // int8 [m]; grouped and float8 [m][groups]
    float *row;    // [m]: grouped, a scale a row or an upper level
    int32_t *sums; // [m][groups]: grouped
    float *inner;  // strips of x down', [rank][rows]
    void *block;
    int64_t bytes, capacity; // used of the block, and its size
} vise_rows;

typedef struct vise_rows_options {
    const vise_scheme *scheme; // of the activations; NULL: they stay f32
    const float *scale;        // the one scale of all, or NULL: found in x
    const vise_tensor *smooth; // f32 [cols] or NULL: x / smooth is what is coded
    const vise_packed *down;   // floats [rank, cols] or NULL; multiplies x, not x / smooth
    vise_prologue prologue;
} vise_rows_options;

// The strips that weights and activations of these schemes meet in; `w` may be only planned.
// E-SC-08 (VISE_EINVAL) if there is no kernel for the pair, E-SC-09 if a sum could overflow.
vise_status vise_strips_for(vise_strip_kind *out, const vise_packed *w, const vise_scheme *a,
                            vise_error *err);

// Makes rows for `w` and for any weight that vise_rows_fit() it.  What `*out` held goes, but
// its memory is used again if it is enough.  E-SC-10 for a wrong shape, E-SC-04 and E-SC-05 as
// vise_encode_rows() (only of rows that are coded), E-SC-12 as vise_encoding_of_scale(),
// E-TN-04, E-TN-08, E-MM-01.  On failure `*out` is empty.
vise_status vise_rows_make(const vise_context *ctx, vise_rows *out, const vise_tensor *x,
                           const vise_packed *w, const vise_rows_options *opt, vise_error *err);
void vise_rows_release(vise_rows *r);

// Do the rows go with this weight?
bool vise_rows_fit(const vise_rows *r, const vise_packed *w);

// Everything but the memory of `m` rows for `w`, of which `bytes` says how much it is.  Fails
// as vise_strips_for(), and with E-TN-01 if there are too many.
vise_status vise_rows_plan(vise_rows *out, const vise_packed *w, const vise_scheme *a,
                           int64_t m, int64_t rank, vise_error *err);
const char *vise_rows_kind(const vise_rows *r); // "grouped"

#endif
