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

// Any polynomial and any scales will do: kernels do not know what they are powers of.
static vise_power some_power(vise_case *c, float power) {
    vise_power made = {.power = power};
    for (int i = 0; i < VISE_POWER_POLY; i++) made.poly[i] = vise_case_uniform(c);
    for (int i = 1; i < VISE_POWER_SCALES; i++) made.scale[i] = ldexpf(1, i - 27);
    return made;
}

// Values and codes within the range that the contract names, and few distinct values, so that
// some errors are 0 and some tiny.
void vise_check_power_errors(vise_case *c) {
    static const float powers[] = {2, 3, 2.4f, 1, 1.5f, 4};
    vise_power power;
    float scale[SCALES], inv[SCALES], zero[SCALES], lo[SCALES], hi[SCALES];
    for (int64_t i = 0; i < 6 * (CASE_MAX_N + 1); i++) {
        vise_power_errors p = {.n = i / 6, .power = &power, .count = 1 + (int)(i % 17)};
        power = some_power(c, powers[i % 6]);
        float *x = c->a + 1, *weight = c->b + 3;
        for (int64_t k = 0; k < p.n; k++) {
            float tie = (float)vise_case_below(c, 64) / 4 - 8;
            x[k] = vise_case_below(c, 2) ? tie : vise_case_uniform(c);
            weight[k] = vise_case_below(c, 4) ? fabsf(vise_case_uniform(c)) : 0;
        }
        for (int k = 0; k < p.count; k++) {
            scale[k] = ldexpf(1 + fabsf(vise_case_uniform(c)), (int)vise_case_below(c, 8) - 6);
            if (k == 0) scale[k] = 1;
            if (k % 5 == 4) scale[k] = -scale[k];
            inv[k] = 1 / scale[k];
            zero[k] = k % 3 == 2 ? vise_case_uniform(c) : 0;
            lo[k] = -(float)vise_case_below(c, 9);
            hi[k] = lo[k] + 15;
        }
        p.x = x;
        p.weight = vise_case_below(c, 2) ? weight : NULL;
        p.scale = scale;
        p.inv = inv;
        p.zero = vise_case_below(c, 2) ? zero : NULL;
        p.lo = lo;
        p.hi = hi;
        vise_case_poison(c);
        p.err = vise_case_want(c, 4);
        c->ref->power_errors(&p);
        p.err = vise_case_got(c, 4);
        c->k->power_errors(&p);
        if (!vise_case_verdict(c, vise_case_same(c), p.n)) return;
    }
}
