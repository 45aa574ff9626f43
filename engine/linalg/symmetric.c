#include "engine/linalg/symmetric.h"

#include <math.h>

#include "engine/linalg/apart.h"
#include "engine/linalg/lapack.h"
#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

vise_status vise_check_finite(const vise_tensor *t, const char *what, vise_error *err) {
    char text[96];
    int64_t bad = vise_tensor_nonfinite(t), cols = vise_tensor_cols(t);
    if (bad < 0) return VISE_OK;
    return vise_fail(err, VISE_ENUMERIC, "E-NU-01", "row %lld, column %lld of %s (%s) is %g",
                     (long long)(bad / cols + 1), (long long)(bad % cols + 1), what,
                     vise_tensor_describe(text, sizeof text, t), vise_tensor_get(t, bad));
}

vise_status vise_check_square(const vise_tensor *t, const char *what, vise_error *err) {
    char text[96];
    if (t->ndim != 2 || t->shape[0] != t->shape[1]) {
        return vise_fail(err, VISE_EINVAL, "E-TN-08", "%s is %s, expected a square matrix",
                         what, vise_tensor_describe(text, sizeof text, t));
    }
    return vise_check_finite(t, what, err);
}

// --- eigenvalues

static vise_status decompose(const vise_tensor t[VISE_APART_TENSORS], vise_error *err) {
    return vise_lapack_eigh(t[0].dtype, t[0].shape[0], t[0].data, t[1].data, err);
}

static void transpose(vise_tensor *t) {
    int64_t n = t->shape[0];
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            if (t->dtype == VISE_F64) {
                double *a = t->data, v = a[i * n + j];
                a[i * n + j] = a[j * n + i];
                a[j * n + i] = v;
            } else {
                float *a = t->data, v = a[i * n + j];
                a[i * n + j] = a[j * n + i];
                a[j * n + i] = v;
            }
        }
    }
}

vise_status vise_eigh(const vise_context *ctx, vise_tensor *values, vise_tensor *vectors,
                      const vise_tensor *a, vise_error *err) {
    vise_tensor v = {0}, w = {0};
    vise_dtype dtype = a->dtype == VISE_F64 ? VISE_F64 : VISE_F32;
    vise_status st = vise_tensor_expect(a, dtype, "the matrix", err);
    if (!st) st = vise_check_square(a, "the matrix", err);
    if (!st) st = vise_tensor_convert(&v, a, dtype, err);
    if (!st) st = vise_tensor_new(&w, dtype, 1, (int64_t[]){a->shape[0]}, err);
    double n = (double)a->shape[0];
    const vise_tensor *const both[] = {&v, &w};
    if (!st) st = vise_apart(ctx, decompose, n * n * n, both, 2, err);
    if (st) {
        vise_tensor_release(&v);
        vise_tensor_release(&w);
        return st;
    }
    transpose(&v);
    *vectors = v;
    *values = w;
    return VISE_OK;
}

// --- quadratic forms

enum { TILE = 256, STEP = 2048 };

typedef struct form_job {
    const vise_context *ctx;
    const float *delta, *m;
    int64_t rows, n, delta_stride, m_stride, across;
    double *sums; // one a tile
    vise_scratch scratch;
} form_job;

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void form_tile(void *job, int64_t tile) {
    form_job *j = job;
    int64_t first = tile / j->across * TILE, col = tile % j->across * TILE;
    vise_gemm g = {.m = smaller(TILE, j->rows - first), .n = smaller(TILE, j->n - col)};
    float *product = vise_scratch_take(&j->scratch);
    g.lda = j->delta_stride;
    g.ldb = j->m_stride;
    g.c = product;
    g.ldc = g.n;
    for (int64_t k = 0; k < j->n; k += g.k) {
        if (j->ctx->cancel && atomic_load(j->ctx->cancel)) break;
        g.k = smaller(STEP, j->n - k);
        g.a = j->delta + first * g.lda + k;
        g.b = j->m + k * g.ldb + col;
        g.add = k > 0;
        j->ctx->kernels.gemm(&g);
    }
    double sum = 0;
    for (int64_t r = 0; r < g.m; r++) {
        const float *d = j->delta + (first + r) * g.lda + col, *p = product + r * g.n;
        for (int64_t i = 0; i < g.n; i++) sum += (double)d[i] * (double)p[i];
    }
    j->sums[tile] = sum;
    vise_scratch_give(&j->scratch, product);
}

vise_status vise_quadratic(const vise_context *ctx, double *out, const vise_tensor *delta,
                           const vise_tensor *m, vise_error *err) {
    form_job j = {.ctx = ctx, .delta = delta->data, .m = m->data};
    vise_tensor sums = {0};
    vise_status st = vise_tensor_expect(delta, VISE_F32, "the difference", err);
    if (!st) st = vise_tensor_expect(m, VISE_F32, "the moments", err);
    if (!st) st = vise_check_square(m, "the moments", err);
    if (!st) st = vise_argument_rank(delta, 2, "the difference", err);
    if (!st) {
        st = vise_argument_shape(delta, 2, (int64_t[]){delta->shape[0], m->shape[0]},
                                 "the difference", err);
    }
    if (st) return st;
    j.rows = delta->shape[0];
    j.n = j.delta_stride = j.m_stride = m->shape[0];
    j.across = (j.n + TILE - 1) / TILE;
    int64_t tiles = (j.rows + TILE - 1) / TILE * j.across;
    int64_t bytes = (int64_t)sizeof(float) * TILE * TILE;
    st = vise_tensor_new(&sums, VISE_F64, 1, (int64_t[]){tiles}, err);
    if (!st) st = vise_scratch_new(&j.scratch, ctx, tiles, bytes, err);
    j.sums = sums.data;
    if (!st) st = vise_parallel(ctx, tiles, form_tile, &j, err);
    double sum = 0;
    for (int64_t i = 0; !st && i < tiles; i++) sum += j.sums[i];
    vise_scratch_release(&j.scratch);
    vise_tensor_release(&sums);
    if (!st && !isfinite(sum)) st = vise_check_finite(delta, "the difference", err);
    if (!st) *out = sum;
    return st;
}
