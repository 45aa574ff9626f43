// What bench/solvers.lua compares the solvers with: calls of BLAS and LAPACK as others make
// them, and the published GPTQ as its sequence of such calls and passes over elements.

#include <math.h>
#include <string.h>

#include "backends/backends.h"
#include "engine/linalg/lapack.h"
#include "engine/linalg/moments.h"
#include "lua/bind/bind.h"

static const vise_tensor *check_square(lua_State *L, int arg) {
    const vise_tensor *t = viseL_checktensor(L, arg);
    luaL_argcheck(L, t->dtype == VISE_F32 && t->ndim == 2 && t->shape[0] == t->shape[1], arg,
                  "expected a square f32 matrix");
    return t;
}

// core.bench_blas_threads(n): those of OpenBLAS.  Set back to 1 before anything else runs.
static int bench_blas_threads(lua_State *L) {
    lua_Integer n = luaL_checkinteger(L, 1);
    luaL_argcheck(L, n >= 1 && n <= 256, 1, "1 to 256 threads");
    vise_blas_threads((int)n);
    return 0;
}

// core.bench_syrk(x, c): c = x' x, the lower triangle
static int bench_syrk(lua_State *L) {
    const vise_tensor *x = viseL_checktensor(L, 1), *c = check_square(L, 2);
    luaL_argcheck(L, x->dtype == VISE_F32 && x->ndim == 2 && x->shape[1] == c->shape[0], 1,
                  "expected f32 rows of the width of the matrix");
    vise_blas_syrk(c->data, x->data, x->shape[1], x->shape[0]);
    return 0;
}

// core.bench_moments(sum, x): adds x' x to a sum as an observer of second moments keeps it, f64
static int bench_moments(lua_State *L) {
    const vise_tensor *sum = viseL_checktensor(L, 1), *x = viseL_checktensor(L, 2);
    luaL_argcheck(L, x->dtype == VISE_F32 && x->ndim == 2, 2, "expected f32 rows");
    int64_t rows = x->shape[0], n = x->shape[1];
    luaL_argcheck(L, sum->dtype == VISE_F64 && vise_tensor_count(sum) >= vise_moments_count(n),
                  1, "too small");
    vise_error err;
    if (vise_moments_add(viseL_context(L), sum->data, x->data, rows, n, n, &err)) {
        return viseL_fail(L, &err);
    }
    return 0;
}

// Mirrors the lower triangle.
static void mirror(float *a, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i];
    }
}

// The upper factor of the inverse of a damped matrix, in place, the published way: factor,
// inverse, factor of the inverse.
static bool published_factor(float *a, int64_t n) {
    return vise_lapack_cholesky(VISE_F32, n, a, n) == 0 &&
           vise_lapack_inverse_of_factor(n, a) && vise_lapack_cholesky(VISE_F32, n, a, n) == 0;
}

// core.bench_factor(a): potrf, potri, potrf of a positive definite matrix, in place
static int bench_factor(lua_State *L) {
    const vise_tensor *a = check_square(L, 1);
    lua_pushboolean(L, published_factor(a->data, a->shape[0]));
    return 1;
}

// core.bench_trailing(w, u, block): the products of a sweep alone: w[:, after] += w[:, block] u
static int bench_trailing(lua_State *L) {
    lua_Integer block = luaL_checkinteger(L, 3);
    const vise_tensor *w = viseL_checktensor(L, 1), *u = check_square(L, 2);
    int64_t n = u->shape[0];
    luaL_argcheck(L, w->dtype == VISE_F32 && w->ndim == 2 && w->shape[1] == n, 1,
                  "expected f32 rows of the width of the matrix");
    luaL_argcheck(L, block >= 1, 3, "a block has columns");
    for (int64_t i = 0; i + block < n; i += block) {
        vise_gemm g = {.add = true, .m = w->shape[0], .n = n - i - block, .k = block};
        g.a = (const float *)w->data + i;
        g.b = (const float *)u->data + i * n + i + block;
        g.c = (float *)w->data + i + block;
        g.lda = g.ldb = g.ldc = n;
        viseL_context(L)->kernels.gemm(&g);
    }
    return 0;
}

// --- the published sweep.  Every line of it that is one operation on a tensor is one pass
// here; passes over matrices are cut among the threads.

typedef struct pass_job {
    float *to;
    const float *from;
    int64_t rows, cols, to_stride, from_stride;
    bool subtract; // else copies
} pass_job;

enum { PASS_ROWS = 128 };

static void pass_tile(void *job, int64_t tile) {
    const pass_job *p = job;
    int64_t end = (tile + 1) * PASS_ROWS < p->rows ? (tile + 1) * PASS_ROWS : p->rows;
    for (int64_t r = tile * PASS_ROWS; r < end; r++) {
        float *restrict to = p->to + r * p->to_stride;
        const float *restrict from = p->from + r * p->from_stride;
        if (!p->subtract) {
            memcpy(to, from, (size_t)p->cols * sizeof *to);
            continue;
        }
        int64_t i = 0;
        for (; i + 16 <= p->cols; i += 16) {
            for (int k = 0; k < 16; k++) to[i + k] -= from[i + k];
        }
        for (; i < p->cols; i++) to[i] -= from[i];
    }
}

static void pass(const vise_context *ctx, pass_job p) {
    vise_parallel(ctx, (p.rows + PASS_ROWS - 1) / PASS_ROWS, pass_tile, &p, NULL);
}

typedef struct published {
    const vise_context *ctx;
    int64_t rows, n, group;
    float *w, *u;                       // [rows, n], [n, n]
    float *w1, *q1, *err1, *product;    // [rows, 128] three times, [rows, n]
    float *x, *q, *scale, *zero, *loss; // [rows]
} published;

enum { BLOCK = 128, LEVELS = 15 };

// Asymmetric steps of 4 bits of columns [first, first + count).
static void find_params(const published *p, int64_t first, int64_t count) {
    for (int64_t r = 0; r < p->rows; r++) {
        float lo = 0, hi = 0;
        p->ctx->kernels.minmax(&lo, &hi, p->w + r * p->n + first, count);
        lo = fminf(lo, 0);
        hi = fmaxf(hi, 0);
        p->scale[r] = lo == hi ? 1 : (hi - lo) / LEVELS;
        p->zero[r] = rintf(-lo / p->scale[r]);
    }
}

static void published_column(const published *p, int64_t i1, int64_t i, int64_t count) {
    const float *u = p->u + (i1 + i) * p->n + i1 + i, d = u[0];
    int64_t rows = p->rows;
    for (int64_t r = 0; r < rows; r++) p->x[r] = p->w1[r * BLOCK + i];
    for (int64_t r = 0; r < rows; r++) p->q[r] = p->x[r] / p->scale[r];
    for (int64_t r = 0; r < rows; r++) p->q[r] = rintf(p->q[r]);
    for (int64_t r = 0; r < rows; r++) p->q[r] += p->zero[r];
    for (int64_t r = 0; r < rows; r++) p->q[r] = fminf(fmaxf(p->q[r], 0), LEVELS);
    for (int64_t r = 0; r < rows; r++) p->q[r] -= p->zero[r];
    for (int64_t r = 0; r < rows; r++) p->q[r] *= p->scale[r];
    for (int64_t r = 0; r < rows; r++) p->q1[r * BLOCK + i] = p->q[r];
    for (int64_t r = 0; r < rows; r++) {
        float e = p->x[r] - p->q[r];
        p->loss[r] += e * e / (d * d);
    }
    for (int64_t r = 0; r < rows; r++) p->x[r] = (p->x[r] - p->q[r]) / d;
    vise_gemm g = {.m = rows, .n = count - i, .k = 1, .a = p->x, .lda = 1, .b = u, .ldb = p->n};
    g.c = p->product;
    g.ldc = count - i;
    p->ctx->kernels.gemm(&g);
    pass(p->ctx, (pass_job){p->w1 + i, p->product, rows, count - i, BLOCK, count - i, true});
    for (int64_t r = 0; r < rows; r++) p->err1[r * BLOCK + i] = p->x[r];
}

static void published_block(const published *p, int64_t i1) {
    int64_t count = p->n - i1 < BLOCK ? p->n - i1 : BLOCK, i2 = i1 + count, rest = p->n - i2;
    pass(p->ctx, (pass_job){p->w1, p->w + i1, p->rows, count, BLOCK, p->n, false});
    for (int64_t i = 0; i < count; i++) {
        int64_t left = p->n - i1 - i;
        if ((i1 + i) % p->group == 0) {
            find_params(p, i1 + i, left < p->group ? left : p->group);
        }
        published_column(p, i1, i, count);
    }
    pass(p->ctx, (pass_job){p->w + i1, p->q1, p->rows, count, p->n, BLOCK, false});
    if (rest == 0) return;
    vise_gemm g = {.m = p->rows, .n = rest, .k = count, .a = p->err1, .lda = BLOCK};
    g.b = p->u + i1 * p->n + i2;
    g.ldb = p->n;
    g.c = p->product;
    g.ldc = rest;
    p->ctx->kernels.gemm(&g);
    pass(p->ctx, (pass_job){p->w + i2, p->product, p->rows, rest, p->n, rest, true});
}

// core.bench_published(h, w, group, scratch) -> sum of the losses: factors the damped matrix h
// and sweeps w, both in place; scratch is f32 [4 rows + 8, n]
static int bench_published(lua_State *L) {
    lua_Integer group = luaL_checkinteger(L, 3);
    const vise_tensor *h = check_square(L, 1), *w = viseL_checktensor(L, 2);
    const vise_tensor *scratch = viseL_checktensor(L, 4);
    luaL_argcheck(L, w->dtype == VISE_F32 && w->ndim == 2 && w->shape[1] == h->shape[0], 2,
                  "expected f32 rows of the width of the matrix");
    published p = {.ctx = viseL_context(L), .rows = w->shape[0], .n = w->shape[1]};
    int64_t block = p.rows * BLOCK, wanted = 3 * block + p.rows * p.n + 5 * p.rows;
    luaL_argcheck(L, group >= 1, 3, "a group has columns");
    luaL_argcheck(L, scratch->dtype == VISE_F32 && vise_tensor_count(scratch) >= wanted, 4,
                  "too small");
    p.group = group;
    p.w = w->data;
    p.u = h->data;
    float *at = scratch->data, **parts[] = {&p.w1, &p.q1, &p.err1};
    for (int i = 0; i < 3; i++, at += block) *parts[i] = at;
    p.product = at;
    at += p.rows * p.n;
    float **vectors[] = {&p.x, &p.q, &p.scale, &p.zero, &p.loss};
    for (int i = 0; i < 5; i++, at += p.rows) *vectors[i] = at;
    memset(p.loss, 0, (size_t)p.rows * sizeof *p.loss);
    if (!published_factor(p.u, p.n)) return luaL_error(L, "not positive definite");
    mirror(p.u, p.n); // LAPACK made it in the lower triangle, as it sees it
    for (int64_t i = 0; i < p.n; i += BLOCK) published_block(&p, i);
    double loss = 0;
    for (int64_t r = 0; r < p.rows; r++) loss += (double)p.loss[r];
    lua_pushnumber(L, loss);
    return 1;
}

static const luaL_Reg bench[] = {
    {"bench_blas_threads", bench_blas_threads},
    {"bench_factor",       bench_factor      },
    {"bench_moments",      bench_moments     },
    {"bench_published",    bench_published   },
    {"bench_syrk",         bench_syrk        },
    {"bench_trailing",     bench_trailing    },
    {NULL,                 NULL              },
};

void viseL_open_bench_solvers(lua_State *L) {
    luaL_setfuncs(L, bench, 0);
}
