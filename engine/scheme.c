#include "engine/scheme.h"

#include <stdio.h>
#include <string.h>

static const char *const granularities[] = {"tensor", "row", "token", "group", NULL};
static const char *const zeros[] = {"none", "int", "float", NULL};
static const char *const scale_dtypes[] = {"f32", "f16", "bf16", NULL};

static const struct {
    const char *name;
    bool symmetric;
    vise_zero zero;
    bool is_unsigned;
    const char *formula, *source;
} conventions[VISE_CONVENTION_COUNT] = {
    {"amax_half_step",    true,  VISE_ZERO_NONE,  false,
     "s = max(amax / (2^(b-1) - 0.5), 2^-23); q = clamp(rint(x * (1/s)))",                                   "torchao int8, compressed-tensors"},
    {"amax",              true,  VISE_ZERO_NONE,  false, "s = amax / (2^(b-1) - 1); q = clamp(rint(x / s))",
     "SVDQuant weights, ModelOpt"                                                                                                              },
    {"amax_reciprocal",   true,  VISE_ZERO_NONE,  false,
     "a = amax / (2^(b-1) - 1), stored rounded; q = clamp(rint(x * (1/a)))",                                 "SVDQuant activations"            },
    {"minmax_float_zero", false, VISE_ZERO_FLOAT, false,
     "s = max(max - min, 1e-6) / (2^b - 1); z = min + 2^(b-1) s; q = clamp(rint((x - z) / s))",              "torchao int4_weight_only"        },
    {"minmax_int_zero",   false, VISE_ZERO_INT,   true,
     "s = (max - min) / (2^b - 1), range with 0; z = rint(-min / s); q = clamp(rint(x/s) + z)",              "GPTQ, AWQ, compressed-tensors"   },
};

const char *vise_granularity_name(vise_granularity granularity) {
    return granularities[granularity];
}

const char *vise_zero_name(vise_zero zero) {
    return zeros[zero];
}

const char *vise_convention_name(vise_convention convention) {
    return conventions[convention].name;
}

const char *vise_convention_formula(vise_convention convention) {
    return conventions[convention].formula;
}

const char *vise_convention_source(vise_convention convention) {
    return conventions[convention].source;
}

// Finds `found` in a list that ends with NULL.  E-SC-01 names the field and what is allowed.
static vise_status choose(int *out, const char *field, const char *found,
                          const char *const allowed[], vise_error *err) {
    char list[256];
    int at = 0;
    for (int i = 0; allowed[i]; i++) {
        if (found && strcmp(found, allowed[i]) == 0) {
            *out = i;
            return VISE_OK;
        }
        if (at < (int)sizeof list) {
            at += snprintf(list + at, sizeof list - (size_t)at, "%s%s", i ? ", " : "",
                           allowed[i]);
        }
    }
    if (!found) {
        return vise_fail(err, VISE_EINVAL, "E-SC-01",
                         "scheme field '%s' is missing, allowed: %s", field, list);
    }
    return vise_fail(err, VISE_EINVAL, "E-SC-01", "scheme field '%s' is '%.40s', allowed: %s",
                     field, found, list);
}

static vise_status choose_convention(int *out, const char *found, vise_error *err) {
    const char *names[VISE_CONVENTION_COUNT + 1] = {0};
    for (int i = 0; i < VISE_CONVENTION_COUNT; i++) names[i] = conventions[i].name;
    return choose(out, "convention", found, names, err);
}

static vise_status check_group(const vise_scheme_fields *f, bool grouped, vise_error *err) {
    if (!grouped && f->group) {
        return vise_fail(err, VISE_EINVAL, "E-SC-02",
                         "scheme field 'group' is %lld with granularity '%s', allowed only "
                         "with granularity 'group'",
                         (long long)f->group, f->granularity);
    }
    if (grouped && f->group < 1) {
        return vise_fail(err, VISE_EINVAL, "E-SC-02",
                         "scheme field 'group' is %lld with granularity 'group', allowed: 1 "
                         "or more inputs",
                         (long long)f->group);
    }
    return VISE_OK;
}

vise_status vise_scheme_make(vise_scheme *out, const vise_scheme_fields *f, vise_error *err) {
    int granularity, convention, zero = 0, dtype = 0;
    if (f->bits != 4 && f->bits != 8) {
        return vise_fail(err, VISE_EINVAL, "E-SC-01",
                         "scheme field 'bits' is %lld, allowed: 4, 8", (long long)f->bits);
    }
    vise_status st = choose(&granularity, "granularity", f->granularity, granularities, err);
    if (!st) st = choose_convention(&convention, f->convention, err);
    if (!st && f->zero) st = choose(&zero, "zero", f->zero, zeros, err);
    if (!st && f->scale_dtype) {
        st = choose(&dtype, "scale_dtype", f->scale_dtype, scale_dtypes, err);
    }
    if (!st) st = check_group(f, granularity == VISE_PER_GROUP, err);
    if (st) return st;

    bool symmetric = conventions[convention].symmetric;
    vise_zero own = conventions[convention].zero;
    if (f->symmetric >= 0 && f->symmetric != symmetric) {
        return vise_fail(err, VISE_EINVAL, "E-SC-02",
                         "scheme field 'symmetric' is %s with convention '%s', allowed: %s",
                         f->symmetric ? "true" : "false", f->convention,
                         symmetric ? "true" : "false");
    }
    if (f->zero && zero != (int)own) {
        return vise_fail(err, VISE_EINVAL, "E-SC-02",
                         "scheme field 'zero' is '%s' with convention '%s', allowed: %s",
                         f->zero, f->convention, zeros[own]);
    }
    const vise_dtype dtypes[] = {VISE_F32, VISE_F16, VISE_BF16};
    int half = 1 << (f->bits - 1);
    bool is_unsigned = conventions[convention].is_unsigned;
    *out = (vise_scheme){
        .bits = (int)f->bits,
        .lo = is_unsigned ? 0 : -half,
        .hi = is_unsigned ? 2 * half - 1 : half - 1,
        .granularity = (vise_granularity)granularity,
        .group = f->group,
        .symmetric = symmetric,
        .zero = own,
        .convention = (vise_convention)convention,
        .scale_dtype = dtypes[dtype],
    };
    return VISE_OK;
}

const char *vise_scheme_describe(char *text, int size, const vise_scheme *s) {
    char group[24] = "";
    if (s->granularity == VISE_PER_GROUP) {
        snprintf(group, sizeof group, " %lld", (long long)s->group);
    }
    snprintf(text, (size_t)size, "%sint%d %s%s, %s, %s scales", s->lo ? "" : "u", s->bits,
             vise_granularity_name(s->granularity), group, vise_convention_name(s->convention),
             vise_dtype_name(s->scale_dtype));
    return text;
}

int64_t vise_scheme_run(const vise_scheme *s, int64_t cols) {
    return s->granularity == VISE_PER_GROUP ? s->group : cols;
}

int64_t vise_scheme_runs(const vise_scheme *s, int64_t cols) {
    if (s->granularity != VISE_PER_GROUP) return 1;
    return cols / s->group + (cols % s->group > 0);
}

static vise_status add_part(vise_scheme_layout *out, vise_scheme_part part, vise_error *err) {
    part.bytes = vise_dtype_size(part.dtype);
    if (__builtin_mul_overflow(part.bytes, part.shape[0], &part.bytes) ||
        __builtin_mul_overflow(part.bytes, part.shape[1], &part.bytes) ||
        __builtin_add_overflow(out->bytes, part.bytes, &out->bytes)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "%s of %lld x %lld is too large",
                         part.name, (long long)part.shape[0], (long long)part.shape[1]);
    }
    out->part[out->count++] = part;
    return VISE_OK;
}

vise_status vise_scheme_plan(vise_scheme_layout *out, const vise_scheme *s, int64_t rows,
                             int64_t cols, vise_error *err) {
    if (rows < 0 || cols < 0) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "%lld rows of %lld columns",
                         (long long)rows, (long long)cols);
    }
    if (s->granularity == VISE_PER_GROUP && s->group > cols) {
        return vise_fail(err, VISE_EINVAL, "E-SC-03",
                         "group %lld is wider than the %lld inputs; use a group of at most "
                         "%lld, or granularity 'row'",
                         (long long)s->group, (long long)cols, (long long)cols);
    }
    vise_dtype code = s->bits == 4 || s->lo == 0 ? VISE_U8 : VISE_I8;
    int64_t width = s->bits == 4 ? cols / 2 + cols % 2 : cols;
    bool grouped = s->granularity == VISE_PER_GROUP;
    vise_scheme_part step = {
        .name = "scale",
        .dtype = s->scale_dtype,
        .ndim = grouped ? 2 : 1,
        .shape = {s->granularity == VISE_PER_TENSOR ? 1 : rows, vise_scheme_runs(s, cols)},
    };
    vise_scheme_layout layout = {0};
    vise_scheme_part codes = {
        "codes", code, 2, {rows, width},
           0
    };
    vise_status st = add_part(&layout, codes, err);
    if (!st) st = add_part(&layout, step, err);
    if (!st && s->zero != VISE_ZERO_NONE) {
        step.name = "zero";
        if (s->zero == VISE_ZERO_INT) step.dtype = VISE_U8;
        st = add_part(&layout, step, err);
    }
    if (!st) *out = layout;
    return st;
}
