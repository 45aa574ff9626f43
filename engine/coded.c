#include "engine/coded.h"

#include <math.h>
#include <string.h>

#include "engine/ops/argument.h"
#include "engine/row_encoder.h"

void vise_coded_release(vise_coded *c) {
    vise_tensor_release(&c->codes);
    vise_tensor_release(&c->scale);
    vise_tensor_release(&c->zero);
    memset(c, 0, sizeof *c);
}

int64_t vise_coded_bytes(const vise_coded *c) {
    int64_t zero = c->zero.buf ? vise_tensor_bytes(&c->zero) : 0;
    return vise_tensor_bytes(&c->codes) + vise_tensor_bytes(&c->scale) + zero;
}

// The tensor that holds part `i` of the layout.
static vise_tensor *part_of(vise_coded *c, int i) {
    return i == 0 ? &c->codes : i == 1 ? &c->scale : &c->zero;
}

// Makes the parts, all zeros.
static vise_status make_parts(vise_coded *c, vise_error *err) {
    vise_scheme_layout plan;
    vise_status st = vise_scheme_plan(&plan, &c->scheme, c->rows, c->cols, err);
    for (int i = 0; !st && i < plan.count; i++) {
        const vise_scheme_part *p = &plan.part[i];
        st = vise_tensor_new(part_of(c, i), p->dtype, p->ndim, p->shape, err);
    }
    return st;
}

// Unsigned 8-bit codes are stored as they are, not centred.
static void toggle_centre(const vise_scheme *s, uint8_t *codes, int64_t n) {
    if (s->bits != 8 || s->lo != 0) return;
    for (int64_t i = 0; i < n; i++) codes[i] ^= 0x80;
}

static vise_status encode_parts(const vise_context *ctx, vise_coded *c, const vise_matrix *m,
                                vise_error *err) {
    const vise_scheme *s = &c->scheme;
    bool whole = s->granularity == VISE_PER_TENSOR;
    vise_step step;
    vise_status st = VISE_OK;
    if (whole) st = vise_encode_shared_step(ctx, &step, s, m, err);
    if (st) return st;
    int64_t span = vise_scheme_run(s, c->cols);
    vise_row_sink sink = {
        .span = span,
        .spans = vise_scheme_runs(s, c->cols),
        .pitch = c->codes.stride,
        .codes = s->bits == 8 ? c->codes.data : NULL,
        .span_pitch = span,
        .nibbles = s->bits == 4 ? c->codes.data : NULL,
        .scale_dtype = c->scale.dtype,
        .zero_dtype = c->zero.dtype,
        .scale = whole ? NULL : c->scale.data,
        .zero = whole ? NULL : c->zero.data,
    };
    st = vise_encode_rows(ctx, s, m, 0, c->rows, whole ? &step : NULL, &sink, err);
    if (st) return st;
    if (whole) {
        vise_step_store(c->scale.dtype, c->scale.data, 0, step.scale);
        if (c->zero.buf) vise_step_store(c->zero.dtype, c->zero.data, 0, step.zero);
    }
    toggle_centre(s, c->codes.data, vise_tensor_count(&c->codes));
    return VISE_OK;
}

vise_status vise_encode(const vise_context *ctx, vise_coded *out, const vise_scheme *s,
                        const vise_tensor *x, vise_error *err) {
    vise_coded c = {.scheme = *s};
    vise_matrix m;
    vise_status st = vise_matrix_of(&m, &ctx->kernels, x, "the input", err);
    if (st) return st;
    c.rows = m.rows;
    c.cols = m.cols;
    st = make_parts(&c, err);
    if (!st) st = encode_parts(ctx, &c, &m, err);
    if (st) {
        vise_coded_release(&c);
    } else {
        *out = c;
    }
    return st;
}

static vise_status check_part(const vise_scheme_part *want, const vise_tensor *got,
                              vise_error *err) {
    char found[96], expected[96];
    if (!got) {
        return vise_fail(err, VISE_EFORMAT, "E-SC-06", "tensor '%s' is missing", want->name);
    }
    vise_tensor shape = {.dtype = want->dtype, .ndim = want->ndim};
    memcpy(shape.shape, want->shape, sizeof want->shape);
    if (got->dtype != want->dtype || !vise_tensor_same_shape(got, &shape) ||
        !vise_tensor_contiguous(got)) {
        return vise_fail(err, VISE_EFORMAT, "E-SC-06", "tensor '%s' is %s%s, expected %s",
                         want->name, vise_tensor_describe(found, sizeof found, got),
                         vise_tensor_contiguous(got) ? "" : " (strided)",
                         vise_tensor_describe(expected, sizeof expected, &shape));
    }
    return VISE_OK;
}

static vise_status check_steps(const vise_scheme *s, const char *name, const vise_tensor *t,
                               vise_error *err) {
    int64_t n = vise_tensor_count(t);
    double most = t->dtype == VISE_U8 ? s->hi : HUGE_VAL;
    for (int64_t i = 0; i < n; i++) {
        double v = vise_tensor_get(t, i);
        if (!isfinite(v) || v > most) {
            return vise_fail(err, VISE_EFORMAT, "E-SC-07",
                             "element %lld of tensor '%s' is %g, expected a finite number%s",
                             (long long)i + 1, name, v,
                             t->dtype == VISE_U8 ? " that is a code" : "");
        }
    }
    return VISE_OK;
}

static vise_status check_padding(const vise_coded *c, vise_error *err) {
    if (c->scheme.bits != 4 || c->cols % 2 == 0) return VISE_OK;
    const uint8_t *codes = c->codes.data;
    for (int64_t r = 0; r < c->rows; r++) {
        int nibble = codes[r * c->codes.stride + c->cols / 2] >> 4;
        if (nibble) {
            return vise_fail(err, VISE_EFORMAT, "E-SC-07",
                             "the padding nibble of row %lld of tensor 'codes' is %d, "
                             "expected 0",
                             (long long)r + 1, nibble);
        }
    }
    return VISE_OK;
}

vise_status vise_coded_build(vise_coded *out, const vise_scheme *s, int64_t rows, int64_t cols,
                             const vise_tensor *codes, const vise_tensor *scale,
                             const vise_tensor *zero, vise_error *err) {
    const vise_tensor *given[3] = {codes, scale, zero};
    vise_coded c = {.scheme = *s, .rows = rows, .cols = cols};
    vise_scheme_layout plan;
    vise_status st = vise_scheme_plan(&plan, s, rows, cols, err);
    if (st) return st;
    if (zero && plan.count < 3) {
        return vise_fail(err, VISE_EFORMAT, "E-SC-06",
                         "tensor 'zero' is given, but convention '%s' has no zero point",
                         vise_convention_name(s->convention));
    }
    for (int i = 0; !st && i < plan.count; i++) {
        st = check_part(&plan.part[i], given[i], err);
        if (!st) *part_of(&c, i) = *given[i]; // borrowed until all is well
    }
    if (!st) st = check_padding(&c, err);
    for (int i = 1; !st && i < plan.count; i++) {
        st = check_steps(s, plan.part[i].name, given[i], err);
    }
    if (st) return st;
    for (int i = 0; i < plan.count; i++) vise_tensor_share(part_of(&c, i), given[i]);
    *out = c;
    return VISE_OK;
}

// Where the steps of a row start.
static int64_t first_step(const vise_coded *c, int64_t row) {
    if (c->scheme.granularity == VISE_PER_TENSOR) return 0;
    return row * vise_scheme_runs(&c->scheme, c->cols);
}

float vise_coded_scale(const vise_coded *c, int64_t row, int64_t run) {
    return vise_step_load(c->scale.dtype, c->scale.data, first_step(c, row) + run);
}

void vise_coded_codes(const vise_kernels *k, int8_t *q, const vise_coded *c, int64_t row,
                      int64_t first, int64_t count) {
    const uint8_t *codes = (const uint8_t *)c->codes.data + row * c->codes.stride;
    if (c->scheme.bits == 4) {
        k->unpack4(q, codes + first / 2, count, -8);
        return;
    }
    memcpy(q, codes + first, (size_t)count);
    toggle_centre(&c->scheme, (uint8_t *)q, count);
}

void vise_coded_read(const vise_kernels *k, float *x, const vise_coded *c, int64_t row,
                     int64_t first, int64_t count) {
    if (count == 0) return;
    int8_t q[VISE_PIECE];
    int64_t run = vise_scheme_run(&c->scheme, c->cols);
    int64_t i = first_step(c, row) + first / run, in_run = run - first % run, in_piece = 0;
    for (int64_t done = 0, at = 0, n; done < count; done += n, at += n) {
        if (in_piece == 0) {
            in_piece = count - done < VISE_PIECE ? count - done : VISE_PIECE;
            vise_coded_codes(k, q, c, row, first + done, in_piece);
            at = 0;
        }
        vise_step step = {vise_step_load(c->scale.dtype, c->scale.data, i), 0, 0};
        if (c->zero.buf) step.zero = vise_step_load(c->zero.dtype, c->zero.data, i);
        n = in_run < in_piece ? in_run : in_piece;
        vise_step_decode(k, &c->scheme, step, x + done, q + at, n);
        in_piece -= n;
        in_run -= n;
        if (in_run == 0) {
            i++;
            in_run = run;
        }
    }
}

typedef struct decode_job {
    const vise_kernels *kernels;
    const vise_coded *c;
    float *x;
    int64_t rows_a_tile;
} decode_job;

static void decode_tile(void *job, int64_t tile) {
    const decode_job *j = job;
    int64_t row = tile * j->rows_a_tile, end = row + j->rows_a_tile, cols = j->c->cols;
    if (end > j->c->rows) end = j->c->rows;
    for (; row < end; row++) {
        vise_coded_read(j->kernels, j->x + row * cols, j->c, row, 0, cols);
    }
}

vise_status vise_decode(const vise_context *ctx, vise_tensor *out, const vise_coded *c,
                        vise_error *err) {
    vise_status st = vise_argument_apart(out, &c->scale, false, "the scales", err);
    if (!st) st = vise_argument_apart(out, &c->zero, false, "the zero points", err);
    if (!st) st = vise_tensor_output(out, VISE_F32, 2, (int64_t[]){c->rows, c->cols}, err);
    if (st) return st;
    int64_t rows = 1 + 16384 / (c->cols + 1);
    decode_job j = {&ctx->kernels, c, out->data, rows};
    return vise_parallel(ctx, (c->rows + rows - 1) / rows, decode_tile, &j, err);
}
