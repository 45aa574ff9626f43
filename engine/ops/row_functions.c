#include "engine/ops/row_functions.h"

#include <stddef.h>

void vise_layer_norm_row(const vise_kernels *k, float *y, const float *x, int64_t n, double eps,
                         const float *weight, const float *bias) {
    k->norm(y, x, n, &(vise_norm){true, eps, weight, bias});
}

void vise_rms_norm_row(const vise_kernels *k, float *y, const float *x, int64_t n, double eps,
                       const float *weight) {
    k->norm(y, x, n, &(vise_norm){false, eps, weight, NULL});
}

void vise_modulate_row(const vise_kernels *k, float *y, const float *x, int64_t n,
                       const float *shift, const float *scale) {
    k->modulate(y, x, shift, scale, n);
}

void vise_gated_add_row(const vise_kernels *k, float *y, const float *x, const float *branch,
                        const float *gate, int64_t n) {
    k->gated_add(y, x, branch, gate, n);
}

void vise_gelu_row(const vise_kernels *k, float *y, const float *x, int64_t n,
                   vise_gelu_kind kind) {
    if (kind == VISE_GELU_ERF) {
        k->gelu_erf(y, x, n);
    } else {
        k->gelu_tanh(y, x, n);
    }
}

void vise_silu_mul_row(const vise_kernels *k, float *y, const float *gate, const float *up,
                       int64_t n) {
    k->silu_mul(y, gate, up, n);
}
