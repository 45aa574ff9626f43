#include "engine/observe/product.h"

enum { TILE = 256 }; // rows and columns of a tile of the product

typedef struct job {
    const vise_kernels *kernels;
    float *product;
    const float *x;
    int64_t rows, cols, stride;
} job;

static int64_t width(const job *j, int64_t from) {
    return j->cols - from < TILE ? j->cols - from : TILE;
}

// Tiles are numbered along the rows of the lower triangle: (0, 0), (1, 0), (1, 1), (2, 0) ...
static void product_tile(void *arg, int64_t tile) {
    const job *j = arg;
    int64_t row = 0;
    while ((row + 1) * (row + 2) / 2 <= tile) row++;
    int64_t i = row * TILE, k = (tile - row * (row + 1) / 2) * TILE;
    vise_gemm g = {.trans_a = true, .lda = j->stride, .ldb = j->stride, .ldc = j->cols};
    g.m = width(j, i);
    g.n = width(j, k);
    g.k = j->rows;
    g.a = j->x + i;
    g.b = j->x + k;
    g.c = j->product + i * j->cols + k;
    j->kernels->gemm(&g);
}

vise_status vise_observe_product(const vise_context *ctx, float *product, const float *x,
                                 int64_t rows, int64_t cols, int64_t stride, vise_error *err) {
    if (stride > INT32_MAX) {
        return vise_fail(err, VISE_EINVAL, "E-NU-04", "a matrix with rows of %lld is too large",
                         (long long)stride);
    }
    job j = {&ctx->kernels, product, x, rows, cols, stride};
    int64_t bands = (cols + TILE - 1) / TILE;
    return vise_parallel(ctx, bands * (bands + 1) / 2, product_tile, &j, err);
}
