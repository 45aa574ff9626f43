#include "engine/packed.h"

#include <string.h>

#include "engine/codec.h"
#include "engine/mem.h"
#include "engine/ops/argument.h"
#include "engine/panels.h"

void vise_packed_release(vise_packed *p) {
    vise_free(p->codes);
    memset(p, 0, sizeof *p);
}

const char *vise_packed_kind(const vise_packed *p) {
    static const char *const names[VISE_PANEL_KIND_COUNT] = {
        [VISE_PANEL_F32] = "f32",       [VISE_PANEL_F16] = "f16",
        [VISE_PANEL_BF16] = "bf16",     [VISE_PANEL_INT8] = "int8",
        [VISE_PANEL_NIBBLE] = "nibble", [VISE_PANEL_FLOAT8] = "float8",
    };
    return names[p->kind];
}

static int64_t round_up(int64_t n, int64_t to) {
    return (n + to - 1) / to * to;
}

static bool is_float(const vise_packed *p) {
    return p->kind <= VISE_PANEL_BF16;
}

// Bits of a code.
static int64_t width_of(const vise_packed *p) {
    static const int64_t bits[VISE_PANEL_KIND_COUNT] = {32, 16, 16, 8, 4, 8};
    return bits[p->kind];
}

// How many codes of one output lie next to each other.
static int64_t piece_of(vise_panel_kind kind) {
    static const int64_t codes[VISE_PANEL_KIND_COUNT] = {1, 1, 1, 4, 8, 4};
    return codes[kind];
}

int64_t vise_packed_panel(const vise_packed *p) {
    return p->groups * p->pitch * VISE_PANEL * width_of(p) / 8;
}

// Bytes of each part that is there.
typedef struct packed_sizes {
    int64_t codes, wsum, upper, scale, zero, zeros;
} packed_sizes;

static packed_sizes sizes_of(const vise_packed *p) {
    const vise_scheme *s = &p->scheme;
    int64_t lanes = p->panels * VISE_PANEL, size = vise_dtype_size(p->scale_dtype);
    packed_sizes bytes = {.codes = p->panels * vise_packed_panel(p)};
    if (is_float(p)) return bytes;
    bytes.scale = lanes * p->groups * size;
    if (p->kind == VISE_PANEL_INT8 && p->groups == 1) bytes.wsum = lanes * 4;
    if (s->element == VISE_ELEMENT_F4) bytes.upper = lanes * 4;
    if (s->zero != VISE_ZERO_NONE) bytes.zero = bytes.scale;
    if (s->zero == VISE_ZERO_INT && p->kind == VISE_PANEL_NIBBLE)
        bytes.zeros = lanes * p->groups;
    return bytes;
}

int64_t vise_packed_size(const vise_packed *p) {
    packed_sizes bytes = sizes_of(p);
    return bytes.codes + bytes.wsum + bytes.upper + bytes.scale + bytes.zero + bytes.zeros;
}

// Fills in what follows from the sizes.  Padding and scales make at most 64 bytes of a weight,
// and each row and each group of a row may be padded to 32.
static vise_status finish_plan(vise_packed *p, vise_error *err) {
    int64_t group = p->group < p->cols ? p->group : p->cols, most;
    p->panels = p->rows / VISE_PANEL + (p->rows % VISE_PANEL > 0);
    if (__builtin_mul_overflow(p->rows + VISE_PANEL, p->cols + VISE_PANEL, &most) ||
        most > INT64_MAX >> 12) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "weights of %lld x %lld are too large",
                         (long long)p->rows, (long long)p->cols);
    }
    p->pitch = round_up(group, piece_of(p->kind));
    return VISE_OK;
}

vise_status vise_packed_plan(vise_packed *out, const vise_scheme *s, int64_t rows, int64_t cols,
                             vise_error *err) {
    vise_scheme_layout layout;
    vise_status st = vise_scheme_plan(&layout, s, rows, cols, err);
    if (st) return st;
    vise_packed p = {
        .kind = s->bits <= 4                    ? VISE_PANEL_NIBBLE
                : s->element == VISE_ELEMENT_F8 ? VISE_PANEL_FLOAT8
                                                : VISE_PANEL_INT8,
        .scheme = *s,
        .rows = rows,
        .cols = cols,
        .group = vise_scheme_run(s, cols),
        .groups = vise_scheme_runs(s, cols),
        .scale_dtype = VISE_F32,
    };
    if (p.kind == VISE_PANEL_NIBBLE && s->zero != VISE_ZERO_INT && !vise_scheme_offset(s)) {
        p.scale_dtype = s->scale_dtype;
    }
    st = finish_plan(&p, err);
    if (!st) *out = p;
    return st;
}

vise_status vise_packed_plan_floats(vise_packed *out, vise_dtype dtype, int64_t rows,
                                    int64_t cols, vise_error *err) {
    vise_packed p = {
        .kind = dtype == VISE_F16    ? VISE_PANEL_F16
                : dtype == VISE_BF16 ? VISE_PANEL_BF16
                                     : VISE_PANEL_F32,
        .rows = rows,
        .cols = cols,
        .group = cols,
        .groups = 1,
        .scale_dtype = VISE_F32,
    };
    vise_status st = finish_plan(&p, err);
    if (!st) *out = p;
    return st;
}

// The next part of the block, or NULL for one that is not there.
static void *take(char **at, int64_t bytes) {
    void *part = bytes ? *at : NULL;
    *at += bytes;
    return part;
}

static vise_status make_block(vise_packed *p, vise_error *err) {
    packed_sizes bytes = sizes_of(p);
    char *at = vise_alloc((size_t)vise_packed_size(p));
    if (!at) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld bytes of weights",
                         (long long)vise_packed_size(p));
    }
    p->codes = at; // also of a weight without any
    at += bytes.codes;
    // The widest first: each part begins where its elements may.
    p->wsum = take(&at, bytes.wsum);
    p->upper = take(&at, bytes.upper);
    p->scale = take(&at, bytes.scale);
    p->zero = take(&at, bytes.zero);
    p->zeros = take(&at, bytes.zeros);
    return VISE_OK;
}

vise_status vise_pack(const vise_context *ctx, vise_packed *out, const vise_coded *c,
                      vise_error *err) {
    vise_packed p;
    vise_status st = vise_packed_plan(&p, &c->scheme, c->rows, c->cols, err);
    if (!st) st = make_block(&p, err);
    if (st) return st;
    st = vise_panels_of_coded(ctx, &p, c, err);
    if (st) {
        vise_packed_release(&p);
    } else {
        *out = p;
    }
    return st;
}

vise_status vise_pack_floats(const vise_context *ctx, vise_packed *out, const vise_tensor *w,
                             vise_error *err) {
    vise_packed p;
    vise_matrix m;
    vise_status st = vise_matrix_of(&m, &ctx->kernels, w, "the weight", err);
    if (!st) st = vise_argument_rank(w, 2, "the weight", err);
    if (!st) st = vise_packed_plan_floats(&p, w->dtype, m.rows, m.cols, err);
    if (!st) st = make_block(&p, err);
    if (st) return st;
    st = vise_panels_of_floats(ctx, &p, w, err);
    if (st) {
        vise_packed_release(&p);
    } else {
        *out = p;
    }
    return st;
}

// --- what kernels take

static int64_t lane_of(int64_t panel) {
    return panel * VISE_PANEL;
}

static const void *panel_of(const vise_packed *p, int64_t panel) {
    return (const char *)p->codes + panel * vise_packed_panel(p);
}

// The scales, or zero points, of a panel.
static const void *steps_of(const vise_packed *p, const void *steps, int64_t panel) {
    int64_t bytes = panel * p->groups * VISE_PANEL * vise_dtype_size(p->scale_dtype);
    return steps ? (const char *)steps + bytes : NULL;
}

static const float *upper_of(const vise_packed *p, int64_t panel) {
    return p->upper ? p->upper + lane_of(panel) : NULL;
}

void vise_packed_int8(vise_int8_product *out, const vise_packed *p, int64_t panel) {
    out->k = p->pitch;
    out->w = panel_of(p, panel);
    out->wsum = p->wsum + lane_of(panel);
    out->wscale = steps_of(p, p->scale, panel);
}

void vise_packed_grouped(vise_grouped_product *out, const vise_packed *p, int64_t panel) {
    // Twice the value of each f4e2m1, plus 12.
    static const uint8_t f4[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};
    bool floats = p->scheme.element == VISE_ELEMENT_F4;
    out->groups = p->groups;
    out->group = p->pitch;
    out->w = panel_of(p, panel);
    out->table = floats ? f4 : NULL;
    out->zero = floats ? 12 : 8;
    out->zeros = p->zeros ? p->zeros + lane_of(panel) * p->groups : NULL;
    out->scale_dtype = p->scale_dtype;
    out->wscale = steps_of(p, p->scale, panel);
    out->wupper = upper_of(p, panel);
}

void vise_packed_float8(vise_float8_product *out, const vise_packed *p, int64_t panel) {
    out->groups = p->groups;
    out->group = p->pitch;
    out->w = panel_of(p, panel);
    out->wscale = steps_of(p, p->scale, panel);
}

void vise_packed_product(vise_panel_product *out, const vise_packed *p, int64_t panel) {
    static const float integers[16] = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
    static const float f4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
    out->kind = p->kind;
    out->groups = p->groups;
    out->group = p->pitch;
    out->w = panel_of(p, panel);
    out->table = p->scheme.element == VISE_ELEMENT_F4 ? f4 : integers;
    out->scale_dtype = p->scale_dtype;
    out->wscale = steps_of(p, p->scale, panel);
    out->wzero = steps_of(p, p->zero, panel);
    out->wupper = upper_of(p, panel);
}
