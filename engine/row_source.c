#include "engine/row_source.h"

#include <stddef.h>

#include "engine/ops/argument.h"

void vise_row_source_release(vise_row_source *s) {
    vise_tensor_release(&s->held[0]);
    vise_tensor_release(&s->held[1]);
}

// A vector of a norm: as it is, or its copy as f32.
static vise_status vector_of(const float **out, vise_tensor *held, const vise_tensor *v,
                             int64_t n, const char *what, vise_error *err) {
    if (!v) return VISE_OK;
    vise_status st = vise_argument_shape(v, 1, &n, what, err);
    if (!st && v->dtype != VISE_F32) st = vise_argument_vector(held, v, n, what, err);
    if (!st) *out = v->dtype == VISE_F32 ? v->data : held->data;
    return st;
}

// An f32 matrix with the rows and columns named, perhaps strided.
static vise_status matrix_of(const float **out, int64_t *step, const vise_tensor *t,
                             int64_t rows, int64_t cols, const char *what, vise_error *err) {
    char text[96];
    if (t->dtype != VISE_F32) {
        return vise_fail(err, VISE_EINVAL, "E-TN-04", "%s is %s, expected f32", what,
                         vise_tensor_describe(text, sizeof text, t));
    }
    if (t->ndim < 1 || vise_tensor_cols(t) != cols || vise_tensor_matrix_rows(t) != rows) {
        return vise_fail(err, VISE_EINVAL, "E-TN-08", "%s is %s, expected %lld rows of %lld",
                         what, vise_tensor_describe(text, sizeof text, t), (long long)rows,
                         (long long)cols);
    }
    *out = t->data;
    *step = t->ndim == 2 ? t->stride : cols;
    return VISE_OK;
}

static vise_status find_modulation(vise_row_source *s, const vise_tensor *x,
                                   const vise_prologue *p, vise_error *err) {
    if (!p->shift || !p->mod_scale) {
        if (p->shift == p->mod_scale) return VISE_OK;
        return vise_fail(err, VISE_EINVAL, "E-TN-08", "a shift and a scale come together");
    }
    vise_status st = vise_argument_rank(x, 3, "the input", err);
    if (!st) {
        st = matrix_of(&s->shift, &s->shift_step, p->shift, x->shape[0], x->shape[2],
                       "the shift", err);
    }
    if (!st) {
        st = matrix_of(&s->mod_scale, &s->mod_scale_step, p->mod_scale, x->shape[0],
                       x->shape[2], "the scale", err);
    }
    s->per_batch = x->shape[x->ndim > 1 ? 1 : 0];
    return st;
}

vise_status vise_row_source_make(vise_row_source *out, const vise_kernels *kernels,
                                 const vise_tensor *x, const vise_prologue *p,
                                 vise_error *err) {
    vise_row_source s = {.kernels = kernels, .kind = p->kind, .eps = p->eps};
    vise_status st = vise_matrix_of(&s.x, kernels, x, "the input", err);
    if (!st) st = vector_of(&s.weight, &s.held[0], p->weight, s.x.cols, "the weight", err);
    if (!st) st = vector_of(&s.bias, &s.held[1], p->bias, s.x.cols, "the bias", err);
    if (!st) st = find_modulation(&s, x, p, err);
    if (!st && p->kind == VISE_PROLOGUE_SILU_MUL) {
        st = matrix_of(&s.up, &s.up_step, p->up, s.x.rows, s.x.cols, "the factor", err);
    }
    s.direct = p->kind == VISE_PROLOGUE_NONE && !s.shift && s.x.dtype == VISE_F32;
    if (st) {
        vise_row_source_release(&s);
    } else {
        *out = s;
    }
    return st;
}

// Reads a row as f32.
static const float *read_row(const vise_matrix *x, int64_t row, float *buffer) {
    if (x->dtype == VISE_F32) return vise_matrix_read(x, row, 0, x->cols, NULL);
    const uint16_t *from = (const uint16_t *)(const void *)x->data + row * x->stride;
    if (x->dtype == VISE_F16) {
        x->kernels->f16_to_f32(buffer, from, x->cols);
    } else {
        x->kernels->bf16_to_f32(buffer, from, x->cols);
    }
    return buffer;
}

const float *vise_row_source_read(const vise_row_source *s, int64_t row, float *buffer) {
    const vise_kernels *k = s->kernels;
    const float *x = read_row(&s->x, row, buffer);
    int64_t n = s->x.cols;
    switch (s->kind) {
    case VISE_PROLOGUE_NONE: break;
    case VISE_PROLOGUE_LAYER_NORM:
        vise_layer_norm_row(k, buffer, x, n, s->eps, s->weight, s->bias);
        x = buffer;
        break;
    case VISE_PROLOGUE_RMS_NORM:
        vise_rms_norm_row(k, buffer, x, n, s->eps, s->weight);
        x = buffer;
        break;
    case VISE_PROLOGUE_GELU_TANH:
    case VISE_PROLOGUE_GELU_ERF:
        vise_gelu_row(k, buffer, x, n,
                      s->kind == VISE_PROLOGUE_GELU_ERF ? VISE_GELU_ERF : VISE_GELU_TANH);
        x = buffer;
        break;
    case VISE_PROLOGUE_SILU_MUL:
        vise_silu_mul_row(k, buffer, x, s->up + row * s->up_step, n);
        x = buffer;
        break;
    }
    if (!s->shift) return x;
    int64_t batch = row / s->per_batch;
    vise_modulate_row(k, buffer, x, n, s->shift + batch * s->shift_step,
                      s->mod_scale + batch * s->mod_scale_step);
    return buffer;
}
