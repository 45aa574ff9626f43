#include "engine/scale_search.h"

#include <math.h>

enum { LANES = 16 };

vise_status vise_search_check(const vise_scheme *s, vise_error *err) {
    bool stored = s->convention == VISE_AMAX_HALF_STEP || s->convention == VISE_AMAX ||
                  s->convention == VISE_NVFP4 || s->convention == VISE_SVDQ_NVFP4_STORED;
    if (stored && s->element != VISE_ELEMENT_F8 && s->granularity != VISE_PER_TENSOR) {
        return VISE_OK;
    }
    char text[VISE_SCHEME_TEXT];
    return vise_fail(err, VISE_EINVAL, "E-SC-11",
                     "no scale search for %s; allowed: int and f4e2m1 per row, group or block, "
                     "conventions amax_half_step, amax, nvfp4, svdq_nvfp4_stored",
                     vise_scheme_describe(text, sizeof text, s));
}

static float add_lanes(float acc[LANES]) {
    for (int half = LANES / 2; half; half /= 2) {
        for (int l = 0; l < half; l++) acc[l] += acc[l + half];
    }
    return acc[0];
}

// Adding and taking away 1.5 * 2^23 rounds a small number to an integer, ties to even; 2^22 and
// 2^24 in its place round to halves and to twos.
static const float WHOLE = 0x1.8p23f, HALVES = 0x1.8p22f, TWOS = 0x1.8p24f;

static float clamped(float v, float lo, float hi) {
    v = v > lo ? v : lo;
    return v < hi ? v : hi;
}

static float int_error(float x, float inv, float scale, float lo, float hi) {
    float q = (clamped(x * inv, lo, hi) + WHOLE) - WHOLE, e = x - q * scale;
    return e * e;
}

static float f4_error(float x, float inv, float scale) {
    float v = clamped(x * inv, -6, 6), a = fabsf(v);
    float grid = a < 2 ? HALVES : a < 4 ? WHOLE : TWOS;
    float q = (v + grid) - grid, e = x - q * scale;
    return e * e;
}

static float sum_int_errors(const float *x, int64_t n, float inv, float scale, float lo,
                            float hi) {
    float acc[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) acc[l] += int_error(x[i + l], inv, scale, lo, hi);
    }
    for (int l = 0; i + l < n; l++) acc[l] += int_error(x[i + l], inv, scale, lo, hi);
    return add_lanes(acc);
}

static float sum_f4_errors(const float *x, int64_t n, float inv, float scale) {
    float acc[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) acc[l] += f4_error(x[i + l], inv, scale);
    }
    for (int l = 0; i + l < n; l++) acc[l] += f4_error(x[i + l], inv, scale);
    return add_lanes(acc);
}

static double run_error(const vise_scheme *s, const vise_matrix *m, const vise_run *run,
                        float scale) {
    float buffer[VISE_PIECE];
    float inv = isfinite(1 / scale) ? 1 / scale : 0;
    double sum = 0;
    for (int64_t i = 0; i < run->rows; i++) {
        for (int64_t done = 0; done < run->count; done += VISE_PIECE) {
            int64_t n = run->count - done < VISE_PIECE ? run->count - done : VISE_PIECE;
            const float *x = vise_matrix_read(m, run->row + i, run->first + done, n, buffer);
            sum += (double)(s->element == VISE_ELEMENT_F4
                                ? sum_f4_errors(x, n, inv, scale)
                                : sum_int_errors(x, n, inv, scale, (float)s->lo, (float)s->hi));
        }
    }
    return sum;
}

bool vise_search_step(vise_step *out, const vise_scheme *s, const vise_matrix *m,
                      const vise_run *run, vise_range r, vise_upper upper) {
    const bool f4 = s->element == VISE_ELEMENT_F4;
    const int last = f4 ? 120 : 100, by = f4 ? 2 : 1; // percent
    double best = INFINITY;
    bool found = false;
    for (int percent = 60; percent <= last; percent += by) {
        vise_step step;
        if (!vise_step_make(&step, s, r, upper, (float)percent / 100)) continue;
        double error = run_error(s, m, run, step.scale * step.upper);
        if (found && !(error < best)) continue;
        best = error;
        *out = step;
        found = true;
    }
    return found;
}
