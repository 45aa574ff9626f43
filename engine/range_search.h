// Range search, of integers by any convention: instead of the range of a run a smaller one,
// both of whose ends are shrunk alike, that codes the run best.
//
//   candidates  p = 1 - i / grid, i = 0 ... trunc(shrink * grid) - 1, rounded to f32: what the
//               convention makes of p min and p max (p amax), rounded as it would be stored
//   error       the sum over the run of importance_j |x_j - x_j'|^norm, x' with the nearest
//   code
//               by x * (1 / s) where the convention divides, and no importance being 1
//   best        the least error, the first of equals: i = 0 unless another is strictly better
//
// By that, norm 2.4: shrink 0.2, grid 100 is LLM Compressor's memoryless MSE (which stops all
// groups of a tensor when none got better five times in a row; here each group is searched to
// the end, so that what is its neighbour does not matter), shrink 0.8 that of GPTQ.  Norm 3,
// shrink 1, grid 20 with E[x^2] as importance is LLM Compressor's imatrix search.
//
// Errors are computed as the kernel power_errors says, of values times the power of two that
// brings the largest of the run into [1, 2), in f32 over pieces of 1,024 columns, and over
// pieces and rows in double, in order.  A run whose largest value lies outside 2^-100 to 2^100
// keeps its range.

#ifndef VISE_RANGE_SEARCH_H
#define VISE_RANGE_SEARCH_H

#include "engine/scale_search.h"

// As vise_search_steps().
void vise_search_ranges(vise_steps *steps, const vise_search *search, const vise_scheme *s,
                        const vise_matrix *m, const vise_run *first, const float lo[VISE_RUNS],
                        const float hi[VISE_RUNS], int64_t count);

#endif
