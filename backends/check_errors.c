// Checks of the scale search: sums of errors for many scales at once.

#include <math.h>

#include "backends/check_case.h"

enum { SCALES = 41, PROBLEMS = 3 }; // PROBLEMS for each length

// Some scales, from far too small to far too large.
static int scales_of(vise_case *c, float scale[SCALES], float inv[SCALES]) {
    int count = (int)vise_case_below(c, SCALES + 1);
    for (int i = 0; i < count; i++) {
        scale[i] = ldexpf(1 + fabsf(vise_case_uniform(c)), (int)vise_case_below(c, 30) - 20);
        inv[i] = 1 / scale[i];
    }
    return count;
}

// Halves and quarters as well, so that there are ties at a scale of 1.
static const float *values_of(vise_case *c, int64_t n) {
    float *x = c->a + 1;
    for (int64_t i = 0; i < n; i++) {
        float tie = (float)vise_case_below(c, 64) / 4 - 8;
        x[i] = vise_case_below(c, 2) ? tie : vise_case_finite(c);
    }
    return x;
}

static bool next_problem(vise_case *c, int64_t i, const float **x, float scale[SCALES],
                         float inv[SCALES], int *count) {
    if (i >= PROBLEMS * (CASE_MAX_N + 1)) return false;
    *x = values_of(c, i / PROBLEMS);
    *count = scales_of(c, scale, inv);
    if (*count) scale[0] = inv[0] = 1;
    vise_case_poison(c);
    return true;
}

void vise_check_int_errors(vise_case *c) {
    float scale[SCALES], inv[SCALES];
    const float *x;
    int count;
    for (int64_t i = 0; next_problem(c, i, &x, scale, inv, &count); i++) {
        int64_t n = i / PROBLEMS;
        int hi = i % 2 ? 7 : 127, lo = -hi - 1;
        c->ref->int_errors(vise_case_want(c, 4), x, n, scale, inv, count, lo, hi);
        c->k->int_errors(vise_case_got(c, 4), x, n, scale, inv, count, lo, hi);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_f4_errors(vise_case *c) {
    float scale[SCALES], inv[SCALES];
    const float *x;
    int count;
    for (int64_t i = 0; next_problem(c, i, &x, scale, inv, &count); i++) {
        int64_t n = i / PROBLEMS;
        c->ref->f4_errors(vise_case_want(c, 4), x, n, scale, inv, count);
        c->k->f4_errors(vise_case_got(c, 4), x, n, scale, inv, count);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}
