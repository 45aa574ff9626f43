#include "engine/scheme.h"

#include <stdio.h>
#include <string.h>

static const char *const elements[] = {"int", "f8e4m3", "f4e2m1", NULL};
static const char *const granularities[] = {"tensor", "row", "token", "group", "block", NULL};
static const char *const zeros[] = {"none", "int", "float", NULL};
static const char *const seconds[] = {"none", "tensor", "row", NULL};
static const char *const scale_dtypes[] = {"f32", "f16", "bf16", "f8e4m3", NULL};
static const char *const second_dtypes[] = {"f32", "f16", "bf16", NULL};
static const vise_dtype dtypes[] = {VISE_F32, VISE_F16, VISE_BF16, VISE_F8E4M3};

enum { INT = 1, F8 = 2, F4 = 4 }; // elements that a convention is for

static const struct {
    const char *name;
    int elements;
    vise_zero zero;
    bool is_unsigned;
    vise_second second;
    vise_sides sides;
} conventions[VISE_CONVENTION_COUNT] = {
    {"amax_half_step",    INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"amax",              INT | F8 | F4, VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"amax_reciprocal",   INT | F8 | F4, VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"minmax_float_zero", INT,           VISE_ZERO_FLOAT, false, VISE_SECOND_NONE,   VISE_AS_IT_IS },
    {"minmax_int_zero",   INT,           VISE_ZERO_INT,   true,  VISE_SECOND_NONE,   VISE_WITH_ZERO},
    {"nvfp4",             F4,            VISE_ZERO_NONE,  false, VISE_SECOND_TENSOR, VISE_AMAX_ONLY},
    {"svdq_nvfp4",        F4,            VISE_ZERO_NONE,  false, VISE_SECOND_ROW,    VISE_AMAX_ONLY},
    {"svdq_nvfp4_low",    F4,            VISE_ZERO_NONE,  false, VISE_SECOND_ROW,    VISE_AMAX_ONLY},
    {"svdq_nvfp4_stored", F4,            VISE_ZERO_NONE,  false, VISE_SECOND_ROW,    VISE_AMAX_ONLY},
    {"ct_sym",            INT | F8 | F4, VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"ct_asym",           INT,           VISE_ZERO_INT,   true,  VISE_SECOND_NONE,   VISE_WITH_ZERO},
    {"gptq_sym",          INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_WITH_ZERO},
    {"gptq_asym",         INT,           VISE_ZERO_INT,   true,  VISE_SECOND_NONE,   VISE_WITH_ZERO},
    {"amax_floor",        INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"awq_asym",          INT,           VISE_ZERO_INT,   true,  VISE_SECOND_NONE,   VISE_AS_IT_IS },
    {"amax_narrow",       INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"autoround_sym",     INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_WITH_ZERO},
    {"autoround_asym",    INT,           VISE_ZERO_INT,   true,  VISE_SECOND_NONE,   VISE_WITH_ZERO},
    {"nc_sym",            INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"nc_full",           INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AS_IT_IS },
    {"gguf_q4_0",         INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_WITH_ZERO},
    {"gguf_q4_1",         INT,           VISE_ZERO_FLOAT, true,  VISE_SECOND_NONE,   VISE_AS_IT_IS },
    {"gguf_q8_0",         INT,           VISE_ZERO_NONE,  false, VISE_SECOND_NONE,   VISE_AMAX_ONLY},
    {"quanto_asym",       INT,           VISE_ZERO_FLOAT, true,  VISE_SECOND_NONE,   VISE_AS_IT_IS },
};

static const char *const formulas[VISE_CONVENTION_COUNT] = {
    [VISE_AMAX_HALF_STEP] =
        "s = max(amax / (2^(b-1) - 0.5), 2^-23); q = clamp(rint(x * (1/s)))",
    [VISE_AMAX] = "s = amax / (2^(b-1) - 1), floats amax / largest; q = nearest(x / s)",
    [VISE_AMAX_RECIPROCAL] = "a = amax / (2^(b-1) - 1), floats amax / largest, stored rounded; "
                             "q = nearest(x * (1/a))",
    [VISE_MINMAX_FLOAT_ZERO] = "s = max(max - min, 1e-6) / (2^b - 1); z = min + 2^(b-1) s; "
                               "q = clamp(rint((x - z) / s))",
    [VISE_MINMAX_INT_ZERO] = "s = (max - min) / (2^b - 1), range with 0; z = rint(-min / s); "
                             "q = clamp(rint(x/s) + z)",
    [VISE_NVFP4] = "t = amax(tensor) / 2688; s = f8(clamp((amax / 6) / t, 2^-6, 448)); "
                   "q = nearest(x * ((1/t) / s))",
    [VISE_SVDQ_NVFP4] = "t = amax(row) / 2688; g = (amax / t) / 6, stored as f8; "
                        "q = nearest((x / t) / g)",
    [VISE_SVDQ_NVFP4_LOW] = "as svdq_nvfp4, with t and g made in steps of the dtype of t",
    [VISE_SVDQ_NVFP4_STORED] =
        "t = amax(row) / 2688; s = f8((amax / t) / 6); q = nearest(x / (t s))",
    [VISE_CT_SYM] = "s = amax / (2^(b-1) - 0.5), floats amax / largest, 0 becomes the dtype's "
                    "epsilon; q = rint(clamp(x / s))",
    [VISE_CT_ASYM] = "s = (max - min) / (2^b - 1), range with 0; z = rint(clamp(-min / s)); "
                     "q = rint(clamp(x / s + z))",
    [VISE_GPTQ_SYM] = "s = 2 amax / (2^b - 1), half of that without negative values; "
                      "q = clamp(rint(x / s))",
    [VISE_GPTQ_ASYM] = "s = (max - min) / (2^b - 1), range with 0, zeros [-1, 1]; "
                       "z = rint(-min / s); q = clamp(rint(x/s) + z)",
    [VISE_AMAX_FLOOR] = "s = max(amax, 1e-5) / (2^(b-1) - 1); q = clamp(rint(x / s))",
    [VISE_AWQ_ASYM] = "s = max(max - min, 1e-5) / (2^b - 1), range as it is; "
                      "z = clamp(-rint(min / s)); q = clamp(rint(x/s) + z)",
    [VISE_AMAX_NARROW] = "s = amax / (2^(b-1) - 1); q = clamp(rint(x / s)), without -2^(b-1)",
    [VISE_AUTOROUND_SYM] = "s = extreme / -2^(b-1), |s| >= 1e-5, may be negative; "
                           "q = clamp(rint(x / s))",
    [VISE_AUTOROUND_ASYM] = "s = max((max - min) / (2^b - 1), 1e-5), range with 0; "
                            "z = rint(-min / s); q = clamp(rint(x/s) + z)",
    [VISE_NC_SYM] = "s = amax / (2^(b-1) - 1), an amax of 0 becomes 1; q = clamp(rint(x / s))",
    [VISE_NC_FULL] = "s = +-amax / 2^(b-1), negative if |max| > |min|; q = clamp(rint(x / s))",
    [VISE_GGUF_Q4_0] = "d = extreme / -2^(b-1), stored rounded; "
                       "q = min(trunc(x * (1/d) + 2^(b-1) + 0.5), 2^b - 1)",
    [VISE_GGUF_Q4_1] = "d = (max - min) / (2^b - 1), m = min, both stored rounded; "
                       "q = min(trunc((x - m) * (1/d) + 0.5), 2^b - 1)",
    [VISE_GGUF_Q8_0] = "d = amax / (2^(b-1) - 1), stored rounded; "
                       "q = round(x * (1/d)), halves away from 0",
    [VISE_QUANTO_ASYM] = "s = (max - min) / (2^b - 1), z = min, range as it is; "
                         "q = clamp(rint((x - z) / s))",
};

static const char *const sources[VISE_CONVENTION_COUNT] = {
    [VISE_AMAX_HALF_STEP] = "torchao int8",
    [VISE_AMAX] = "SVDQuant weights, ModelOpt, QuaRot, quanto, torchao float8",
    [VISE_AMAX_RECIPROCAL] = "SVDQuant activations",
    [VISE_MINMAX_FLOAT_ZERO] = "torchao int4_weight_only",
    [VISE_MINMAX_INT_ZERO] = "min and max with an integer zero point, as most programs",
    [VISE_NVFP4] = "torchao nvfp4",
    [VISE_SVDQ_NVFP4] = "SVDQuant weights, nvfp4",
    [VISE_SVDQ_NVFP4_LOW] = "SVDQuant weights, nvfp4, low precision",
    [VISE_SVDQ_NVFP4_STORED] = "SVDQuant's nvfp4 format, codes made for the stored scales",
};

const char *vise_element_name(vise_element element) {
    return elements[element];
}

const char *vise_granularity_name(vise_granularity granularity) {
    return granularities[granularity];
}

const char *vise_zero_name(vise_zero zero) {
    return zeros[zero];
}

const char *vise_second_name(vise_second second) {
    return seconds[second];
}

const char *vise_convention_name(vise_convention which) {
    return conventions[which].name;
}

const char *vise_convention_formula(vise_convention which) {
    return formulas[which];
}

const char *vise_convention_source(vise_convention which) {
    return sources[which];
}

// Adds "name" or ", name" to a list that is `at` long; returns its new length.  What would make
// a message too long is left out: "...".
enum { LIST = 120 };
static int append(char list[LIST], int at, const char *name) {
    const int room = LIST - at, most = room - (int)sizeof ", ...";
    const char *comma = at ? ", " : "";
    if (at < 0) return at;
    if ((int)(strlen(comma) + strlen(name)) < most) {
        return at + snprintf(list + at, (size_t)room, "%s%s", comma, name);
    }
    snprintf(list + at, (size_t)room, ", ...");
    return -1;
}

// Finds `found` in a list that ends with NULL.  E-SC-01 names the field and what is allowed.
static vise_status choose(int *out, const char *field, const char *found,
                          const char *const allowed[], vise_error *err) {
    char list[LIST];
    int at = 0;
    for (int i = 0; allowed[i]; i++) {
        if (found && strcmp(found, allowed[i]) == 0) {
            *out = i;
            return VISE_OK;
        }
        at = append(list, at, allowed[i]);
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

// The fields as numbers into the tables above.
typedef struct choices {
    int element, granularity, convention, zero, scale_dtype, second, second_dtype;
} choices;

static vise_status choose_all(choices *c, const vise_scheme_fields *f, vise_error *err) {
    vise_status st = VISE_OK;
    if (f->element) st = choose(&c->element, "element", f->element, elements, err);
    if (!st && c->element == VISE_ELEMENT_INT && (f->bits < 2 || f->bits > 4) && f->bits != 8) {
        return vise_fail(err, VISE_EINVAL, "E-SC-01",
                         "scheme field 'bits' is %lld, allowed: 2, 3, 4, 8",
                         (long long)f->bits);
    }
    if (!st) {
        st = choose(&c->granularity, "granularity", f->granularity, granularities, err);
    }
    if (!st) st = choose_convention(&c->convention, f->convention, err);
    if (!st && f->zero) st = choose(&c->zero, "zero", f->zero, zeros, err);
    if (!st && f->scale_dtype) {
        st = choose(&c->scale_dtype, "scale_dtype", f->scale_dtype, scale_dtypes, err);
    }
    if (!st && f->second) st = choose(&c->second, "second", f->second, seconds, err);
    if (!st && f->second_dtype) {
        st = choose(&c->second_dtype, "second_dtype", f->second_dtype, second_dtypes, err);
    }
    return st;
}

static vise_status check_group(const vise_scheme_fields *f, int granularity, vise_error *err) {
    bool grouped = granularity == VISE_PER_GROUP, blocked = granularity == VISE_PER_BLOCK;
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
    if (!blocked && (f->block[0] || f->block[1])) {
        return vise_fail(err, VISE_EINVAL, "E-SC-02",
                         "scheme field 'block' is {%lld, %lld} with granularity '%s', allowed "
                         "only with granularity 'block'",
                         (long long)f->block[0], (long long)f->block[1], f->granularity);
    }
    if (blocked && (f->block[0] < 1 || f->block[1] < 1)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-02",
                         "scheme field 'block' is {%lld, %lld} with granularity 'block', "
                         "allowed: 1 or more rows and columns",
                         (long long)f->block[0], (long long)f->block[1]);
    }
    return VISE_OK;
}

// A field that was given, and is not what the convention or element implies.
static vise_status contradicts(const char *field, const char *found, const char *with,
                               const char *what, const char *allowed, vise_error *err) {
    return vise_fail(err, VISE_EINVAL, "E-SC-02",
                     "scheme field '%s' is %s with %s '%s', allowed: %s", field, found, with,
                     what, allowed);
}

static vise_status check_levels(const vise_scheme_fields *f, const choices *c,
                                vise_error *err) {
    vise_second own = conventions[c->convention].second;
    bool f8_scales = dtypes[c->scale_dtype] == VISE_F8E4M3;
    char found[48];
    if (f->second && c->second != (int)own) {
        snprintf(found, sizeof found, "'%s'", f->second);
        return contradicts("second", found, "convention", f->convention, seconds[own], err);
    }
    if (f->second_dtype && own == VISE_SECOND_NONE) {
        snprintf(found, sizeof found, "'%s'", f->second_dtype);
        return contradicts("second_dtype", found, "convention", f->convention, "none", err);
    }
    if (own != VISE_SECOND_NONE && c->granularity != VISE_PER_GROUP) {
        snprintf(found, sizeof found, "'%s'", f->granularity);
        return contradicts("granularity", found, "convention", f->convention, "group", err);
    }
    if (own != VISE_SECOND_NONE && f->scale_dtype && !f8_scales) {
        snprintf(found, sizeof found, "'%s'", f->scale_dtype);
        return contradicts("scale_dtype", found, "convention", f->convention, "f8e4m3", err);
    }
    if (f8_scales && c->element != VISE_ELEMENT_F4) {
        return contradicts("scale_dtype", "'f8e4m3'", "element", elements[c->element],
                           "f32, f16, bf16", err);
    }
    return VISE_OK;
}

static vise_status check_pairs(const vise_scheme_fields *f, const choices *c, vise_error *err) {
    vise_zero zero = conventions[c->convention].zero;
    bool symmetric = zero == VISE_ZERO_NONE;
    char found[48];
    if (!(conventions[c->convention].elements & 1 << c->element)) {
        char list[LIST] = "";
        for (int i = 0, at = 0; i < VISE_CONVENTION_COUNT; i++) {
            if (!(conventions[i].elements & 1 << c->element)) continue;
            at = append(list, at, conventions[i].name);
        }
        snprintf(found, sizeof found, "'%s'", f->convention);
        return contradicts("convention", found, "element", elements[c->element], list, err);
    }
    int bits = c->element == VISE_ELEMENT_F4 ? 4 : 8;
    if (c->element != VISE_ELEMENT_INT && f->bits && f->bits != bits) {
        snprintf(found, sizeof found, "%lld", (long long)f->bits);
        return contradicts("bits", found, "element", f->element, bits == 4 ? "4" : "8", err);
    }
    if (f->symmetric >= 0 && f->symmetric != symmetric) {
        return contradicts("symmetric", f->symmetric ? "true" : "false", "convention",
                           f->convention, symmetric ? "true" : "false", err);
    }
    if (f->zero && c->zero != (int)zero) {
        snprintf(found, sizeof found, "'%s'", f->zero);
        return contradicts("zero", found, "convention", f->convention, zeros[zero], err);
    }
    return check_levels(f, c, err);
}

vise_status vise_scheme_make(vise_scheme *out, const vise_scheme_fields *f, vise_error *err) {
    choices c = {0};
    vise_status st = choose_all(&c, f, err);
    if (!st) st = check_group(f, c.granularity, err);
    if (!st) st = check_pairs(f, &c, err);
    if (st) return st;

    bool is_unsigned = conventions[c.convention].is_unsigned;
    vise_zero zero = conventions[c.convention].zero;
    vise_second second = conventions[c.convention].second;
    bool blocked = c.granularity == VISE_PER_BLOCK;
    int bits = c.element == VISE_ELEMENT_INT  ? (int)f->bits
               : c.element == VISE_ELEMENT_F8 ? 8
                                              : 4;
    int half = 1 << (bits - 1), narrow = c.convention == VISE_AMAX_NARROW;
    *out = (vise_scheme){
        .element = (vise_element)c.element,
        .bits = bits,
        .lo = is_unsigned ? 0 : narrow - half,
        .hi = is_unsigned ? 2 * half - 1 : half - 1,
        .granularity = (vise_granularity)c.granularity,
        .group = blocked ? f->block[1] : f->group,
        .block_rows = blocked ? f->block[0] : 1,
        .symmetric = zero == VISE_ZERO_NONE,
        .zero = zero,
        .convention = (vise_convention)c.convention,
        .scale_dtype = second ? VISE_F8E4M3 : dtypes[c.scale_dtype],
        .second = second,
        .second_dtype = dtypes[c.second_dtype],
    };
    return VISE_OK;
}

vise_sides vise_scheme_sides(const vise_scheme *s) {
    return conventions[s->convention].sides;
}

bool vise_scheme_signed(const vise_scheme *s) {
    return s->convention == VISE_AUTOROUND_SYM || s->convention == VISE_NC_FULL ||
           s->convention == VISE_GGUF_Q4_0;
}

bool vise_scheme_offset(const vise_scheme *s) {
    return s->zero == VISE_ZERO_FLOAT && s->lo == 0;
}

const char *vise_scheme_describe(char *text, int size, const vise_scheme *s) {
    char element[16], cut[48] = "", second[32] = "";
    if (s->element == VISE_ELEMENT_INT) {
        snprintf(element, sizeof element, "%sint%d", s->lo ? "" : "u", s->bits);
    } else {
        snprintf(element, sizeof element, "%s", elements[s->element]);
    }
    if (s->granularity == VISE_PER_GROUP) {
        snprintf(cut, sizeof cut, " %lld", (long long)s->group);
    } else if (s->granularity == VISE_PER_BLOCK) {
        snprintf(cut, sizeof cut, " %lldx%lld", (long long)s->block_rows, (long long)s->group);
    }
    if (s->second) {
        snprintf(second, sizeof second, ", %s %s scale%s", vise_dtype_name(s->second_dtype),
                 seconds[s->second], s->second == VISE_SECOND_ROW ? "s" : "");
    }
    snprintf(text, (size_t)size, "%s %s%s, %s, %s scales%s", element,
             vise_granularity_name(s->granularity), cut, vise_convention_name(s->convention),
             vise_dtype_name(s->scale_dtype), second);
    return text;
}

float vise_scheme_most(const vise_scheme *s) {
    if (s->element == VISE_ELEMENT_F8) return 448;
    if (s->element == VISE_ELEMENT_F4) return 6;
    return (float)((1 << (s->bits - 1)) - 1);
}
