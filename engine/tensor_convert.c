// Elements of tensors one at a time, and from one dtype to another.

#include <math.h>
#include <string.h>

#include "engine/floats.h"
#include "engine/tensor.h"

static double get_at(vise_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case VISE_F64: return ((const double *)data)[i];
    case VISE_F32: return (double)((const float *)data)[i];
    case VISE_F16: return (double)vise_f16_to_f32(((const uint16_t *)data)[i]);
    case VISE_BF16: return (double)vise_bf16_to_f32(((const uint16_t *)data)[i]);
    case VISE_F8E4M3: return (double)vise_f8e4m3_to_f32(((const uint8_t *)data)[i]);
    case VISE_F8E5M2: return (double)vise_f8e5m2_to_f32(((const uint8_t *)data)[i]);
    case VISE_I8: return (double)((const int8_t *)data)[i];
    case VISE_U8: return (double)((const uint8_t *)data)[i];
    case VISE_I32: return (double)((const int32_t *)data)[i];
    case VISE_I64: return (double)((const int64_t *)data)[i];
    case VISE_DTYPE_COUNT: break;
    }
    return 0;
}

// Nearest integer, ties to even, kept within [lo, hi]; NaN becomes 0.
static double to_integer(double x, double lo, double hi) {
    if (isnan(x)) return 0;
    x = rint(x);
    return x < lo ? lo : x > hi ? hi : x;
}

// To f32 by rounding to odd: rounding that to fewer bits gives what rounding once would.
static float to_odd(double x) {
    float f = (float)x;
    uint32_t bits;
    if (!isfinite(f) || (double)f == x) return f;
    if (fabs((double)f) > fabs(x)) f = nextafterf(f, 0);
    memcpy(&bits, &f, sizeof f);
    bits |= 1;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static void set_at(vise_dtype dtype, void *data, int64_t i, double x) {
    switch (dtype) {
    case VISE_F64: ((double *)data)[i] = x; return;
    case VISE_F32: ((float *)data)[i] = (float)x; return;
    case VISE_F16: ((uint16_t *)data)[i] = vise_f32_to_f16(to_odd(x)); return;
    case VISE_BF16: ((uint16_t *)data)[i] = vise_f32_to_bf16(to_odd(x)); return;
    case VISE_F8E4M3: ((uint8_t *)data)[i] = vise_f32_to_f8e4m3(to_odd(x)); return;
    case VISE_F8E5M2: ((uint8_t *)data)[i] = vise_f32_to_f8e5m2(to_odd(x)); return;
    case VISE_I8: ((int8_t *)data)[i] = (int8_t)to_integer(x, INT8_MIN, INT8_MAX); return;
    case VISE_U8: ((uint8_t *)data)[i] = (uint8_t)to_integer(x, 0, UINT8_MAX); return;
    case VISE_I32: ((int32_t *)data)[i] = (int32_t)to_integer(x, INT32_MIN, INT32_MAX); return;
    case VISE_I64:
        // 2^63 itself is a double and does not fit: saturate before the cast.
        x = to_integer(x, -0x1p63, 0x1p63);
        ((int64_t *)data)[i] = x >= 0x1p63 ? INT64_MAX : (int64_t)x;
        return;
    case VISE_DTYPE_COUNT: return;
    }
}

// Where element `i` in row-major order lies, in elements from `data`.
static int64_t offset_of(const vise_tensor *t, int64_t i) {
    if (vise_tensor_contiguous(t)) return i;
    return i / t->shape[1] * t->stride + i % t->shape[1];
}

void *vise_tensor_at(const vise_tensor *t, int64_t i) {
    return (char *)t->data + offset_of(t, i) * vise_dtype_size(t->dtype);
}

double vise_tensor_get(const vise_tensor *t, int64_t i) {
    return get_at(t->dtype, t->data, offset_of(t, i));
}

void vise_tensor_set(vise_tensor *t, int64_t i, double value) {
    set_at(t->dtype, t->data, offset_of(t, i), value);
}

void vise_elements_convert(void *y, vise_dtype to, const void *x, vise_dtype from, int64_t n) {
    if (from == to) {
        memcpy(y, x, (size_t)(n * vise_dtype_size(from)));
        return;
    }
    // i64 to i32 and the like go through a double: exact below 2^53, saturating above.
    for (int64_t i = 0; i < n; i++) set_at(to, y, i, get_at(from, x, i));
}

vise_status vise_tensor_copy_output(vise_tensor *out, const vise_tensor *t, vise_dtype dtype,
                                    bool *done, vise_error *err) {
    vise_status st = vise_tensor_output(out, dtype, t->ndim, t->shape, err);
    bool same = out->data == t->data && vise_tensor_contiguous(t);
    *done = st || same || vise_tensor_count(t) == 0;
    if (*done || !vise_tensor_overlap(out, t)) return st;
    return vise_fail(err, VISE_EINVAL, "E-TN-12", "the output overlaps the tensor");
}

vise_status vise_tensor_convert(vise_tensor *out, const vise_tensor *t, vise_dtype dtype,
                                vise_error *err) {
    bool done;
    vise_status st = vise_tensor_copy_output(out, t, dtype, &done, err);
    if (st || done) return st;
    int64_t rows = vise_tensor_matrix_rows(t), cols = vise_tensor_cols(t);
    for (int64_t r = 0; r < rows; r++) {
        void *to = (char *)out->data + r * cols * vise_dtype_size(dtype);
        vise_elements_convert(to, dtype, vise_tensor_at(t, r * cols), t->dtype, cols);
    }
    return VISE_OK;
}

int64_t vise_tensor_nonfinite(const vise_tensor *t) {
    if (!vise_dtype_is_float(t->dtype)) return -1;
    int64_t n = vise_tensor_count(t);
    if (t->dtype == VISE_F32 && vise_tensor_contiguous(t)) {
        const float *x = t->data;
        for (int64_t i = 0; i < n; i++) {
            if (!isfinite(x[i])) return i;
        }
        return -1;
    }
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(vise_tensor_get(t, i))) return i;
    }
    return -1;
}
