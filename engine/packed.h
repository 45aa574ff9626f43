// Packed weights: a weight in the panels that the kernels read (engine/products.h).  Derived
// from a coded tensor, or from floats, at load; never saved.
//
// Outputs lie in panels of 32.  Inputs lie in groups that share their scales, each padded to
// `pitch` codes; outputs past the last and inputs past the end of a row or group have code 0.
//
//   kind     made from                      scales, per panel
//   int8     8-bit integers                 [groups][32] f32
//   nibble   2- to 4-bit integers, f4e2m1   [groups][32] in the stored dtype
//   float8   f8e4m3                         [groups][32] f32
//   f32 f16 bf16   floats of that dtype     none, one group
//
// Weights with an integer zero point keep f32 scales, so that scale * (H - z), H half of the
// codes, can stand beside them (and those of unsigned codes with a float zero point, for scale
// * H + z) for the panel product.  The codes of f4e2m1 are twice the values; their `upper`
// holds the other half.

#ifndef VISE_PACKED_H
#define VISE_PACKED_H

#include "engine/coded.h"

// All-zero bytes is the closed value.
typedef struct vise_packed {
    vise_panel_kind kind;
    vise_scheme scheme; // of coded weights
    int64_t rows, cols;
    int64_t panels;
    int64_t group;  // columns a group: those of the scheme, or the whole row
    int64_t groups; // a row
    int64_t pitch;  // codes from one group to the next
    vise_dtype scale_dtype;

    // One block of memory, which `codes` begins.  All but the codes may be NULL.
    void *codes;    // [panels] of what the kind says
    int32_t *wsum;  // [panels][32]: sums of the codes; int8 with one group
    float *upper;   // [panels][32]: multiplies the sum over all groups; f4e2m1
    void *scale;    // [panels][groups][32]
    void *zero;     // the same: added to the scaled value
    uint8_t *zeros; // the same: integer zero points of nibbles, as nibbles
} vise_packed;

void vise_packed_release(vise_packed *p);

// Packs any coded matrix.  E-TN-01, E-SC-03 (VISE_EINVAL) as vise_scheme_plan(), E-MM-01.
vise_status vise_pack(const vise_context *ctx, vise_packed *out, const vise_coded *c,
                      vise_error *err);

// Packs a matrix of f32, f16 or bf16, perhaps strided.  E-TN-04, E-TN-08, E-TN-01, E-MM-01.
vise_status vise_pack_floats(const vise_context *ctx, vise_packed *out, const vise_tensor *w,
                             vise_error *err);

// The same without doing it: everything but the memory, so that vise_packed_size() and
// vise_strips_for() (engine/rows.h) can answer beforehand.
vise_status vise_packed_plan(vise_packed *out, const vise_scheme *s, int64_t rows, int64_t cols,
                             vise_error *err);
vise_status vise_packed_plan_floats(vise_packed *out, vise_dtype dtype, int64_t rows,
                                    int64_t cols, vise_error *err);

int64_t vise_packed_size(const vise_packed *p);     // bytes it holds, or would hold
int64_t vise_packed_panel(const vise_packed *p);    // of one panel's codes
const char *vise_packed_kind(const vise_packed *p); // "nibble"

// What the kernels take of panel `panel`: everything but the rows.  They read the packed weight
// as long as they run.
void vise_packed_int8(vise_int8_product *out, const vise_packed *p, int64_t panel);
void vise_packed_grouped(vise_grouped_product *out, const vise_packed *p, int64_t panel);
void vise_packed_float8(vise_float8_product *out, const vise_packed *p, int64_t panel);
void vise_packed_product(vise_panel_product *out, const vise_packed *p, int64_t panel);

#endif
