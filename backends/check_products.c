// Checks of the float products of any layout.

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/check_case.h"
#include "engine/floats.h"

enum { MAX_C = 521 * 48 };

static void fill_floats(vise_case *c, float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) x[i] = vise_case_uniform(c);
    for (int64_t i = 0; i < n; i += 61) x[i] = 0;
}

// (k + 1) * FLT_EPSILON * (sum |a||b| + |c|), the contract's bound, for every element of C.
static void product_bounds(double *bound, const vise_gemm *g, const float *before) {
    for (int64_t i = 0; i < g->m; i++) {
        for (int64_t j = 0; j < g->n; j++) {
            double terms = g->add ? fabs((double)before[i * g->ldc + j]) : 0;
            for (int64_t p = 0; p < g->k; p++) {
                float a = g->trans_a ? g->a[p * g->lda + i] : g->a[i * g->lda + p];
                float b = g->trans_b ? g->b[j * g->ldb + p] : g->b[p * g->ldb + j];
                terms += fabs((double)a * (double)b);
            }
            bound[i * g->ldc + j] = (double)(g->k + 1) * (double)FLT_EPSILON * terms;
        }
    }
}

// One product, of which a, b and the flags are set.  Leading dimensions leave gaps.
static bool judge_product(vise_case *c, void (*product)(const vise_gemm *g), vise_gemm *g) {
    double bound[MAX_C] = {0};
    float before[MAX_C];
    g->lda = (g->trans_a ? g->m : g->k) + 2;
    g->ldb = (g->trans_b ? g->k : g->n) + 3;
    g->ldc = g->n + 5;
    g->a = c->a + 1;
    g->b = c->b + 3;
    fill_floats(c, c->a, (g->trans_a ? g->k : g->m) * g->lda + 1);
    fill_floats(c, c->b, (g->trans_b ? g->n : g->k) * g->ldb + 3);
    vise_case_poison(c);
    float *want = vise_case_want(c, 4), *got = vise_case_got(c, 4);
    if (g->add) {
        fill_floats(c, want, g->m * g->ldc);
        memcpy(got, want, (size_t)(g->m * g->ldc) * sizeof *got);
    }
    memcpy(before, want, (size_t)(g->m * g->ldc) * sizeof *before);
    product_bounds(bound, g, before);
    g->c = want;
    c->ref->gemm(g);
    g->c = got;
    product(g);
    return vise_case_verdict(c, vise_case_near(c, bound, g->m * g->ldc), g->k);
}

static int64_t pick(vise_case *c, const int64_t *list, int64_t count) {
    return list[vise_case_below(c, count)];
}

static void check_gemm(vise_case *c, void (*product)(const vise_gemm *g)) {
    static const int64_t ms[] = {0, 1, 2, 5, 6, 7, 11, 12, 13, 25};
    static const int64_t ns[] = {0, 1, 7, 15, 16, 17, 31, 32, 33, 43};
    static const int64_t ks[] = {0, 1, 2, 3, 15, 16, 17, 64, 255, 257};
    for (int64_t i = 0; i < 400; i++) {
        vise_gemm g = {.trans_a = i & 1, .trans_b = i & 2, .add = i & 4};
        g.m = pick(c, ms, 10);
        g.n = pick(c, ns, 10);
        g.k = pick(c, ks, 10);
        if (!judge_product(c, product, &g)) return;
    }
    for (int64_t i = 0; i < 8; i++) { // more than one block each way
        vise_gemm g = {.trans_a = i & 1, .trans_b = i & 2, .add = i & 4};
        g.m = i & 1 ? 521 : 30;
        g.n = i & 1 ? 6 : 263;
        g.k = i & 1 ? 258 : 300;
        if (!judge_product(c, product, &g)) return;
    }
}

void vise_check_gemm(vise_case *c) {
    check_gemm(c, c->k->gemm);
}

void vise_check_gemm_tiles(vise_case *c) {
    check_gemm(c, c->k->gemm_tiles);
}

static const int64_t few_ns[] = {0, 1, 2, 3, 4, 5, 7, 13};
static const int64_t few_ks[] = {0, 1, 7, 8, 9, 15, 16, 17, 100, 1024, 1031, 2100};

void vise_check_gemm_few(vise_case *c) {
    for (int64_t i = 0; i < 240; i++) {
        vise_gemm g = {.trans_b = true, .add = i & 1, .m = i / 2 % 17};
        g.n = pick(c, few_ns, 8);
        g.k = pick(c, few_ks, 12);
        if (!judge_product(c, c->k->gemm_few, &g)) return;
    }
    vise_gemm g = {.trans_b = true, .m = 8, .n = 5, .k = 9000}; // more than one block
    judge_product(c, c->k->gemm_few, &g);
}

// Against gemm_few, which was judged: the bits must be those of converting B first.
static bool judge_few16(vise_case *c, vise_gemm *g, vise_dtype dtype) {
    uint16_t *b = (uint16_t *)c->x + 1;
    float *want = vise_case_want(c, 4), *got = vise_case_got(c, 4);
    g->lda = g->k + 2;
    g->ldb = g->k + 3;
    g->ldc = g->n + 5;
    g->a = c->a + 1;
    g->b = c->b;
    fill_floats(c, c->a, g->m * g->lda + 1);
    fill_floats(c, c->b, g->n * g->ldb);
    for (int64_t i = 0; i < g->n * g->ldb; i++) {
        b[i] = dtype == VISE_F16 ? vise_f32_to_f16(c->b[i]) : vise_f32_to_bf16(c->b[i]);
        c->b[i] = dtype == VISE_F16 ? vise_f16_to_f32(b[i]) : vise_bf16_to_f32(b[i]);
    }
    vise_case_poison(c);
    if (g->add) {
        fill_floats(c, want, g->m * g->ldc);
        memcpy(got, want, (size_t)(g->m * g->ldc) * sizeof *got);
    }
    g->c = want;
    c->k->gemm_few(g);
    g->c = got;
    c->k->gemm_few16(g, b, dtype);
    return vise_case_verdict(c, vise_case_same(c), g->k);
}

void vise_check_gemm_few16(vise_case *c) {
    for (int64_t i = 0; i < 240; i++) {
        vise_gemm g = {.trans_b = true, .add = i & 1, .m = i / 2 % 17};
        g.n = pick(c, few_ns, 8);
        g.k = pick(c, few_ks, 12);
        if (!judge_few16(c, &g, i & 2 ? VISE_F16 : VISE_BF16)) return;
    }
    vise_gemm g = {.trans_b = true, .m = 8, .n = 5, .k = 9000}; // more than one block
    judge_few16(c, &g, VISE_F16);
}
