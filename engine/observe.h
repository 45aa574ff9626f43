// Observers: streaming statistics of what flows into a layer.  merge(a, b) gives the same
// bits in any order, so shards can be merged as a tree.  NaN and infinity stay in the result.
//
//   range         the smallest and the largest value
//   channel_span  for each channel the largest |x|

#ifndef VISE_OBSERVE_H
#define VISE_OBSERVE_H

#include "engine/context.h"
#include "engine/tensor.h"

typedef enum vise_statistic {
    VISE_RANGE,
    VISE_CHANNEL_SPAN,
    VISE_STATISTIC_COUNT
} vise_statistic;

// All-zero bytes is the closed value.
typedef struct vise_observer {
    vise_statistic statistic;
    int64_t channels;
    int64_t count;     // rows seen
    vise_tensor state; // f32: range {min, max}; channel_span [channels]
} vise_observer;

const char *vise_statistic_name(vise_statistic statistic);

// E-OB-01 (VISE_EINVAL): unknown statistic, or no channels.
vise_status vise_observer_new(vise_observer *out, const char *statistic, int64_t channels,
                              vise_error *err);
void vise_observer_release(vise_observer *o);

// Takes in x, f32 [..., channels].  E-OB-02 (VISE_EINVAL) on other shapes.  A cancelled update
// leaves some of the rows in the statistic and none in the count.
vise_status vise_observer_update(const vise_context *ctx, vise_observer *o,
                                 const vise_tensor *x, vise_error *err);

// Adds what `other` saw to `o`.  E-OB-02 if the statistics or the channels differ.
vise_status vise_observer_merge(vise_observer *o, const vise_observer *other, vise_error *err);

// A copy of the statistic: f32 [2] or [channels].  E-OB-03 (VISE_EINVAL) if no row was seen.
vise_status vise_observer_result(vise_tensor *out, const vise_observer *o, vise_error *err);

#endif
