#include "engine/importance.h"

#include <math.h>

#include "engine/workspace.h"

static vise_status check(const vise_tensor *t, int64_t cols, double *sum, vise_error *err) {
    char text[96];
    const bool floats = t->dtype == VISE_F32 || t->dtype == VISE_F16 || t->dtype == VISE_BF16;
    if (!floats || t->ndim != 1 || t->shape[0] != cols) {
        return vise_fail(err, VISE_EINVAL, "E-SC-14", "importance is %s, expected f32 %lld",
                         vise_tensor_describe(text, sizeof text, t), (long long)cols);
    }
    for (int64_t i = 0; i < cols; i++) {
        const double v = vise_tensor_get(t, i);
        if (!isfinite(v) || v < 0) {
            return vise_fail(err, VISE_EINVAL, "E-SC-14",
                             "importance of input %lld is %g, expected a number from 0 on",
                             (long long)i + 1, v);
        }
        *sum += v;
    }
    if (*sum > 0 || cols == 0) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-SC-14", "importance is 0 for every input");
}

vise_status vise_importance_make(const vise_context *ctx, float **out, const vise_tensor *t,
                                 int64_t cols, vise_error *err) {
    double sum = 0;
    vise_status st = check(t, cols, &sum, err);
    if (st) return st;
    float *made = vise_work_take(ctx, (int64_t)sizeof *made * (cols + 1));
    if (!made) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01",
                         "no memory for the importance of %lld inputs", (long long)cols);
    }
    for (int64_t i = 0; i < cols; i++) {
        made[i] = (float)(vise_tensor_get(t, i) * (double)cols / sum);
    }
    *out = made;
    return VISE_OK;
}
