#include "engine/observe/observe.h"

#include <stdio.h>
#include <string.h>

#include "engine/observe/kinds.h"

static const vise_observer_kind *const kinds[] = {
    &vise_observe_range,      &vise_observe_channel_span, &vise_observe_mean,
    &vise_observe_importance, &vise_observe_moments,      &vise_observe_histogram,
    &vise_observe_token_span, &vise_observe_top,          &vise_observe_moving_average,
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *vise_observer_name(const vise_observer *o) {
    return o->kind->name;
}

static vise_status fail_unknown(const char *statistic, vise_error *err) {
    char names[256] = "";
    for (size_t i = 0, used = 0; i < KINDS; i++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                 kinds[i]->name);
    }
    return vise_fail(err, VISE_EINVAL, "E-OB-01", "no observer '%.40s', allowed: %s", statistic,
                     names);
}

static vise_status find_kind(const vise_observer_kind **out, const char *statistic,
                             const vise_observer_options *opt, vise_error *err) {
    const vise_observer_kind *kind = NULL;
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(statistic, kinds[i]->name) == 0) kind = kinds[i];
    }
    if (!kind) return fail_unknown(statistic, err);
    if (opt->channels < 1) {
        return vise_fail(err, VISE_EINVAL, "E-OB-01",
                         "observer of %lld channels, expected 1 or more",
                         (long long)opt->channels);
    }
    *out = kind;
    return VISE_OK;
}

vise_status vise_observer_layout(int64_t *elements, vise_dtype *dtype, const char *statistic,
                                 const vise_observer_options *opt, vise_error *err) {
    const vise_observer_kind *kind;
    vise_status st = find_kind(&kind, statistic, opt, err);
    if (st) return st;
    *elements = kind->elements(opt);
    *dtype = kind->dtype;
    return VISE_OK;
}

vise_status vise_observer_new(vise_observer *out, const char *statistic,
                              const vise_observer_options *opt, vise_error *err) {
    vise_observer o = {.channels = opt->channels, .options = *opt};
    vise_status st = find_kind(&o.kind, statistic, opt, err);
    if (st) return st;
    int64_t size = o.kind->elements(opt);
    st = vise_tensor_new(&o.state, o.kind->dtype, 1, &size, err);
    if (st) return st;
    if (o.kind->start) o.kind->start(&o);
    *out = o;
    return VISE_OK;
}

void vise_observer_release(vise_observer *o) {
    vise_tensor_release(&o->state);
    vise_tensor_release(&o->chunk);
    memset(o, 0, sizeof *o);
}

vise_status vise_observer_update(const vise_context *ctx, vise_observer *o,
                                 const vise_tensor *x, vise_error *err) {
    char text[96];
    int64_t cols = vise_tensor_cols(x);
    if (x->dtype != VISE_F32)
        return vise_tensor_expect(x, VISE_F32, "the observed tensor", err);
    if (x->ndim < 1 || cols != o->channels) {
        return vise_fail(err, VISE_EINVAL, "E-OB-02",
                         "the observed tensor is %s, expected %lld channels",
                         vise_tensor_describe(text, sizeof text, x), (long long)o->channels);
    }
    vise_observed in = {.x = x->data, .rows = vise_tensor_matrix_rows(x), .cols = cols};
    in.stride = x->ndim == 2 ? x->stride : cols;
    if (in.rows == 0) return VISE_OK;
    vise_status st = o->kind->update(ctx, o, &in, err);
    if (!st) o->count += in.rows;
    return st;
}

vise_status vise_observer_merge(const vise_context *ctx, vise_observer *o,
                                const vise_observer *other, vise_error *err) {
    if (o->kind != other->kind || o->channels != other->channels ||
        o->options.keep != other->options.keep) {
        return vise_fail(err, VISE_EINVAL, "E-OB-02",
                         "cannot merge %s of %lld channels into %s of %lld channels",
                         vise_observer_name(other), (long long)other->channels,
                         vise_observer_name(o), (long long)o->channels);
    }
    if (other->count == 0) return VISE_OK;
    vise_status st = o->kind->merge(ctx, o, other, err);
    if (!st) o->count += other->count;
    return st;
}

static vise_status expect_rows(const vise_observer *o, vise_error *err) {
    if (o->count > 0) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-OB-03", "the %s observer has seen no row",
                     vise_observer_name(o));
}

vise_status vise_observer_result(const vise_context *ctx, vise_tensor *out,
                                 const vise_observer *o, vise_error *err) {
    vise_status st = expect_rows(o, err);
    if (st) return st;
    if (o->kind->result) return o->kind->result(ctx, out, o, err);
    return vise_tensor_convert(out, &o->state, o->state.dtype, err);
}

vise_status vise_observer_state(const vise_context *ctx, vise_tensor *out,
                                const vise_observer *o, vise_error *err) {
    vise_status st = expect_rows(o, err);
    if (st) return st;
    if (o->kind->state) return o->kind->state(ctx, out, o, err);
    return vise_tensor_convert(out, &o->state, o->state.dtype, err);
}

vise_status vise_observer_restore(vise_observer *o, const vise_tensor *state, int64_t count,
                                  vise_error *err) {
    char text[96];
    if (state->dtype != o->state.dtype || !vise_tensor_same_shape(state, &o->state) ||
        count < 1) {
        return vise_fail(err, VISE_EINVAL, "E-OB-02",
                         "the state of %s is %s after %lld rows, expected %s %lld",
                         vise_observer_name(o), vise_tensor_describe(text, sizeof text, state),
                         (long long)count, vise_dtype_name(o->state.dtype),
                         (long long)o->state.shape[0]);
    }
    if (o->kind->valid && !o->kind->valid(o, state)) {
        return vise_fail(err, VISE_EINVAL, "E-OB-02", "no %s has such a state",
                         vise_observer_name(o));
    }
    vise_status st = vise_tensor_convert(&o->state, state, state->dtype, err);
    if (st) return st;
    o->count = count;
    o->chunk_rows = 0;
    return VISE_OK;
}
