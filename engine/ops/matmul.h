// Products of f32 matrices, cut into tiles by shape alone.
//
// The rule, which vise_matmul_rule() gives in words for manifests: at most 16 rows go through
// kernels.gemm_few in panels of 64 columns, more through kernels.gemm in tiles of 256 rows by
// 256 columns; the inner elements are taken 2,048 at a time, in a linear layer 1,024, and added
// up in order, the bias last.  Between two such steps a tile looks whether it is to stop.

#ifndef VISE_OPS_MATMUL_H
#define VISE_OPS_MATMUL_H

#include "engine/context.h"
#include "engine/tensor.h"

const char *vise_matmul_rule(void);

// The product that `g` describes, on all threads.  Pointers and sizes are the caller's duty.
vise_status vise_gemm_run(const vise_context *ctx, const vise_gemm *g, vise_error *err);

typedef struct vise_matmul_options {
    bool trans_a, trans_b;
} vise_matmul_options;

// out = op(a) op(b) for two f32 matrices.
vise_status vise_matmul(const vise_context *ctx, vise_tensor *out, const vise_tensor *a,
                        const vise_tensor *b, const vise_matmul_options *opt, vise_error *err);

// out[..., out] = x[..., in] w[out, in]' + bias.  `w` is of any float dtype, perhaps mapped or
// strided, and is converted on the way; the result has the bits that converting all of it
// first would give.  `bias` may be NULL.
vise_status vise_linear(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                        const vise_tensor *w, const vise_tensor *bias, vise_error *err);

#endif
