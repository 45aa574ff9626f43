// Reference kernels for rows in groups.  Never optimise these.

#include <math.h>

#include "backends/backends.h"
#include "engine/floats.h"

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void group_absmax(float *max, const float *x, int64_t n, int64_t group) {
    for (int64_t g = 0; g * group < n; g++) {
        max[g] = 0;
        for (int64_t i = g * group; i < smaller(n, (g + 1) * group); i++) {
            float a = fabsf(x[i]);
            if (isnan(a) || a > max[g]) max[g] = a;
            if (isnan(a)) break;
        }
    }
}

static void group_minmax(float *lo, float *hi, const float *x, int64_t n, int64_t group) {
    for (int64_t g = 0; g * group < n; g++) {
        lo[g] = hi[g] = x[g * group];
        for (int64_t i = g * group; i < smaller(n, (g + 1) * group); i++) {
            if (isnan(x[i])) lo[g] = hi[g] = NAN;
            if (isnan(x[i])) break;
            if (x[i] < lo[g]) lo[g] = x[i];
            if (x[i] > hi[g]) hi[g] = x[i];
        }
    }
}

static int clamp(float v, int lo, int hi) {
    if (v < (float)lo) v = (float)lo;
    if (v > (float)hi) v = (float)hi;
    return (int)v;
}

// What lies exactly between two codes goes to the smaller one, all else to the nearest.
static uint8_t f4_down(float v) {
    uint8_t code = vise_f32_to_f4e2m1(v);
    if (code & 7) {
        float big = fabsf(vise_f4e2m1_to_f32(code));
        float small = fabsf(vise_f4e2m1_to_f32((uint8_t)(code - 1)));
        if (big - fabsf(v) == fabsf(v) - small) code--;
    }
    return code & 7 ? code : 0;
}

static int8_t code_of(const vise_group_codes *p, float v) {
    switch (p->kind) {
    case VISE_CODE_F8: return (int8_t)vise_f32_to_f8e4m3(v);
    case VISE_CODE_F4: return (int8_t)(vise_f32_to_f4e2m1(v) - 8);
    case VISE_CODE_F4_DOWN: return (int8_t)(f4_down(v) - 8);
    default: return (int8_t)clamp(rintf(v), p->lo, p->hi);
    }
}

static void group_codes(const vise_group_codes *p) {
    for (int64_t i = 0; i < p->n; i++) {
        int64_t g = i / p->group;
        float scale = p->scale[g], zero = p->zero ? p->zero[g] : 0;
        if (p->form == VISE_CODE_MUL) {
            p->q[i] = code_of(p, p->x[i] * scale);
        } else if (p->form == VISE_CODE_DIV) {
            float shifted = p->x[i] - zero;
            p->q[i] = code_of(p, shifted / scale);
        } else {
            float v = rintf(p->x[i] / scale) + zero;
            p->q[i] = (int8_t)(clamp(v, 0, p->hi - p->lo) + p->lo);
        }
    }
}

// What a code stands for.
static float value_of(const vise_sweep_columns *p, int8_t q, float zero, float value) {
    switch (p->coding.kind) {
    case VISE_CODE_F8: return vise_f8e4m3_to_f32((uint8_t)q) * value;
    case VISE_CODE_F4:
    case VISE_CODE_F4_DOWN: return vise_f4e2m1_to_f32((uint8_t)(q + 8)) * value;
    default: break;
    }
    if (p->coding.form == VISE_CODE_DIV_ADD) return ((float)(q - p->coding.lo) - zero) * value;
    return (float)q * value + zero;
}

static void sweep_columns(const vise_sweep_columns *p) {
    for (int64_t r = 0; r < p->rows; r++) p->loss[r] = 0;
    for (int64_t i = 0; i < p->cols; i++) {
        const float *u = p->u + i * p->ldu;
        for (int64_t r = 0; r < p->rows; r++) {
            float *w = p->w + r, zero = p->zero[i] ? p->zero[i][r] : 0;
            float x = u[i] == 0 ? 0 : w[i * p->pitch], in = p->units ? x / p->units[r] : x;
            int8_t *q = &p->q[i * p->pitch + r];
            vise_group_codes one = p->coding;
            one.q = q;
            one.x = &in;
            one.n = one.group = 1;
            one.scale = &p->scale[i][r];
            one.zero = p->zero[i] ? &zero : NULL;
            group_codes(&one);
            float e = u[i] == 0 ? 0 : (value_of(p, *q, zero, p->value[i][r]) - x) / u[i];
            for (int64_t j = i + 1; j < p->cols; j++) {
                w[j * p->pitch] = w[j * p->pitch] + e * u[j];
            }
            w[i * p->pitch] = e;
            p->loss[r] = p->loss[r] + e * e;
        }
    }
}

void vise_ref_groups_init(vise_kernels *k) {
    k->group_absmax = group_absmax;
    k->group_minmax = group_minmax;
    k->group_codes = group_codes;
    k->sweep_columns = sweep_columns;
}
