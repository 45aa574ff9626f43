// What a scheme makes of a shape: how many runs and bands it is cut into, and the tensors that
// hold it.

#include "engine/code_bits.h"
#include "engine/scheme.h"

static const char *const part_names[] = {"codes", "scale", "zero", "second"};

const char *vise_part_name(vise_part part) {
    return part_names[part];
}

int64_t vise_scheme_run(const vise_scheme *s, int64_t cols) {
    return s->group ? s->group : cols;
}

int64_t vise_scheme_runs(const vise_scheme *s, int64_t cols) {
    if (!s->group) return 1;
    return cols / s->group + (cols % s->group > 0);
}

int64_t vise_scheme_bands(const vise_scheme *s, int64_t rows) {
    return rows / s->block_rows + (rows % s->block_rows > 0);
}

static vise_status add_part(vise_scheme_layout *out, vise_scheme_part part, vise_error *err) {
    part.bytes = vise_dtype_size(part.dtype);
    if (__builtin_mul_overflow(part.bytes, part.shape[0], &part.bytes) ||
        __builtin_mul_overflow(part.bytes, part.shape[1], &part.bytes) ||
        __builtin_add_overflow(out->bytes, part.bytes, &out->bytes)) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "%s of %lld x %lld is too large",
                         vise_part_name(part.part), (long long)part.shape[0],
                         (long long)part.shape[1]);
    }
    out->part[out->count++] = part;
    return VISE_OK;
}

static vise_dtype code_dtype(const vise_scheme *s) {
    if (s->element == VISE_ELEMENT_F8) return VISE_F8E4M3;
    return s->bits < 8 || s->lo == 0 ? VISE_U8 : VISE_I8;
}

vise_status vise_scheme_plan(vise_scheme_layout *out, const vise_scheme *s, int64_t rows,
                             int64_t cols, vise_error *err) {
    if (rows < 0 || cols < 0) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "%lld rows of %lld columns",
                         (long long)rows, (long long)cols);
    }
    if (s->granularity == VISE_PER_GROUP && s->group > cols) {
        return vise_fail(err, VISE_EINVAL, "E-SC-03",
                         "group %lld is wider than the %lld inputs; use a group of at most "
                         "%lld, or granularity 'row'",
                         (long long)s->group, (long long)cols, (long long)cols);
    }
    bool whole = s->granularity == VISE_PER_TENSOR;
    const vise_scheme_part codes = {
        .part = VISE_PART_CODES,
        .dtype = code_dtype(s),
        .ndim = 2,
        .shape = {rows, vise_bits_bytes(s->bits, cols)},
    };
    vise_scheme_part step = {
        .part = VISE_PART_SCALE,
        .dtype = s->scale_dtype,
        .ndim = s->group ? 2 : 1,
        .shape = {whole ? 1 : vise_scheme_bands(s, rows), vise_scheme_runs(s, cols)},
    };
    const vise_scheme_part second = {
        .part = VISE_PART_SECOND,
        .dtype = s->second_dtype,
        .ndim = 1,
        .shape = {s->second == VISE_SECOND_ROW ? rows : 1, 1},
    };
    vise_scheme_layout layout = {0};
    vise_status st = add_part(&layout, codes, err);
    if (!st) st = add_part(&layout, step, err);
    if (!st && s->zero != VISE_ZERO_NONE) {
        step.part = VISE_PART_ZERO;
        if (s->zero == VISE_ZERO_INT) step.dtype = VISE_U8;
        st = add_part(&layout, step, err);
    }
    if (!st && s->second != VISE_SECOND_NONE) st = add_part(&layout, second, err);
    if (!st) *out = layout;
    return st;
}
