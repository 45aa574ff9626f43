// Checks of the float and the integer products.

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/check_case.h"
#include "engine/floats.h"

// --- f32

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

void vise_check_gemm(vise_case *c) {
    static const int64_t ms[] = {0, 1, 2, 5, 6, 7, 11, 12, 13, 25};
    static const int64_t ns[] = {0, 1, 7, 15, 16, 17, 31, 32, 33, 43};
    static const int64_t ks[] = {0, 1, 2, 3, 15, 16, 17, 64, 255, 257};
    for (int64_t i = 0; i < 400; i++) {
        vise_gemm g = {.trans_a = i & 1, .trans_b = i & 2, .add = i & 4};
        g.m = pick(c, ms, 10);
        g.n = pick(c, ns, 10);
        g.k = pick(c, ks, 10);
        if (!judge_product(c, c->k->gemm, &g)) return;
    }
    for (int64_t i = 0; i < 8; i++) { // more than one block each way
        vise_gemm g = {.trans_a = i & 1, .trans_b = i & 2, .add = i & 4};
        g.m = i & 1 ? 521 : 30;
        g.n = i & 1 ? 6 : 263;
        g.k = i & 1 ? 258 : 300;
        if (!judge_product(c, c->k->gemm, &g)) return;
    }
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

// --- integers

enum { MAX_ROWS = 30 };

// Scales of either sign and over many powers of two; codes over their whole range, or (when
// `extreme`) at its ends.
static void fill_scales(vise_case *c, float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        x[i] = ldexpf(vise_case_uniform(c), (int)vise_case_below(c, 40) - 20);
    }
}

static void fill_codes(vise_case *c, int8_t *x, int64_t n, bool extreme) {
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits = vise_case_bits(c);
        x[i] = extreme ? (int8_t)(bits & 7 ? -128 : 127) : (int8_t)bits;
    }
}

static bool judge_w8a8(vise_case *c, int64_t m, int64_t k, int n, bool bias, bool extreme) {
    float *scales = c->a + 1;
    int32_t wsum[VISE_PANEL + 1] = {0};
    vise_w8a8 p = {.m = m, .k = k, .x = c->x + 1, .ldx = k + 3, .w = c->w + 1, .n = n};
    fill_codes(c, c->x, m * p.ldx + 1, extreme);
    fill_codes(c, c->w, k * VISE_PANEL + 1, extreme);
    fill_scales(c, scales, m + 2 * VISE_PANEL);
    for (int64_t i = 0; i < k * VISE_PANEL; i++) wsum[1 + i / 4 % VISE_PANEL] += p.w[i];
    p.wsum = wsum + 1;
    p.xscale = scales;
    p.wscale = scales + m;
    p.bias = bias ? scales + m + VISE_PANEL : NULL;
    p.ldy = n + 5;
    vise_case_poison(c);
    p.y = vise_case_want(c, 4);
    c->ref->w8a8(&p);
    p.y = vise_case_got(c, 4);
    c->k->w8a8(&p);
    return vise_case_verdict(c, vise_case_same(c), k);
}

void vise_check_w8a8(vise_case *c) {
    static const int64_t ks[] = {4, 8, 60, 64, 68, 252, 256, 260, 512, 1024, 1028, 2052};
    for (int64_t i = 0; i < 200; i++) {
        int64_t m = i % (MAX_ROWS + 1), k = pick(c, ks, 12);
        int n = 1 + (int)(i % VISE_PANEL);
        if (!judge_w8a8(c, m, k, n, i & 1, i % 8 == 7)) return;
    }
    if (!judge_w8a8(c, 60, 300, 32, true, false)) return; // more rows than any block holds
    judge_w8a8(c, 1, 65536, 32, false, true);             // the largest sum allowed
}

static bool judge_w4a8(vise_case *c, int64_t m, int64_t groups, int64_t group, int n, bool bias,
                       bool extreme) {
    enum { MAX_GROUPS = 16 };
    int32_t xsum[60 * MAX_GROUPS];
    int64_t k = groups * group;
    float *scales = c->a + 1, *wscale = c->b + 1;
    vise_w4a8 p = {.m = m, .groups = groups, .group = group, .x = c->x + 1, .ldx = k + 3};
    fill_codes(c, c->x, m * p.ldx + 1, extreme);
    fill_codes(c, c->w, k / 2 * VISE_PANEL + 1, false);
    if (extreme) memset(c->w, 0xff, (size_t)(k / 2 * VISE_PANEL + 1));
    fill_scales(c, scales, m * groups + VISE_PANEL);
    fill_scales(c, wscale, groups * VISE_PANEL);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t g = 0; g < groups; g++) {
            const int8_t *x = p.x + i * p.ldx + g * group;
            xsum[i * groups + g] = c->ref->sum_i8(x, group);
        }
    }
    p.xsum = xsum;
    p.xscale = scales;
    p.w = (const uint8_t *)c->w + 1;
    p.wscale = wscale;
    p.bias = bias ? scales + m * groups : NULL;
    p.ldy = n + 5;
    p.n = n;
    vise_case_poison(c);
    p.y = vise_case_want(c, 4);
    c->ref->w4a8(&p);
    p.y = vise_case_got(c, 4);
    c->k->w4a8(&p);
    return vise_case_verdict(c, vise_case_same(c), k);
}

void vise_check_w4a8(vise_case *c) {
    static const int64_t group[] = {8, 16, 24, 32, 40, 64, 128, 256};
    for (int64_t i = 0; i < 200; i++) {
        int64_t m = i % (MAX_ROWS + 1), size = pick(c, group, 8);
        int64_t groups = 1 + vise_case_below(c, size > 64 ? 4 : 16);
        int n = 1 + (int)(i % VISE_PANEL);
        if (!judge_w4a8(c, m, groups, size, n, i & 1, i % 8 == 7)) return;
    }
    if (!judge_w4a8(c, 60, 3, 64, 32, true, false)) return;
    judge_w4a8(c, 2, 0, 64, 32, true, false); // no inputs: the bias alone
}
