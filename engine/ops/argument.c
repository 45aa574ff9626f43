#include "engine/ops/argument.h"

#include <string.h>

#include "engine/floats.h"

static vise_status fail_shape(const vise_tensor *t, int ndim, const int64_t shape[],
                              const char *what, vise_error *err) {
    char got[96], want[96];
    vise_tensor wanted = {.dtype = t->dtype, .ndim = ndim};
    memcpy(wanted.shape, shape, sizeof *shape * (size_t)ndim);
    return vise_fail(err, VISE_EINVAL, "E-TN-08", "%s is %s, expected %s", what,
                     vise_tensor_describe(got, sizeof got, t),
                     vise_tensor_describe(want, sizeof want, &wanted));
}

vise_status vise_argument_shape(const vise_tensor *t, int ndim, const int64_t shape[],
                                const char *what, vise_error *err) {
    if (t->ndim != ndim) return fail_shape(t, ndim, shape, what, err);
    for (int i = 0; i < ndim; i++) {
        if (t->shape[i] != shape[i]) return fail_shape(t, ndim, shape, what, err);
    }
    return VISE_OK;
}

vise_status vise_argument_rank(const vise_tensor *t, int ndim, const char *what,
                               vise_error *err) {
    char text[96];
    if (t->ndim == ndim) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-TN-08", "%s is %s, expected %d dimensions", what,
                     vise_tensor_describe(text, sizeof text, t), ndim);
}

vise_status vise_argument_float(const vise_tensor *t, const char *what, vise_error *err) {
    char text[96];
    if (vise_dtype_is_float(t->dtype)) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-TN-04", "%s is %s, expected a float dtype", what,
                     vise_tensor_describe(text, sizeof text, t));
}

vise_status vise_argument_apart(const vise_tensor *out, const vise_tensor *in, bool same_ok,
                                const char *what, vise_error *err) {
    bool same = out->data == in->data && vise_tensor_count(out) == vise_tensor_count(in);
    if ((same && same_ok) || !vise_tensor_overlap(out, in)) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-TN-12", "the output overlaps %s", what);
}

vise_status vise_argument_vector(vise_tensor *out, const vise_tensor *v, int64_t n,
                                 const char *what, vise_error *err) {
    if (!v) return VISE_OK;
    vise_status st = vise_argument_float(v, what, err);
    if (!st) st = vise_argument_shape(v, 1, &n, what, err);
    if (st || v->dtype != VISE_F32) return st ? st : vise_tensor_convert(out, v, VISE_F32, err);
    vise_tensor_share(out, v);
    return VISE_OK;
}

void vise_argument_load(const vise_kernels *k, float *y, const vise_tensor *t, int64_t row,
                        int64_t col, int64_t n) {
    int64_t step = t->ndim == 2 ? t->stride : vise_tensor_cols(t);
    int64_t size = vise_dtype_size(t->dtype);
    const char *x = (const char *)t->data + (row * step + col) * size;
    switch (t->dtype) {
    case VISE_F32: memcpy(y, x, (size_t)n * sizeof *y); return;
    case VISE_F16: k->f16_to_f32(y, (const uint16_t *)x, n); return;
    case VISE_BF16: k->bf16_to_f32(y, (const uint16_t *)x, n); return;
    case VISE_F64:
        for (int64_t i = 0; i < n; i++) y[i] = (float)((const double *)x)[i];
        return;
    case VISE_F8E4M3:
        for (int64_t i = 0; i < n; i++) y[i] = vise_f8e4m3_to_f32(((const uint8_t *)x)[i]);
        return;
    case VISE_F8E5M2:
        for (int64_t i = 0; i < n; i++) y[i] = vise_f8e5m2_to_f32(((const uint8_t *)x)[i]);
        return;
    default: memset(y, 0, (size_t)n * sizeof *y); // callers pass float dtypes only
    }
}
