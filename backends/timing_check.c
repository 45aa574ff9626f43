// Is what is timed right?

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/backends.h"
#include "backends/timing_problem.h"
#include "engine/mem.h"

// The roundings that engine/products.h allows, of half FLT_EPSILON each.
static double roundings(const vise_timing *t) {
    if (t->s.what == VISE_TIMED_FLOAT8) return (double)(t->s.group + t->groups + 4);
    return (double)(t->s.k + 4);
}

// |x|, and so, because no weight of these kinds is negative, the sums of what is added up.
static void magnitudes(const vise_timing *t, void *out) {
    memcpy(out, t->x, (size_t)(t->s.m * t->row_bytes));
    for (int64_t i = 0; i < t->s.m * t->s.k; i++) {
        if (t->s.what == VISE_TIMED_FLOAT8) {
            ((uint16_t *)out)[i] &= 0x7fff;
        } else {
            ((float *)out)[i] = fabsf(((float *)out)[i]);
        }
    }
}

static vise_status check_panel(const vise_timing *t, const vise_kernels *k, vise_error *err) {
    vise_kernels ref = {.name = "ref"};
    vise_ref_init(&ref);
    int64_t strips = vise_strips(t->s.m), j = t->panels - 1;
    bool near = t->s.what >= VISE_TIMED_FLOAT8;
    size_t bytes = (size_t)(t->s.m * t->s.n) * sizeof(float);
    void *x = vise_calloc((size_t)(t->s.m * t->row_bytes));
    float *want = vise_calloc(bytes), *sums = vise_calloc(bytes);
    vise_status st = VISE_OK;
    if (!x || !want || !sums) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to check a product");
        goto done;
    }
    vise_timing_panel(t, k, 0, j, strips - 1, strips, t->x, t->y);
    vise_timing_panel(t, &ref, 0, j, strips - 1, strips, t->x, want);
    if (near) {
        magnitudes(t, x);
        vise_timing_panel(t, &ref, 0, j, strips - 1, strips, x, sums);
    }
    double eps = near ? roundings(t) * FLT_EPSILON : 0;
    for (int64_t i = vise_strip_row(t->s.m, strips - 1); !st && i < t->s.m; i++) {
        for (int64_t c = i * t->s.n + j * VISE_PANEL; !st && c < (i + 1) * t->s.n; c++) {
            if (fabs((double)t->y[c] - want[c]) <= eps * sums[c]) continue;
            st = vise_fail(err, VISE_ENUMERIC, "E-HW-05",
                           "%s of backend '%s' differs from ref: %g, expected %g",
                           vise_timed_name(t->s.what), k->name, t->y[c], want[c]);
        }
    }
done:
    vise_free(x);
    vise_free(want);
    vise_free(sums);
    return st;
}

static vise_status check_gemm(const vise_timing *t, const vise_kernels *k, vise_error *err) {
    const float *a = t->x, *b = (const float *)(const void *)t->codes;
    for (int64_t piece = 0; piece < 2; piece++) vise_timing_gemm(t, k, 0, piece, 2);
    for (int64_t i = 0; i < 3; i++) {
        for (int64_t j = 0; j < 3; j++) {
            int64_t row = (t->s.m - 1) * i / 2, col = (t->s.n - 1) * j / 2;
            double sum = 0, size = 0;
            for (int64_t c = 0; c < t->s.k; c++) {
                double term = (double)a[row * t->s.k + c] * b[col * t->s.k + c];
                sum += term;
                size += fabs(term);
            }
            double got = t->y[row * t->s.n + col];
            if (fabs(got - sum) <= (double)(t->s.k + 1) * FLT_EPSILON * size) continue;
            return vise_fail(err, VISE_ENUMERIC, "E-HW-05",
                             "%s of backend '%s' is wrong: %g, expected %g",
                             vise_timed_name(t->s.what), k->name, got, sum);
        }
    }
    return VISE_OK;
}

vise_status vise_timing_check(const vise_timing *t, const vise_kernels *k, vise_error *err) {
    return vise_timed_gemm(t->s.what) ? check_gemm(t, k, err) : check_panel(t, k, err);
}
