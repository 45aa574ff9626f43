#include "engine/tensor.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"

struct vise_buffer {
    atomic_int refs;
    void *owner;
    void (*drop)(void *owner);
};

static const struct {
    const char *name;
    int64_t size;
    bool is_float;
} dtypes[VISE_DTYPE_COUNT] = {
    [VISE_F64] = {"f64",    8, true },
      [VISE_F32] = {"f32",    4, true },
    [VISE_F16] = {"f16",    2, true },
      [VISE_BF16] = {"bf16",   2, true },
    [VISE_F8E4M3] = {"f8e4m3", 1, true },
      [VISE_F8E5M2] = {"f8e5m2", 1, true },
    [VISE_I8] = {"i8",     1, false},
      [VISE_U8] = {"u8",     1, false},
    [VISE_I32] = {"i32",    4, false},
      [VISE_I64] = {"i64",    8, false},
};

const char *vise_dtype_name(vise_dtype dtype) {
    return dtypes[dtype].name;
}

int64_t vise_dtype_size(vise_dtype dtype) {
    return dtypes[dtype].size;
}

bool vise_dtype_is_float(vise_dtype dtype) {
    return dtypes[dtype].is_float;
}

bool vise_dtype_parse(vise_dtype *out, const char *name) {
    for (int d = 0; d < VISE_DTYPE_COUNT; d++) {
        if (strcmp(name, dtypes[d].name) == 0) {
            *out = (vise_dtype)d;
            return true;
        }
    }
    return false;
}

// Checks a shape and fills everything but the storage.  E-TN-01.
static vise_status tensor_layout(vise_tensor *t, vise_dtype dtype, int ndim,
                                 const int64_t shape[], vise_error *err) {
    if (ndim < 0 || ndim > VISE_MAX_RANK) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "%d dimensions, expected 0 to %d", ndim,
                         VISE_MAX_RANK);
    }
    *t = (vise_tensor){.dtype = dtype, .ndim = ndim};
    for (int i = 0; i < VISE_MAX_RANK; i++) t->shape[i] = 1;
    int64_t bytes = vise_dtype_size(dtype);
    for (int i = 0; i < ndim; i++) {
        // The sizes beside a zero must fit as well, so that strides do.
        if (shape[i] < 0 || __builtin_mul_overflow(bytes, shape[i] ? shape[i] : 1, &bytes)) {
            return vise_fail(err, VISE_EINVAL, "E-TN-01", "bad size %lld for dimension %d",
                             (long long)shape[i], i + 1);
        }
        t->shape[i] = shape[i];
    }
    t->stride = ndim ? t->shape[ndim - 1] : 1;
    return VISE_OK;
}

vise_status vise_tensor_wrap(vise_tensor *out, vise_dtype dtype, int ndim,
                             const int64_t shape[], void *data, bool readonly,
                             void (*drop)(void *owner), void *owner, vise_error *err) {
    vise_tensor t;
    vise_status st = tensor_layout(&t, dtype, ndim, shape, err);
    if (st) return st;
    t.buf = vise_calloc(sizeof *t.buf);
    if (!t.buf) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a tensor");
    atomic_init(&t.buf->refs, 1);
    t.buf->owner = owner;
    t.buf->drop = drop;
    t.data = data;
    t.readonly = readonly;
    *out = t;
    return VISE_OK;
}

static vise_status tensor_new(vise_tensor *out, vise_dtype dtype, int ndim,
                              const int64_t shape[], void *(*alloc)(size_t bytes),
                              vise_error *err) {
    vise_tensor t;
    vise_status st = tensor_layout(&t, dtype, ndim, shape, err);
    if (st) return st;
    int64_t bytes = vise_tensor_bytes(&t);
    void *data = alloc((size_t)bytes);
    if (!data) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld bytes",
                         (long long)bytes);
    }
    st = vise_tensor_wrap(out, dtype, ndim, shape, data, false, vise_free, data, err);
    if (st) vise_free(data);
    return st;
}

vise_status vise_tensor_new(vise_tensor *out, vise_dtype dtype, int ndim, const int64_t shape[],
                            vise_error *err) {
    return tensor_new(out, dtype, ndim, shape, vise_calloc, err);
}

vise_status vise_tensor_raw(vise_tensor *out, vise_dtype dtype, int ndim, const int64_t shape[],
                            vise_error *err) {
    return tensor_new(out, dtype, ndim, shape, vise_alloc, err);
}

static void take_hold(vise_tensor *out, const vise_tensor *view) {
    atomic_fetch_add(&view->buf->refs, 1);
    *out = *view;
}

void vise_tensor_share(vise_tensor *out, const vise_tensor *t) {
    take_hold(out, t);
}

vise_status vise_tensor_rows(vise_tensor *out, const vise_tensor *t, int64_t first,
                             int64_t count, vise_error *err) {
    if (t->ndim < 1 || first < 0 || count < 0 || first > t->shape[0] - count) {
        return vise_fail(err, VISE_EINVAL, "E-TN-02", "rows %lld to %lld of %lld",
                         (long long)first + 1, (long long)(first + count),
                         (long long)(t->ndim ? t->shape[0] : 0));
    }
    vise_tensor v = *t;
    int64_t row = t->ndim == 2 ? t->stride : 1; // elements from one to the next
    for (int i = 1; t->ndim != 2 && i < t->ndim; i++) row *= t->shape[i];
    v.shape[0] = count;
    v.data = (char *)t->data + first * row * vise_dtype_size(t->dtype);
    take_hold(out, &v);
    return VISE_OK;
}

vise_status vise_tensor_columns(vise_tensor *out, const vise_tensor *t, int64_t first,
                                int64_t count, vise_error *err) {
    if (t->ndim != 2 || first < 0 || count < 0 || first > t->shape[1] - count) {
        return vise_fail(err, VISE_EINVAL, "E-TN-02", "columns %lld to %lld of %lld",
                         (long long)first + 1, (long long)(first + count),
                         (long long)(t->ndim == 2 ? t->shape[1] : 0));
    }
    vise_tensor v = *t;
    v.shape[1] = count;
    v.data = (char *)t->data + first * vise_dtype_size(t->dtype);
    take_hold(out, &v);
    return VISE_OK;
}

vise_status vise_tensor_reshape(vise_tensor *out, const vise_tensor *t, int ndim,
                                const int64_t shape[], vise_error *err) {
    char text[96];
    int64_t want[VISE_MAX_RANK], known = 1, count = vise_tensor_count(t);
    int open = -1;
    if (!vise_tensor_contiguous(t)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-03", "cannot reshape a strided view, %s",
                         vise_tensor_describe(text, sizeof text, t));
    }
    for (int i = 0; i < ndim && i < VISE_MAX_RANK; i++) {
        want[i] = shape[i];
        if (shape[i] == -1 && open < 0) {
            open = i;
        } else if (shape[i] < 0 || __builtin_mul_overflow(known, shape[i], &known)) {
            return vise_fail(err, VISE_EINVAL, "E-TN-01", "bad size %lld for dimension %d",
                             (long long)shape[i], i + 1);
        }
    }
    if (open >= 0) want[open] = known > 0 && count % known == 0 ? count / known : 0;
    vise_tensor v;
    vise_status st = tensor_layout(&v, t->dtype, ndim, want, err);
    if (st) return st;
    if (vise_tensor_count(&v) != count) {
        return vise_fail(err, VISE_EINVAL, "E-TN-03",
                         "%s has %lld elements, the new shape %lld",
                         vise_tensor_describe(text, sizeof text, t), (long long)count,
                         (long long)vise_tensor_count(&v));
    }
    v.data = t->data;
    v.buf = t->buf;
    v.readonly = t->readonly;
    take_hold(out, &v);
    return VISE_OK;
}

vise_status vise_tensor_cast(vise_tensor *out, const vise_tensor *t, vise_dtype dtype, int ndim,
                             const int64_t shape[], vise_error *err) {
    vise_tensor v;
    vise_status st = tensor_layout(&v, dtype, ndim, shape, err);
    if (st) return st;
    bool whole = vise_tensor_contiguous(t);
    bool aligned = (uintptr_t)t->data % (uintptr_t)vise_dtype_size(dtype) == 0;
    if (!whole || !aligned || vise_tensor_bytes(&v) != vise_tensor_bytes(t)) {
        char from[96], to[96];
        return vise_fail(err, VISE_EINVAL, "E-TN-03", "cannot take the bytes of %s%s for %s",
                         vise_tensor_describe(from, sizeof from, t),
                         !whole     ? ", a strided view,"
                         : !aligned ? ", a view from the middle of an element on,"
                                    : "",
                         vise_tensor_describe(to, sizeof to, &v));
    }
    v.data = t->data;
    v.buf = t->buf;
    v.readonly = t->readonly;
    take_hold(out, &v);
    return VISE_OK;
}

void vise_tensor_release(vise_tensor *t) {
    vise_buffer *buf = t->buf;
    memset(t, 0, sizeof *t);
    if (!buf || atomic_fetch_sub(&buf->refs, 1) > 1) return;
    buf->drop(buf->owner);
    vise_free(buf);
}

int64_t vise_tensor_count(const vise_tensor *t) {
    int64_t n = 1;
    for (int i = 0; i < t->ndim; i++) n *= t->shape[i];
    return n;
}

int64_t vise_tensor_bytes(const vise_tensor *t) {
    return vise_tensor_count(t) * vise_dtype_size(t->dtype);
}

bool vise_tensor_contiguous(const vise_tensor *t) {
    return t->ndim != 2 || t->stride == t->shape[1] || t->shape[0] < 2;
}

bool vise_tensor_same_shape(const vise_tensor *a, const vise_tensor *b) {
    if (a->ndim != b->ndim) return false;
    for (int i = 0; i < a->ndim; i++) {
        if (a->shape[i] != b->shape[i]) return false;
    }
    return true;
}

int64_t vise_tensor_cols(const vise_tensor *t) {
    return t->ndim ? t->shape[t->ndim - 1] : 1;
}

int64_t vise_tensor_matrix_rows(const vise_tensor *t) {
    int64_t n = 1;
    for (int i = 0; i + 1 < t->ndim; i++) n *= t->shape[i];
    return n;
}

const char *vise_tensor_describe(char *text, int size, const vise_tensor *t) {
    int at = snprintf(text, (size_t)size, "%s", vise_dtype_name(t->dtype));
    if (t->ndim == 0 && at < size) snprintf(text + at, (size_t)(size - at), " scalar");
    for (int i = 0; i < t->ndim && at < size; i++) {
        at += snprintf(text + at, (size_t)(size - at), "%s%lld", i ? "x" : " ",
                       (long long)t->shape[i]);
    }
    return text;
}

vise_status vise_tensor_expect(const vise_tensor *t, vise_dtype dtype, const char *what,
                               vise_error *err) {
    char text[96];
    if (t->dtype != dtype) {
        return vise_fail(err, VISE_EINVAL, "E-TN-04", "%s is %s, expected %s", what,
                         vise_tensor_describe(text, sizeof text, t), vise_dtype_name(dtype));
    }
    if (!vise_tensor_contiguous(t)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-06", "%s is a strided view, %s: copy it first",
                         what, vise_tensor_describe(text, sizeof text, t));
    }
    return VISE_OK;
}

vise_status vise_tensor_output(vise_tensor *out, vise_dtype dtype, int ndim,
                               const int64_t shape[], vise_error *err) {
    if (!out->buf) return vise_tensor_new(out, dtype, ndim, shape, err);
    bool fits = out->dtype == dtype && out->ndim == ndim && vise_tensor_contiguous(out);
    for (int i = 0; fits && i < ndim; i++) fits = out->shape[i] == shape[i];
    char got[96], want[96];
    if (!fits) {
        vise_tensor t;
        vise_status st = tensor_layout(&t, dtype, ndim, shape, err);
        if (st) return st;
        return vise_fail(err, VISE_EINVAL, "E-TN-07", "the output is %s%s, expected %s",
                         vise_tensor_describe(got, sizeof got, out),
                         vise_tensor_contiguous(out) ? "" : " with gaps between its rows",
                         vise_tensor_describe(want, sizeof want, &t));
    }
    if (out->readonly) {
        return vise_fail(err, VISE_EINVAL, "E-TN-05",
                         "the output %s is part of a mapped file and cannot be written",
                         vise_tensor_describe(got, sizeof got, out));
    }
    return VISE_OK;
}

// Bytes from the first element to the end of the last one.
static int64_t span_of(const vise_tensor *t) {
    if (vise_tensor_count(t) == 0) return 0;
    if (vise_tensor_contiguous(t)) return vise_tensor_bytes(t);
    return ((t->shape[0] - 1) * t->stride + t->shape[1]) * vise_dtype_size(t->dtype);
}

bool vise_tensor_overlap(const vise_tensor *a, const vise_tensor *b) {
    if (!a->buf || a->buf != b->buf) return false;
    const char *p = a->data, *q = b->data;
    return p < q + span_of(b) && q < p + span_of(a);
}
