// The rows that a product takes: those of a tensor, as f32, after whatever is fused in front of
// the product.  Each step has the bits of the operator on whole tensors (engine/ops).

#ifndef VISE_ROW_SOURCE_H
#define VISE_ROW_SOURCE_H

#include "engine/codec.h"
#include "engine/context.h"
#include "engine/ops/row_functions.h"

typedef enum vise_prologue_kind {
    VISE_PROLOGUE_NONE,
    VISE_PROLOGUE_LAYER_NORM,
    VISE_PROLOGUE_RMS_NORM,
    VISE_PROLOGUE_GELU_TANH,
    VISE_PROLOGUE_GELU_ERF,
    VISE_PROLOGUE_SILU_MUL, // silu(x) * up
} vise_prologue_kind;

// What is fused.  Tensors that a kind does not use are NULL; so may be those of the norms, and
// `shift` and `mod_scale` together: x is [B, T, D] and they [B, D], as vise_modulate() takes
// them.
typedef struct vise_prologue {
    vise_prologue_kind kind;
    double eps;
    const vise_tensor *weight, *bias; // [D], of any float dtype
    const vise_tensor *shift, *mod_scale;
    const vise_tensor *up; // of the shape of x
} vise_prologue;

// A prologue with its tensors looked up.  All-zero bytes is the closed value.
typedef struct vise_row_source {
    const vise_kernels *kernels;
    vise_matrix x;
    bool direct; // the rows lie in memory as they are wanted
    vise_prologue_kind kind;
    double eps;
    vise_tensor held[2]; // copies as f32
    const float *weight, *bias, *shift, *mod_scale, *up;
    int64_t shift_step, mod_scale_step, up_step; // floats from one row to the next
    int64_t per_batch;                           // rows that share a row of shift and mod_scale
} vise_row_source;

// `x` is f32, f16 or bf16, perhaps strided.  E-TN-04, E-TN-08 for tensors that do not fit it,
// E-MM-01.
vise_status vise_row_source_make(vise_row_source *out, const vise_kernels *kernels,
                                 const vise_tensor *x, const vise_prologue *p, vise_error *err);
void vise_row_source_release(vise_row_source *s);

// One row: in place, or made in `buffer`, which holds as many floats as x has columns.
const float *vise_row_source_read(const vise_row_source *s, int64_t row, float *buffer);

#endif
