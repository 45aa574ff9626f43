// The products of a linear layer, y = x w' + b, as kernels see them: some rows of activations,
// laid out in strips, times one panel of weights.
//
// A *panel* is 32 output channels, lane = output channel, so that one broadcast of an
// activation feeds a whole panel and scales are plain vectors (engine/packed.h makes them).
// Channels past the last one and inputs past the end of a row or group have code 0 and any
// scale.
//
// A *strip* is at most 12 rows of activations whose inputs lie next to each other, so that a
// kernel reads them straight through and no two rows share a cache set (engine/rows.h makes
// them).  `m` rows are cut into vise_strips(m) strips of nearly equal height; strip i holds
// rows vise_strip_row(m, i) up to vise_strip_row(m, i + 1), and strips follow each other
// without a gap: with P bytes a row, that of row r begins P * r bytes in.

#ifndef VISE_PRODUCTS_H
#define VISE_PRODUCTS_H

#include <stdint.h>

#include "engine/tensor.h"

enum { VISE_PANEL = 32, VISE_STRIP = 12 };

static inline int64_t vise_strips(int64_t m) {
    return (m + VISE_STRIP - 1) / VISE_STRIP;
}

static inline int64_t vise_strip_row(int64_t m, int64_t strip) {
    return strip == 0 ? 0 : strip * m / vise_strips(m); // m < 2^31
}

// What every product is about: strips [first, end) of `m` rows, and where the results go.  All
// pointers to rows, here and below, point at row 0 of the m.  When acc[i][j] is what a product
// computes, then each step below is rounded to f32 on its own:
//   y[i][j] = acc[i][j]  (+ add[i][j] if add)  (+ bias[j] if bias)
typedef struct vise_product {
    int64_t m, first, end;
    const float *add; // [m][ldadd] or NULL; not y
    int64_t ldadd;
    const float *bias; // [n] or NULL
    float *y;          // [m][ldy]
    int64_t ldy;
    int n; // channels to store, 1 to 32
} vise_product;

// int8 activations, one scale a row, times int8 weights, one scale a channel.  exact:
//   acc = (float)(sum over k of (x[i][k] - 128) * w[k][j]) * (xscale[i] * wscale[j])
// The integer sum does not overflow: k <= 65,536.
typedef struct vise_int8_product {
    vise_product to;
    int64_t k;           // inputs, a multiple of 4
    const uint8_t *x;    // strips [k / 4][rows][4]: code + 128; 128 past the real K
    const float *xscale; // [m]
    const int8_t *w;     // [k / 4][32][4]
    const int32_t *wsum; // [32]: sum over k of w
    const float *wscale; // [32]
} vise_int8_product;

// int8 activations times 4-bit weights in groups along K.  exact:
//   s[i][g][j] = sum over k in g of x[i][k] * (table[w[k][j]] - zero[g][j])       (integers)
//   acc = fma((float)s, xscale[i][g] * wscale[g][j], acc) from acc = 0, g = 0, 1, ...
//   then acc *= xrow[i] if xrow, then acc *= wupper[j] if wupper
// 1 stands for xscale when that is NULL, so that one rounding falls away.
typedef struct vise_grouped_product {
    vise_product to;
    int64_t groups, group;  // inputs a group, a multiple of 8
    const int8_t *x;        // strips [groups * group / 4][rows][4]
    const int32_t *xsum;    // [m][groups]: sums of the codes
    const float *xscale;    // [m][groups] or NULL
    const float *xrow;      // [m] or NULL
    const uint8_t *w;       // [groups][group / 8][32][4]: in each byte the low nibble holds
                            // input 8t + b, the high one 8t + 4 + b (b = 0..3)
    const uint8_t *table;   // [16], 0 to 127 each, or NULL: a nibble stands for itself
    int zero;               // 0 to 127: of all weights, if `zeros` is NULL
    const uint8_t *zeros;   // [groups][32], 0 to 127 each, or NULL
    vise_dtype scale_dtype; // f32, f16, bf16 or f8e4m3
    const void *wscale;     // [groups][32], never NaN
    const float *wupper;    // [32] or NULL
} vise_grouped_product;

// 8-bit floats times 8-bit floats, in groups along K.  near: products of two e4m3 are exact in
// f32, so at most group + groups + 4 roundings of partial sums, each half of FLT_EPSILON:
//   part = sum over k in g of x[i][k] * w[k][j];  acc = fma(part, xscale[i][g] * wscale[g][j],
//   acc) |got - ref| <= (group + groups + 4) * FLT_EPSILON * sum |x * w * scales| (+ add +
//   bias)
typedef struct vise_float8_product {
    vise_product to;
    int64_t groups, group; // inputs a group, a multiple of 4
    const uint16_t *x;     // strips [groups * group / 2][rows][2]: bf16 of values e4m3 can hold
    const float *xscale;   // [m][groups]
    const uint8_t *w;      // [groups * group / 2][32][2]: e4m3 bits, never NaN
    const float *wscale;   // [groups][32]
} vise_float8_product;

// How the weights of a panel product lie in memory.
typedef enum vise_panel_kind {
    VISE_PANEL_F32,    // [k][32] f32;             no scales
    VISE_PANEL_F16,    // [k][32] u16, f16 bits;   no scales
    VISE_PANEL_BF16,   // [k][32] u16, bf16 bits;  no scales
    VISE_PANEL_INT8,   // [k / 4][32][4] i8, as vise_int8_product
    VISE_PANEL_NIBBLE, // [groups][group / 8][32][4], as vise_grouped_product
    VISE_PANEL_FLOAT8, // [k / 2][32][2] e4m3 bits, as vise_float8_product
    VISE_PANEL_KIND_COUNT
} vise_panel_kind;

// f32 activations times weights of any kind; `group` inputs share a scale.  near:
//   acc = sum over k of x[i][k] * v[k][j],  v = value(w[k][j]) * scale[g][j] + zero[g][j]
// where value is table[nibble] (VISE_PANEL_NIBBLE), the integer or the float.  No scale: 1, no
// zero: 0.  acc *= wupper[j] if wupper.
//   |got - ref| <= (k + 4) * FLT_EPSILON * sum |x| (|value * scale| + |zero|) (+ add + bias)
typedef struct vise_panel_product {
    vise_product to;
    vise_panel_kind kind;
    int64_t groups, group; // a multiple of 4 with INT8, of 8 with NIBBLE, of 2 with FLOAT8
    const float *x;        // strips [groups * group][rows]; 0 past the real inputs
    const void *w;
    const float *table;     // [16], VISE_PANEL_NIBBLE only
    vise_dtype scale_dtype; // f32, f16, bf16 or f8e4m3; of zero too, but that is never f8e4m3
    const void *wscale;     // [groups][32] or NULL
    const void *wzero;      // [groups][32] or NULL
    const float *wupper;    // [32] or NULL
} vise_panel_product;

#endif
