#include "engine/rows.h"

#include <string.h>

#include "engine/mem.h"
#include "engine/ops/argument.h"
#include "engine/row_encoder.h"
#include "engine/strips.h"

enum { MOST_INPUTS = 65536 };

void vise_rows_release(vise_rows *r) {
    vise_free(r->block);
    memset(r, 0, sizeof *r);
}

const char *vise_rows_kind(const vise_rows *r) {
    static const char *const names[VISE_STRIP_KIND_COUNT] = {
        [VISE_STRIPS_F32] = "f32",
        [VISE_STRIPS_INT8] = "int8",
        [VISE_STRIPS_GROUPED] = "grouped",
        [VISE_STRIPS_FLOAT8] = "float8",
    };
    return names[r->kind];
}

// --- which kernel

// Do steps of the activations cover a row, or just the groups of the weights?
static bool steps_fit(const vise_packed *w, const vise_scheme *a) {
    switch (a->granularity) {
    case VISE_PER_TENSOR:
    case VISE_PER_TOKEN: return true;
    case VISE_PER_GROUP:
    case VISE_PER_BLOCK:
        return w->scheme.group != 0 && a->group == w->group && a->block_rows == 1;
    default: return false;
    }
}

static bool strips_for(vise_strip_kind *out, const vise_packed *w, const vise_scheme *a) {
    bool integers = a->element == VISE_ELEMENT_INT, fit = a->symmetric && steps_fit(w, a);
    switch (w->kind) {
    case VISE_PANEL_INT8:
        *out = VISE_STRIPS_INT8;
        return fit && integers && w->scheme.symmetric && w->groups == 1 && !a->group;
    case VISE_PANEL_NIBBLE:
        *out = VISE_STRIPS_GROUPED;
        return fit && a->element != VISE_ELEMENT_F8 && w->scheme.zero != VISE_ZERO_FLOAT;
    case VISE_PANEL_FLOAT8:
        *out = VISE_STRIPS_FLOAT8;
        return fit && a->element == VISE_ELEMENT_F8;
    default: return false;
    }
}

vise_status vise_strips_for(vise_strip_kind *out, const vise_packed *w, const vise_scheme *a,
                            vise_error *err) {
    vise_strip_kind kind = VISE_STRIPS_F32;
    char weights[VISE_SCHEME_TEXT] = "", activations[VISE_SCHEME_TEXT];
    if (a && !strips_for(&kind, w, a)) {
        if (w->kind > VISE_PANEL_BF16) {
            vise_scheme_describe(weights, sizeof weights, &w->scheme);
        }
        return vise_fail(err, VISE_EINVAL, "E-SC-08",
                         "no kernel for weights in %s with activations in %s; `vise explain "
                         "E-SC-08` has the "
                         "pairs there are",
                         weights[0] ? weights : vise_packed_kind(w),
                         vise_scheme_describe(activations, sizeof activations, a));
    }
    if (kind <= VISE_STRIPS_GROUPED && a && w->pitch > MOST_INPUTS) {
        return vise_fail(err, VISE_EINVAL, "E-SC-09",
                         "%lld inputs that share a scale in %s, the integer kernels take at "
                         "most %d",
                         (long long)w->pitch,
                         vise_scheme_describe(activations, sizeof activations, a), MOST_INPUTS);
    }
    *out = kind;
    return VISE_OK;
}

// --- memory

// Bytes a row of each part that is there.
typedef struct row_bytes {
    int64_t strips, scale, row, sums, inner;
} row_bytes;

static row_bytes bytes_of(const vise_rows *r, const vise_scheme *a) {
    static const int64_t code[VISE_STRIP_KIND_COUNT] = {4, 1, 1, 2};
    const int64_t word = sizeof(float), steps = r->groups * word;
    row_bytes b = {.strips = r->groups * r->pitch * code[r->kind], .inner = r->rank * word};
    if (r->kind == VISE_STRIPS_INT8) b.scale = word;
    if (r->kind == VISE_STRIPS_FLOAT8) b.scale = steps;
    if (r->kind != VISE_STRIPS_GROUPED) return b;
    b.sums = steps;
    // A scale for a whole row stands alone, an upper level beside those of the groups.
    if (a->group) b.scale = steps;
    if (!a->group || a->second != VISE_SECOND_NONE) b.row = word;
    return b;
}

static int64_t sum_of(row_bytes b) {
    return b.strips + b.scale + b.row + b.sums + b.inner;
}

vise_status vise_rows_plan(vise_rows *out, const vise_packed *w, const vise_scheme *a,
                           int64_t m, int64_t rank, vise_error *err) {
    vise_rows r = {
        .m = m,
        .cols = w->cols,
        .group = w->group,
        .groups = w->groups,
        .pitch = w->pitch,
        .rank = rank,
    };
    vise_status st = vise_strips_for(&r.kind, w, a, err);
    if (st) return st;
    if (m > INT32_MAX || rank > INT32_MAX ||
        __builtin_mul_overflow(m, sum_of(bytes_of(&r, a)), &r.bytes)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "%lld rows of %lld inputs are too many",
                         (long long)m, (long long)w->cols);
    }
    *out = r;
    return VISE_OK;
}

// The next part of the block, or NULL for one that is not there.
static void *take(char **at, int64_t rows, int64_t bytes) {
    void *part = bytes ? *at : NULL;
    *at += rows * bytes;
    return part;
}

// Gives the planned rows `r` the memory of `old`, or a new block if that is too small.
static vise_status make_block(vise_rows *r, vise_rows *old, const vise_scheme *a,
                              vise_error *err) {
    row_bytes b = bytes_of(r, a);
    r->block = old->block;
    r->capacity = old->capacity;
    memset(old, 0, sizeof *old);
    if (!r->block || r->capacity < r->bytes) {
        vise_free(r->block);
        r->block = vise_alloc((size_t)r->bytes);
        r->capacity = r->bytes;
    }
    if (!r->block) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld bytes of activations",
                         (long long)r->bytes);
    }
    char *at = r->block;
    r->strips = at;        // also of rows without any columns
    at += r->m * b.strips; // a multiple of four, as the others
    r->scale = take(&at, r->m, b.scale);
    r->row = take(&at, r->m, b.row);
    r->sums = take(&at, r->m, b.sums);
    r->inner = take(&at, r->m, b.inner);
    return VISE_OK;
}

// --- making

bool vise_rows_fit(const vise_rows *r, const vise_packed *w) {
    static const vise_panel_kind meet[VISE_STRIP_KIND_COUNT] = {
        [VISE_STRIPS_INT8] = VISE_PANEL_INT8,
        [VISE_STRIPS_GROUPED] = VISE_PANEL_NIBBLE,
        [VISE_STRIPS_FLOAT8] = VISE_PANEL_FLOAT8,
    };
    bool sizes = r->cols == w->cols && r->groups == w->groups && r->pitch == w->pitch &&
                 (r->groups == 1 || r->group == w->group);
    if (r->kind == VISE_STRIPS_F32) return sizes;
    // What strips_for() asks of the weights.
    if (!sizes || meet[r->kind] != w->kind) return false;
    if (w->kind == VISE_PANEL_INT8) return w->scheme.symmetric && w->groups == 1;
    return w->kind != VISE_PANEL_NIBBLE || w->scheme.zero != VISE_ZERO_FLOAT;
}

static vise_status check_args(const vise_tensor *x, const vise_packed *w,
                              const vise_rows_options *opt, vise_error *err) {
    char text[96];
    if (x->ndim < 1 || vise_tensor_cols(x) != w->cols) {
        return vise_fail(err, VISE_EINVAL, "E-SC-10",
                         "the input is %s, expected %lld columns for weights of %lld x %lld",
                         vise_tensor_describe(text, sizeof text, x), (long long)w->cols,
                         (long long)w->rows, (long long)w->cols);
    }
    if (opt->down && (opt->down->kind > VISE_PANEL_BF16 || opt->down->cols != w->cols)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-10",
                         "`down` is %s %lld x %lld, expected floats with %lld columns",
                         vise_packed_kind(opt->down), (long long)opt->down->rows,
                         (long long)opt->down->cols, (long long)w->cols);
    }
    if (opt->scale && !opt->scheme) {
        return vise_fail(err, VISE_EINVAL, "E-SC-12", "a scale is given, but no scheme");
    }
    if (opt->smooth) {
        vise_status st = vise_tensor_expect(opt->smooth, VISE_F32, "the smoothing", err);
        if (st) return st;
        return vise_argument_shape(opt->smooth, 1, &w->cols, "the smoothing", err);
    }
    return VISE_OK;
}

vise_status vise_rows_make(const vise_context *ctx, vise_rows *out, const vise_tensor *x,
                           const vise_packed *w, const vise_rows_options *opt,
                           vise_error *err) {
    vise_rows r = {0};
    vise_row_source source = {0};
    vise_status st = check_args(x, w, opt, err);
    int64_t m = vise_tensor_matrix_rows(x), rank = opt->down ? opt->down->rows : 0;
    if (!st) st = vise_row_source_make(&source, &ctx->kernels, x, &opt->prologue, err);
    if (!st) st = vise_rows_plan(&r, w, opt->scheme, m, rank, err);
    if (!st) st = make_block(&r, out, opt->scheme, err);
    if (st) goto done;
    r.ndim = x->ndim;
    memcpy(r.shape, x->shape, sizeof r.shape);
    st = vise_strips_fill(ctx, &r, &source, opt, err);

done:
    vise_row_source_release(&source);
    vise_rows_release(out);
    if (st) {
        vise_rows_release(&r);
    } else {
        *out = r;
    }
    return st;
}
