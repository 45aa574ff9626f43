#include "backends/timing.h"

#include <string.h>
#include <time.h>

#include "backends/backends.h"
#include "backends/peak.h"
#include "engine/mem.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void keep_best(double *best, double seconds) {
    if (*best <= 0 || seconds < *best) *best = seconds;
}

// Everything a product reads and writes.  The panels hold random codes, which need no packing.
typedef struct problem {
    vise_product_shape s;
    int64_t groups;
    int8_t *x, *w8;
    uint8_t *w4;
    int32_t *wsum, *xsum;
    float *xscale, *wscale; // one a row and group; one a channel and group
    float *a, *b, *y, *check;
} problem;

static void problem_release(problem *p) {
    void *all[] = {p->x,      p->w8, p->w4, p->wsum, p->xsum, p->xscale,
                   p->wscale, p->a,  p->b,  p->y,    p->check};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) vise_free(all[i]);
}

static void random_bytes(void *out, int64_t bytes, uint64_t seed) {
    unsigned char *at = out;
    for (int64_t i = 0; i < bytes; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        at[i] = (unsigned char)(seed >> 56);
    }
}

static void random_floats(float *out, int64_t n, uint64_t seed) {
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        out[i] = (float)(seed >> 40) * 0x1p-23f - 1.0f;
    }
}

static void problem_fill(problem *p) {
    const vise_product_shape *s = &p->s;
    random_bytes(p->x, s->m * s->k, 1);
    random_bytes(p->w8, s->n * s->k, 2);
    random_bytes(p->w4, s->n * s->k / 2, 3);
    random_floats(p->xscale, s->m * p->groups, 4);
    random_floats(p->wscale, s->n * p->groups, 5);
    random_floats(p->a, s->m * s->k, 6);
    random_floats(p->b, s->n * s->k, 7);
    for (int64_t i = 0; i < s->m * s->k; i++) p->xsum[i / s->group] += p->x[i];
    for (int64_t i = 0; i < s->n * s->k; i++) {
        p->wsum[i / (s->k * VISE_PANEL) * VISE_PANEL + i / 4 % VISE_PANEL] += p->w8[i];
    }
}

static vise_status problem_new(problem *p, const vise_product_shape *s, vise_error *err) {
    *p = (problem){.s = *s, .groups = s->k / s->group};
    size_t m = (size_t)s->m, k = (size_t)s->k, n = (size_t)s->n, groups = (size_t)p->groups;
    p->x = vise_calloc(m * k);
    p->w8 = vise_calloc(n * k);
    p->w4 = vise_calloc(n * k / 2);
    p->wsum = vise_calloc(n * sizeof(int32_t));
    p->xsum = vise_calloc(m * groups * sizeof(int32_t));
    p->xscale = vise_calloc(m * groups * sizeof(float));
    p->wscale = vise_calloc(n * groups * sizeof(float));
    p->a = vise_calloc(m * k * sizeof(float));
    p->b = vise_calloc(n * k * sizeof(float));
    p->y = vise_calloc(m * n * sizeof(float));
    p->check = vise_calloc(m * VISE_PANEL * sizeof(float));
    if (!p->x || !p->w8 || !p->w4 || !p->wsum || !p->xsum || !p->xscale || !p->wscale ||
        !p->a || !p->b || !p->y || !p->check) {
        problem_release(p);
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a product of this shape");
    }
    problem_fill(p);
    return VISE_OK;
}

// Rows a call, as the engine hands them out: their codes stay in L2 from panel to panel.
enum { TILE_ROWS = 64 };

static int64_t tile_rows(const problem *p, int64_t row) {
    return p->s.m - row < TILE_ROWS ? p->s.m - row : TILE_ROWS;
}

// Rows from `row` on of the panel that starts at channel j.
static vise_w8a8 panel8(const problem *p, int64_t row, int64_t j, float *y, int64_t ldy) {
    const vise_product_shape *s = &p->s;
    return (vise_w8a8){.m = tile_rows(p, row),
                       .k = s->k,
                       .x = p->x + row * s->k,
                       .ldx = s->k,
                       .xscale = p->xscale + row,
                       .w = p->w8 + j * s->k,
                       .wsum = p->wsum + j,
                       .wscale = p->wscale + j,
                       .y = y + row * ldy,
                       .ldy = ldy,
                       .n = VISE_PANEL};
}

static vise_w4a8 panel4(const problem *p, int64_t row, int64_t j, float *y, int64_t ldy) {
    const vise_product_shape *s = &p->s;
    return (vise_w4a8){.m = tile_rows(p, row),
                       .groups = p->groups,
                       .group = s->group,
                       .x = p->x + row * s->k,
                       .ldx = s->k,
                       .xsum = p->xsum + row * p->groups,
                       .xscale = p->xscale + row * p->groups,
                       .w = p->w4 + j * s->k / 2,
                       .wscale = p->wscale + j * p->groups,
                       .y = y + row * ldy,
                       .ldy = ldy,
                       .n = VISE_PANEL};
}

static double time_w8a8(const problem *p, const vise_kernels *k) {
    double start = now();
    for (int64_t row = 0; row < p->s.m; row += TILE_ROWS) {
        for (int64_t j = 0; j < p->s.n; j += VISE_PANEL) {
            vise_w8a8 panel = panel8(p, row, j, p->y + j, p->s.n);
            k->w8a8(&panel);
        }
    }
    return now() - start;
}

static double time_w4a8(const problem *p, const vise_kernels *k) {
    double start = now();
    for (int64_t row = 0; row < p->s.m; row += TILE_ROWS) {
        for (int64_t j = 0; j < p->s.n; j += VISE_PANEL) {
            vise_w4a8 panel = panel4(p, row, j, p->y + j, p->s.n);
            k->w4a8(&panel);
        }
    }
    return now() - start;
}

static double time_gemm(const problem *p, void (*gemm)(const vise_gemm *)) {
    const vise_product_shape *s = &p->s;
    vise_gemm g = {.trans_b = true, .m = s->m, .n = s->n, .k = s->k};
    g.a = p->a;
    g.b = p->b;
    g.c = p->y;
    g.lda = g.ldb = s->k;
    g.ldc = s->n;
    double start = now();
    gemm(&g);
    return now() - start;
}

// The first tile and the last panel of both integer products, bit for bit.
static vise_status verify(const problem *p, const vise_kernels *k, vise_error *err) {
    vise_kernels ref = {.name = "ref"};
    vise_ref_init(&ref);
    int64_t j = p->s.n - VISE_PANEL;
    size_t bytes = (size_t)(tile_rows(p, 0) * VISE_PANEL) * sizeof(float);
    vise_w8a8 a = panel8(p, 0, j, p->y, VISE_PANEL), b = panel8(p, 0, j, p->check, VISE_PANEL);
    k->w8a8(&a);
    ref.w8a8(&b);
    bool same = memcmp(p->y, p->check, bytes) == 0;
    vise_w4a8 c = panel4(p, 0, j, p->y, VISE_PANEL), d = panel4(p, 0, j, p->check, VISE_PANEL);
    k->w4a8(&c);
    ref.w4a8(&d);
    if (same && memcmp(p->y, p->check, bytes) == 0) return VISE_OK;
    return vise_fail(err, VISE_ENUMERIC, "E-HW-05", "%s of backend '%s' differs from ref",
                     same ? "w4a8" : "w8a8", k->name);
}

// Operations a second of one loop, long enough to be timed and short enough to be repeated.
static void time_peak(double *best, void (*loop)(int64_t), double per_step) {
    enum { STEPS = 1 << 20 };
    if (!loop) return;
    double start = now();
    loop(STEPS);
    double rate = per_step * STEPS / (now() - start);
    if (rate > *best) *best = rate;
}

static void time_read(double *best, void (*read)(const void *, int64_t), const void *data,
                      int64_t bytes) {
    if (!read) return;
    double start = now();
    read(data, bytes);
    double rate = (double)bytes / (now() - start);
    if (rate > *best) *best = rate;
}

vise_status vise_time_products(const vise_kernels *k, const vise_product_shape *shape,
                               vise_product_times *out, vise_error *err) {
    problem p;
    vise_product_times t = {0};
    vise_status st = problem_new(&p, shape, err);
    if (st) return st;
    st = verify(&p, k, err);
    if (st) goto done;
    vise_peak peak = vise_peak_of(k->name);
    for (int64_t i = 0; i < shape->repeats; i++) {
        time_peak(&t.int8_peak, peak.int8, peak.int8_per_step);
        time_peak(&t.f32_peak, peak.f32, peak.f32_per_step);
        time_read(&t.read, peak.read, p.b, shape->n * shape->k * (int64_t)sizeof(float));
        keep_best(&t.w8a8, time_w8a8(&p, k));
        keep_best(&t.w4a8, time_w4a8(&p, k));
        keep_best(&t.gemm, time_gemm(&p, k->gemm));
        if (shape->m <= 8) keep_best(&t.few, time_gemm(&p, k->gemm_few));
    }
    *out = t;
done:
    problem_release(&p);
    return st;
}

typedef struct row {
    float *x, *y;
    uint16_t *half;
    int8_t *codes;
    int64_t n;
} row;

// Groups as they are searched, eight scales each: n elements and scales together.
static void run_errors(const vise_kernels *k, const row *r, int64_t group, bool f4) {
    enum { SCALES = 8 };
    static const float scale[SCALES] = {1, 2, 4, 8, 16, 32, 64, 128};
    static const float inv[SCALES] = {1,        1.f / 2,  1.f / 4,  1.f / 8,
                                      1.f / 16, 1.f / 32, 1.f / 64, 1.f / 128};
    for (int64_t i = 0; i + group <= r->n / SCALES; i += group) {
        if (f4) {
            k->f4_errors(r->y, r->x + i, group, scale, inv, SCALES);
        } else {
            k->int_errors(r->y, r->x + i, group, scale, inv, SCALES, -8, 7);
        }
    }
}

// The row as one group of int8 codes.
static void run_codes(const vise_kernels *k, const row *r) {
    static const float scale = 0.01f;
    vise_group_codes c = {.form = VISE_CODE_DIV, .lo = -128, .hi = 127, .scale = &scale};
    c.q = r->codes;
    c.x = r->x;
    c.n = c.group = r->n;
    k->group_codes(&c);
}

static void run_row(const vise_kernels *k, int which, const row *r) {
    float lo, hi;
    switch (which) {
    case 0: k->f16_to_f32(r->y, r->half, r->n); break;
    case 1: k->f32_to_f16(r->half, r->x, r->n); break;
    case 2: k->bf16_to_f32(r->y, r->half, r->n); break;
    case 3: k->f32_to_bf16(r->half, r->x, r->n); break;
    case 4: r->y[0] = k->absmax(r->x, r->n); break;
    case 5: k->minmax(&lo, &hi, r->x, r->n); break;
    case 6: k->group_absmax(r->y, r->x, r->n, 64); break;
    case 7: run_codes(k, r); break;
    case 8: k->dequant(r->y, r->codes, r->n, 0.01f, 0); break;
    case 9: k->softmax(r->y, r->x, r->n); break;
    case 10: run_errors(k, r, 64, false); break;
    case 11: run_errors(k, r, 16, true); break;
    default: k->gelu_tanh(r->y, r->x, r->n); break;
    }
}

vise_status vise_time_rows(const vise_kernels *k, int64_t n, int64_t repeats,
                           vise_row_time out[VISE_ROW_KERNELS], vise_error *err) {
    static const char *const names[VISE_ROW_KERNELS] = {
        "f16_to_f32", "f32_to_f16",   "bf16_to_f32", "f32_to_bf16", "absmax",
        "minmax",     "group_absmax", "group_codes", "dequant",     "softmax",
        "int_errors", "f4_errors",    "gelu_tanh",
    };
    row r = {.n = n};
    r.x = vise_calloc((size_t)n * sizeof(float));
    r.y = vise_calloc((size_t)n * sizeof(float));
    r.half = vise_calloc((size_t)n * sizeof(uint16_t));
    r.codes = vise_calloc((size_t)n);
    vise_status st = VISE_OK;
    if (!r.x || !r.y || !r.half || !r.codes) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for rows of %lld", (long long)n);
        goto done;
    }
    random_floats(r.x, n, 1);
    for (int i = 0; i < VISE_ROW_KERNELS; i++) out[i] = (vise_row_time){names[i], 0};
    for (int64_t turn = 0; turn < repeats; turn++) {
        for (int i = 0; i < VISE_ROW_KERNELS; i++) {
            double start = now();
            run_row(k, i, &r);
            keep_best(&out[i].seconds, now() - start);
        }
    }
done:
    vise_free(r.x);
    vise_free(r.y);
    vise_free(r.half);
    vise_free(r.codes);
    return st;
}
