// Scale search: instead of the scale that a convention gives a run, the multiple of it whose
// codes come closest to the values, at the same stored format.
//
//   integers  41 ratios 0.60, 0.61 ... 1.00: of the largest value only the range is given up
//   f4e2m1    31 ratios 0.60, 0.62 ... 1.20: its steps are uneven, so wider may be better
//
// Each candidate is rounded as it would be stored before it is judged; the least sum of squared
// errors wins, the first of equals.  For the sum x is multiplied by 1 / scale and rounded to
// the nearest code, ties to even; errors are squared and added in f32, element i of a piece of
// 1,024 to lane i mod 16, the lanes in halves (8, 4, 2, 1), pieces in double.

#ifndef VISE_SCALE_SEARCH_H
#define VISE_SCALE_SEARCH_H

#include "engine/codec.h"

// E-SC-11 (VISE_EINVAL) if the scheme's scales leave nothing to search: it is not symmetric,
// shares one step in the whole tensor, has f8e4m3 codes, or a convention whose codes are not
// made with the stored scale.
vise_status vise_search_check(const vise_scheme *s, vise_error *err);

// Makes the best step of a run, whose range is finite.  False as vise_step_make(), if no
// candidate fits.
bool vise_search_step(vise_step *out, const vise_scheme *s, const vise_matrix *m,
                      const vise_run *run, vise_range r, vise_upper upper);

#endif
