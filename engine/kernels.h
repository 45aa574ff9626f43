// The contract between the engine and the backends: one table of function pointers.
//
// Every kernel states how it is judged against the reference backend:
//   exact  same bits as `ref` on the same input
//   near   any summation order; |got - ref| <= bound, which the contract gives
// Pointers need no alignment, counts are >= 0, outputs never overlap inputs unless the
// contract says so.  No kernel reads or writes past the counts it is given.

#ifndef VISE_KERNELS_H
#define VISE_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/error.h"
#include "engine/products.h"

// C[m, n] = A op B + (add ? C : 0), f32, row-major, leading dimensions in elements.
// A is [m, k], or [k, m] when trans_a; B is [k, n], or [n, k] when trans_b.
typedef struct vise_gemm {
    bool trans_a, trans_b, add;
    int64_t m, n, k;
    const float *a, *b;
    int64_t lda, ldb;
    float *c;
    int64_t ldc;
} vise_gemm;

// The packed weights of the integer products come in panels of 32 output channels, lane =
// output channel, so that one broadcast of an activation feeds a whole panel and scales are
// plain vectors.  engine/packed.h makes them; channels past N are zero.

// int8 activations times one panel of int8 weights, one scale a row and one a channel:
//   y[i][j] = (float)(sum over k of x[i][k] * w[k][j]) * (xscale[i] * wscale[j]) + bias[j]
// each operation rounded to f32 on its own.  The integer sum does not overflow: k <= 65,536.
typedef struct vise_w8a8 {
    int64_t m, k;    // rows; inputs, a multiple of 4 (codes past the real K are 0)
    const int8_t *x; // [m][ldx]
    int64_t ldx;
    const float *xscale; // [m]
    const int8_t *w;     // [k / 4][32][4]
    const int32_t *wsum; // [32]: sum over k of w, for kernels that shift x by 128
    const float *wscale; // [32]
    const float *bias;   // [n], or NULL: add nothing
    float *y;            // [m][ldy]
    int64_t ldy;
    int n; // channels to store, 1 to 32
} vise_w8a8;

// int8 activations times one panel of unsigned 4-bit weights in groups along K, with a scale
// for each row and group of x and each channel and group of w:
//   s[i][g][j] = sum over k in g of x[i][k] * (w[k][j] - 8)                (integers)
//   t = (float)s * (xscale[i][g] * wscale[g][j])   accumulated as   acc = fma((float)s,
//   xscale * wscale, acc) from acc = 0, g = 0, 1, ...;   y[i][j] = acc + bias[j]
typedef struct vise_w4a8 {
    int64_t m, groups;
    int64_t group;   // inputs a group, a multiple of 8
    const int8_t *x; // [m][ldx], groups * group codes a row
    int64_t ldx;
    const int32_t *xsum; // [m][groups]: sums of the codes
    const float *xscale; // [m][groups]
    const uint8_t *w;    // [groups][group / 8][32][4]: in each byte the low nibble holds
                         // input 8t + b, the high one 8t + 4 + b (b = 0..3)
    const float *wscale; // [groups][32]
    const float *bias;   // [n] or NULL
    float *y;
    int64_t ldy;
    int n;
} vise_w4a8;

// The values of a row as codes, n of them in groups of `group` (the last may be shorter) with
// a scale and maybe a zero point each.  Rounding is to nearest, ties to even unless said.
typedef enum vise_code_form {
    VISE_CODE_MUL,     // v = x * scale
    VISE_CODE_DIV,     // v = (x - zero) / scale
    VISE_CODE_DIV_ADD, // integers only: q = clamp(rint(x / scale) + zero, 0, hi - lo) + lo
} vise_code_form;

typedef enum vise_code_kind {
    VISE_CODE_INT,     // q = clamp(rint(v), lo, hi)
    VISE_CODE_F8,      // the bits of the nearest f8e4m3, 448 at most
    VISE_CODE_F4,      // the nearest f4e2m1, 6 at most, never -0, less 8
    VISE_CODE_F4_DOWN, // the same, ties to the smaller magnitude
} vise_code_kind;

typedef struct vise_group_codes {
    vise_code_form form;
    vise_code_kind kind;
    int lo, hi; // integers only
    int8_t *q;  // [n]
    const float *x;
    int64_t n, group;
    const float *scale; // a group; not 0 where it divides
    const float *zero;  // a group, or NULL: 0
    const char *ahead;  // what is read next, 4n bytes that may be asked for now; or NULL
} vise_group_codes;

typedef struct vise_kernels {
    const char *name; // the best backend that filled a slot: "ref", "avx2", "avx512"
    const char *blas; // the library behind `gemm`, NULL when it is our own code

    // --- f32 products.  near: (k + 1) * FLT_EPSILON * (sum |a||b| + |c|).  At most k + 1
    // roundings of partial sums, each half of FLT_EPSILON, on either side.
    void (*gemm)(const vise_gemm *g);
    // The same for few rows (m <= 8, trans_b, not trans_a): reads B once.
    void (*gemm_few)(const vise_gemm *g);

    // --- conversions.  exact, as engine/floats.h
    void (*f16_to_f32)(float *y, const uint16_t *x, int64_t n);
    void (*f32_to_f16)(uint16_t *y, const float *x, int64_t n);
    void (*bf16_to_f32)(float *y, const uint16_t *x, int64_t n);
    void (*f32_to_bf16)(uint16_t *y, const float *x, int64_t n);

    // --- ranges.  exact; NaN if any element is NaN
    float (*absmax)(const float *x, int64_t n); // largest |x[i]|, 0 when n == 0
    // smallest and largest element (-0 and +0 are equal: either may come); n >= 1
    void (*minmax)(float *lo, float *hi, const float *x, int64_t n);
    // acc[i] = max(acc[i], |x[i]|), NaN if either is NaN; acc[i] >= 0 or NaN
    void (*column_absmax)(float *acc, const float *x, int64_t n);
    // The same of each group of a row: n elements in groups of `group`, the last may be
    // shorter; one result a group.
    void (*group_absmax)(float *max, const float *x, int64_t n, int64_t group);
    void (*group_minmax)(float *lo, float *hi, const float *x, int64_t n, int64_t group);

    // --- codes of a row in groups.  exact on finite input
    void (*group_codes)(const vise_group_codes *p);

    // --- rows into strips.  exact
    // Words of 4 bytes: y[w][i] = x[i][w], of `rows` (1 to 32) rows of n words each.
    void (*interleave)(void *y, const void *const x[], int64_t rows, int64_t n);
    // Sums of n codes in groups of `group`, the last may be shorter.
    void (*group_sums)(int32_t *sums, const int8_t *q, int64_t n, int64_t group);
    void (*divide)(float *y, const float *x, const float *by, int64_t n); // y = x / by

    // --- scale search.  exact on finite input
    // err[c] = sum over i of e^2, e = fma(-q, scale[c], x[i]), for `count` scales, all > 0, and
    // their reciprocals `inv`, finite.  Element i is added to lane i % 16, lane = fma(e, e,
    // lane); then the upper half of the lanes to the lower one: 8, 4, 2, 1.
    // q = clamp(rint(x * inv), lo, hi)
    void (*int_errors)(float *err, const float *x, int64_t n, const float *scale,
                       const float *inv, int count, int lo, int hi);
    // q = the nearest f4e2m1 to x * inv, ties to the even code
    void (*f4_errors)(float *err, const float *x, int64_t n, const float *scale,
                      const float *inv, int count);

    // --- codes.  exact
    // y[i] = (float)q[i] * scale + zero, two roundings
    void (*dequant)(float *y, const int8_t *q, int64_t n, float scale, float zero);
    // n nibbles, low one first, each plus `lo`.  p holds (n + 1) / 2 bytes.
    void (*unpack4)(int8_t *q, const uint8_t *p, int64_t n, int lo);
    // The other way: nibble q[i] + 8, q in [-8, 7]; past an odd n the last high one is 0
    void (*pack4)(uint8_t *p, const int8_t *q, int64_t n);
    int32_t (*sum_i8)(const int8_t *q, int64_t n);

    // --- functions of one row, in place allowed.  near: 8 * FLT_EPSILON relative to the
    // function's own scale: |ref| + FLT_MIN for softmax and silu, |x| for gelu.  exp is off by
    // less than 2 * FLT_EPSILON, a sum in double by nothing that shows, and each of the few
    // steps after it by half of one.  Input is finite or NaN, of softmax infinite too.
    void (*softmax)(float *y, const float *x, int64_t n); // exp(x - max) / sum
    void (*silu)(float *y, const float *x, int64_t n);    // x / (1 + exp(-x))
    // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
    void (*gelu_tanh)(float *y, const float *x, int64_t n);

    // --- integer products.  exact
    void (*w8a8)(const vise_w8a8 *p);
    void (*w4a8)(const vise_w4a8 *p);

    // --- products of a linear layer, judged as engine/products.h says
    void (*int8_product)(const vise_int8_product *p);
    void (*grouped_product)(const vise_grouped_product *p);
    void (*float8_product)(const vise_float8_product *p);
    void (*panel_product)(const vise_panel_product *p);
} vise_kernels;

// Picks the best backend this CPU runs, or exactly `want` ("ref", "avx2", "avx512") if given;
// `use_blas` puts OpenBLAS behind `gemm`.  Asking for a backend that is unknown (E-HW-01) or
// that this CPU cannot run (E-HW-02) is an error, never a silent fallback.
vise_status vise_kernels_select(vise_kernels *out, const char *want, bool use_blas,
                                vise_error *err);

#endif
