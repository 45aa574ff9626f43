// Functions of one f32 row.  The operators on whole tensors apply them row by row, and so does
// whatever fuses one of them with a step of its own: the same code, so the same bits.
//
// The output may be the input itself (of two inputs, either).  Vectors that a parameter calls
// NULL-able are left out when they are.

#ifndef VISE_OPS_ROW_FUNCTIONS_H
#define VISE_OPS_ROW_FUNCTIONS_H

#include "engine/kernels.h"

typedef enum vise_gelu_kind { VISE_GELU_TANH, VISE_GELU_ERF } vise_gelu_kind;

// (x - mean) / sqrt(variance + eps) * weight + bias, mean and variance in double; weight and
// bias may be NULL.
void vise_layer_norm_row(const vise_kernels *k, float *y, const float *x, int64_t n, double eps,
                         const float *weight, const float *bias);

// x / sqrt(mean of x^2 + eps) * weight; weight may be NULL.
void vise_rms_norm_row(const vise_kernels *k, float *y, const float *x, int64_t n, double eps,
                       const float *weight);

// x (1 + scale) + shift, three roundings
void vise_modulate_row(const vise_kernels *k, float *y, const float *x, int64_t n,
                       const float *shift, const float *scale);

// x + gate branch, two roundings
void vise_gated_add_row(const vise_kernels *k, float *y, const float *x, const float *branch,
                        const float *gate, int64_t n);

void vise_gelu_row(const vise_kernels *k, float *y, const float *x, int64_t n,
                   vise_gelu_kind kind);

// silu(gate) * up: the bits of kernels.silu, then one product.
void vise_silu_mul_row(const vise_kernels *k, float *y, const float *gate, const float *up,
                       int64_t n);

#endif
