// Private to engine/observe/: what a kind of observer is.

#ifndef VISE_OBSERVE_KINDS_H
#define VISE_OBSERVE_KINDS_H

#include "engine/observe/observe.h"

// What came in, as a matrix.
typedef struct vise_observed {
    const float *x;
    int64_t rows, cols, stride;
} vise_observed;

struct vise_observer_kind {
    const char *name;
    vise_dtype dtype; // of the state
    int64_t (*elements)(int64_t channels);
    vise_status (*update)(const vise_context *ctx, vise_observer *o, const vise_observed *x,
                          vise_error *err);
    // Of two that have seen rows.
    vise_status (*merge)(const vise_context *ctx, vise_observer *o, const vise_observer *other,
                         vise_error *err);
    // Both may be NULL: a copy of the state.
    vise_status (*state)(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                         vise_error *err);
    vise_status (*result)(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                          vise_error *err);
};

extern const vise_observer_kind vise_observe_range, vise_observe_channel_span,
    vise_observe_mean, vise_observe_importance, vise_observe_moments;

static inline int64_t vise_observe_channels(int64_t channels) {
    return channels;
}

#endif
