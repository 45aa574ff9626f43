// Observers: streaming statistics of what flows into a layer.  NaN and infinity stay in the
// result.
//
//   range         the smallest and the largest value
//   channel_span  for each channel the largest |x|
//   mean          for each channel the mean of |x|
//   importance    for each channel the mean of x^2
//   moments       x'x / rows, [channels, channels]
//
// merge(a, b) of the first two gives the same bits in any order.  The others keep sums in f64,
// which do not depend on how the rows were cut into updates (the bits of moments are those of
// chunks of 1,024 rows); merging adds two sums, so shards are merged along one tree.

#ifndef VISE_OBSERVE_H
#define VISE_OBSERVE_H

#include "engine/context.h"
#include "engine/tensor.h"

enum { VISE_OBSERVED_CHUNK = 1024 }; // rows of one f32 product

typedef struct vise_observer_kind vise_observer_kind; // engine/observe/kinds.h

// All-zero bytes is the closed value.
typedef struct vise_observer {
    const vise_observer_kind *kind;
    int64_t channels;
    int64_t count;      // rows seen
    vise_tensor state;  // what vise_observer_state() gives, without the rows of `chunk`
    vise_tensor chunk;  // moments: rows that fill no chunk yet, [VISE_OBSERVED_CHUNK, channels]
    int64_t chunk_rows; // how many of them
} vise_observer;

const char *vise_observer_name(const vise_observer *o);

// E-OB-01 (VISE_EINVAL): unknown statistic, or no channels.
vise_status vise_observer_new(vise_observer *out, const char *statistic, int64_t channels,
                              vise_error *err);
void vise_observer_release(vise_observer *o);

// Takes in x, f32 [..., channels].  E-OB-02 (VISE_EINVAL) on other shapes.  A cancelled update
// leaves some of the rows in the statistic and none in the count.
vise_status vise_observer_update(const vise_context *ctx, vise_observer *o,
                                 const vise_tensor *x, vise_error *err);

// Adds what `other` saw to `o`.  E-OB-02 if the statistics or the channels differ.
vise_status vise_observer_merge(const vise_context *ctx, vise_observer *o,
                                const vise_observer *other, vise_error *err);

// A copy of the statistic: f32 [2], [channels] or [channels, channels].  E-OB-03 (VISE_EINVAL)
// if no row was seen.
vise_status vise_observer_result(const vise_context *ctx, vise_tensor *out,
                                 const vise_observer *o, vise_error *err);

// A copy of what is kept, to go on with elsewhere: range f32 {min, max}, channel_span f32
// [channels], sums f64 [channels], of moments the lower triangle by rows.
vise_status vise_observer_state(const vise_context *ctx, vise_tensor *out,
                                const vise_observer *o, vise_error *err);
// The other way: `o` goes on from a state after `count` rows.  E-OB-02 for another shape.
vise_status vise_observer_restore(vise_observer *o, const vise_tensor *state, int64_t count,
                                  vise_error *err);

#endif
