// Checks of norms and modulations.

#include <math.h>
#include <string.h>

#include "backends/check_case.h"

enum { LONG = 5000 };

static int64_t length_of(int64_t i) {
    return i <= CASE_MAX_N ? i : LONG + i;
}

// Rows far from zero, rows of any size, rows with NaN.
static void fill(vise_case *c, float *x, int64_t n, int64_t problem) {
    float middle = problem % 3 == 0 ? 1000.0f : 0.0f;
    for (int64_t i = 0; i < n; i++) {
        x[i] = problem % 5 == 4 ? vise_case_finite(c) : middle + vise_case_uniform(c);
    }
    if (problem % 11 == 10) x[vise_case_below(c, n)] = NAN;
}

// NaNs differ in their bits from one instruction to another: all become the same.
static void level_nans(float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) x[i] = NAN;
    }
}

static bool judge(vise_case *c, int64_t n) {
    level_nans(vise_case_want(c, 4), n);
    level_nans(vise_case_got(c, 4), n);
    return vise_case_verdict(c, vise_case_same(c), n);
}

void vise_check_norm(vise_case *c) {
    for (int64_t i = 1; i <= CASE_MAX_N + 40; i++) {
        int64_t n = length_of(i);
        float *weight = c->b + 1, *bias = weight + n;
        vise_norm o = {.centred = i & 1, .eps = i % 4 == 3 ? 0 : 1e-5};
        fill(c, c->a + 1, n, i);
        fill(c, weight, 2 * n, 1);
        o.weight = i & 2 ? weight : NULL;
        o.bias = i & 4 ? bias : NULL;
        vise_case_poison(c);
        float *out = vise_case_got(c, 4), *in = i % 3 ? c->a + 1 : out;
        c->ref->norm(vise_case_want(c, 4), c->a + 1, n, &o);
        if (in == out) memcpy(out, c->a + 1, (size_t)n * sizeof *out);
        c->k->norm(out, in, n, &o);
        if (!judge(c, n)) return;
    }
}

typedef void (*ternary)(float *y, const float *x, const float *a, const float *b, int64_t n);

static void judge_ternary(vise_case *c, ternary ref, ternary got) {
    for (int64_t i = 0; i <= CASE_MAX_N + 4; i++) {
        int64_t n = length_of(i);
        float *a = c->b + 1, *b = a + n;
        for (int64_t j = 0; j < n; j++) c->a[1 + j] = vise_case_finite(c);
        for (int64_t j = 0; j < 2 * n; j++) a[j] = vise_case_finite(c);
        vise_case_poison(c);
        float *out = vise_case_got(c, 4);
        ref(vise_case_want(c, 4), c->a + 1, a, b, n);
        const float *in = i % 3 == 1 ? out : c->a + 1, *second = i % 3 == 2 ? out : a;
        if (i % 3 > 0) memcpy(out, i % 3 == 1 ? c->a + 1 : a, (size_t)n * sizeof *out);
        got(out, in, second, b, n);
        if (!judge(c, n)) return;
    }
}

void vise_check_modulate(vise_case *c) {
    judge_ternary(c, c->ref->modulate, c->k->modulate);
}

void vise_check_gated_add(vise_case *c) {
    judge_ternary(c, c->ref->gated_add, c->k->gated_add);
}
