// The conventions of single programs, to the bit: where rounding, floors, clamping or a special
// case differ from the conventions of engine/scheme.h.  H = 2^(b-1); amax, min and max are
// those of the run; every operation is rounded to f32, and what is stored is then rounded to
// the scale dtype, `s` below being that unless said otherwise.
//
//   ct_sym          s = amax / (H - 0.5), f8e4m3 amax / 448, f4e2m1 amax / 6; 0 becomes the
//                   machine epsilon of the dtype: 2^-23, 2^-10 (f16), 2^-7 (bf16), 0.125
//                   (f8e4m3).  q = rint(clamp(x / s, -H, H-1)).  compressed-tensors
//   ct_asym         min and max widened to include 0, e = (max - min) / (2H - 1), s = e, 0
//                   becomes epsilon; z = rint(clamp(-H - min / e, -H, H-1)), 0 if that is NaN;
//                   q = rint(clamp(x / s + z, -H, H-1)), x' = (q - z) s.  q + H and z + H are
//                   stored.  compressed-tensors
//   gptq_sym        s = (m + m) / (2H - 1) with m = amax, or max / (2H - 1) if no value is
//                   negative; 2 / (2H - 1) if all are 0.  q = clamp(rint(x / s), -H, H-1). GPTQ
//                   stores q + H, and H as the zero point of every run
//   gptq_asym       min and max widened to include 0, [-1, 1] if both are 0;
//                   s = (max - min) / (2H - 1), z = rint(-min / s), q = clamp(rint(x / s) + z,
//                   0, 2H-1).  GPTQ, Neural Compressor
//   amax_floor      s = max(amax, 1e-5) / (H - 1), q = clamp(rint(x / s), -H, H-1).  AutoAWQ,
//                   SmoothQuant
//   awq_asym        s = max(max - min, 1e-5) / (2H - 1), min and max as they are;
//                   z = clamp(-rint(min / s), 0, 2H-1), q as gptq_asym.  AutoAWQ
//   amax_narrow     as amax, q without -H.  ModelOpt's narrow_range
//   autoround_sym   e = the value of largest magnitude, the positive one of equals;
//                   s = e / -H, which may be negative, |s| >= 1e-5; q as gptq_sym.  AutoRound
//   autoround_asym  as gptq_asym with s = max((max - min) / (2H - 1), 1e-5), nothing else for
//                   zeros.  AutoRound
//   nc_sym          as amax with amax = 1 for zeros.  Neural Compressor
//   nc_full         as nc_sym with s = amax / H, negative if |max| > |min|.  Neural Compressor,
//                   full range
//   gguf_q4_0       d = e / -H, e as for autoround_sym but the first of equals; codes are made
//                   with the d that has not been rounded, i = 1 / d: q = min(trunc(x i + (H +
//                   0.5)), 2H-1) - H.  A d of 0, or one that cannot be inverted, is stored as 0
//   gguf_q4_1       d = (max - min) / (2H - 1), m = min: q = min(trunc((x - m) i + 0.5), 2H-1),
//                   x' = q d + m with d and m as stored; the rest as gguf_q4_0
//   gguf_q8_0       d = amax / (H - 1): q = x i rounded, halves away from 0; the rest as
//                   gguf_q4_0
//   quanto_asym     s = (max - min) / (2H - 1), min and max as they are, z = min;
//                   q = clamp(rint((x - z) / s), 0, 2H-1), x' = q s + z.  quanto
//
// Codes stay within what there is of them also where a searched range is narrower than the
// values. A scale that is stored as 0 becomes 1 where nothing else is said.  Integer zero
// points are clamped to the codes: only subnormal or rounded steps need it.  Of longer rows and
// of blocks, gguf_q4_0 takes the first of equals within 4,096 columns of a row, then the
// positive one.

#ifndef VISE_PEER_STEPS_H
#define VISE_PEER_STEPS_H

#include "engine/steps.h"

bool vise_is_peer(const vise_scheme *s);

// As vise_steps_make(), whose ranges are finite.  `out->zero` of gguf_q4_1 has not been rounded
// for storage.  False if a value does not fit the scale dtype.
bool vise_peer_steps(const vise_kernels *k, vise_steps *out, const vise_scheme *s,
                     const float *lo, const float *hi, int64_t count);

// Are codes made in another way than kernels do?  Then these are those of one run, centred
// (engine/codec.h).
bool vise_peer_coded(const vise_scheme *s);
void vise_peer_codes(const vise_scheme *s, int8_t *q, const float *x, int64_t n, float by,
                     float zero);

#endif
