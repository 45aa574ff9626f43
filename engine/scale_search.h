// Scale search: instead of the scale that a convention gives a run, the multiple of it whose
// codes come closest to the values, at the same stored format.
//
//   integers  41 ratios 0.60, 0.61 ... 1.00: a smaller step, and the largest values clipped
//   f4e2m1    31 ratios 0.60, 0.62 ... 1.20: its steps are uneven, so a wider one may be
//   better;
//             with f8e4m3 scales these are all the codes from that of 0.60 to that of 1.20
//
// Each candidate is rounded as it would be stored before it is judged; the least sum of squared
// errors wins, the first of equals.  Errors are summed by the kernels int_errors and f4_errors
// (engine/kernels.h) in f32 over pieces of 1,024 columns, and over pieces and rows in double,
// in order.  A run whose largest value lies outside 2^-40 to 2^40, where squares would leave
// f32, keeps the convention's scale.

#ifndef VISE_SCALE_SEARCH_H
#define VISE_SCALE_SEARCH_H

#include "engine/codec.h"

// How to search.  All zeros: not at all.
typedef struct vise_search {
    bool on;
    // Or the range of a run is searched (engine/range_search.h), if `grid` is not 0.
    int64_t grid;
    double shrink, norm;
    const float *importance; // of each column of the matrix, finite and from 0 on; NULL: 1
} vise_search;

// Fills in what is not said: schemes that the above is not for, and importance, have their
// ranges searched.  E-SC-11 (VISE_EINVAL) if the scheme leaves nothing to search: one step in
// the whole tensor, f8e4m3 codes, f4e2m1 codes not made with the stored scale, or with a search
// of ranges.
vise_status vise_search_resolve(vise_search *search, const vise_scheme *s, vise_error *err);

// Replaces the conventions' steps of `count` runs by the best ones.  `first` is the first run,
// the others follow it in their row; lo and hi hold what vise_steps_make() took.
void vise_search_steps(vise_steps *steps, const vise_search *search, const vise_scheme *s,
                       const vise_matrix *m, const vise_run *first, const float lo[VISE_RUNS],
                       const float hi[VISE_RUNS], int64_t count, vise_upper upper);

#endif
