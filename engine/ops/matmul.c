#include "engine/ops/matmul.h"

#include <string.h>

#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

enum {
    FEW = 16,           // rows that kernels.gemm_few takes
    FEW_COLS = 64,      // columns of a tile of few rows
    TILE = 256,         // rows and columns of a tile
    STEP = 2048,        // inner elements a tile takes before it looks for Ctrl-C
    LINEAR_STEP = 1024, // inputs that a linear layer takes at a time
};

const char *vise_matmul_rule(void) {
    return "rows <= 16: gemm_few, 64 columns a tile; else gemm, 256 x 256 a tile; inner "
           "elements 2048 at a time, linear: inputs 1024 at a time, added in order, bias last";
}

static int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// A tile may be seconds of work: it stops half-way, and vise_parallel() says so.
static bool stopped(const vise_context *ctx) {
    return ctx->cancel && atomic_load(ctx->cancel);
}

typedef struct product {
    const vise_context *ctx;
    vise_gemm all;
    bool few;
    int64_t rows, cols, across; // of a tile; tiles a row of tiles
} product;

static void product_tile(void *job, int64_t tile) {
    const product *p = job;
    vise_gemm g = p->all;
    int64_t i = tile / p->across * p->rows, j = tile % p->across * p->cols;
    g.m = smaller(p->rows, g.m - i);
    g.n = smaller(p->cols, g.n - j);
    g.a += g.trans_a ? i : i * g.lda;
    g.b += g.trans_b ? j * g.ldb : j;
    g.c += i * g.ldc + j;
    for (int64_t r = 0; g.k == 0 && r < g.m && !g.add; r++) {
        memset(g.c + r * g.ldc, 0, (size_t)g.n * sizeof *g.c);
    }
    const vise_kernels *kernels = &p->ctx->kernels;
    for (int64_t left = g.k; left > 0 && !stopped(p->ctx); left -= g.k) {
        g.k = smaller(STEP, left);
        (p->few ? kernels->gemm_few : kernels->gemm)(&g);
        g.a += g.trans_a ? g.k * g.lda : g.k;
        g.b += g.trans_b ? g.k : g.k * g.ldb;
        g.add = true;
    }
}

// BLAS counts with 32 bits.
static vise_status check_step(int64_t elements, vise_error *err) {
    if (elements <= INT32_MAX) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-NU-04", "a matrix with rows of %lld is too large",
                     (long long)elements);
}

vise_status vise_gemm_run(const vise_context *ctx, const vise_gemm *g, vise_error *err) {
    vise_status st = check_step(g->lda, err);
    if (!st) st = check_step(g->ldb, err);
    if (!st) st = check_step(g->ldc, err);
    if (st) return st;
    product p = {.ctx = ctx, .all = *g, .rows = TILE, .cols = TILE};
    p.few = g->m <= FEW && g->trans_b && !g->trans_a;
    if (p.few) p.cols = FEW_COLS;
    p.across = ceil_div(g->n, p.cols);
    return vise_parallel(ctx, ceil_div(g->m, p.rows) * p.across, product_tile, &p, err);
}

vise_status vise_matmul(const vise_context *ctx, vise_tensor *out, const vise_tensor *a,
                        const vise_tensor *b, const vise_matmul_options *opt, vise_error *err) {
    vise_status st = vise_tensor_expect(a, VISE_F32, "the first matrix", err);
    if (!st) st = vise_tensor_expect(b, VISE_F32, "the second matrix", err);
    if (!st) st = vise_argument_rank(a, 2, "the first matrix", err);
    if (!st) st = vise_argument_rank(b, 2, "the second matrix", err);
    if (!st) st = vise_argument_apart(out, a, false, "the first matrix", err);
    if (!st) st = vise_argument_apart(out, b, false, "the second matrix", err);
    if (st) return st;
    vise_gemm g = {.trans_a = opt->trans_a, .trans_b = opt->trans_b, .a = a->data};
    g.m = a->shape[opt->trans_a ? 1 : 0];
    g.k = a->shape[opt->trans_a ? 0 : 1];
    g.n = b->shape[opt->trans_b ? 0 : 1];
    int64_t inner = b->shape[opt->trans_b ? 1 : 0];
    if (inner != g.k) {
        char at[96], bt[96];
        return vise_fail(err, VISE_EINVAL, "E-TN-08",
                         "cannot multiply %s%s and %s%s: the inner sizes are %lld and %lld",
                         vise_tensor_describe(at, sizeof at, a), opt->trans_a ? "'" : "",
                         vise_tensor_describe(bt, sizeof bt, b), opt->trans_b ? "'" : "",
                         (long long)g.k, (long long)inner);
    }
    st = vise_tensor_output(out, VISE_F32, 2, (int64_t[]){g.m, g.n}, err);
    if (st) return st;
    g.b = b->data;
    g.c = out->data;
    g.lda = a->shape[1];
    g.ldb = b->shape[1];
    g.ldc = g.n;
    return vise_gemm_run(ctx, &g, err);
}

typedef struct linear {
    const vise_context *ctx;
    const vise_tensor *w;
    const float *x, *bias; // bias may be NULL
    float *y;
    int64_t rows, in, out;
    bool few;
    int64_t tile_cols, across;
    vise_scratch scratch; // closed when the kernels take w as it is
} linear;

// Whether the kernel of few rows converts the weight itself.
static bool converts(const linear *l) {
    return l->few && (l->w->dtype == VISE_F16 || l->w->dtype == VISE_BF16);
}

// Adds x w' over inputs [from, from + k) to a tile of y.
static void linear_step(const linear *l, vise_gemm *g, float *panel, int64_t first_out,
                        int64_t from) {
    const vise_kernels *kernels = &l->ctx->kernels;
    g->add = from > 0;
    g->k = smaller(LINEAR_STEP, l->in - from);
    if (converts(l)) {
        g->ldb = l->w->stride;
        kernels->gemm_few16(g, (const uint16_t *)l->w->data + first_out * g->ldb + from,
                            l->w->dtype);
        return;
    }
    g->b = panel;
    g->ldb = g->k;
    if (panel) {
        for (int64_t j = 0; j < g->n; j++) {
            vise_argument_load(kernels, panel + j * g->k, l->w, first_out + j, from, g->k);
        }
    } else {
        g->b = (const float *)l->w->data + first_out * l->w->stride + from;
        g->ldb = l->w->stride;
    }
    (l->few ? kernels->gemm_few : kernels->gemm)(g);
}

static void linear_tile(void *job, int64_t tile) {
    linear *l = job;
    int64_t i = tile / l->across * TILE, j = tile % l->across * l->tile_cols;
    vise_gemm g = {.trans_b = true, .lda = l->in, .ldc = l->out};
    g.m = smaller(TILE, l->rows - i);
    g.n = smaller(l->tile_cols, l->out - j);
    g.c = l->y + i * l->out + j;
    float *panel = l->scratch.base ? vise_scratch_take(&l->scratch) : NULL;
    for (int64_t from = 0; from < l->in && !stopped(l->ctx); from += LINEAR_STEP) {
        g.a = l->x + i * l->in + from;
        linear_step(l, &g, panel, j, from);
    }
    if (panel) vise_scratch_give(&l->scratch, panel);
    for (int64_t r = 0; r < g.m; r++) {
        float *y = g.c + r * l->out;
        if (l->in == 0) memset(y, 0, (size_t)g.n * sizeof *y);
        for (int64_t c = 0; l->bias && c < g.n; c++) y[c] += l->bias[j + c];
    }
}

static vise_status check_linear(const vise_tensor *out, const vise_tensor *x,
                                const vise_tensor *w, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_argument_rank(w, 2, "the weight", err);
    if (!st) st = vise_argument_float(w, "the weight", err);
    if (st) return st;
    if (x->ndim < 1 || x->shape[x->ndim - 1] != w->shape[1]) {
        char xt[96], wt[96];
        return vise_fail(err, VISE_EINVAL, "E-TN-08",
                         "the input is %s, the weight %s: the last sizes must be equal",
                         vise_tensor_describe(xt, sizeof xt, x),
                         vise_tensor_describe(wt, sizeof wt, w));
    }
    st = vise_argument_apart(out, x, false, "the input", err);
    return st ? st : vise_argument_apart(out, w, false, "the weight", err);
}

vise_status vise_linear(const vise_context *ctx, vise_tensor *out, const vise_tensor *x,
                        const vise_tensor *w, const vise_tensor *bias, vise_error *err) {
    vise_tensor b = {0};
    linear l = {.ctx = ctx, .w = w, .x = x->data};
    vise_status st = check_linear(out, x, w, err);
    if (!st) st = vise_argument_vector(&b, bias, w->shape[0], "the bias", err);
    if (st) goto done;
    st = check_step(w->shape[1], err);
    if (!st) st = check_step(w->stride, err);
    if (!st) st = check_step(w->shape[0], err);
    if (st) goto done;
    l.rows = vise_tensor_matrix_rows(x);
    l.in = w->shape[1];
    l.out = w->shape[0];
    l.bias = b.data;
    l.few = l.rows <= FEW;
    l.tile_cols = l.few ? FEW_COLS : TILE;
    l.across = ceil_div(l.out, l.tile_cols);
    int64_t shape[VISE_MAX_RANK];
    memcpy(shape, x->shape, sizeof shape);
    shape[x->ndim - 1] = l.out;
    st = vise_tensor_output(out, VISE_F32, x->ndim, shape, err);
    if (st) goto done;
    l.y = out->data;
    // No overflow: the output holds as many elements as there are tiles, and more.
    int64_t tiles = ceil_div(l.rows, TILE) * l.across;
    if (w->dtype != VISE_F32 && !converts(&l) && tiles > 0) {
        int64_t panel = l.tile_cols * smaller(LINEAR_STEP, l.in) * (int64_t)sizeof(float);
        st = vise_scratch_new(&l.scratch, ctx, tiles, panel, err);
        if (st) goto done;
    }
    st = vise_parallel(ctx, tiles, linear_tile, &l, err);

done:
    vise_scratch_release(&l.scratch);
    vise_tensor_release(&b);
    return st;
}
