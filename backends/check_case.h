// Private to backends/check*.c: what the checks share.
//
// Two output areas start out equal and poisoned.  `ref` writes into one, the backend into the
// other, both at an odd offset; whatever either writes outside its counts shows up as a
// difference.

#ifndef VISE_CHECK_CASE_H
#define VISE_CHECK_CASE_H

#include "backends/check.h"

enum {
    CASE_GUARD = 64,      // bytes before and after each output
    CASE_OUT = 1 << 18,   // bytes of an output area
    CASE_MAX_N = 131,     // every length up to this one is tried
    CASE_FLOATS = 1 << 17 // of an input
};

typedef struct vise_case {
    const vise_kernels *ref, *k;
    uint64_t seed;
    vise_check *result;
    unsigned char want[CASE_OUT], got[CASE_OUT];
    float a[CASE_FLOATS], b[CASE_FLOATS];
    int8_t x[CASE_FLOATS], w[CASE_FLOATS * 17];
} vise_case;

// Every check runs all its problems on `c` and stops at the first that fails.
void vise_check_f16_to_f32(vise_case *c);
void vise_check_f32_to_f16(vise_case *c);
void vise_check_bf16_to_f32(vise_case *c);
void vise_check_f32_to_bf16(vise_case *c);
void vise_check_absmax(vise_case *c);
void vise_check_minmax(vise_case *c);
void vise_check_column_absmax(vise_case *c);
void vise_check_column_abs_sum(vise_case *c);
void vise_check_column_squares(vise_case *c);
void vise_check_group_absmax(vise_case *c);
void vise_check_group_minmax(vise_case *c);
void vise_check_group_codes(vise_case *c);
void vise_check_interleave(vise_case *c);
void vise_check_group_sums(vise_case *c);
void vise_check_divide(vise_case *c);
void vise_check_int_errors(vise_case *c);
void vise_check_f4_errors(vise_case *c);
void vise_check_power_errors(vise_case *c);
void vise_check_walsh(vise_case *c);
void vise_check_sweep_columns(vise_case *c);
void vise_check_dequant(vise_case *c);
void vise_check_unpack4(vise_case *c);
void vise_check_pack4(vise_case *c);
void vise_check_sum_i8(vise_case *c);
void vise_check_softmax(vise_case *c);
void vise_check_silu(vise_case *c);
void vise_check_silu_mul(vise_case *c);
void vise_check_gelu_tanh(vise_case *c);
void vise_check_gelu_erf(vise_case *c);
void vise_check_exp_sum(vise_case *c);
void vise_check_norm(vise_case *c);
void vise_check_modulate(vise_case *c);
void vise_check_gated_add(vise_case *c);
void vise_check_gemm(vise_case *c);
void vise_check_gemm_tiles(vise_case *c);
void vise_check_gemm_few(vise_case *c);
void vise_check_attention(vise_case *c);
void vise_check_gemm_few16(vise_case *c);
void vise_check_int8_product(vise_case *c);
void vise_check_grouped_product(vise_case *c);
void vise_check_float8_product(vise_case *c);
void vise_check_panel_product(vise_case *c);

uint32_t vise_case_bits(vise_case *c);            // 32 random bits
int64_t vise_case_below(vise_case *c, int64_t n); // 0 to n - 1
float vise_case_uniform(vise_case *c);            // in [-1, 1)
float vise_case_finite(vise_case *c);             // moderate numbers and finite edges

void vise_case_poison(vise_case *c);
// Where an output of elements of `size` bytes starts in either area: off by one element.
void *vise_case_want(vise_case *c, size_t size);
void *vise_case_got(vise_case *c, size_t size);
bool vise_case_same(const vise_case *c); // both areas, guards included

// Records the verdict of one problem of size n; returns `ok`.
bool vise_case_verdict(vise_case *c, bool ok, int64_t n);
// Judges `count` floats of the two areas.  allowed[i] is the largest error; NaN must meet NaN.
// Bytes outside of them must be equal.
bool vise_case_near(vise_case *c, const double *allowed, int64_t count);

#endif
