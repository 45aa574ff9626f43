// Schemes: one immutable description of a numeric format.  The encoder, the decoder, the
// packer, the size of what is stored and the help text all read it; nothing re-derives it.
//
// A matrix x[rows, cols] is cut into runs that share one step: the whole tensor, a row (of a
// weight), a token (a row of activations), a group of `group` inputs of a row, or a block of
// some rows and columns; the last group or block of a row or column may be shorter.  A code
// stands for an *element*: an integer of b bits, an 8-bit float f8e4m3 (largest M = 448) or a
// 4-bit float f4e2m1 (0, .5, 1, 1.5, 2, 3, 4, 6 and their negatives, M = 6).  The *convention*
// says how a run's range becomes its step and how values become codes.  With H = 2^(b-1), amax
// the largest |x| of the run, M = H - 1 for integers, and near() the nearest element, ties to
// the even code, saturating:
//
//   amax_half_step     s = max(amax / (H - 0.5), 2^-23), q = clamp(rint(x * (1/s)), -H, H-1)
//                      torchao int8; compressed-tensors int4 and int8.  Integers only
//   amax               s = amax / M, 0 becomes 1, q = near(x / s)
//                      SVDQuant weights, ModelOpt, SmoothQuant; torchao float8
//   amax_reciprocal    a = amax / M, q = near(x * (1/a)) with the a that has not been rounded
//                      for storage; a run whose a cannot be inverted or is stored as 0 gets
//                      scale 0 and codes 0.  SVDQuant activations
//   minmax_float_zero  s = max(max - min, 1e-6) / (2H - 1), z = min + H s,
//                      q = clamp(rint((x - z) / s), -H, H-1), x' = q s + z
//                      torchao int4_weight_only
//   minmax_int_zero    min and max widened to include 0, s = (max - min) / (2H - 1), 0 becomes
//                      1, z = clamp(rint(-min / s), 0, 2H-1), q = clamp(rint(x / s) + z,
//                      0, 2H-1), x' = (q - z) s.  GPTQ, AWQ, compressed-tensors
//
// The conventions of single programs, where they differ from these to the bit, are those that
// engine/peer_steps.h lists: ct_sym, gptq_asym, gguf_q4_0 and the like.
//
// Two levels, for groups of f4e2m1 with f8e4m3 scales; x' = q (s t).  The upper level t covers
// the tensor or a row, R being its largest |x|:
//
//   nvfp4              t = R / (448 * 6) of the tensor, s = f8(clamp((amax / 6) / t, 2^-6,
//   448)),
//                      q = near(x * ((1/t) / s)).  torchao
//   svdq_nvfp4         t = R / (448 * 6) of the row, g = (amax / t) / 6, both rounded to the
//                      dtype of t, 0 becomes 1, q = nearest of (x / t) / g, ties to the smaller
//                      magnitude, s = f8(g).  SVDQuant as published, whose codes were chosen
//                      with another scale than the one that is stored
//   svdq_nvfp4_low     the same with every operation that makes t and g rounded to that dtype
//   svdq_nvfp4_stored  s = f8((amax / t) / 6) with the stored t, q = nearest of x / (t s), ties
//                      to the smaller magnitude; s = 0 gets codes 0: the same format, with
//                      codes made for the scales that are stored
//
// Every step is rounded to f32; s, z and t are then rounded to their dtypes (f8e4m3 saturates
// at 448), and unless said otherwise what is stored is what codes are made with.  rint rounds
// ties to even.  f4e2m1 codes never hold -0; f8e4m3 codes keep the sign of what rounds to zero.

#ifndef VISE_SCHEME_H
#define VISE_SCHEME_H

#include "engine/tensor.h"

typedef enum vise_element {
    VISE_ELEMENT_INT,
    VISE_ELEMENT_F8,
    VISE_ELEMENT_F4,
} vise_element;

typedef enum vise_granularity {
    VISE_PER_TENSOR,
    VISE_PER_ROW,
    VISE_PER_TOKEN,
    VISE_PER_GROUP,
    VISE_PER_BLOCK,
    VISE_GRANULARITY_COUNT
} vise_granularity;

typedef enum vise_zero { VISE_ZERO_NONE, VISE_ZERO_INT, VISE_ZERO_FLOAT } vise_zero;

typedef enum vise_second {
    VISE_SECOND_NONE,
    VISE_SECOND_TENSOR,
    VISE_SECOND_ROW,
} vise_second;

typedef enum vise_convention {
    VISE_AMAX_HALF_STEP,
    VISE_AMAX,
    VISE_AMAX_RECIPROCAL,
    VISE_MINMAX_FLOAT_ZERO,
    VISE_MINMAX_INT_ZERO,
    VISE_NVFP4,
    VISE_SVDQ_NVFP4,
    VISE_SVDQ_NVFP4_LOW,
    VISE_SVDQ_NVFP4_STORED,
    VISE_CT_SYM, // the first of engine/peer_steps.h
    VISE_CT_ASYM,
    VISE_GPTQ_SYM,
    VISE_GPTQ_ASYM,
    VISE_AMAX_FLOOR,
    VISE_AWQ_ASYM,
    VISE_AMAX_NARROW,
    VISE_AUTOROUND_SYM,
    VISE_AUTOROUND_ASYM,
    VISE_NC_SYM,
    VISE_NC_FULL,
    VISE_GGUF_Q4_0,
    VISE_GGUF_Q4_1,
    VISE_GGUF_Q8_0,
    VISE_QUANTO_ASYM,
    VISE_CONVENTION_COUNT
} vise_convention;

typedef struct vise_scheme {
    vise_element element;
    int bits;   // 2, 3, 4 or 8
    int lo, hi; // the codes; lo is 0 for unsigned integers.  Floats: their bits, centred
    vise_granularity granularity;
    int64_t group;      // inputs a group or block; 0 with the other granularities
    int64_t block_rows; // rows that share a step: 1 but for blocks
    bool symmetric;
    vise_zero zero;
    vise_convention convention;
    vise_dtype scale_dtype; // f32, f16, bf16 or f8e4m3
    vise_second second;
    vise_dtype second_dtype; // f32, f16 or bf16
} vise_scheme;

// What a person writes.  granularity and convention are required, bits with element "int",
// group with granularity "group", block with "block"; the rest may be left out: NULL, 0 and -1
// mean "not given".
typedef struct vise_scheme_fields {
    int64_t bits, group, block[2]; // block: rows, columns
    const char *element, *granularity, *convention, *zero, *scale_dtype, *second, *second_dtype;
    int symmetric; // 0, 1, -1
} vise_scheme_fields;

// E-SC-01: a field whose value is not one of those allowed.  E-SC-02: fields that contradict
// each other.  Both VISE_EINVAL, naming the field, what was found and what is allowed.
vise_status vise_scheme_make(vise_scheme *out, const vise_scheme_fields *fields,
                             vise_error *err);

const char *vise_element_name(vise_element element);
const char *vise_granularity_name(vise_granularity granularity);
const char *vise_zero_name(vise_zero zero);
const char *vise_second_name(vise_second second);
const char *vise_convention_name(vise_convention convention);
const char *vise_convention_formula(vise_convention convention);
const char *vise_convention_source(vise_convention convention);

// "int4 group 64, amax, bf16 scales".  Writes at most `size` bytes and returns `text`.
enum { VISE_SCHEME_TEXT = 128 }; // a size that is enough
const char *vise_scheme_describe(char *text, int size, const vise_scheme *s);

// What a convention looks at: the largest |x|, or the least and the largest x, with 0 among
// them or just as they are.
typedef enum vise_sides { VISE_AMAX_ONLY, VISE_WITH_ZERO, VISE_AS_IT_IS } vise_sides;

vise_sides vise_scheme_sides(const vise_scheme *s);

// Are values stored as code - lo times the scale and the zero point added?
bool vise_scheme_offset(const vise_scheme *s);

// May scales be negative?
bool vise_scheme_signed(const vise_scheme *s);

// The largest magnitude that a code of a symmetric scheme stands for at scale 1: M above.
float vise_scheme_most(const vise_scheme *s);

// How many inputs of a row share a step, how many runs a row has, and how many bands of rows
// that share their steps there are.
int64_t vise_scheme_run(const vise_scheme *s, int64_t cols);
int64_t vise_scheme_runs(const vise_scheme *s, int64_t cols);
int64_t vise_scheme_bands(const vise_scheme *s, int64_t rows);

// The canonical tensors of a coded matrix:
//   codes   8 bits: i8 (signed), u8 (unsigned) or f8e4m3 [rows, cols]
//           4 bits: u8 [rows, (cols + 1) / 2], low nibble = even column, the nibble past an
//           odd row's end is 0.  Integers: nibble = code, and 8 if it is signed.  f4e2m1: sign,
//           then the index
//   2, 3    u8 [rows, ceil(cols * bits / 8)]: the code of column i, and 2^(bits-1) if it is
//   bits    signed, in the `bits` bits from bit i * bits of the row on, the lowest of a byte
//           first; the bits past the end are 0
//   scale   scale_dtype: [1] per tensor, [rows] per row or token, [rows, runs] per group,
//           [bands, runs] per block
//   zero    as scale; u8 for an integer zero point; absent without one
//   second  second_dtype: the upper level, [1] or [rows]; absent with one level
typedef enum vise_part {
    VISE_PART_CODES,
    VISE_PART_SCALE,
    VISE_PART_ZERO,
    VISE_PART_SECOND,
    VISE_PART_COUNT
} vise_part;

const char *vise_part_name(vise_part part);

typedef struct vise_scheme_part {
    vise_part part;
    vise_dtype dtype;
    int ndim;
    int64_t shape[2], bytes; // shape entries past ndim are 1
} vise_scheme_part;

typedef struct vise_scheme_layout {
    int count; // the parts that there are, in the order above
    vise_scheme_part part[VISE_PART_COUNT];
    int64_t bytes;
} vise_scheme_layout;

// E-SC-03 if a group is wider than a row; E-TN-01 if the size overflows.  Both VISE_EINVAL.
vise_status vise_scheme_plan(vise_scheme_layout *out, const vise_scheme *s, int64_t rows,
                             int64_t cols, vise_error *err);

#endif
