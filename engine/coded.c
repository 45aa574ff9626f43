#include "engine/coded.h"

#include <math.h>
#include <string.h>

#include "engine/code_bits.h"
#include "engine/given_steps.h"
#include "engine/importance.h"
#include "engine/ops/argument.h"
#include "engine/row_encoder.h"
#include "engine/workspace.h"

void vise_coded_release(vise_coded *c) {
    for (int i = 0; i < VISE_PART_COUNT; i++) vise_tensor_release(&c->part[i]);
    memset(c, 0, sizeof *c);
}

int64_t vise_coded_bytes(const vise_coded *c) {
    int64_t bytes = 0;
    for (int i = 0; i < VISE_PART_COUNT; i++) {
        if (c->part[i].buf) bytes += vise_tensor_bytes(&c->part[i]);
    }
    return bytes;
}

// Makes the parts: codes, which are all written, and zeros.
static vise_status make_parts(vise_coded *c, vise_error *err) {
    vise_scheme_layout plan;
    vise_status st = vise_scheme_plan(&plan, &c->scheme, c->rows, c->cols, err);
    for (int i = 0; !st && i < plan.count; i++) {
        const vise_scheme_part *p = &plan.part[i];
        st = p->part == VISE_PART_CODES
                 ? vise_tensor_raw(&c->part[p->part], p->dtype, p->ndim, p->shape, err)
                 : vise_tensor_new(&c->part[p->part], p->dtype, p->ndim, p->shape, err);
    }
    return st;
}

// Unsigned 8-bit codes are stored as they are, not centred.
static void toggle_centre(const vise_scheme *s, uint8_t *codes, int64_t n) {
    if (s->bits != 8 || s->lo != 0) return;
    enum { BLOCK = 64 }; // a loop of fixed length becomes vectors
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        for (int k = 0; k < BLOCK; k++) codes[i + k] ^= 0x80;
    }
    for (; i < n; i++) codes[i] ^= 0x80;
}

void vise_coded_put_shared(const vise_kernels *k, vise_coded *c, vise_step step,
                           vise_upper upper) {
    const vise_tensor *scale = &c->part[VISE_PART_SCALE], *zero = &c->part[VISE_PART_ZERO];
    const vise_tensor *second = &c->part[VISE_PART_SECOND];
    bool whole = c->scheme.granularity == VISE_PER_TENSOR;
    if (whole) vise_steps_store(k, scale->dtype, scale->data, 0, &step.scale, 1);
    if (whole && zero->buf) vise_steps_store(k, zero->dtype, zero->data, 0, &step.zero, 1);
    if (c->scheme.second == VISE_SECOND_TENSOR) {
        vise_steps_store(k, second->dtype, second->data, 0, &upper.stored, 1);
    }
}

vise_status vise_coded_new(vise_coded *out, const vise_scheme *s, int64_t rows, int64_t cols,
                           vise_error *err) {
    vise_coded c = {.scheme = *s, .rows = rows, .cols = cols};
    vise_status st = make_parts(&c, err);
    if (st) {
        vise_coded_release(&c);
    } else {
        *out = c;
    }
    return st;
}

void vise_coded_put_row(const vise_kernels *k, vise_coded *c, int64_t row, const int8_t *q) {
    const vise_tensor *t = &c->part[VISE_PART_CODES];
    uint8_t *to = (uint8_t *)t->data + row * t->stride;
    if (c->scheme.bits == 4) {
        k->pack4(to, q, c->cols);
        return;
    }
    if (c->scheme.bits < 4) {
        vise_bits_put(to, 0, q, c->cols, c->scheme.bits);
        return;
    }
    memcpy(to, q, (size_t)c->cols);
    toggle_centre(&c->scheme, to, c->cols);
}

static bool is_given(const vise_encode_options *opt) {
    bool any = false;
    for (int i = VISE_PART_SCALE; i < VISE_PART_COUNT; i++) any |= opt->given[i] != NULL;
    return any;
}

static vise_status encode_parts(const vise_context *ctx, vise_coded *c,
                                const vise_encode_options *opt, const vise_matrix *m,
                                vise_error *err) {
    const vise_scheme *s = &c->scheme;
    vise_tensor *codes = &c->part[VISE_PART_CODES], *scale = &c->part[VISE_PART_SCALE];
    vise_tensor *zero = &c->part[VISE_PART_ZERO], *second = &c->part[VISE_PART_SECOND];
    const bool whole = s->granularity == VISE_PER_TENSOR, given = is_given(opt);
    vise_encoding e;
    vise_status st = given ? vise_given_encoding(ctx, &e, c, opt->given, err)
                           : vise_encoding_make(ctx, &e, s, &opt->search, m, err);
    if (st) return st;
    vise_row_sink sink = {
        .pitch = codes->stride,
        .codes = s->bits == 8 ? codes->data : NULL,
        .packed = s->bits < 8 ? codes->data : NULL,
        .scale_dtype = scale->dtype,
        .zero_dtype = zero->dtype,
        .upper_dtype = second->dtype,
        .scale = whole || given ? NULL : scale->data,
        .zero = whole || given ? NULL : zero->data,
        .upper = s->second == VISE_SECOND_ROW && !given ? second->data : NULL,
    };
    st = vise_encode_rows(ctx, &e, m, 0, c->rows, &sink, err);
    if (st) return st;
    vise_coded_put_shared(&ctx->kernels, c, e.step, e.upper);
    toggle_centre(s, codes->data, vise_tensor_count(codes));
    return VISE_OK;
}

vise_status vise_encode(const vise_context *ctx, vise_coded *out, const vise_scheme *s,
                        const vise_encode_options *opt, const vise_tensor *x, vise_error *err) {
    vise_coded c = {0};
    vise_matrix m;
    if (opt->search.on && is_given(opt)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-13",
                         "steps are given and to be searched, expected one of the two");
    }
    if (opt->importance && !opt->search.on) {
        return vise_fail(err, VISE_EINVAL, "E-SC-14",
                         "importance is given, but no search that it could weigh");
    }
    vise_status st = vise_matrix_of(&m, &ctx->kernels, x, "the input", err);
    if (!st) st = vise_coded_new(&c, s, m.rows, m.cols, err);
    vise_encode_options with = *opt;
    float *importance = NULL;
    if (!st && opt->importance) {
        st = vise_importance_make(ctx, &importance, opt->importance, m.cols, err);
        with.search.importance = importance;
    }
    if (!st) st = encode_parts(ctx, &c, &with, &m, err);
    vise_work_give(ctx, importance);
    if (st) {
        vise_coded_release(&c);
    } else {
        *out = c;
    }
    return st;
}

vise_status vise_simulate(const vise_context *ctx, vise_tensor *out, const vise_scheme *s,
                          const vise_tensor *x, const float *scale, vise_error *err) {
    vise_tensor made = *out;
    vise_matrix m;
    vise_encoding e;
    vise_scheme_layout plan;
    vise_status st = vise_matrix_of(&m, &ctx->kernels, x, "the input", err);
    if (!st) st = vise_scheme_plan(&plan, s, m.rows, m.cols, err);
    if (!st) st = vise_argument_apart(out, x, true, "the input", err);
    if (!st) st = vise_tensor_output(&made, VISE_F32, x->ndim, x->shape, err);
    if (st) return st;
    st = scale ? vise_encoding_of_scale(&e, s, *scale, err)
               : vise_encoding_make(ctx, &e, s, NULL, &m, err);
    vise_row_sink sink = {
        .values = made.data,
    };
    if (!st) st = vise_encode_rows(ctx, &e, &m, 0, m.rows, &sink, err);
    if (st && !out->buf) vise_tensor_release(&made);
    if (!st) *out = made;
    return st;
}

static vise_status check_part(const vise_scheme_part *want, const vise_tensor *got,
                              vise_error *err) {
    char found[96], expected[96];
    if (!got) {
        return vise_fail(err, VISE_EFORMAT, "E-SC-06", "tensor '%s' is missing",
                         vise_part_name(want->part));
    }
    vise_tensor shape = {.dtype = want->dtype, .ndim = want->ndim};
    memcpy(shape.shape, want->shape, sizeof want->shape);
    if (got->dtype != want->dtype || !vise_tensor_same_shape(got, &shape) ||
        !vise_tensor_contiguous(got)) {
        return vise_fail(err, VISE_EFORMAT, "E-SC-06", "tensor '%s' is %s%s, expected %s",
                         vise_part_name(want->part),
                         vise_tensor_describe(found, sizeof found, got),
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

static vise_status check_codes(const vise_coded *c, vise_error *err) {
    const vise_tensor *t = &c->part[VISE_PART_CODES];
    const uint8_t *codes = t->data;
    if (c->scheme.element == VISE_ELEMENT_F8) {
        int64_t bad = vise_tensor_nonfinite(t);
        if (bad < 0) return VISE_OK;
        return vise_fail(err, VISE_EFORMAT, "E-SC-07",
                         "element %lld of tensor 'codes' is NaN, expected a finite number",
                         (long long)bad + 1);
    }
    const int64_t used = c->cols % 8 * c->scheme.bits % 8; // bits of the last byte
    if (used == 0) return VISE_OK;
    for (int64_t r = 0; r < c->rows; r++) {
        int padding = codes[(r + 1) * t->stride - 1] >> used;
        if (padding) {
            return vise_fail(err, VISE_EFORMAT, "E-SC-07",
                             "the padding bits of row %lld of tensor 'codes' are %d, "
                             "expected 0",
                             (long long)r + 1, padding);
        }
    }
    return VISE_OK;
}

// A part that is given although the scheme has none.
static vise_status check_superfluous(const vise_scheme *s, const vise_scheme_layout *plan,
                                     const vise_tensor *const part[VISE_PART_COUNT],
                                     vise_error *err) {
    bool known[VISE_PART_COUNT] = {0};
    for (int i = 0; i < plan->count; i++) known[plan->part[i].part] = true;
    for (int i = 0; i < VISE_PART_COUNT; i++) {
        if (!part[i] || known[i]) continue;
        return vise_fail(err, VISE_EFORMAT, "E-SC-06",
                         "tensor '%s' is given, but convention '%s' has no %s",
                         vise_part_name((vise_part)i), vise_convention_name(s->convention),
                         i == VISE_PART_ZERO ? "zero point" : "second level");
    }
    return VISE_OK;
}

vise_status vise_coded_build(vise_coded *out, const vise_scheme *s, int64_t rows, int64_t cols,
                             const vise_tensor *const part[VISE_PART_COUNT], vise_error *err) {
    vise_coded c = {.scheme = *s, .rows = rows, .cols = cols};
    vise_scheme_layout plan;
    vise_status st = vise_scheme_plan(&plan, s, rows, cols, err);
    if (!st) st = check_superfluous(s, &plan, part, err);
    for (int i = 0; !st && i < plan.count; i++) {
        vise_part which = plan.part[i].part;
        st = check_part(&plan.part[i], part[which], err);
        if (!st) c.part[which] = *part[which]; // borrowed until all is well
    }
    if (!st) st = check_codes(&c, err);
    for (int i = 1; !st && i < plan.count; i++) {
        vise_part which = plan.part[i].part;
        st = check_steps(s, vise_part_name(which), part[which], err);
    }
    if (st) return st;
    for (int i = 0; i < plan.count; i++) {
        vise_part which = plan.part[i].part;
        vise_tensor_share(&c.part[which], part[which]);
    }
    *out = c;
    return VISE_OK;
}

int64_t vise_coded_step(const vise_coded *c, int64_t row) {
    if (c->scheme.granularity == VISE_PER_TENSOR) return 0;
    return row / c->scheme.block_rows * vise_scheme_runs(&c->scheme, c->cols);
}

float vise_coded_load(const vise_coded *c, vise_part part, int64_t i) {
    return vise_step_load(c->part[part].dtype, c->part[part].data, i);
}

// Centred codes (engine/codec.h) of columns [first, first + count) of a row; `first` is even.
static void read_codes(const vise_kernels *k, int8_t *q, const vise_coded *c, int64_t row,
                       int64_t first, int64_t count) {
    const vise_tensor *t = &c->part[VISE_PART_CODES];
    const uint8_t *codes = (const uint8_t *)t->data + row * t->stride;
    if (c->scheme.bits == 4) {
        k->unpack4(q, codes + first / 2, count, -8);
        return;
    }
    if (c->scheme.bits < 4) {
        vise_bits_get(q, codes, first, count, c->scheme.bits);
        return;
    }
    memcpy(q, codes + first, (size_t)count);
    toggle_centre(&c->scheme, (uint8_t *)q, count);
}

static void decode_row(const vise_kernels *k, float *x, const vise_coded *c, int64_t row) {
    int8_t q[VISE_PIECE];
    int64_t count = c->cols, run = vise_scheme_run(&c->scheme, count);
    int64_t i = vise_coded_step(c, row), in_run = run, in_piece = 0;
    vise_step step = {.upper = 1};
    if (c->scheme.second == VISE_SECOND_TENSOR)
        step.upper = vise_coded_load(c, VISE_PART_SECOND, 0);
    if (c->scheme.second == VISE_SECOND_ROW)
        step.upper = vise_coded_load(c, VISE_PART_SECOND, row);
    for (int64_t done = 0, at = 0, n; done < count; done += n, at += n) {
        if (in_piece == 0) {
            in_piece = count - done < VISE_PIECE ? count - done : VISE_PIECE;
            read_codes(k, q, c, row, done, in_piece);
            at = 0;
        }
        step.scale = vise_coded_load(c, VISE_PART_SCALE, i);
        if (c->scheme.zero != VISE_ZERO_NONE) step.zero = vise_coded_load(c, VISE_PART_ZERO, i);
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
        decode_row(j->kernels, j->x + row * cols, j->c, row);
    }
}

// `out` must not share memory with a part, which it would overwrite.
static vise_status check_apart(const vise_tensor *out, const vise_coded *c, vise_error *err) {
    for (int i = 0; i < VISE_PART_COUNT; i++) {
        vise_status st =
            vise_argument_apart(out, &c->part[i], false, vise_part_name((vise_part)i), err);
        if (st) return st;
    }
    return VISE_OK;
}

vise_status vise_decode(const vise_context *ctx, vise_tensor *out, const vise_coded *c,
                        vise_error *err) {
    vise_status st = check_apart(out, c, err);
    if (!st) st = vise_tensor_output(out, VISE_F32, 2, (int64_t[]){c->rows, c->cols}, err);
    if (st) return st;
    int64_t rows = 1 + 16384 / (c->cols + 1);
    decode_job j = {&ctx->kernels, c, out->data, rows};
    return vise_parallel(ctx, (c->rows + rows - 1) / rows, decode_tile, &j, err);
}
