// The range to quantize in, chosen from a histogram of |x|: bin i holds what lies in
// [i width, (i + 1) width).  Three rules of published tools, step by step, so that the same
// histogram gives the same choice.

#ifndef VISE_OBSERVE_RANGES_H
#define VISE_OBSERVE_RANGES_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef struct vise_histogram {
    const int64_t *counts;
    int64_t bins;
    double width;
} vise_histogram;

// A histogram over an i64 vector, which has to outlive it.  E-OB-21 (VISE_EINVAL) for another
// tensor, a negative count, counts that are all 0 or a width that is not positive.
vise_status vise_histogram_of(vise_histogram *out, const vise_tensor *counts, double width,
                              vise_error *err);

// The left edge of the first bin at which the counts so far reach `percent` of all.
double vise_histogram_percentile(const vise_histogram *h, double percent);

// The largest code of a symmetric integer of `bits`, and the cells its magnitudes fall into.
static inline int64_t vise_histogram_levels(int bits, bool is_signed) {
    return (INT64_C(1) << (is_signed ? bits - 1 : bits)) - 1;
}

static inline int64_t vise_histogram_cells(int bits, bool is_signed) {
    return INT64_C(1) << (is_signed ? bits - 1 : bits);
}

// The centre of the bin that gives the least mean of count * (rounded centre - centre)^2, the
// first of equals, from bin 128 on.  A value is rounded as clamp(rint(x * s), levels) / s with
// s = levels / range.  With 128 bins or fewer the end of the last one.
double vise_histogram_mse(const vise_histogram *h, int64_t levels);

// The edge i width, i from 128 to the number of bins, at which what is cut off there and
// rounded to `cells` differs least from what was, by KL divergence; the last of equals.
//   h[0] = h[1]
//   reference: h[0 .. i), the sum of the rest added to its last bin
//   candidate: bin j is in the cell c with c i / cells <= j < (c + 1) i / cells; each bin of a
//   cell
//     that is not empty gets the cell's sum divided by how many of those there are
// With fewer than 128 bins the end of the last one.  E-MM-01, E-RN-01.
vise_status vise_histogram_entropy(const vise_context *ctx, double *out,
                                   const vise_histogram *h, int64_t cells, vise_error *err);

#endif
