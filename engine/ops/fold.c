#include "engine/ops/fold.h"

#include <math.h>

#include "engine/ops/argument.h"

enum { TILE = 32 }; // channels a tile

typedef struct folding {
    vise_reduction what;
    float *y;
    const float *x;
    int64_t rows, cols;
} folding;

// NaN beats everything.
static double beaten(vise_reduction what, double best, double v) {
    if (isnan(best)) return best;
    return (what == VISE_MIN ? v < best : v > best) || isnan(v) ? v : best;
}

static double start_of(vise_reduction what) {
    if (what == VISE_MIN) return (double)INFINITY;
    return what == VISE_MAX ? -(double)INFINITY : 0;
}

static void take_row(vise_reduction what, double found[TILE], const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i];
        if (what == VISE_MIN || what == VISE_MAX)
            found[i] = beaten(what, found[i], v);
        else
            found[i] += what == VISE_NORM ? v * v : v;
    }
}

static void fold_tile(void *job, int64_t tile) {
    const folding *f = job;
    int64_t col = tile * TILE, n = f->cols - col < TILE ? f->cols - col : TILE;
    double found[TILE];
    const double start = start_of(f->what);
    for (int i = 0; i < TILE; i++) found[i] = start;
    for (int64_t r = 0; r < f->rows; r++) take_row(f->what, found, f->x + r * f->cols + col, n);
    for (int64_t i = 0; i < n; i++) {
        double v = found[i];
        if (f->what == VISE_MEAN) v /= (double)f->rows;
        if (f->what == VISE_NORM) v = sqrt(v);
        f->y[col + i] = (float)v;
    }
}

vise_status vise_fold(const vise_context *ctx, vise_tensor *out, vise_reduction what,
                      const vise_tensor *x, vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the tensor", err);
    if (st) return st;
    if (x->ndim < 1)
        return vise_fail(err, VISE_EINVAL, "E-TN-08",
                         "the tensor is a single number, expected channels");
    const int64_t cols = x->shape[x->ndim - 1];
    const int64_t rows = cols > 0 ? vise_tensor_count(x) / cols : 0;
    if (rows == 0 && cols > 0 && what != VISE_SUM && what != VISE_NORM) {
        return vise_fail(err, VISE_EINVAL, "E-TN-09", "there are no rows to fold");
    }
    st = vise_argument_apart(out, x, false, "the tensor", err);
    if (!st) st = vise_tensor_output(out, VISE_F32, 1, &cols, err);
    if (st) return st;
    folding f = {what, out->data, x->data, rows, cols};
    return vise_parallel(ctx, (cols + TILE - 1) / TILE, fold_tile, &f, err);
}
