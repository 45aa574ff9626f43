#include <stddef.h>

#include "backends/timing_problem.h"

// Strips a call: their codes stay in L2 from panel to panel.
enum { CALL_STRIPS = 16 };

// Nibbles as twice the f4e2m1 they stand for, plus 12.
static const uint8_t f4_table[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};
static const float nibble_values[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

const char *vise_timed_name(vise_timed what) {
    static const char *const names[VISE_TIMED_COUNT] = {"int8", "grouped", "nvfp4", "float8",
                                                        "f32",  "f16",     "bf16",  "w8",
                                                        "w4",   "w8f",     "gemm",  "gemm_few"};
    return names[what];
}

static int64_t calls(const vise_timing *t) {
    return (vise_strips(t->s.m) + CALL_STRIPS - 1) / CALL_STRIPS;
}

int64_t vise_timing_weights(const vise_timing *t) {
    return t->panels * (t->code_bytes + t->scale_bytes);
}

int64_t vise_timing_copies(const vise_timing *t) {
    return t->copies;
}

int64_t vise_timing_tiles(const vise_timing *t, int threads) {
    return t->copies * (vise_timed_gemm(t->s.what) ? threads : calls(t) * t->panels);
}

static void run_int8(const vise_timing *t, const vise_kernels *k, const vise_product *to,
                     int64_t j, const uint8_t *codes, const void *x) {
    vise_int8_product p = {.to = *to, .k = t->s.k, .x = x, .xscale = t->xscale};
    p.w = (const int8_t *)codes;
    p.wsum = t->wsum + j * VISE_PANEL;
    p.wscale = t->upper + j * VISE_PANEL;
    k->int8_product(&p);
}

static void run_grouped(const vise_timing *t, const vise_kernels *k, const vise_product *to,
                        int64_t j, const uint8_t *codes, const uint8_t *scales, const void *x) {
    bool f4 = t->s.what == VISE_TIMED_NVFP4;
    vise_grouped_product p = {.to = *to,
                              .groups = t->groups,
                              .group = t->s.group,
                              .x = x,
                              .xsum = t->xsum,
                              .w = codes,
                              .table = f4 ? f4_table : NULL,
                              .zero = f4 ? 12 : 8,
                              .scale_dtype = t->s.scale_dtype,
                              .wscale = scales,
                              .wupper = f4 ? t->upper + j * VISE_PANEL : NULL};
    if (t->s.blocks) {
        p.xscale = t->xscale;
    } else {
        p.xrow = t->xscale;
    }
    k->grouped_product(&p);
}

static void run_float8(const vise_timing *t, const vise_kernels *k, const vise_product *to,
                       const uint8_t *codes, const uint8_t *scales, const void *x) {
    vise_float8_product p = {.to = *to, .groups = t->groups, .group = t->s.group, .x = x};
    p.xscale = t->xscale;
    p.w = codes;
    p.wscale = (const float *)(const void *)scales;
    k->float8_product(&p);
}

static void run_panel(const vise_timing *t, const vise_kernels *k, const vise_product *to,
                      const uint8_t *codes, const uint8_t *scales, const void *x) {
    vise_panel_product p = {.to = *to,
                            .kind = (vise_panel_kind)(t->s.what - VISE_TIMED_F32),
                            .groups = t->groups,
                            .group = t->s.group,
                            .x = x,
                            .w = codes,
                            .scale_dtype = t->s.scale_dtype,
                            .wscale = t->scale_bytes > 0 ? scales : NULL};
    if (t->s.what == VISE_TIMED_W4) p.table = nibble_values;
    k->panel_product(&p);
}

void vise_timing_panel(const vise_timing *t, const vise_kernels *k, int64_t copy, int64_t j,
                       int64_t first, int64_t end, const void *x, float *y) {
    int64_t left = t->s.n - j * VISE_PANEL;
    vise_product to = {.m = t->s.m,
                       .first = first,
                       .end = end,
                       .y = y + j * VISE_PANEL,
                       .ldy = t->s.n,
                       .n = left < VISE_PANEL ? (int)left : VISE_PANEL};
    const uint8_t *codes = t->codes + (copy * t->panels + j) * t->code_bytes;
    const uint8_t *scales = t->scales + (copy * t->panels + j) * t->scale_bytes;
    switch (t->s.what) {
    case VISE_TIMED_INT8: run_int8(t, k, &to, j, codes, x); break;
    case VISE_TIMED_GROUPED:
    case VISE_TIMED_NVFP4: run_grouped(t, k, &to, j, codes, scales, x); break;
    case VISE_TIMED_FLOAT8: run_float8(t, k, &to, codes, scales, x); break;
    default: run_panel(t, k, &to, codes, scales, x); break;
    }
}

void vise_timing_gemm(const vise_timing *t, const vise_kernels *k, int64_t copy, int64_t piece,
                      int64_t pieces) {
    const vise_timing_shape *s = &t->s;
    int64_t first = s->n * piece / pieces, end = s->n * (piece + 1) / pieces;
    const float *b = (const float *)(const void *)(t->codes + copy * t->code_bytes * t->panels);
    vise_gemm g = {.trans_b = true, .m = s->m, .n = end - first, .k = s->k};
    g.a = t->x;
    g.b = b + first * s->k;
    g.c = t->y + first;
    g.lda = g.ldb = s->k;
    g.ldc = s->n;
    if (s->what == VISE_TIMED_GEMM_FEW) {
        k->gemm_few(&g);
    } else {
        k->gemm(&g);
    }
}

// Tiles that share activations follow each other.
void vise_timing_run(const vise_timing *t, const vise_kernels *k, int threads, int64_t tile) {
    int64_t each = vise_timing_tiles(t, threads) / t->copies;
    int64_t copy = tile / each, rest = tile % each;
    if (vise_timed_gemm(t->s.what)) {
        vise_timing_gemm(t, k, copy, rest, threads);
        return;
    }
    int64_t call = rest / t->panels, strips = vise_strips(t->s.m);
    int64_t first = strips * call / calls(t), end = strips * (call + 1) / calls(t);
    vise_timing_panel(t, k, copy, rest % t->panels, first, end, t->x, t->y);
}
