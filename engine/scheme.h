// Schemes: one immutable description of a numeric format.  The encoder, the decoder, the
// packer, the size of what is stored and the help text all read it; nothing re-derives it.
//
// A matrix x[rows, cols] is cut into runs that share one step: the whole tensor, a row (of a
// weight), a token (a row of activations) or a group of `group` inputs of a row; the last
// group of a row may be shorter.  The *convention* says how a run's range becomes its step
// and how values become codes.  With b bits, H = 2^(b-1), amax the largest |x| of the run:
//
//   amax_half_step     s = max(amax / (H - 0.5), 2^-23), q = clamp(rint(x * (1/s)), -H, H-1)
//                      torchao int8; compressed-tensors int4 and int8
//   amax               s = amax / (H - 1), 0 becomes 1, q = clamp(rint(x / s), -H, H-1)
//                      SVDQuant weights, ModelOpt, SmoothQuant
//   amax_reciprocal    a = amax / (H - 1), q = clamp(rint(x * (1/a)), -H, H-1) with the a that
//                      has not been rounded for storage; a run whose a cannot be inverted or
//                      is stored as 0 gets scale 0 and codes 0.  SVDQuant activations
//   minmax_float_zero  s = max(max - min, 1e-6) / (2H - 1), z = min + H s,
//                      q = clamp(rint((x - z) / s), -H, H-1), x' = q s + z
//                      torchao int4_weight_only
//   minmax_int_zero    min and max widened to include 0, s = (max - min) / (2H - 1), 0 becomes
//                      1, z = clamp(rint(-min / s), 0, 2H-1), q = clamp(rint(x / s) + z,
//                      0, 2H-1), x' = (q - z) s.  GPTQ, AWQ, compressed-tensors
//
// Every step is rounded to f32; s and z are then rounded to the scale dtype, and unless said
// otherwise what is stored is what codes are made with.  rint rounds ties to even.

#ifndef VISE_SCHEME_H
#define VISE_SCHEME_H

#include "engine/tensor.h"

typedef enum vise_granularity {
    VISE_PER_TENSOR,
    VISE_PER_ROW,
    VISE_PER_TOKEN,
    VISE_PER_GROUP,
    VISE_GRANULARITY_COUNT
} vise_granularity;

typedef enum vise_zero { VISE_ZERO_NONE, VISE_ZERO_INT, VISE_ZERO_FLOAT } vise_zero;

typedef enum vise_convention {
    VISE_AMAX_HALF_STEP,
    VISE_AMAX,
    VISE_AMAX_RECIPROCAL,
    VISE_MINMAX_FLOAT_ZERO,
    VISE_MINMAX_INT_ZERO,
    VISE_CONVENTION_COUNT
} vise_convention;

typedef struct vise_scheme {
    int bits;   // 4 or 8
    int lo, hi; // the codes; lo is 0 for unsigned codes
    vise_granularity granularity;
    int64_t group; // inputs a group; 0 unless VISE_PER_GROUP
    bool symmetric;
    vise_zero zero;
    vise_convention convention;
    vise_dtype scale_dtype; // f32, f16 or bf16
} vise_scheme;

// What a person writes.  bits, granularity and convention are required, group too with
// granularity "group"; the rest may be left out: NULL, 0 and -1 mean "not given".
typedef struct vise_scheme_fields {
    int64_t bits, group;
    const char *granularity, *convention, *zero, *scale_dtype;
    int symmetric; // 0, 1, -1
} vise_scheme_fields;

// E-SC-01: a field whose value is not one of those allowed.  E-SC-02: fields that contradict
// each other.  Both VISE_EINVAL, naming the field, what was found and what is allowed.
vise_status vise_scheme_make(vise_scheme *out, const vise_scheme_fields *fields,
                             vise_error *err);

const char *vise_granularity_name(vise_granularity granularity);
const char *vise_zero_name(vise_zero zero);
const char *vise_convention_name(vise_convention convention);
const char *vise_convention_formula(vise_convention convention);
const char *vise_convention_source(vise_convention convention);

// "int4 group 64, amax, bf16 scales".  Writes at most `size` bytes and returns `text`.
const char *vise_scheme_describe(char *text, int size, const vise_scheme *s);

// How many inputs of a row share a step, at most `cols`, and how many runs a row has.
int64_t vise_scheme_run(const vise_scheme *s, int64_t cols);
int64_t vise_scheme_runs(const vise_scheme *s, int64_t cols);

// The canonical tensors of a coded matrix:
//   codes  8 bits: i8 (signed) or u8 (unsigned codes) [rows, cols]
//          4 bits: u8 [rows, (cols + 1) / 2], nibble = code - lo, low nibble = even column,
//          the nibble past an odd row's end is 0
//   scale  scale_dtype: [1] per tensor, [rows] per row or token, [rows, runs] per group
//   zero   as scale; u8 for an integer zero point; absent without one
typedef struct vise_scheme_part {
    const char *name;
    vise_dtype dtype;
    int ndim;
    int64_t shape[2], bytes;
} vise_scheme_part;

typedef struct vise_scheme_layout {
    int count;                // 2 or 3 parts, in the order above
    vise_scheme_part part[3]; // shape entries past ndim are 1
    int64_t bytes;
} vise_scheme_layout;

// E-SC-03 if a group is wider than a row; E-TN-01 if the size overflows.  Both VISE_EINVAL.
vise_status vise_scheme_plan(vise_scheme_layout *out, const vise_scheme *s, int64_t rows,
                             int64_t cols, vise_error *err);

#endif
