// Observers: streaming statistics of what flows into a layer.  NaN and infinity stay in the
// result.
//
//   range         the smallest and the largest value
//   channel_span  for each channel the largest |x|
//   mean          for each channel the mean of |x|
//   importance    for each channel the mean of x^2
//   moments       x'x / rows, [channels, channels]
//   histogram     how many |x| fall into bins of equal width, a power of two
//   token_span    the same of the largest |x| of each row
//   top           the largest |x|, with their channels
//   moving_average  a range that follows the updates: state + rate (new - state), as peers have
//                 it; it depends on the order of the data and cannot be merged
//
// mean, importance and moments keep sums in f64, which do not depend on how the rows were cut
// into updates (the bits of moments are those of chunks of 1,024 rows); merging adds two sums,
// so shards are merged along one tree.  The others but the last merge to the same bits in any
// order.

#ifndef VISE_OBSERVE_H
#define VISE_OBSERVE_H

#include "engine/context.h"
#include "engine/tensor.h"

enum { VISE_OBSERVED_BINS = 4096 }; // of a histogram

typedef struct vise_observer_kind vise_observer_kind; // engine/observe/kinds.h

typedef struct vise_observer_options {
    int64_t channels; // 1 or more
    int64_t keep;     // top: how many at most, 1 or more
    double rate;      // moving_average: in (0, 1]
} vise_observer_options;

#define VISE_OBSERVER_DEFAULTS ((vise_observer_options){.keep = 16, .rate = 0.01})

// All-zero bytes is the closed value.
typedef struct vise_observer {
    const vise_observer_kind *kind;
    int64_t channels;
    vise_observer_options options;
    int64_t count;      // rows seen
    vise_tensor state;  // what vise_observer_state() gives, without the rows of `chunk`
    vise_tensor chunk;  // moments: rows that fill no chunk yet, [1024, channels]
    int64_t chunk_rows; // how many of them
} vise_observer;

const char *vise_observer_name(const vise_observer *o);

// E-OB-01 (VISE_EINVAL): unknown statistic, or no channels.
vise_status vise_observer_new(vise_observer *out, const char *statistic,
                              const vise_observer_options *opt, vise_error *err);
void vise_observer_release(vise_observer *o);
// What the state of such an observer is, a vector.  Fails as vise_observer_new().
vise_status vise_observer_layout(int64_t *elements, vise_dtype *dtype, const char *statistic,
                                 const vise_observer_options *opt, vise_error *err);

// Takes in x, f32 [..., channels].  E-OB-02 (VISE_EINVAL) on other shapes.  A cancelled update
// leaves some of the rows in the statistic and none in the count.
vise_status vise_observer_update(const vise_context *ctx, vise_observer *o,
                                 const vise_tensor *x, vise_error *err);

// Adds what `other` saw to `o`.  E-OB-02 if the statistics or their sizes differ, E-OB-20 for a
// moving average.
vise_status vise_observer_merge(const vise_context *ctx, vise_observer *o,
                                const vise_observer *other, vise_error *err);

// A copy of the statistic.  E-OB-03 (VISE_EINVAL) if no row was seen.
//   range, moving_average   f32 {min, max}
//   channel_span, mean, importance   f32 [channels]
//   moments                 f32 [channels, channels]
//   histogram, token_span   i64 [bins], up to the last that is not empty; E-OB-11 if a value
//   was
//                           not finite
//   top                     f64 [n, 2]: value and channel from 1, the largest first
vise_status vise_observer_result(const vise_context *ctx, vise_tensor *out,
                                 const vise_observer *o, vise_error *err);

// The width of the bins of a histogram, 0 of others.
double vise_observer_width(const vise_observer *o);

// A copy of what is kept, to go on with elsewhere: sums as f64 [channels], of moments as
// engine/linalg/moments.h has them; a histogram as i64 counts of all bins, the exponent e of
// its range [0, 2^e) and how many values were not finite; top as f64 pairs, channel 0 where
// there is none; else the result.
vise_status vise_observer_state(const vise_context *ctx, vise_tensor *out,
                                const vise_observer *o, vise_error *err);
// The other way: `o` goes on from a state after `count` rows.  E-OB-02 for another shape or a
// value that no state has.
vise_status vise_observer_restore(vise_observer *o, const vise_tensor *state, int64_t count,
                                  vise_error *err);

#endif
