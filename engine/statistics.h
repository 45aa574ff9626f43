// What a tensor holds, for people: counts, range, mean, deviation, a histogram, a small map of
// it.

#ifndef VISE_STATISTICS_H
#define VISE_STATISTICS_H

#include <stdint.h>

#include "engine/context.h"
#include "engine/tensor.h"

// Range, mean and deviation are those of the finite elements, 0 when there are none.
typedef struct vise_statistics {
    int64_t finite, nans, infinities, zeros;
    double min, max, mean;
    double m2; // sum of (x - mean)^2
} vise_statistics;

// Reads every element once.  Sums are in double and merged in an order that the shape fixes.
// E-MM-01, E-RN-01.
vise_status vise_tensor_statistics(const vise_context *ctx, vise_statistics *out,
                                   const vise_tensor *t, vise_error *err);

enum { VISE_MAX_BINS = 256 };

// Counts the finite elements of [lo, hi] in `bins` (1 to 256) equal intervals, the last one
// closed; the others are not counted.  E-NU-09 unless lo < hi, both finite, and not next to
// each other.
vise_status vise_tensor_histogram(const vise_context *ctx, int64_t counts[], int bins,
                                  double lo, double hi, const vise_tensor *t, vise_error *err);

typedef enum vise_block_value {
    VISE_BLOCK_ABSMAX,
    VISE_BLOCK_MAX,
    VISE_BLOCK_MEAN,
    VISE_BLOCK_MIN,
    VISE_BLOCK_VALUES
} vise_block_value;

// Makes a matrix out of one that is larger: the rows and columns of `t`, all but its last
// dimension being rows, are cut into `rows` x `columns` blocks as equal as they can be, and
// each gives one number.  A block with a NaN gives NaN; infinities count as numbers.  The
// result is f64.  E-TN-10 if there are not that many rows or columns, E-MM-01, E-RN-01.
vise_status vise_tensor_blocks(const vise_context *ctx, vise_tensor *out, const vise_tensor *t,
                               int64_t rows, int64_t columns, vise_block_value what,
                               vise_error *err);

#endif
