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

#include "engine/attention_tile.h"
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

// What makes powers of a = 2^k m, m in [1, 2), 0 <= a < 32: a^power is near scale[max(k + 27,
// 0)] * P(m - 1.5), P with the coefficients `poly`, the constant first (engine/power.h).
enum { VISE_POWER_POLY = 6, VISE_POWER_SCALES = 32, VISE_POWER_LEAST = 127 - 27 };
typedef struct vise_power {
    float power, poly[VISE_POWER_POLY], scale[VISE_POWER_SCALES];
} vise_power;

// Errors of some values coded with each of some steps, each to a power and weighted.
typedef struct vise_power_errors {
    float *err; // [count]
    const float *x;
    const float *weight; // [n], or NULL: 1
    int64_t n;
    int count;
    const float *scale, *inv, *lo, *hi; // [count]; lo and hi: the codes there are
    const float *zero;                  // [count], or NULL: 0
    const vise_power *power;
} vise_power_errors;

// Some columns of a GPTQ sweep (engine/linalg/gptq.h).  Rows of a column lie side by side; lane
// r of column i is w[i * pitch + r], its code q[i * pitch + r].  For each column i, and each
// row r:
//
//   x = w[i], or 0 if u[i][i] is 0           q = the code of x, x / units first if there are
//   units e = (v - x) / u[i][i], or 0 if that is 0,  where v = what q stands for w[j] = w[j] +
//   e * u[i][j] for j > i      w[i] = e           loss = loss + e * e
//
// every operation rounded on its own.  Integers stand for q * value, + zero where there is one;
// with VISE_CODE_DIV_ADD for ((q - lo) - zero) * value; floats for their own value times
// `value`.
enum { VISE_SWEEP_COLUMNS = 16 }; // the most
typedef struct vise_sweep_columns {
    vise_group_codes coding; // form, kind, lo, hi; the rest is not read
    int64_t rows, cols;      // rows: a multiple of 8
    float *w;
    int8_t *q;
    int64_t pitch;
    const float *u; // u[i][j] is u[i * ldu + j]
    int64_t ldu;
    // Of a column, a number for each row: what codes are made with, as vise_group_codes has it,
    // and what they stand for.  All zeros are NULL, or none is.
    const float *scale[VISE_SWEEP_COLUMNS], *zero[VISE_SWEEP_COLUMNS];
    const float *value[VISE_SWEEP_COLUMNS];
    const float *units; // [rows] or NULL
    float *loss;        // [rows], written
} vise_sweep_columns;

// (x - mean) * inv * weight + bias over a row, with mean = sum of x / n if `centred`, else 0,
// and inv = 1 / sqrt(sum of (x - mean)^2 / n + eps), all in double up to
//   y[i] = (float)((x[i] - mean) * inv)  (* weight[i] if weight)  (+ bias[i] if bias)
// where each step is rounded to f32 on its own.  In the sums element i goes to lane i % 32,
// lane = lane + x or lane = fma(d, d, lane); then the upper half of the lanes is added to the
// lower one: 16, 8, 4, 2, 1.
typedef struct vise_norm {
    bool centred;
    double eps;
    const float *weight, *bias; // [n] or NULL
} vise_norm;

typedef struct vise_kernels {
    const char *name; // the best backend that filled a slot: "ref", "avx2", ...
    const char *blas; // the library behind `gemm`, NULL when it is our own code

    // --- f32 products.  near: (k + 1) * FLT_EPSILON * (sum |a||b| + |c|).  At most k + 1
    // roundings of partial sums, each half of FLT_EPSILON, on either side.
    void (*gemm)(const vise_gemm *g);
    // The same for the tiles of solvers: our own code on AVX-512, where it outruns OpenBLAS
    // (docs/kernels.md), else `gemm`.
    void (*gemm_tiles)(const vise_gemm *g);
    // The same for few rows (m <= 16, trans_b, not trans_a): reads B once.
    void (*gemm_few)(const vise_gemm *g);
    // The same with the B given, f16 or bf16: the bits of converting it first.  g->b is not
    // used.
    void (*gemm_few16)(const vise_gemm *g, const uint16_t *b, vise_dtype dtype);

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
    // acc[i] += |x[i]|, and acc[i] += x[i]^2, whose product is exact, of each row in turn; rows
    // are `stride` apart.  Which NaN is left open
    void (*column_abs_sum)(double *acc, const float *x, int64_t n, int64_t rows,
                           int64_t stride);
    void (*column_squares)(double *acc, const float *x, int64_t n, int64_t rows,
                           int64_t stride);
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

    // The same of |e|^power, weighted: v = x[i] - zero[c], q = clamp(rint(v * inv[c]), lo[c],
    // hi[c]), e = fma(-q, scale[c], v), |e| < 32.  Without weights and of squares lane = fma(e,
    // e, lane); else lane = fma(t, weight[i], lane), or lane + t, where t is e * e for power 2,
    // (e * e) * |e| for 3, else as vise_power says, by Horner's rule with fma.
    void (*power_errors)(const vise_power_errors *p);

    // --- transforms.  exact
    // y = by * H x for the Walsh-Hadamard matrix of order n, a power of two, in natural order:
    // for h = 1, 2, 4 ... n / 2 elements i and i + h, where i has not the bit h, become their
    // sum and their difference; then each is multiplied.  y may be x.
    void (*walsh)(float *y, const float *x, int64_t n, float by);

    // --- sweeps.  exact where all is finite
    void (*sweep_columns)(const vise_sweep_columns *p);

    // --- codes.  exact
    // y[i] = (float)q[i] * scale + zero, two roundings
    void (*dequant)(float *y, const int8_t *q, int64_t n, float scale, float zero);
    // n nibbles, low one first, each plus `lo`.  p holds (n + 1) / 2 bytes.
    void (*unpack4)(int8_t *q, const uint8_t *p, int64_t n, int lo);
    // The other way: nibble q[i] + 8, q in [-8, 7]; past an odd n the last high one is 0
    void (*pack4)(uint8_t *p, const int8_t *q, int64_t n);
    int32_t (*sum_i8)(const int8_t *q, int64_t n);

    // --- functions of one row, in place allowed.  near: 8 * FLT_EPSILON relative to the
    // function's own scale: |x| for gelu_tanh, |ref| + FLT_MIN for the others.  exp is off by
    // less than 2 * FLT_EPSILON, a sum in double by nothing that shows, and each of the few
    // steps after it by half of one.  Input is finite or NaN, of softmax infinite too.
    void (*softmax)(float *y, const float *x, int64_t n); // exp(x - max) / sum
    void (*silu)(float *y, const float *x, int64_t n);    // x / (1 + exp(-x))
    // silu(x) * up: what `silu` of the same table gives, then one product.  exact by that; y
    // may be `up`
    void (*silu_mul)(float *y, const float *x, const float *up, int64_t n);
    // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
    void (*gelu_tanh)(float *y, const float *x, int64_t n);
    // x / 2 * erfc(-x / sqrt(2))
    void (*gelu_erf)(float *y, const float *x, int64_t n);
    // sum of exp(x[i] - max), max the largest element, in double.  near: (n + 16) * DBL_EPSILON
    // of it.  NaN if any element is NaN or +infinity, or all are -infinity.
    double (*exp_sum)(const float *x, int64_t n, float max);

    // --- norms of one row.  exact; y may be x, or the branch
    void (*norm)(float *y, const float *x, int64_t n, const vise_norm *o);
    // y[i] = x[i] * (1 + scale[i]) + shift[i], each step rounded
    void (*modulate)(float *y, const float *x, const float *shift, const float *scale,
                     int64_t n);
    // y[i] = x[i] + gate[i] * branch[i], two roundings
    void (*gated_add)(float *y, const float *x, const float *branch, const float *gate,
                      int64_t n);

    // --- attention, judged as engine/attention_tile.h says
    void (*attention)(const vise_attention_tile *t);

    // --- products of a linear layer, judged as engine/products.h says
    void (*int8_product)(const vise_int8_product *p);
    void (*grouped_product)(const vise_grouped_product *p);
    void (*float8_product)(const vise_float8_product *p);
    void (*panel_product)(const vise_panel_product *p);
} vise_kernels;

// Picks the best backend this CPU runs, or exactly `want` ("ref", "avx2", "avxvnni", "avx512")
// if given; `use_blas` puts OpenBLAS behind `gemm`.  Asking for a backend that is unknown
// (E-HW-01) or that this CPU cannot run (E-HW-02) is an error, never a silent fallback.
vise_status vise_kernels_select(vise_kernels *out, const char *want, bool use_blas,
                                vise_error *err);

#endif
