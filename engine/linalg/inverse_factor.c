#include "engine/linalg/inverse_factor.h"

#include <math.h>
#include <string.h>

#include "engine/linalg/apart.h"
#include "engine/linalg/blocked_factor.h"
#include "engine/linalg/lapack.h"
#include "engine/linalg/order.h"
#include "engine/linalg/symmetric.h"
#include "engine/ops/argument.h"

enum { ROWS = 32 }; // of a tile

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

typedef struct factor_job {
    int64_t n;
    const vise_tensor *h;
    const int32_t *order;
    double add; // to the diagonal
    vise_tensor *a, *out;
} factor_job;

static double diagonal(const factor_job *j, int64_t i) {
    int64_t at = j->order[i] * (j->n + 1);
    return j->h->dtype == VISE_F64 ? ((const double *)j->h->data)[at]
                                   : (double)((const float *)j->h->data)[at];
}

static double element(const factor_job *j, int64_t row, int64_t col) {
    int64_t at = j->order[row] * j->n + j->order[col];
    return j->h->dtype == VISE_F64 ? ((const double *)j->h->data)[at]
                                   : (double)((const float *)j->h->data)[at];
}

// The lower triangle of the matrix turned over, damped; dead columns are those of the identity.
static void turn_tile(void *job, int64_t tile) {
    const factor_job *j = job;
    int64_t last = j->n - 1, end = smaller((tile + 1) * ROWS, j->n);
    for (int64_t i = tile * ROWS; i < end; i++) {
        bool dead = diagonal(j, last - i) == 0;
        for (int64_t k = 0; k <= i; k++) {
            double v = element(j, last - i, last - k);
            if (i == k) v = dead ? 1 : v + j->add;
            if (i != k && (dead || diagonal(j, last - k) == 0)) v = 0;
            if (j->a->dtype == VISE_F64) {
                ((double *)j->a->data)[i * j->n + k] = v;
            } else {
                ((float *)j->a->data)[i * j->n + k] = (float)v;
            }
        }
    }
}

// Turns the lower triangle in `out` over into the upper one, and puts zeros where it was.  Row
// i and the last but i swap their elements of the diagonal.
static void turn_back_tile(void *job, int64_t tile) {
    const factor_job *j = job;
    int64_t n = j->n, half = (n + 1) / 2, end = smaller((tile + 1) * ROWS, half);
    float *out = j->out->data;
    for (int64_t i = tile * ROWS; i < end; i++) {
        int64_t other = n - 1 - i;
        float upper = out[other * (n + 1)], lower = out[i * (n + 1)];
        for (int64_t k = 0; k < i; k++) {
            out[other * n + n - 1 - k] = out[i * n + k];
            out[i * n + k] = 0;
        }
        for (int64_t k = 0; k < other; k++) {
            if (i != other) out[i * n + n - 1 - k] = out[other * n + k];
            out[other * n + k] = 0;
        }
        out[i * (n + 1)] = diagonal(j, i) == 0 ? 0 : upper;
        out[other * (n + 1)] = diagonal(j, other) == 0 ? 0 : lower;
    }
}

// In double, by LAPACK.  t[1] gets the row at which it failed, counted from 1.
static vise_status factor_f64(const vise_tensor t[VISE_APART_TENSORS], vise_error *err) {
    int64_t n = t[0].shape[0], *failed = t[1].data;
    *failed = vise_lapack_cholesky(VISE_F64, n, t[0].data, n);
    if (*failed < 0 || (*failed == 0 && !vise_lapack_invert_lower(VISE_F64, n, t[0].data, n))) {
        return vise_fail(err, VISE_EINVAL, "E-NU-04", "a matrix of %lld x %lld is too large",
                         (long long)n, (long long)n);
    }
    return VISE_OK;
}

static vise_status not_definite(const factor_job *j, int64_t row, double damping,
                                vise_error *err) {
    return vise_fail(err, VISE_ENUMERIC, "E-NU-10",
                     "column %lld: the matrix is not positive definite with damping %g",
                     (long long)j->order[j->n - row] + 1, damping);
}

// Leaves in the lower triangle of `out` the inverse of the factor of `a`, which is `out` itself
// in f32; *failed is the row at which that fails, or 0.
static vise_status factor(const vise_context *ctx, const factor_job *j, int64_t *failed,
                          vise_error *err) {
    if (j->a == j->out) return vise_blocked_factor(ctx, j->out->data, j->n, failed, err);
    vise_tensor at = {0};
    double n = (double)j->n;
    vise_status st = vise_tensor_new(&at, VISE_I64, 1, (int64_t[]){1}, err);
    const vise_tensor *const both[] = {j->a, &at};
    if (!st) st = vise_apart(ctx, factor_f64, n * n * n, both, 2, err);
    if (!st) *failed = ((const int64_t *)at.data)[0];
    if (!st) st = vise_tensor_convert(j->out, j->a, VISE_F32, err);
    vise_tensor_release(&at);
    return st;
}

static double mean_diagonal(const factor_job *j) {
    double sum = 0;
    int64_t live = 0;
    for (int64_t i = 0; i < j->n; i++) {
        double v = diagonal(j, i);
        sum += v;
        live += v != 0;
    }
    return live > 0 ? sum / (double)live : 0;
}

vise_status vise_inverse_factor(const vise_context *ctx, vise_tensor *out, const vise_tensor *h,
                                const vise_factor_options *opt, vise_error *err) {
    vise_tensor wide = {0}, made = *out, order = {0};
    factor_job j = {.h = h, .a = opt->f64 ? &wide : &made, .out = &made};
    vise_status st =
        vise_tensor_expect(h, h->dtype == VISE_F64 ? VISE_F64 : VISE_F32, "the matrix", err);
    if (!st) st = vise_check_square(h, "the matrix", err);
    if (!st) st = vise_argument_apart(out, h, false, "the matrix", err);
    if (st) return st;
    j.n = h->shape[0];
    int64_t shape[] = {j.n, j.n}, failed = 0, tiles = (j.n + ROWS - 1) / ROWS;
    st = vise_tensor_raw(&order, VISE_I32, 1, shape, err);
    if (!st) st = vise_order_read(order.data, opt->order, j.n, err);
    if (!st && opt->f64) st = vise_tensor_new(&wide, VISE_F64, 2, shape, err);
    if (!st) st = vise_tensor_output(&made, VISE_F32, 2, shape, err);
    if (st) goto done;
    j.order = order.data;
    j.add = opt->damping * mean_diagonal(&j);
    st = vise_parallel(ctx, tiles, turn_tile, &j, err);
    if (!st) st = factor(ctx, &j, &failed, err);
    if (!st && failed > 0) st = not_definite(&j, failed, opt->damping, err);
    if (!st) st = vise_parallel(ctx, tiles, turn_back_tile, &j, err);

done:
    vise_tensor_release(&order);
    vise_tensor_release(&wide);
    if (st && !out->buf) vise_tensor_release(&made);
    if (!st) *out = made;
    return st;
}
