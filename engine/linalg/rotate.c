#include "engine/linalg/rotate.h"

#include <math.h>
#include <string.h>

#include "engine/ops/scratch.h"

// Vectors that are rotated side by side: element i of vector l lies at [i * LANES + l].
enum { LANES = 16 };

typedef struct rotate_job {
    vise_rotation r;
    int64_t m;              // of the matrix
    int64_t n, count;       // of a vector; vectors
    int64_t step, distance; // from one number of a vector to the next, from vector to vector
    double *w;
    vise_scratch scratch;
} rotate_job;

static void take_mean_out(double *x, int64_t n) {
    double mean[LANES] = {0};
    for (int64_t i = 0; i < n; i++) {
        for (int l = 0; l < LANES; l++) mean[l] += x[i * LANES + l];
    }
    for (int l = 0; l < LANES; l++) mean[l] /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        for (int l = 0; l < LANES; l++) x[i * LANES + l] -= mean[l];
    }
}

static void multiply_diagonal(double *x, const double *diagonal, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        for (int l = 0; l < LANES; l++) x[i * LANES + l] *= diagonal[i];
    }
}

// m numbers times the matrix, by way of `sum`.
static void multiply_matrix(const rotate_job *j, double *x, double *sum) {
    const double *matrix = j->r.matrix->data;
    int64_t m = j->m, row = j->r.transpose ? 1 : m, col = j->r.transpose ? m : 1;
    memset(sum, 0, (size_t)(m * LANES) * sizeof *sum);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t o = 0; o < m; o++) {
            double f = matrix[i * row + o * col];
            for (int l = 0; l < LANES; l++) sum[o * LANES + l] += f * x[i * LANES + l];
        }
    }
    memcpy(x, sum, (size_t)(m * LANES) * sizeof *sum);
}

// One stage of butterflies, h numbers apart.
static void butterflies(double *x, int64_t block, int64_t h) {
    for (int64_t first = 0; first < block; first += 2 * h) {
        double *a = x + first * LANES, *b = a + h * LANES;
        for (int64_t i = 0; i < h * LANES; i++) {
            double sum = a[i] + b[i], difference = a[i] - b[i];
            a[i] = sum;
            b[i] = difference;
        }
    }
}

static void rotate_block(const rotate_job *j, double *x, double *sum) {
    int64_t block = j->r.block;
    for (int64_t i = 0; j->r.matrix && i < block; i += j->m) {
        multiply_matrix(j, x + i * LANES, sum);
    }
    for (int64_t h = j->m; h < block; h *= 2) butterflies(x, block, h);
    double scale = 1 / sqrt((double)(block / j->m));
    for (int64_t i = 0; i < block * LANES; i++) x[i] *= scale;
}

static void rotate_lanes(const rotate_job *j, double *x) {
    const double *diagonal = j->r.diagonal ? j->r.diagonal->data : NULL;
    double *sum = x + j->n * LANES;
    if (j->r.center) take_mean_out(x, j->n);
    if (diagonal && !j->r.transpose) multiply_diagonal(x, diagonal, j->n);
    for (int64_t b = 0; b < j->n; b += j->r.block) rotate_block(j, x + b * LANES, sum);
    if (diagonal && j->r.transpose) multiply_diagonal(x, diagonal, j->n);
}

static void rotate_tile(void *job, int64_t tile) {
    rotate_job *j = job;
    double *x = vise_scratch_take(&j->scratch);
    int64_t first = tile * LANES, left = j->count - first;
    int lanes = left < LANES ? (int)left : LANES;
    double *w = j->w + first * j->distance;
    memset(x, 0, (size_t)(j->n * LANES) * sizeof *x);
    for (int64_t i = 0; i < j->n; i++) {
        for (int l = 0; l < lanes; l++) x[i * LANES + l] = w[i * j->step + l * j->distance];
    }
    rotate_lanes(j, x);
    for (int64_t i = 0; i < j->n; i++) {
        for (int l = 0; l < lanes; l++) w[i * j->step + l * j->distance] = x[i * LANES + l];
    }
    vise_scratch_give(&j->scratch, x);
}

static vise_status check_block(const rotate_job *j, vise_error *err) {
    int64_t block = j->r.block, m = j->m;
    bool fits = block >= 1 && m >= 1 && j->n % block == 0 && block % m == 0;
    int64_t walsh = fits ? block / m : 0;
    if (fits && (walsh & (walsh - 1)) == 0) return VISE_OK;
    return vise_fail(
        err, VISE_EINVAL, "E-TN-10",
        "rotate: a block of %lld over a matrix of %lld does not fit vectors of %lld",
        (long long)block, (long long)m, (long long)j->n);
}

static vise_status check(const vise_tensor *w, const rotate_job *j, vise_error *err) {
    const vise_tensor *matrix = j->r.matrix, *diagonal = j->r.diagonal;
    if (w->dtype != VISE_F64) {
        return vise_fail(err, VISE_EINVAL, "E-TN-04", "rotate: w is %s, expected f64",
                         vise_dtype_name(w->dtype));
    }
    vise_status st = VISE_OK;
    if (matrix) st = vise_tensor_expect(matrix, VISE_F64, "rotate: matrix", err);
    if (!st && diagonal) st = vise_tensor_expect(diagonal, VISE_F64, "rotate: diagonal", err);
    if (st) return st;
    if (w->readonly) return vise_fail(err, VISE_EINVAL, "E-TN-05", "rotate: w is read-only");
    if (w->ndim != 2) {
        return vise_fail(err, VISE_EINVAL, "E-TN-08", "rotate: w has %d dimensions, expected 2",
                         w->ndim);
    }
    if (matrix && (matrix->ndim != 2 || matrix->shape[0] != matrix->shape[1])) {
        return vise_fail(err, VISE_EINVAL, "E-TN-08", "rotate: matrix is not square");
    }
    if (diagonal && (diagonal->ndim != 1 || diagonal->shape[0] != j->n)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-08",
                         "rotate: a diagonal of %lld for vectors of %lld",
                         (long long)vise_tensor_count(diagonal), (long long)j->n);
    }
    return check_block(j, err);
}

vise_status vise_rotate(const vise_context *ctx, vise_tensor *w, const vise_rotation *r,
                        vise_error *err) {
    rotate_job j = {.r = *r, .m = r->matrix ? r->matrix->shape[0] : 1, .w = w->data};
    j.n = w->shape[r->columns ? 0 : 1];
    j.count = w->shape[r->columns ? 1 : 0];
    j.step = r->columns ? w->stride : 1;
    j.distance = r->columns ? 1 : w->stride;
    vise_status st = check(w, &j, err);
    if (st || vise_tensor_count(w) == 0) return st;
    int64_t tiles = j.count / LANES + (j.count % LANES > 0);
    int64_t numbers = (j.n + j.m) * LANES;
    st = vise_scratch_new(&j.scratch, ctx, tiles, numbers * (int64_t)sizeof(double), err);
    if (!st) st = vise_parallel(ctx, tiles, rotate_tile, &j, err);
    vise_scratch_release(&j.scratch);
    return st;
}
