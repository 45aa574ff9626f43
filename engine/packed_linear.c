#include "engine/packed_linear.h"

#include <string.h>

#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

enum {
    TILE_STRIPS = 20,    // whose rows of 4,096 codes stay in the second cache
    TILE_WORK = 1 << 21, // multiplications that make a tile worth while
    WEIGHT_ROWS = 8,     // to read a weight takes as long as to multiply this many rows
};

typedef struct linear_job {
    const vise_context *ctx;
    const vise_rows *rows;
    const vise_packed *w, *up;
    vise_matrix bias; // bias.data is NULL without one
    float *y;
    int64_t blocks, across; // blocks of strips; tiles for the panels of one
    int64_t panels;         // a tile
    int64_t block_rows;     // the most rows of a block
    vise_scratch scratch;   // closed without `up`
} linear_job;

// --- one panel times some strips

static void int8_panel(const linear_job *j, const vise_product *to, int64_t panel) {
    vise_int8_product p = {.to = *to, .x = j->rows->strips, .xscale = j->rows->scale};
    vise_packed_int8(&p, j->w, panel);
    j->ctx->kernels.int8_product(&p);
}

static void grouped_panel(const linear_job *j, const vise_product *to, int64_t panel) {
    vise_grouped_product p = {
        .to = *to,
        .x = j->rows->strips,
        .xsum = j->rows->sums,
        .xscale = j->rows->scale,
        .xrow = j->rows->row,
    };
    vise_packed_grouped(&p, j->w, panel);
    j->ctx->kernels.grouped_product(&p);
}

static void float8_panel(const linear_job *j, const vise_product *to, int64_t panel) {
    vise_float8_product p = {.to = *to, .x = j->rows->strips, .xscale = j->rows->scale};
    vise_packed_float8(&p, j->w, panel);
    j->ctx->kernels.float8_product(&p);
}

static void float_panel(const linear_job *j, const vise_product *to, int64_t panel) {
    vise_panel_product p = {.to = *to, .x = j->rows->strips};
    vise_packed_product(&p, j->w, panel);
    j->ctx->kernels.panel_product(&p);
}

// inner up' of the rows of a block, into `add`.
static void up_panel(const linear_job *j, const vise_product *to, float *add, int64_t panel) {
    vise_panel_product p = {.to = *to, .x = j->rows->inner};
    p.to.add = p.to.bias = NULL;
    p.to.y = add;
    p.to.ldy = VISE_PANEL;
    vise_packed_product(&p, j->up, panel);
    j->ctx->kernels.panel_product(&p);
}

static void panel_tile(const linear_job *j, vise_product *to, float *scratch, int64_t panel) {
    static void (*const products[VISE_STRIP_KIND_COUNT])(const linear_job *,
                                                         const vise_product *, int64_t) = {
        [VISE_STRIPS_F32] = float_panel,
        [VISE_STRIPS_INT8] = int8_panel,
        [VISE_STRIPS_GROUPED] = grouped_panel,
        [VISE_STRIPS_FLOAT8] = float8_panel,
    };
    int64_t col = panel * VISE_PANEL, left = j->w->rows - col;
    float buffer[VISE_PIECE];
    to->n = (int)(left < VISE_PANEL ? left : VISE_PANEL);
    to->y = j->y + col;
    to->bias = j->bias.data ? vise_matrix_read(&j->bias, 0, col, to->n, buffer) : NULL;
    to->add = NULL;
    if (scratch) {
        // Kernels count rows from the first of all, the scratch holds those of the block.
        int64_t before = vise_strip_row(to->m, to->first) * VISE_PANEL;
        float *add = (float *)((uintptr_t)scratch - (uintptr_t)before * sizeof *scratch);
        up_panel(j, to, add, panel);
        to->add = add;
        to->ldadd = VISE_PANEL;
    }
    products[j->rows->kind](j, to, panel);
}

// Panels run fastest: the rows of a block stay in cache while the weights stream past.
static void linear_tile(void *job, int64_t tile) {
    linear_job *j = job;
    int64_t strips = vise_strips(j->rows->m), block = tile / j->across;
    int64_t panel = tile % j->across * j->panels, end = panel + j->panels;
    vise_product to = {
        .m = j->rows->m,
        .first = block * strips / j->blocks,
        .end = (block + 1) * strips / j->blocks,
        .ldy = j->w->rows,
    };
    float *scratch = j->up ? vise_scratch_take(&j->scratch) : NULL;
    if (end > j->w->panels) end = j->w->panels;
    for (; panel < end; panel++) panel_tile(j, &to, scratch, panel);
    if (scratch) vise_scratch_give(&j->scratch, scratch);
}

// --- the whole

static vise_status check_parts(linear_job *j, const vise_linear_options *opt, vise_error *err) {
    const vise_rows *r = j->rows;
    const vise_packed *w = j->w, *up = opt->up;
    char text[96];
    if (!vise_rows_fit(r, w)) {
        return vise_fail(
            err, VISE_EINVAL, "E-SC-10",
            "%s rows with %lld columns in groups of %lld do not go with %s weights "
            "of %lld x %lld in groups of %lld",
            vise_rows_kind(r), (long long)r->cols, (long long)r->group, vise_packed_kind(w),
            (long long)w->rows, (long long)w->cols, (long long)w->group);
    }
    if (up && (up->kind > VISE_PANEL_BF16 || up->rows != w->rows || up->cols != r->rank)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-10",
                         "`up` is %s %lld x %lld, expected floats of %lld x %lld",
                         vise_packed_kind(up), (long long)up->rows, (long long)up->cols,
                         (long long)w->rows, (long long)r->rank);
    }
    if (!opt->bias) return VISE_OK;
    vise_status st = vise_matrix_of(&j->bias, &j->ctx->kernels, opt->bias, "the bias", err);
    if (!st && (opt->bias->ndim != 1 || j->bias.cols != w->rows)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-10", "the bias is %s, expected %lld elements",
                         vise_tensor_describe(text, sizeof text, opt->bias),
                         (long long)w->rows);
    }
    return st;
}

static vise_status make_output(linear_job *j, vise_tensor *y, const vise_tensor *bias,
                               vise_error *err) {
    const vise_rows *r = j->rows;
    int64_t shape[VISE_MAX_RANK];
    memcpy(shape, r->shape, sizeof shape);
    shape[r->ndim - 1] = j->w->rows;
    vise_status st = bias ? vise_argument_apart(y, bias, false, "the bias", err) : VISE_OK;
    if (!st) st = vise_tensor_output(y, VISE_F32, r->ndim, shape, err);
    if (!st) j->y = y->data;
    return st;
}

static int64_t ceil_div(int64_t a, int64_t b) {
    return a / b + (a % b > 0);
}

// Cuts the product into tiles, by its shape alone.
static void cut(linear_job *j) {
    int64_t strips = vise_strips(j->rows->m);
    j->blocks = ceil_div(strips, TILE_STRIPS);
    j->block_rows = j->blocks ? ceil_div(strips, j->blocks) * VISE_STRIP : 0;
    int64_t rows = j->block_rows < j->rows->m ? j->block_rows : j->rows->m;
    int64_t work = (rows + WEIGHT_ROWS) * VISE_PANEL * (j->w->cols + 1);
    j->panels = ceil_div(TILE_WORK, work);
    j->across = ceil_div(j->w->panels, j->panels);
}

vise_status vise_product_linear(const vise_context *ctx, vise_tensor *y, const vise_rows *rows,
                                const vise_packed *w, const vise_linear_options *opt,
                                vise_error *err) {
    vise_tensor made = *y;
    linear_job j = {.ctx = ctx, .rows = rows, .w = w, .up = opt->up};
    vise_status st = check_parts(&j, opt, err);
    if (!st) st = make_output(&j, &made, opt->bias, err);
    if (st) return st;
    cut(&j);
    int64_t tiles = j.blocks * j.across;
    if (j.up && tiles > 0) {
        int64_t bytes = j.block_rows * VISE_PANEL * (int64_t)sizeof(float);
        st = vise_scratch_new(&j.scratch, ctx, tiles, bytes, err);
    }
    if (!st) st = vise_parallel(ctx, tiles, linear_tile, &j, err);
    vise_scratch_release(&j.scratch);
    if (st && !y->buf) vise_tensor_release(&made);
    if (!st) *y = made;
    return st;
}
