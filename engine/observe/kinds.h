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
    int64_t (*elements)(const vise_observer_options *opt);
    void (*start)(vise_observer *o); // of a new state, which is zero; or NULL
    vise_status (*update)(const vise_context *ctx, vise_observer *o, const vise_observed *x,
                          vise_error *err);
    // Of two that have seen rows.
    vise_status (*merge)(const vise_context *ctx, vise_observer *o, const vise_observer *other,
                         vise_error *err);
    // Is this a state?  NULL: every one is.
    bool (*valid)(const vise_observer *o, const vise_tensor *state);
    // Both may be NULL: a copy of the state.
    vise_status (*state)(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                         vise_error *err);
    vise_status (*result)(const vise_context *ctx, vise_tensor *out, const vise_observer *o,
                          vise_error *err);
};

extern const vise_observer_kind vise_observe_range, vise_observe_channel_span,
    vise_observe_mean, vise_observe_importance, vise_observe_moments, vise_observe_histogram,
    vise_observe_token_span, vise_observe_top, vise_observe_moving_average;

static inline int64_t vise_observe_channels(const vise_observer_options *opt) {
    return opt->channels;
}

static inline int64_t vise_observe_two(const vise_observer_options *opt) {
    (void)opt;
    return 2;
}

#endif
