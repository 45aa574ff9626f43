#include "engine/linalg/svd.h"

#include <math.h>
#include <string.h>

#include "engine/linalg/apart.h"
#include "engine/linalg/lapack.h"
#include "engine/linalg/orthonormal.h"
#include "engine/linalg/random.h"
#include "engine/mem.h"
#include "engine/ops/argument.h"
#include "engine/ops/matmul.h"

// The three results, made together.
typedef struct factors {
    vise_tensor u, s, vt;
} factors;

static void release(factors *f) {
    vise_tensor_release(&f->u);
    vise_tensor_release(&f->s);
    vise_tensor_release(&f->vt);
}

static vise_status make_factors(factors *f, vise_dtype dtype, int64_t m, int64_t rank,
                                int64_t n, vise_error *err) {
    vise_status st = vise_tensor_new(&f->u, dtype, 2, (int64_t[]){m, rank}, err);
    if (!st) st = vise_tensor_new(&f->s, dtype, 1, (int64_t[]){rank}, err);
    if (!st) st = vise_tensor_new(&f->vt, dtype, 2, (int64_t[]){rank, n}, err);
    return st;
}

// out[i, 0 .. rank) = in[i, 0 .. rank) for a row-major `in` of `cols` columns.
static void keep_columns(vise_tensor *out, const void *in, int64_t cols) {
    int64_t size = vise_dtype_size(out->dtype), rank = out->shape[1];
    for (int64_t i = 0; i < out->shape[0]; i++) {
        memcpy((char *)out->data + i * rank * size, (const char *)in + i * cols * size,
               (size_t)(rank * size));
    }
}

// Cuts the whole decomposition `all` down to the rank of `f`.
static void cut(factors *f, const factors *all) {
    keep_columns(&f->u, all->u.data, all->s.shape[0]);
    memcpy(f->s.data, all->s.data, (size_t)vise_tensor_bytes(&f->s));
    memcpy(f->vt.data, all->vt.data, (size_t)vise_tensor_bytes(&f->vt));
}

static vise_status decompose(const vise_tensor t[VISE_APART_TENSORS], vise_error *err) {
    return vise_lapack_svd(t[0].dtype, t[0].shape[0], t[0].shape[1], t[0].data, t[1].data,
                           t[2].data, t[3].data, err);
}

static vise_status full_svd(const vise_context *ctx, factors *f, const vise_tensor *a,
                            vise_error *err) {
    factors all = {0};
    vise_tensor copy = {0};
    int64_t m = a->shape[0], n = a->shape[1], k = m < n ? m : n;
    bool whole = f->s.shape[0] == k;
    vise_status st = whole ? VISE_OK : make_factors(&all, a->dtype, m, k, n, err);
    if (!st) st = vise_tensor_convert(&copy, a, a->dtype, err);
    const factors *to = whole ? f : &all;
    const vise_tensor *const all_of[] = {&copy, &to->u, &to->s, &to->vt};
    double steps = (double)m * (double)n * (double)k;
    if (!st) st = vise_apart(ctx, decompose, steps, all_of, 4, err);
    if (!st && !whole) cut(f, &all);
    vise_tensor_release(&copy);
    release(&all);
    return st;
}

// The randomized method works on A[tall, wide], which is `a` or its transpose, and keeps its
// tall and thin matrices as rows: y[q, tall] stands for a Q[tall, q].
typedef struct sketch {
    const vise_context *ctx;
    const vise_tensor *of; // the matrix that `a` is
    const float *a;
    int64_t cols; // of `a` itself
    bool flipped; // A is the transpose of `a`
    int64_t tall, wide, q;
} sketch;

// y[q, tall] = x[q, wide] A'
static vise_status times_a(const sketch *k, float *y, const float *x, vise_error *err) {
    vise_gemm g = {.trans_b = !k->flipped, .m = k->q, .n = k->tall, .k = k->wide};
    g.a = x;
    g.lda = k->wide;
    g.b = k->a;
    g.ldb = k->cols;
    g.c = y;
    g.ldc = k->tall;
    return vise_gemm_run(k->ctx, &g, err);
}

// x[q, wide] = y[q, tall] A
static vise_status times_a_transposed(const sketch *k, float *x, const float *y,
                                      vise_error *err) {
    vise_gemm g = {.trans_b = k->flipped, .m = k->q, .n = k->wide, .k = k->tall};
    g.a = y;
    g.lda = k->tall;
    g.b = k->a;
    g.ldb = k->cols;
    g.c = x;
    g.ldc = k->wide;
    return vise_gemm_run(k->ctx, &g, err);
}

// x[q, wide] = Omega', where Omega[wide, q] is drawn row by row.
static vise_status draw(const sketch *k, float *x, int64_t seed, vise_error *err) {
    float *omega = vise_calloc((size_t)(k->wide * k->q) * sizeof *omega);
    if (!omega) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01",
                         "no memory for %lld x %lld random numbers", (long long)k->wide,
                         (long long)k->q);
    }
    vise_random r;
    vise_random_seed(&r, (uint32_t)seed);
    vise_status st = vise_random_normal_run(k->ctx, &r, omega, k->wide * k->q, err);
    enum { BLOCK = 16 }; // floats of a cache line
    for (int64_t first = 0; !st && first < k->wide; first += BLOCK) {
        int64_t end = first + BLOCK < k->wide ? first + BLOCK : k->wide;
        for (int64_t j = 0; j < k->q; j++) {
            for (int64_t i = first; i < end; i++) x[j * k->wide + i] = omega[i * k->q + j];
        }
    }
    vise_free(omega);
    return st;
}

// Fails if there is a NaN or an infinity.
static vise_status check_finite(const vise_tensor *a, vise_error *err) {
    char text[96];
    int64_t bad = vise_tensor_nonfinite(a);
    if (bad < 0) return VISE_OK;
    return vise_fail(err, VISE_ENUMERIC, "E-NU-01", "row %lld, column %lld of %s is %g",
                     (long long)(bad / a->shape[1] + 1), (long long)(bad % a->shape[1] + 1),
                     vise_tensor_describe(text, sizeof text, a), vise_tensor_get(a, bad));
}

// A product with `a` shows every NaN and infinity of it: the sum that one is in is not finite.
static vise_status check_product(const sketch *k, const float *y, int64_t cols,
                                 vise_error *err) {
    if (isfinite(k->ctx->kernels.absmax(y, k->q * cols))) return VISE_OK;
    vise_status st = check_finite(k->of, err);
    if (st) return st;
    return vise_fail(err, VISE_ENUMERIC, "E-NU-01",
                     "values so large that their products with the matrix overflow f32");
}

// Leaves in y[q, tall] the base Q and in x[q, wide] the product Q' A.
static vise_status find_range(const sketch *k, float *y, float *x, const vise_svd_options *opt,
                              vise_error *err) {
    vise_status st = draw(k, x, opt->seed, err);
    if (!st) st = times_a(k, y, x, err);
    if (!st) st = check_product(k, y, k->tall, err);
    for (int64_t i = 0; !st && i < opt->iterations; i++) {
        st = vise_orthonormal_rows(k->ctx, VISE_BASE_ROUGH, k->q, k->tall, y, err);
        if (!st) st = times_a_transposed(k, x, y, err);
        if (!st) st = vise_orthonormal_rows(k->ctx, VISE_BASE_ROUGH, k->q, k->wide, x, err);
        if (!st) st = times_a(k, y, x, err);
    }
    if (!st) st = vise_orthonormal_rows(k->ctx, VISE_BASE_GOOD, k->q, k->tall, y, err);
    return st ? st : times_a_transposed(k, x, y, err);
}

// The factors of A from its base y[q, tall] and small.u[q, q], small.vt[q, wide].
static vise_status join(const sketch *k, factors *f, const float *y, const factors *small,
                        vise_error *err) {
    int64_t rank = f->s.shape[0];
    vise_gemm g = {.trans_a = true, .k = k->q};
    memcpy(f->s.data, small->s.data, (size_t)vise_tensor_bytes(&f->s));
    if (!k->flipped) { // u[tall, rank] = Q u1
        memcpy(f->vt.data, small->vt.data, (size_t)vise_tensor_bytes(&f->vt));
        g.m = k->tall;
        g.n = rank;
        g.a = y;
        g.lda = k->tall;
        g.b = small->u.data;
        g.ldb = k->q;
        g.c = f->u.data;
        g.ldc = rank;
        return vise_gemm_run(k->ctx, &g, err);
    }
    const float *from = small->vt.data; // a = A' = vt' s (Q u1)'
    float *u = f->u.data;
    for (int64_t i = 0; i < k->wide; i++) {
        for (int64_t j = 0; j < rank; j++) u[i * rank + j] = from[j * k->wide + i];
    }
    g.m = rank;
    g.n = k->tall;
    g.a = small->u.data;
    g.lda = k->q;
    g.b = y;
    g.ldb = k->tall;
    g.c = f->vt.data;
    g.ldc = k->tall;
    return vise_gemm_run(k->ctx, &g, err);
}

// svd(x) for x[q, wide]: that of the small core[q, q] in x = core base, if x has a good base.
static vise_status svd_of_rows(const sketch *k, factors *small, float *x, vise_error *err) {
    vise_tensor base = {0}, core = {0}, right = {0};
    bool done = false;
    vise_status st = vise_tensor_raw(&base, VISE_F32, 2, (int64_t[]){k->q, k->wide}, err);
    if (!st) st = vise_tensor_new(&core, VISE_F32, 2, (int64_t[]){k->q, k->q}, err);
    if (!st) st = vise_tensor_new(&right, VISE_F32, 2, (int64_t[]){k->q, k->q}, err);
    if (st) goto done;
    memcpy(base.data, x, (size_t)vise_tensor_bytes(&base));
    st = vise_cholesky_rows(k->ctx, VISE_BASE_GOOD, k->q, k->wide, base.data, &done, err);
    if (st) goto done;
    if (!done) {
        st = vise_lapack_svd(VISE_F32, k->q, k->wide, x, small->u.data, small->s.data,
                             small->vt.data, err);
        goto done;
    }
    vise_gemm g = {.trans_b = true, .m = k->q, .n = k->q, .k = k->wide};
    g.a = x;
    g.b = base.data;
    g.lda = g.ldb = k->wide;
    g.c = core.data;
    g.ldc = k->q;
    st = vise_gemm_run(k->ctx, &g, err);
    if (!st) {
        st = vise_lapack_svd(VISE_F32, k->q, k->q, core.data, small->u.data, small->s.data,
                             right.data, err);
    }
    g = (vise_gemm){.m = k->q, .n = k->wide, .k = k->q, .a = right.data, .lda = k->q};
    g.b = base.data;
    g.c = small->vt.data;
    g.ldb = g.ldc = k->wide;
    if (!st) st = vise_gemm_run(k->ctx, &g, err);

done:
    vise_tensor_release(&base);
    vise_tensor_release(&core);
    vise_tensor_release(&right);
    return st;
}

static vise_status randomized_svd(const vise_context *ctx, factors *f, const vise_tensor *a,
                                  const vise_svd_options *opt, vise_error *err) {
    factors small = {0};
    vise_tensor y = {0}, x = {0};
    int64_t m = a->shape[0], n = a->shape[1];
    sketch k = {.ctx = ctx, .of = a, .a = a->data, .cols = n, .flipped = m < n};
    k.tall = m < n ? n : m;
    k.wide = m < n ? m : n;
    k.q = opt->oversample < k.wide - opt->rank ? opt->rank + opt->oversample : k.wide;
    vise_status st = make_factors(&small, VISE_F32, k.q, k.q, k.wide, err);
    if (!st) st = vise_tensor_new(&y, VISE_F32, 2, (int64_t[]){k.q, k.tall}, err);
    if (!st) st = vise_tensor_new(&x, VISE_F32, 2, (int64_t[]){k.q, k.wide}, err);
    if (!st) st = find_range(&k, y.data, x.data, opt, err);
    if (!st) st = check_product(&k, x.data, k.wide, err);
    if (!st) st = svd_of_rows(&k, &small, x.data, err);
    if (!st) st = join(&k, f, y.data, &small, err);
    vise_tensor_release(&x);
    vise_tensor_release(&y);
    release(&small);
    return st;
}

static vise_status check(const vise_tensor *a, const vise_svd_options *opt, vise_error *err) {
    char text[96];
    bool f64 = a->dtype == VISE_F64 && !opt->randomized;
    vise_status st = vise_tensor_expect(a, f64 ? VISE_F64 : VISE_F32, "the matrix", err);
    if (!st) st = vise_argument_rank(a, 2, "the matrix", err);
    if (st) return st;
    int64_t k = a->shape[0] < a->shape[1] ? a->shape[0] : a->shape[1];
    if (opt->rank < 0 || opt->rank > k) {
        return vise_fail(err, VISE_EINVAL, "E-NU-03", "rank %lld of %s, expected 0 to %lld",
                         (long long)opt->rank, vise_tensor_describe(text, sizeof text, a),
                         (long long)k);
    }
    return opt->randomized && opt->rank > 0 ? VISE_OK : check_finite(a, err);
}

vise_status vise_svd(const vise_context *ctx, vise_tensor *u, vise_tensor *s, vise_tensor *vt,
                     const vise_tensor *a, const vise_svd_options *opt, vise_error *err) {
    factors f = {0};
    vise_status st = check(a, opt, err);
    if (!st) st = make_factors(&f, a->dtype, a->shape[0], opt->rank, a->shape[1], err);
    if (!st && opt->rank > 0) {
        st = opt->randomized ? randomized_svd(ctx, &f, a, opt, err) : full_svd(ctx, &f, a, err);
    }
    if (st) {
        release(&f);
        return st;
    }
    *u = f.u;
    *s = f.s;
    *vt = f.vt;
    return VISE_OK;
}
