// Checks of the integer products of engine/products.h.

#include <math.h>
#include <string.h>

#include "backends/check_case.h"
#include "engine/floats.h"

enum { MAX_ROWS = 60, MAX_GROUPS = 80, MAX_INPUTS = 1400, PROBLEMS = 330 };

static bool heads(vise_case *c) {
    return vise_case_below(c, 2) == 0;
}

// Every number of rows up to 30, so that strips of every height come; some above it.
static int64_t rows_of(vise_case *c, int64_t problem) {
    return problem % 8 == 7 ? vise_case_below(c, MAX_ROWS + 1) : problem % 31;
}

static int64_t pick(vise_case *c, const int64_t *list, int64_t count) {
    return list[vise_case_below(c, count)];
}

// Scales of either sign and over many powers of two.
static void fill_scales(vise_case *c, float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        x[i] = ldexpf(vise_case_uniform(c), (int)vise_case_below(c, 40) - 20);
    }
}

// Bytes over their whole range, or (when `extreme`) `one` and `other`.
static void fill_bytes(vise_case *c, void *data, int64_t n, bool extreme, int one, int other) {
    uint8_t *x = data;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits = vise_case_bits(c);
        x[i] = (uint8_t)(extreme ? (bits & 7 ? one : other) : (int)bits);
    }
}

// Rows, strips and channels; bias and addend lie at the end of c->a.  Now and then only some
// of the strips are asked for.
static vise_product product_of(vise_case *c, int64_t m, int n) {
    int64_t strips = vise_strips(m), first = 0, end = strips;
    if (strips > 0 && vise_case_below(c, 3) == 0) {
        first = vise_case_below(c, strips + 1);
        end = first + vise_case_below(c, strips - first + 1);
    }
    int64_t ldadd = n + 3;
    float *bias = c->a + CASE_FLOATS - VISE_PANEL, *add = bias - MAX_ROWS * ldadd;
    fill_scales(c, add, CASE_FLOATS - (add - c->a));
    return (vise_product){.m = m,
                          .first = first,
                          .end = end,
                          .add = heads(c) ? add : NULL,
                          .ldadd = ldadd,
                          .bias = heads(c) ? bias : NULL,
                          .ldy = n + 5,
                          .n = n};
}

// --- int8

static bool judge_int8(vise_case *c, int64_t m, int64_t k, int n, bool extreme) {
    int32_t wsum[VISE_PANEL + 1] = {0};
    vise_int8_product p = {.to = product_of(c, m, n), .k = k};
    fill_bytes(c, c->x, m * k + 1, extreme, 0, 255);
    fill_bytes(c, c->w, k * VISE_PANEL + 1, extreme, -128, 127);
    p.x = (const uint8_t *)c->x + 1;
    p.w = c->w + 1;
    for (int64_t i = 0; i < k * VISE_PANEL; i++) wsum[1 + i / 4 % VISE_PANEL] += p.w[i];
    p.wsum = wsum + 1;
    fill_scales(c, c->b, m + VISE_PANEL + 1);
    p.xscale = c->b + 1;
    p.wscale = c->b + 1 + m;
    vise_case_poison(c);
    p.to.y = vise_case_want(c, 4);
    c->ref->int8_product(&p);
    p.to.y = vise_case_got(c, 4);
    c->k->int8_product(&p);
    return vise_case_verdict(c, vise_case_same(c), k);
}

void vise_check_int8_product(vise_case *c) {
    static const int64_t ks[] = {0, 4, 8, 12, 60, 64, 68, 252, 256, 260, 512, 1028, 2052};
    for (int64_t i = 0; i < PROBLEMS; i++) {
        int n = 1 + (int)(i % VISE_PANEL);
        if (!judge_int8(c, rows_of(c, i), pick(c, ks, 13), n, i % 8 == 5)) return;
    }
    judge_int8(c, 1, 65536, 32, true); // the largest sum allowed
}

// --- groups

typedef struct grouped_shape {
    int64_t m, groups, group;
    int n;
    bool extreme;
} grouped_shape;

// Finite scales of any type, subnormal ones too.
static const void *weight_scales(vise_case *c, vise_dtype dtype, int64_t n) {
    float *x = c->b + CASE_FLOATS - n - 1;
    fill_scales(c, x, n + 1);
    uint16_t *half = (uint16_t *)c->b + 1;
    uint8_t *byte = (uint8_t *)c->b + 1;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits = vise_case_bits(c);
        bool any = bits >> 30 == 0;
        uint16_t tiny = (uint16_t)(bits & 0x807f), small = (uint16_t)(bits & 0x83ff);
        if (dtype == VISE_F16) half[i] = any ? small : vise_f32_to_f16(x[i]);
        if (dtype == VISE_BF16) half[i] = any ? tiny : vise_f32_to_bf16(x[i]);
        if (dtype == VISE_F8E4M3) byte[i] = (uint8_t)((bits & 0x7f) == 0x7f ? 0x80 : bits);
    }
    return dtype == VISE_F32      ? (const void *)(x + 1)
           : dtype == VISE_F8E4M3 ? byte
                                  : (void *)half;
}

static void sum_groups(const vise_grouped_product *p, int32_t *xsum) {
    int64_t k = p->groups * p->group;
    for (int64_t s = 0; s < vise_strips(p->to.m); s++) {
        int64_t first = vise_strip_row(p->to.m, s), end = vise_strip_row(p->to.m, s + 1);
        memset(xsum + first * p->groups, 0, (size_t)((end - first) * p->groups) * sizeof *xsum);
        for (int64_t i = 0; i < (end - first) * k; i++) {
            int64_t row = first + i / 4 % (end - first), input = i / 4 / (end - first) * 4;
            xsum[row * p->groups + input / p->group] += p->x[first * k + i];
        }
    }
}

static bool judge_grouped(vise_case *c, grouped_shape s) {
    static const vise_dtype dtypes[] = {VISE_F32, VISE_F16, VISE_BF16, VISE_F8E4M3};
    int32_t xsum[MAX_ROWS * MAX_GROUPS + 1];
    uint8_t table[17], zeros[MAX_GROUPS * VISE_PANEL + 1];
    int64_t k = s.groups * s.group, scales = s.m * s.groups;
    float *scale = c->a + 1, *row = scale + scales, *upper = row + s.m;
    vise_grouped_product p = {
        .to = product_of(c, s.m, s.n), .groups = s.groups, .group = s.group};
    fill_bytes(c, c->x, s.m * k + 1, s.extreme, -128, 127);
    fill_bytes(c, c->w, k / 2 * VISE_PANEL + 1, s.extreme, 0xff, 0x0f);
    fill_scales(c, scale, scales + s.m + VISE_PANEL);
    int most = 127 >> 2 * (int)vise_case_below(c, 3); // the less, the later sums overflow
    for (int i = 0; i < 17; i++) {
        table[i] = (uint8_t)(s.extreme ? most : (int)vise_case_bits(c) & most);
    }
    for (size_t i = 0; i < sizeof zeros; i++) zeros[i] = vise_case_bits(c) & 127;
    p.x = c->x + 1;
    sum_groups(&p, xsum + 1);
    p.xsum = xsum + 1;
    p.xscale = heads(c) ? scale : NULL;
    p.xrow = heads(c) ? row : NULL;
    p.wupper = heads(c) ? upper : NULL;
    p.w = (const uint8_t *)c->w + 1;
    p.table = heads(c) ? table + 1 : NULL;
    p.zeros = heads(c) ? zeros + 1 : NULL;
    p.zero = s.extreme ? 0 : (int)vise_case_below(c, 128);
    p.scale_dtype = dtypes[vise_case_below(c, 4)];
    p.wscale = weight_scales(c, p.scale_dtype, s.groups * VISE_PANEL);
    vise_case_poison(c);
    p.to.y = vise_case_want(c, 4);
    c->ref->grouped_product(&p);
    p.to.y = vise_case_got(c, 4);
    c->k->grouped_product(&p);
    return vise_case_verdict(c, vise_case_same(c), k);
}

void vise_check_grouped_product(vise_case *c) {
    static const int64_t sizes[] = {8, 16, 24, 32, 40, 64, 128, 256, 1304};
    for (int64_t i = 0; i < 2 * PROBLEMS; i++) {
        grouped_shape s = {.m = rows_of(c, i), .group = pick(c, sizes, 9)};
        int64_t most = MAX_INPUTS / s.group;
        s.groups = vise_case_below(c, 1 + (most < MAX_GROUPS ? most : MAX_GROUPS));
        s.n = 1 + (int)(i % VISE_PANEL);
        s.extreme = i % 8 == 5;
        if (!judge_grouped(c, s)) return;
    }
}
