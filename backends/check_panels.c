// Checks of the float products of engine/products.h.

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/backends.h"
#include "backends/check_case.h"
#include "engine/floats.h"

enum {
    MAX_M = 130,
    MAX_LD = VISE_PANEL + 5,
    BIAS = 0, // where the vectors of one problem start in c->b; NaN lies between them
    UPPER = BIAS + VISE_PANEL + 1,
    ADD = UPPER + VISE_PANEL + 1,
    WSCALE = ADD + MAX_M * MAX_LD,
    WZERO = WSCALE + (1 << 14),
    XSCALE = WZERO + (1 << 14),
};

static const int64_t row_counts[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                     11, 12, 13, 14, 17, 19, 24, 25, 29, 37};

// Numbers of either sign and over some powers of two, now and then zero.
static float number(vise_case *c) {
    if (vise_case_below(c, 20) == 0) return 0;
    return ldexpf(vise_case_uniform(c), (int)vise_case_below(c, 16) - 8);
}

static void fill_numbers(vise_case *c, float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) x[i] = number(c);
}

static uint8_t float8_bits(vise_case *c) { // any but the two NaN
    uint8_t bits = (uint8_t)vise_case_bits(c);
    return (bits & 0x7f) == 0x7f ? 0 : bits;
}

// `n` numbers of a dtype, as bytes that need no alignment.
static void fill_typed(vise_case *c, vise_dtype dtype, void *out, int64_t n) {
    uint8_t *to = out;
    for (int64_t i = 0; i < n; i++) {
        float x = number(c);
        uint16_t half = dtype == VISE_F16 ? vise_f32_to_f16(x) : vise_f32_to_bf16(x);
        switch (dtype) {
        case VISE_F8E4M3: *to++ = float8_bits(c); break;
        case VISE_F16:
        case VISE_BF16: memcpy(to, &half, 2), to += 2; break;
        default: memcpy(to, &x, 4), to += 4; break;
        }
    }
}

static float typed(vise_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case VISE_F8E4M3: return vise_f8e4m3_to_f32(((const uint8_t *)data)[i]);
    case VISE_F16: return vise_f16_to_f32(((const uint16_t *)data)[i]);
    case VISE_BF16: return vise_bf16_to_f32(((const uint16_t *)data)[i]);
    default: return ((const float *)data)[i];
    }
}

// Some of the strips of m rows into n columns, with or without what is added to them.
static void set_product(vise_case *c, vise_product *to, int64_t m, int n) {
    for (int64_t i = 0; i < CASE_FLOATS; i++) c->b[i] = NAN;
    *to = (vise_product){.m = m, .end = vise_strips(m), .n = n, .ldy = n + 5, .ldadd = n + 2};
    if (vise_case_below(c, 3) == 0) {
        to->first = vise_case_below(c, to->end + 1);
        to->end = to->first + vise_case_below(c, to->end - to->first + 1);
    }
    if (vise_case_bits(c) & 1) {
        to->bias = c->b + BIAS + 1;
        fill_numbers(c, c->b + BIAS + 1, n);
    }
    if (vise_case_bits(c) & 1) {
        to->add = c->b + ADD + 1;
        for (int64_t i = 0; i < m; i++) fill_numbers(c, c->b + ADD + 1 + i * to->ldadd, n);
    }
}

// Turns sums of magnitudes, [m][32], into the errors allowed of y, and judges.
static bool judge(vise_case *c, const vise_product *to, const double *sums, double roundings,
                  int64_t inputs) {
    static const double none = 0;
    double allowed[MAX_M * MAX_LD];
    for (int64_t i = 0; i < to->m * to->ldy; i++) allowed[i] = none;
    for (int64_t i = 0; i < to->m; i++) {
        for (int j = 0; j < to->n; j++) {
            double sum = sums[i * VISE_PANEL + j];
            if (to->add) sum += fabs((double)to->add[i * to->ldadd + j]);
            if (to->bias) sum += fabs((double)to->bias[j]);
            allowed[i * to->ldy + j] = roundings * (double)FLT_EPSILON * sum;
        }
    }
    return vise_case_verdict(c, vise_case_near(c, allowed, to->m * to->ldy), inputs);
}

// Where element k of row i lies in strips whose inputs come `size` to a piece.
static int64_t place(int64_t m, int64_t inputs, int64_t i, int64_t k, int64_t size) {
    int64_t s = 0;
    while (vise_strip_row(m, s + 1) <= i) s++;
    int64_t first = vise_strip_row(m, s), rows = vise_strip_row(m, s + 1) - first;
    return first * inputs + k / size * rows * size + (i - first) * size + k % size;
}

// --- float8_product

static void float8_sums(double *sums, const vise_float8_product *p) {
    int64_t inputs = p->groups * p->group;
    for (int64_t i = 0; i < p->to.m; i++) {
        for (int64_t k = 0; k < inputs; k++) {
            int64_t g = k / p->group;
            double x = (double)vise_bf16_to_f32(p->x[place(p->to.m, inputs, i, k, 2)]);
            x *= (double)p->xscale[i * p->groups + g];
            for (int j = 0; j < p->to.n; j++) {
                uint8_t w = p->w[(k / 2 * VISE_PANEL + j) * 2 + k % 2];
                double scale = (double)p->wscale[g * VISE_PANEL + j];
                sums[i * VISE_PANEL + j] += fabs(x * (double)vise_f8e4m3_to_f32(w) * scale);
            }
        }
    }
}

typedef void (*float8_product)(const vise_float8_product *p);

static bool judge_float8(vise_case *c, float8_product product, int64_t m, int n, int64_t groups,
                         int64_t group) {
    double sums[MAX_M * VISE_PANEL] = {0};
    vise_float8_product p = {.groups = groups, .group = group};
    int64_t inputs = groups * group;
    uint16_t *x = (uint16_t *)c->a + 1;
    set_product(c, &p.to, m, n);
    for (int64_t i = 0; i < m * inputs; i++) {
        x[i] = vise_f32_to_bf16(vise_f8e4m3_to_f32(float8_bits(c)));
    }
    for (int64_t i = 0; i < inputs * VISE_PANEL; i++) c->w[1 + i] = (int8_t)float8_bits(c);
    fill_numbers(c, c->b + XSCALE + 1, m * groups);
    for (int64_t g = 0; g < groups; g++) fill_numbers(c, c->b + WSCALE + 1 + g * VISE_PANEL, n);
    p.x = x;
    p.w = (const uint8_t *)c->w + 1;
    p.xscale = c->b + XSCALE + 1;
    p.wscale = c->b + WSCALE + 1;
    float8_sums(sums, &p);
    vise_case_poison(c);
    p.to.y = vise_case_want(c, 4);
    c->ref->float8_product(&p);
    p.to.y = vise_case_got(c, 4);
    product(&p);
    return judge(c, &p.to, sums, (double)(group + groups + 4), inputs);
}

static bool check_float8(vise_case *c, float8_product product) {
    static const int64_t sizes[] = {4, 8, 12, 16, 20, 32, 60, 64, 100, 128, 132, 256};
    for (int64_t i = 0; i < 100; i++) {
        int64_t m = row_counts[i % 20], group = sizes[vise_case_below(c, 12)];
        int64_t groups = 1 + vise_case_below(c, group > 64 ? 3 : 9);
        int n = 1 + (int)(i % VISE_PANEL);
        if (!judge_float8(c, product, m, n, groups, group)) return false;
    }
    return judge_float8(c, product, 2, 32, 0, 128) &&   // no inputs
           judge_float8(c, product, 1, 32, 1, 5004) &&  // more than any block holds
           judge_float8(c, product, 17, 31, 2, 1236) && //
           judge_float8(c, product, 130, 32, 2, 68);
}

void vise_check_float8_product(vise_case *c) {
    if (!check_float8(c, c->k->float8_product)) return;
#ifdef __x86_64__
    if (strcmp(c->k->name, "avx512") == 0) { // and what a CPU without AVX512-BF16 runs
        vise_kernels plain = *c->k;
        vise_avx512_float8_init(&plain);
        check_float8(c, plain.float8_product);
    }
#endif
}

// --- panel_product

static void fill_panel(vise_case *c, vise_panel_kind kind, int64_t inputs) {
    uint8_t *w = (uint8_t *)c->w;
    int64_t n = inputs * VISE_PANEL;
    switch (kind) {
    case VISE_PANEL_F32: fill_typed(c, VISE_F32, w + 4, n); break;
    case VISE_PANEL_F16: fill_typed(c, VISE_F16, w + 4, n); break;
    case VISE_PANEL_BF16: fill_typed(c, VISE_BF16, w + 4, n); break;
    case VISE_PANEL_FLOAT8: fill_typed(c, VISE_F8E4M3, w + 4, n); break;
    default:
        for (int64_t i = 0; i < n; i++) w[4 + i] = (uint8_t)vise_case_bits(c);
    }
    if (kind != VISE_PANEL_F16) return;
    for (int64_t i = 0; i < n; i += 7) { // subnormals too
        memcpy(w + 4 + 2 * i, &(uint16_t){(uint16_t)(vise_case_bits(c) & 0x83ff)}, 2);
    }
}

static double panel_weight(const vise_panel_product *p, int64_t k, int j) {
    const uint8_t *bytes = p->w;
    int64_t in_group = k % p->group;
    switch (p->kind) {
    case VISE_PANEL_F16: return (double)typed(VISE_F16, p->w, k * VISE_PANEL + j);
    case VISE_PANEL_BF16: return (double)typed(VISE_BF16, p->w, k * VISE_PANEL + j);
    case VISE_PANEL_INT8: return (int8_t)bytes[(k / 4 * VISE_PANEL + j) * 4 + k % 4];
    case VISE_PANEL_FLOAT8:
        return (double)typed(VISE_F8E4M3, p->w, (k / 2 * VISE_PANEL + j) * 2 + k % 2);
    case VISE_PANEL_NIBBLE:
        bytes += (k - in_group) / 2 * VISE_PANEL + (in_group / 8 * VISE_PANEL + j) * 4 + k % 4;
        return (double)p->table[in_group % 8 < 4 ? *bytes & 15 : *bytes >> 4];
    default: return (double)typed(VISE_F32, p->w, k * VISE_PANEL + j);
    }
}

static void panel_sums(double *sums, const vise_panel_product *p) {
    int64_t inputs = p->groups * p->group;
    for (int64_t k = 0; k < inputs; k++) {
        int64_t g = k / p->group * VISE_PANEL;
        for (int j = 0; j < p->to.n; j++) {
            double w = fabs(panel_weight(p, k, j));
            if (p->wscale) w *= fabs((double)typed(p->scale_dtype, p->wscale, g + j));
            if (p->wzero) w += fabs((double)typed(p->scale_dtype, p->wzero, g + j));
            if (p->wupper) w *= fabs((double)p->wupper[j]);
            for (int64_t i = 0; i < p->to.m; i++) {
                double x = (double)p->x[place(p->to.m, inputs, i, k, 1)];
                sums[i * VISE_PANEL + j] += fabs(x) * w;
            }
        }
    }
}

// Scales, zeros and the upper scale, each there or not.
static void set_scales(vise_case *c, vise_panel_product *p) {
    static const vise_dtype dtypes[] = {VISE_F32, VISE_F16, VISE_BF16, VISE_F8E4M3};
    int64_t count = p->groups * VISE_PANEL;
    p->scale_dtype = dtypes[vise_case_below(c, 4)];
    if (vise_case_below(c, 3) > 0) {
        p->wscale = c->b + WSCALE;
        fill_typed(c, p->scale_dtype, c->b + WSCALE, count);
    }
    if (vise_case_bits(c) & 1 && p->scale_dtype != VISE_F8E4M3) {
        p->wzero = c->b + WZERO;
        fill_typed(c, p->scale_dtype, c->b + WZERO, count);
    }
    if (vise_case_bits(c) & 1) {
        p->wupper = c->b + UPPER + 1;
        fill_numbers(c, c->b + UPPER + 1, VISE_PANEL);
    }
}

static bool judge_panel(vise_case *c, vise_panel_kind kind, int64_t m, int n, int64_t groups,
                        int64_t group) {
    double sums[MAX_M * VISE_PANEL] = {0};
    float table[17];
    vise_panel_product p = {.kind = kind, .groups = groups, .group = group, .x = c->a + 1};
    set_product(c, &p.to, m, n);
    fill_numbers(c, c->a, m * groups * group + 1);
    fill_panel(c, kind, groups * group);
    set_scales(c, &p);
    fill_numbers(c, table, 17);
    if (vise_case_bits(c) & 1) { // evenly spaced, as the codes of integers are
        for (int i = 0; i < 17; i++) table[i] = (float)(i - 9);
    }
    if (kind == VISE_PANEL_NIBBLE) p.table = table + 1;
    p.w = c->w + 4;
    panel_sums(sums, &p);
    vise_case_poison(c);
    p.to.y = vise_case_want(c, 4);
    c->ref->panel_product(&p);
    p.to.y = vise_case_got(c, 4);
    c->k->panel_product(&p);
    return judge(c, &p.to, sums, (double)(groups * group + 4), groups * group);
}

void vise_check_panel_product(vise_case *c) {
    static const int64_t unit[VISE_PANEL_KIND_COUNT] = {1, 1, 1, 4, 8, 2};
    for (int kind = 0; kind < VISE_PANEL_KIND_COUNT; kind++) {
        for (int64_t i = 0; i < 60; i++) {
            int64_t m = row_counts[i % 20], group = unit[kind] * (1 + vise_case_below(c, 17));
            int64_t groups = 1 + vise_case_below(c, 5);
            int n = 1 + (int)(i % VISE_PANEL);
            if (!judge_panel(c, (vise_panel_kind)kind, m, n, groups, group)) return;
        }
        if (!judge_panel(c, (vise_panel_kind)kind, 2, 32, 0, 8)) return; // no inputs
        if (!judge_panel(c, (vise_panel_kind)kind, 1, 32, 1, 2104)) return;
        if (!judge_panel(c, (vise_panel_kind)kind, 15, 31, 2, 520)) return;
        if (!judge_panel(c, (vise_panel_kind)kind, 130, 32, 2, 72)) return;
    }
}
