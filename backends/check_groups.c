// Checks of the kernels that read a row in groups: ranges, and values to codes.

#include <math.h>

#include "backends/check_case.h"
#include "engine/floats.h"

// Lengths and groups: every tail, and enough groups for the paths that take many at once.
static const int64_t lengths[] = {0,  1,  5,   15,  16,  17,   31,  48,
                                  63, 64, 100, 131, 512, 1000, 4113};
static const int64_t groups[] = {1, 3, 8, 9, 16, 24, 32, 40, 64, 128, 5000};

enum {
    LENGTHS = sizeof lengths / sizeof lengths[0],
    GROUPS = sizeof groups / sizeof groups[0],
    KINDS = 4
};

// --- ranges

// `kind` 0: finite, 1: infinities, 2: NaNs of either sign, 3: one sign only.
static const float *range_input(vise_case *c, int64_t n, int kind) {
    float *x = c->a + 1;
    for (int64_t i = 0; i < n; i++) {
        float finite = vise_case_finite(c);
        x[i] = kind == 3 ? -fabsf(finite) - 1 : finite;
    }
    for (int i = 0; (kind == 1 || kind == 2) && n > 0 && i < 3; i++) {
        float odd = kind == 1 ? INFINITY : NAN;
        x[vise_case_below(c, n)] = vise_case_below(c, 2) ? odd : -odd;
    }
    x[n] = NAN; // one element past the end: it must not count
    return x;
}

// Which NaN, and which zero, is left open.
static void forgive(float *got, const float *want, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if ((isnan(want[i]) && isnan(got[i])) || want[i] == got[i]) got[i] = want[i];
    }
}

void vise_check_group_absmax(vise_case *c) {
    for (int i = 0; i < LENGTHS * GROUPS * KINDS; i++) {
        int64_t n = lengths[i / KINDS / GROUPS], group = groups[i / KINDS % GROUPS];
        const float *x = range_input(c, n, i % KINDS);
        vise_case_poison(c);
        float *want = vise_case_want(c, 4), *got = vise_case_got(c, 4);
        c->ref->group_absmax(want, x, n, group);
        c->k->group_absmax(got, x, n, group);
        forgive(got, want, (n + group - 1) / group);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_group_minmax(vise_case *c) {
    enum { SECOND = 8192 }; // the second output, in the same areas
    for (int i = 0; i < LENGTHS * GROUPS * KINDS; i++) {
        int64_t n = lengths[i / KINDS / GROUPS], group = groups[i / KINDS % GROUPS];
        int64_t count = (n + group - 1) / group;
        const float *x = range_input(c, n, i % KINDS);
        vise_case_poison(c);
        float *want = vise_case_want(c, 4), *got = vise_case_got(c, 4);
        c->ref->group_minmax(want, want + SECOND, x, n, group);
        c->k->group_minmax(got, got + SECOND, x, n, group);
        forgive(got, want, count);
        forgive(got + SECOND, want + SECOND, count);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

// --- codes

static const struct {
    vise_code_form form;
    vise_code_kind kind;
    bool zero;
} codings[] = {
    {VISE_CODE_MUL,     VISE_CODE_INT,     false},
    {VISE_CODE_DIV,     VISE_CODE_INT,     false},
    {VISE_CODE_DIV,     VISE_CODE_INT,     true },
    {VISE_CODE_DIV_ADD, VISE_CODE_INT,     true },
    {VISE_CODE_MUL,     VISE_CODE_F8,      false},
    {VISE_CODE_DIV,     VISE_CODE_F8,      false},
    {VISE_CODE_MUL,     VISE_CODE_F4,      false},
    {VISE_CODE_DIV,     VISE_CODE_F4,      false},
    {VISE_CODE_MUL,     VISE_CODE_F4_DOWN, false},
    {VISE_CODE_DIV,     VISE_CODE_F4_DOWN, false},
};

static const struct {
    int lo, hi;
} code_ranges[] = {
    {-8,   7  },
    {-7,   7  },
    {-128, 127},
    {-127, 127},
};

enum { CODINGS = sizeof codings / sizeof codings[0] };

// The tie between a float code and the next one, and a float to either side of it.
static float float_tie(vise_case *c, vise_code_kind kind) {
    uint8_t code = (uint8_t)vise_case_below(c, kind == VISE_CODE_F8 ? 0x7e : 7);
    float a = kind == VISE_CODE_F8 ? vise_f8e4m3_to_f32(code) : vise_f4e2m1_to_f32(code);
    float b = kind == VISE_CODE_F8 ? vise_f8e4m3_to_f32((uint8_t)(code + 1))
                                   : vise_f4e2m1_to_f32((uint8_t)(code + 1));
    float tie = a / 2 + b / 2;
    int64_t side = vise_case_below(c, 3);
    if (side) tie = nextafterf(tie, side == 1 ? 0.0f : INFINITY);
    return vise_case_below(c, 2) ? tie : -tie;
}

static float coded_value(vise_case *c, vise_code_kind kind) {
    int64_t how = vise_case_below(c, 4);
    if (how == 0) return vise_case_finite(c);
    if (how == 1) return ldexpf(vise_case_uniform(c), (int)vise_case_below(c, 20) - 10);
    if (kind == VISE_CODE_INT) return (float)vise_case_below(c, 520) / 2 - 130;
    return float_tie(c, kind);
}

// Scales of 1 let the ties be ties; others are of any size.
static void steps_of(vise_case *c, float *scale, float *zero, bool whole, int64_t count) {
    for (int64_t g = 0; g < count; g++) {
        bool one = vise_case_below(c, 2);
        float any = ldexpf(1 + fabsf(vise_case_uniform(c)), (int)vise_case_below(c, 40) - 20);
        scale[g] = one ? 1 : vise_case_below(c, 20) ? any : INFINITY;
        zero[g] = whole ? (float)vise_case_below(c, 16) : any * vise_case_uniform(c);
    }
}

void vise_check_group_codes(vise_case *c) {
    for (int i = 0; i < LENGTHS * GROUPS * CODINGS; i++) {
        int64_t n = lengths[i / CODINGS / GROUPS], group = groups[i / CODINGS % GROUPS];
        int64_t count = (n + group - 1) / group, range = vise_case_below(c, 4);
        float *x = c->a + 1, *scale = c->b + 1, *zero = scale + count;
        vise_group_codes p = {.form = codings[i % CODINGS].form,
                              .kind = codings[i % CODINGS].kind,
                              .lo = code_ranges[range].lo,
                              .hi = code_ranges[range].hi,
                              .q = vise_case_want(c, 1),
                              .x = x,
                              .n = n,
                              .group = group,
                              .scale = scale,
                              .zero = codings[i % CODINGS].zero ? zero : NULL};
        for (int64_t k = 0; k < n; k++) x[k] = coded_value(c, p.kind);
        steps_of(c, scale, zero, p.form == VISE_CODE_DIV_ADD, count);
        for (int64_t k = 0; p.form == VISE_CODE_MUL && k < count; k++) {
            scale[k] = isfinite(scale[k]) ? scale[k] : 0;
        }
        vise_case_poison(c);
        c->ref->group_codes(&p);
        p.q = vise_case_got(c, 1);
        c->k->group_codes(&p);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}
