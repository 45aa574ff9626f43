#include "engine/given_steps.h"

#include <math.h>

static float load(const vise_tensor *t, int64_t i) {
    return vise_step_load(t->dtype, t->data, i);
}

bool vise_given_load(vise_steps *out, const vise_scheme *s, const vise_tensor *parts,
                     int64_t at, int64_t count, vise_upper upper) {
    const vise_tensor *scale = &parts[VISE_PART_SCALE], *zero = &parts[VISE_PART_ZERO];
    out->upper = upper.stored;
    for (int64_t i = 0; i < count; i++) {
        out->scale[i] = load(scale, at + i);
        out->zero[i] = zero->buf ? load(zero, at + i) : 0;
    }
    return vise_steps_given(out, s, count);
}

// --- from what was given to what is stored

static vise_status refuse(vise_part part, int64_t i, double found, const char *expected,
                          vise_error *err) {
    return vise_fail(err, VISE_EINVAL, "E-SC-13",
                     "element %lld of the given %s is %g, expected %s", (long long)i + 1,
                     vise_part_name(part), found, expected);
}

static vise_status check_shape(vise_part part, const vise_tensor *want, const vise_tensor *got,
                               vise_error *err) {
    char found[96], expected[96];
    bool floats = got && got->dtype != VISE_U8 && got->dtype != VISE_I8;
    if (!got) {
        return vise_fail(err, VISE_EINVAL, "E-SC-13",
                         "steps are given without '%s', expected all that the scheme has",
                         vise_part_name(part));
    }
    bool codes = part == VISE_PART_ZERO && want->dtype == VISE_U8 && got->dtype == VISE_U8;
    if ((!floats && !codes) || !vise_tensor_same_shape(got, want) ||
        !vise_tensor_contiguous(got)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-13", "the given %s is %s%s, expected %s",
                         vise_part_name(part), vise_tensor_describe(found, sizeof found, got),
                         vise_tensor_contiguous(got) ? "" : " (strided)",
                         vise_tensor_describe(expected, sizeof expected, want));
    }
    return VISE_OK;
}

// One step, before it is rounded and after it.
static vise_status check_value(const vise_scheme *s, vise_part part, int64_t i, double given,
                               float stored, vise_error *err) {
    if (!isfinite(given)) return refuse(part, i, given, "a finite number", err);
    if (part == VISE_PART_ZERO && s->zero == VISE_ZERO_INT) {
        if (given == rint(given) && given >= 0 && given <= s->hi) return VISE_OK;
        return refuse(part, i, given, "a code: a whole number from 0", err);
    }
    if (!isfinite(stored)) {
        return vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                         "element %lld of the given %s is %g, which does not fit its dtype",
                         (long long)i + 1, vise_part_name(part), given);
    }
    if (part == VISE_PART_SCALE && given < 0 && !vise_scheme_signed(s)) {
        return refuse(part, i, given, "a number from 0 on", err);
    }
    if (part == VISE_PART_SECOND && !(stored > 0)) {
        return refuse(part, i, given, "a positive number that its dtype holds", err);
    }
    return VISE_OK;
}

static vise_status round_part(const vise_context *ctx, vise_coded *c, vise_part part,
                              const vise_tensor *given, vise_error *err) {
    vise_tensor *t = &c->part[part];
    vise_status st = check_shape(part, t, given, err);
    for (int64_t i = 0; !st && i < vise_tensor_count(t); i++) {
        double v = vise_tensor_get(given, i);
        float value = (float)v, stored = value;
        bool code = t->dtype == VISE_U8;
        if (!code && isfinite(v)) {
            vise_steps_store(&ctx->kernels, t->dtype, t->data, i, &value, 1);
            stored = load(t, i);
        }
        st = check_value(&c->scheme, part, i, v, stored, err);
        if (!st && code) ((uint8_t *)t->data)[i] = (uint8_t)v;
    }
    return st;
}

// Would a code decode to infinity?
static vise_status check_reach(const vise_coded *c, vise_error *err) {
    const vise_scheme *s = &c->scheme;
    const vise_tensor *second = &c->part[VISE_PART_SECOND];
    const int64_t runs = vise_scheme_runs(s, c->cols);
    for (int64_t i = 0; i < vise_tensor_count(&c->part[VISE_PART_SCALE]); i++) {
        vise_upper upper = {1, 1};
        vise_steps steps;
        if (s->second == VISE_SECOND_TENSOR) upper.stored = load(second, 0);
        if (s->second == VISE_SECOND_ROW) upper.stored = load(second, i / runs);
        if (vise_given_load(&steps, s, c->part, i, 1, upper)) continue;
        return vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                         "element %lld of the given scale is %g: its largest code would be "
                         "infinite",
                         (long long)i + 1, (double)steps.scale[0]);
    }
    return VISE_OK;
}

vise_status vise_given_encoding(const vise_context *ctx, vise_encoding *out, vise_coded *c,
                                const vise_tensor *const given[VISE_PART_COUNT],
                                vise_error *err) {
    const vise_scheme *s = &c->scheme;
    vise_encoding e = {
        .scheme = s, .upper = {1, 1},
             .parts = c->part
    };
    for (int i = VISE_PART_SCALE; i < VISE_PART_COUNT; i++) {
        if (given[i] && !c->part[i].buf) {
            return vise_fail(err, VISE_EINVAL, "E-SC-13",
                             "'%s' is given, but convention '%s' has none",
                             vise_part_name((vise_part)i), vise_convention_name(s->convention));
        }
        vise_status st = VISE_OK;
        if (c->part[i].buf) st = round_part(ctx, c, (vise_part)i, given[i], err);
        if (st) return st;
    }
    vise_status st = check_reach(c, err);
    if (st) return st;
    if (s->second == VISE_SECOND_TENSOR) {
        e.upper.exact = e.upper.stored = load(&c->part[VISE_PART_SECOND], 0);
    }
    if (s->granularity == VISE_PER_TENSOR) {
        vise_steps steps;
        vise_given_load(&steps, s, c->part, 0, 1, e.upper);
        e.step = vise_steps_at(&steps, 0);
        e.given = true;
    }
    *out = e;
    return VISE_OK;
}
