#include "engine/linalg/orthonormal.h"

#include <math.h>
#include <string.h>

#include "engine/linalg/lapack.h"
#include "engine/mem.h"

enum {
    GRAM_COLS = 1024, // columns whose products are one sum
    COLS = 512,       // columns of a tile
    BLOCK = 48        // rows: what lies above the diagonal blocks is not computed
};

// A step: g = y y', then z = l y with the lower triangle l that is made of it.
typedef struct step_job {
    const vise_context *ctx;
    int64_t q, m;
    const float *y, *l;
    float *z, *parts; // parts: one g a tile
} step_job;

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t tiles_of(int64_t m, int64_t cols) {
    return m / cols + (m % cols > 0);
}

static void gram_tile(void *job, int64_t tile) {
    const step_job *j = job;
    const float *y = j->y + tile * GRAM_COLS;
    vise_gemm g = {.trans_b = true, .b = y, .lda = j->m, .ldb = j->m, .ldc = j->q};
    g.k = smaller(GRAM_COLS, j->m - tile * GRAM_COLS);
    for (int64_t i = 0; i < j->q; i += BLOCK) {
        g.m = smaller(BLOCK, j->q - i);
        g.n = i + g.m;
        g.a = y + i * j->m;
        g.c = j->parts + (tile * j->q + i) * j->q;
        j->ctx->kernels.gemm(&g);
    }
}

// The lower triangle of y y', in the first of the parts.
static vise_status gram(const step_job *j, vise_error *err) {
    int64_t tiles = tiles_of(j->m, GRAM_COLS), size = j->q * j->q;
    vise_status st = vise_parallel(j->ctx, tiles, gram_tile, (void *)j, err);
    for (int64_t t = 1; !st && t < tiles; t++) {
        for (int64_t i = 0; i < size; i++) j->parts[i] += j->parts[t * size + i];
    }
    return st;
}

static void multiply_tile(void *job, int64_t tile) {
    const step_job *j = job;
    int64_t first = tile * COLS;
    vise_gemm g = {.lda = j->q, .ldb = j->m, .ldc = j->m, .b = j->y + first};
    g.n = smaller(COLS, j->m - first);
    for (int64_t i = 0; i < j->q; i += BLOCK) {
        g.m = smaller(BLOCK, j->q - i);
        g.k = i + g.m;
        g.a = j->l + i * j->q;
        g.c = j->z + i * j->m + first;
        j->ctx->kernels.gemm(&g);
    }
}

// Is the Gram matrix that of a nearly orthonormal base, which one more step makes orthonormal?
// After a first step on rows of condition c it is off by about c^2 * FLT_EPSILON.
static bool near_identity(const float *g, int64_t q) {
    const float most = 0x1p-4f;
    for (int64_t i = 0; i < q; i++) {
        for (int64_t j = 0; j <= i; j++) {
            if (!(fabsf(g[i * q + j] - (float)(i == j)) <= most)) return false;
        }
    }
    return true;
}

// Were the rows far enough from dependent for one step?  The diagonal's spread is at most their
// condition, and mostly not far below.
static bool well_spread(const float *inverse, int64_t q) {
    const float most = 256;
    float low = inverse[0], high = inverse[0];
    for (int64_t i = 1; i < q; i++) {
        low = fminf(low, inverse[i * q + i]);
        high = fmaxf(high, inverse[i * q + i]);
    }
    return high <= most * low;
}

// One step from y to z.  `again`: y comes from one and has to be good for another.
static vise_status cholesky_step(const step_job *j, bool again, bool *done, vise_error *err) {
    *done = false;
    vise_status st = gram(j, err);
    if (st || (again && !near_identity(j->parts, j->q))) return st;
    if (!vise_lapack_inverse_factor(j->q, j->parts)) return VISE_OK;
    if (!well_spread(j->parts, j->q)) return VISE_OK;
    st = vise_parallel(j->ctx, tiles_of(j->m, COLS), multiply_tile, (void *)j, err);
    *done = !st;
    return st;
}

vise_status vise_cholesky_rows(const vise_context *ctx, vise_base base, int64_t q, int64_t m,
                               float *y, bool *done, vise_error *err) {
    int64_t parts = tiles_of(m, GRAM_COLS) * q * q;
    float *work = vise_calloc((size_t)(parts + q * m) * sizeof *work);
    *done = false;
    if (!work) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01",
                         "no memory to orthogonalise %lld rows of %lld", (long long)q,
                         (long long)m);
    }
    float *z = work + parts;
    step_job there = {ctx, q, m, .y = y, .l = work, .z = z, .parts = work};
    step_job back = {ctx, q, m, .y = z, .l = work, .z = y, .parts = work};
    vise_status st = cholesky_step(&there, false, done, err);
    if (!st && *done && base == VISE_BASE_GOOD) {
        st = cholesky_step(&back, true, done, err);
    } else if (!st && *done) {
        memcpy(y, z, (size_t)(q * m) * sizeof *y);
    }
    vise_free(work);
    return st;
}

vise_status vise_orthonormal_rows(const vise_context *ctx, vise_base base, int64_t q, int64_t m,
                                  float *y, vise_error *err) {
    bool done;
    vise_status st = vise_cholesky_rows(ctx, base, q, m, y, &done, err);
    return st || done ? st : vise_lapack_orthonormal(q, m, y, err);
}
