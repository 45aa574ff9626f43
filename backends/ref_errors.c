// Reference kernels of the scale search.

#include <math.h>
#include <string.h>

#include "backends/backends.h"
#include "engine/floats.h"

enum { LANES = 16 };

static float add_lanes(float lane[LANES]) {
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    }
    return lane[0];
}

static void int_errors(float *err, const float *x, int64_t n, const float *scale,
                       const float *inv, int count, int lo, int hi) {
    for (int c = 0; c < count; c++) {
        float lane[LANES] = {0};
        for (int64_t i = 0; i < n; i++) {
            float q = fminf(fmaxf(rintf(x[i] * inv[c]), (float)lo), (float)hi);
            float e = fmaf(-q, scale[c], x[i]);
            lane[i % LANES] = fmaf(e, e, lane[i % LANES]);
        }
        err[c] = add_lanes(lane);
    }
}

static void f4_errors(float *err, const float *x, int64_t n, const float *scale,
                      const float *inv, int count) {
    for (int c = 0; c < count; c++) {
        float lane[LANES] = {0};
        for (int64_t i = 0; i < n; i++) {
            float q = vise_f4e2m1_to_f32(vise_f32_to_f4e2m1(x[i] * inv[c]));
            float e = fmaf(-q, scale[c], x[i]);
            lane[i % LANES] = fmaf(e, e, lane[i % LANES]);
        }
        err[c] = add_lanes(lane);
    }
}

static float power_of(float a, const vise_power *p) {
    if (p->power == 2) return a * a;
    if (p->power == 3) return (a * a) * a;
    int32_t bits, k;
    memcpy(&bits, &a, sizeof bits);
    k = (bits >> 23) - VISE_POWER_LEAST;
    bits = (bits & 0x7fffff) | 0x3f800000;
    memcpy(&a, &bits, sizeof a);
    float t = p->poly[VISE_POWER_POLY - 1];
    for (int i = VISE_POWER_POLY - 2; i >= 0; i--) t = fmaf(t, a - 1.5f, p->poly[i]);
    return t * p->scale[k > 0 ? k : 0];
}

static void power_errors(const vise_power_errors *p) {
    for (int c = 0; c < p->count; c++) {
        float lane[LANES] = {0};
        for (int64_t i = 0; i < p->n; i++) {
            float v = p->zero ? p->x[i] - p->zero[c] : p->x[i], *sum = &lane[i % LANES];
            float q = fminf(fmaxf(rintf(v * p->inv[c]), p->lo[c]), p->hi[c]);
            float e = fabsf(fmaf(-q, p->scale[c], v)), t = power_of(e, p->power);
            if (p->weight) {
                *sum = fmaf(t, p->weight[i], *sum);
            } else {
                *sum = p->power->power == 2 ? fmaf(e, e, *sum) : *sum + t;
            }
        }
        p->err[c] = add_lanes(lane);
    }
}

void vise_ref_errors_init(vise_kernels *k) {
    k->int_errors = int_errors;
    k->f4_errors = f4_errors;
    k->power_errors = power_errors;
}
