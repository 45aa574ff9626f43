#include "engine/coded_linear.h"

#include <string.h>

#include "engine/mem.h"
#include "engine/ops/argument.h"
#include "engine/row_encoder.h"

enum {
    BLOCK_ROWS = 1024, // activations coded at once: bounds the memory
    TILE_ROWS = 64,    // activations an integer tile multiplies with one panel
    DECODED_ROWS = 32, // weights a decoded tile holds, and how many of their columns
    DECODED_COLS = 512,
    DECODED_TILE = 512, // activations it multiplies with them
    FEW = 8,
};

// --- shapes, bias and output, common to both products

typedef struct linear_args {
    vise_matrix x, bias; // bias.data is NULL without one
    float *y;
    int64_t outputs;
} linear_args;

static vise_status check_args(linear_args *out, const vise_context *ctx, vise_tensor *y,
                              const vise_tensor *x, int64_t rows, int64_t cols,
                              const vise_tensor *bias, bool same_ok, vise_error *err) {
    char text[96];
    linear_args a = {.outputs = rows};
    vise_status st = vise_matrix_of(&a.x, &ctx->kernels, x, "the input", err);
    if (!st && bias) st = vise_matrix_of(&a.bias, &ctx->kernels, bias, "the bias", err);
    if (st) return st;
    if (x->ndim < 1 || a.x.cols != cols) {
        return vise_fail(err, VISE_EINVAL, "E-SC-10",
                         "the input is %s, expected %lld columns for weights of %lld x %lld",
                         vise_tensor_describe(text, sizeof text, x), (long long)cols,
                         (long long)rows, (long long)cols);
    }
    if (bias && (bias->ndim != 1 || a.bias.cols != rows)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-10", "the bias is %s, expected %lld elements",
                         vise_tensor_describe(text, sizeof text, bias), (long long)rows);
    }
    int64_t shape[VISE_MAX_RANK];
    for (int i = 0; i < x->ndim; i++) shape[i] = x->shape[i];
    shape[x->ndim - 1] = rows;
    st = vise_argument_apart(y, x, same_ok, "the input", err);
    if (!st && bias) st = vise_argument_apart(y, bias, false, "the bias", err);
    if (!st) st = vise_tensor_output(y, VISE_F32, x->ndim, shape, err);
    if (st) return st;
    a.y = y->data;
    *out = a;
    return VISE_OK;
}

// --- integer product

typedef struct integer_job {
    const vise_context *ctx;
    const linear_args *args;
    const vise_packed *w;
    int64_t first, rows; // the block of activations: rows [first, first + rows)
    int8_t *codes;       // [rows][groups * pitch]
    float *scale;        // [rows][groups]
    int32_t *sums;       // [rows][groups], 4-bit weights only
} integer_job;

static int64_t block_rows(int64_t rows) {
    return rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
}

static int64_t row_bytes(const vise_packed *w) {
    int64_t step = sizeof(float) + (w->scheme.bits == 4 ? sizeof(int32_t) : 0);
    return w->groups * (w->pitch + step);
}

int64_t vise_integer_linear_bytes(const vise_packed *w, int64_t rows) {
    return block_rows(rows) * row_bytes(w);
}

static vise_status check_pair(const vise_packed *w, const vise_scheme *a, vise_error *err) {
    bool grouped = a->granularity == VISE_PER_GROUP;
    bool same = w->scheme.granularity == VISE_PER_GROUP && a->group == w->scheme.group;
    bool known = a->element == VISE_ELEMENT_INT && a->symmetric &&
                 a->granularity != VISE_PER_ROW && a->granularity != VISE_PER_BLOCK;
    if (known && (!grouped || same)) return VISE_OK;
    char weights[VISE_SCHEME_TEXT], activations[VISE_SCHEME_TEXT];
    return vise_fail(err, VISE_EINVAL, "E-SC-08",
                     "no integer kernel for weights in %s with activations in %s; allowed: "
                     "symmetric activations per tensor, per token or in groups equal to the "
                     "weights'",
                     vise_scheme_describe(weights, sizeof weights, &w->scheme),
                     vise_scheme_describe(activations, sizeof activations, a));
}

static void w8a8_tile(const integer_job *j, int64_t row, int64_t rows, int64_t panel, int n,
                      const float *bias) {
    const vise_packed *w = j->w;
    int64_t col = panel * VISE_PANEL;
    vise_w8a8 p = {
        .m = rows,
        .k = w->pitch,
        .x = j->codes + row * w->pitch,
        .ldx = w->pitch,
        .xscale = j->scale + row,
        .w = (const int8_t *)w->codes + panel * vise_packed_panel(w),
        .wsum = w->wsum + col,
        .wscale = w->scale + col,
        .bias = bias,
        .y = j->args->y + (j->first + row) * j->args->outputs + col,
        .ldy = j->args->outputs,
        .n = n,
    };
    j->ctx->kernels.w8a8(&p);
}

static void w4a8_tile(const integer_job *j, int64_t row, int64_t rows, int64_t panel, int n,
                      const float *bias) {
    const vise_packed *w = j->w;
    int64_t ldx = w->groups * w->pitch;
    vise_w4a8 p = {
        .m = rows,
        .groups = w->groups,
        .group = w->pitch,
        .x = j->codes + row * ldx,
        .ldx = ldx,
        .xsum = j->sums + row * w->groups,
        .xscale = j->scale + row * w->groups,
        .w = (const uint8_t *)w->codes + panel * vise_packed_panel(w),
        .wscale = w->scale + panel * w->groups * VISE_PANEL,
        .bias = bias,
        .y = j->args->y + (j->first + row) * j->args->outputs + panel * VISE_PANEL,
        .ldy = j->args->outputs,
        .n = n,
    };
    j->ctx->kernels.w4a8(&p);
}

// Panels run fastest: the rows of a tile stay in cache while the weights stream past.
static void integer_tile(void *job, int64_t tile) {
    const integer_job *j = job;
    int64_t panel = tile % j->w->panels, row = tile / j->w->panels * TILE_ROWS;
    int64_t rows = j->rows - row < TILE_ROWS ? j->rows - row : TILE_ROWS;
    int64_t left = j->args->outputs - panel * VISE_PANEL;
    int n = left < VISE_PANEL ? (int)left : VISE_PANEL;
    float buffer[VISE_PIECE];
    const float *bias = NULL;
    if (j->args->bias.data) {
        bias = vise_matrix_read(&j->args->bias, 0, panel * VISE_PANEL, n, buffer);
    }
    (j->w->scheme.bits == 8 ? w8a8_tile : w4a8_tile)(j, row, rows, panel, n, bias);
}

static vise_status integer_blocks(integer_job *j, const vise_encoding *e, vise_error *err) {
    const vise_matrix *x = &j->args->x;
    const vise_packed *w = j->w;
    vise_row_sink sink = {
        .span = w->group,
        .spans = w->groups,
        .pitch = w->groups * w->pitch,
        .codes = j->codes,
        .span_pitch = w->pitch,
        .scale_dtype = VISE_F32,
        .scale = j->scale,
        .sums = j->sums,
    };
    vise_status st = VISE_OK;
    for (; !st && j->first < x->rows; j->first += j->rows) {
        j->rows = block_rows(x->rows - j->first);
        int64_t tiles = (j->rows + TILE_ROWS - 1) / TILE_ROWS * w->panels;
        st = vise_encode_rows(j->ctx, e, x, j->first, j->rows, &sink, err);
        if (!st) st = vise_parallel(j->ctx, tiles, integer_tile, j, err);
    }
    return st;
}

vise_status vise_integer_linear(const vise_context *ctx, vise_tensor *y, const vise_tensor *x,
                                const vise_packed *w, const vise_scheme *a,
                                const vise_tensor *bias, const float *scale, vise_error *err) {
    vise_tensor made = *y;
    linear_args args;
    vise_encoding e;
    vise_status st = check_pair(w, a, err);
    if (!st) st = check_args(&args, ctx, &made, x, w->rows, w->cols, bias, true, err);
    if (st) return st;

    integer_job j = {.ctx = ctx, .args = &args, .w = w};
    int64_t rows = block_rows(args.x.rows), steps = rows * w->groups;
    // One block: the codes, then the scales and the sums, each a multiple of four bytes.
    j.codes = vise_calloc((size_t)vise_integer_linear_bytes(w, args.x.rows));
    if (!j.codes) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld bytes of activations",
                       (long long)vise_integer_linear_bytes(w, args.x.rows));
        goto done;
    }
    j.scale = (float *)(void *)(j.codes + rows * w->groups * w->pitch);
    if (w->scheme.bits == 4) j.sums = (int32_t *)(void *)(j.scale + steps);
    st = scale ? vise_encoding_of_scale(&e, a, *scale, err)
               : vise_encoding_make(ctx, &e, a, false, &args.x, err);
    if (!st) st = integer_blocks(&j, &e, err);

done:
    vise_free(j.codes);
    if (st && !y->buf) vise_tensor_release(&made);
    if (!st) *y = made;
    return st;
}

// --- weight-only product

typedef struct decoded_job {
    const vise_context *ctx;
    const linear_args *args;
    const vise_coded *w;
    int64_t panels;
} decoded_job;

static void add_bias(const linear_args *args, float *y, int64_t rows, int64_t col, int64_t n) {
    float buffer[VISE_PIECE];
    if (!args->bias.data) return;
    const float *bias = vise_matrix_read(&args->bias, 0, col, n, buffer);
    for (int64_t i = 0; i < rows; i++, y += args->outputs) {
        for (int64_t k = 0; k < n; k++) y[k] += bias[k];
    }
}

static void decoded_tile(void *job, int64_t tile) {
    const decoded_job *j = job;
    const vise_kernels *k = &j->ctx->kernels;
    const linear_args *args = j->args;
    int64_t col = tile % j->panels * DECODED_ROWS, row = tile / j->panels * DECODED_TILE;
    int64_t n = args->outputs - col < DECODED_ROWS ? args->outputs - col : DECODED_ROWS;
    int64_t m = args->x.rows - row < DECODED_TILE ? args->x.rows - row : DECODED_TILE;
    float w[DECODED_ROWS * DECODED_COLS];
    float *y = args->y + row * args->outputs + col;
    for (int64_t i = 0; i < m && j->w->cols == 0; i++) {
        memset(y + i * args->outputs, 0, (size_t)n * sizeof *y);
    }
    for (int64_t first = 0; first < j->w->cols; first += DECODED_COLS) {
        int64_t left = j->w->cols - first, depth = left < DECODED_COLS ? left : DECODED_COLS;
        for (int64_t i = 0; i < n; i++) {
            vise_coded_read(k, w + i * DECODED_COLS, j->w, col + i, first, depth);
        }
        vise_gemm g = {
            .trans_b = true,
            .add = first > 0,
            .m = m,
            .n = n,
            .k = depth,
            .a = (const float *)(const void *)args->x.data + row * args->x.stride + first,
            .lda = args->x.stride,
            .b = w,
            .ldb = DECODED_COLS,
            .c = y,
            .ldc = args->outputs,
        };
        (m <= FEW ? k->gemm_few : k->gemm)(&g);
    }
    add_bias(args, y, m, col, n);
}

vise_status vise_decoded_linear(const vise_context *ctx, vise_tensor *y, const vise_tensor *x,
                                const vise_coded *w, const vise_tensor *bias, vise_error *err) {
    vise_tensor made = *y;
    linear_args args;
    vise_status st = vise_tensor_expect(x, VISE_F32, "the input", err);
    if (!st) st = vise_coded_apart(y, w, err);
    if (!st) st = check_args(&args, ctx, &made, x, w->rows, w->cols, bias, false, err);
    if (st) return st;
    decoded_job j = {ctx, &args, w, (w->rows + DECODED_ROWS - 1) / DECODED_ROWS};
    int64_t blocks = (args.x.rows + DECODED_TILE - 1) / DECODED_TILE;
    st = vise_parallel(ctx, j.panels * blocks, decoded_tile, &j, err);
    if (st && !y->buf) vise_tensor_release(&made);
    if (!st) *y = made;
    return st;
}
