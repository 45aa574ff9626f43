#include "engine/permute.h"

#include <stdlib.h>

#include "engine/mem.h"

// How many values a digit has.
static int64_t digit_size(const vise_permutation *p, const vise_digit *d) {
    return d->size ? d->size : (d->column ? p->cols : p->rows) / d->unit;
}

// Do the digits of an axis, taken by growing unit, cut 0 .. extent - 1 without a gap?  With
// the product of all sizes checked, no digit can stand beside that chain.
static bool axis_is_whole(const vise_permutation *p, bool column) {
    int64_t reached = 1;
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < p->count; i++) {
            const vise_digit *d = &p->digit[i];
            int64_t size = digit_size(p, d);
            if (d->column != column || d->unit != reached || size == 1) continue;
            reached *= size;
            more = true;
        }
    }
    return reached == (column ? p->cols : p->rows);
}

static vise_status check_digits(const vise_permutation *p, vise_error *err) {
    bool good = p->rows > 0 && p->cols > 0 && p->count <= VISE_MAX_DIGITS;
    int64_t product = 1, elements = 0;
    for (int i = 0; i < p->count && good; i++) {
        const vise_digit *d = &p->digit[i];
        good = d->unit > 0 && d->size >= 0 &&
               !__builtin_mul_overflow(product, digit_size(p, d), &product);
    }
    good = good && !__builtin_mul_overflow(p->rows, p->cols, &elements) && product == elements;
    if (good && axis_is_whole(p, false) && axis_is_whole(p, true)) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-LY-01",
                     "the digits do not count each of the %lld x %lld elements once",
                     (long long)p->rows, (long long)p->cols);
}

// The parts of the place that rows and columns decide: rows + cols numbers.
static int64_t *places(const vise_permutation *p, vise_error *err) {
    int64_t *part = vise_calloc((size_t)(p->rows + p->cols) * sizeof *part), stride = 1;
    if (!part) {
        vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a permutation");
        return NULL;
    }
    for (int i = p->count - 1; i >= 0; i--) {
        const vise_digit *d = &p->digit[i];
        int64_t size = digit_size(p, d), n = d->column ? p->cols : p->rows;
        int64_t *at = d->column ? part + p->rows : part;
        for (int64_t j = 0; j < n; j++) at[j] += j / d->unit % size * stride;
        stride *= size;
    }
    return part;
}

static uint32_t get(const void *data, int bits, int64_t i) {
    const uint8_t *bytes = data;
    switch (bits) {
    case 4: return (uint32_t)bytes[i / 2] >> i % 2 * 4 & 15u;
    case 8: return bytes[i];
    default: return ((const uint16_t *)data)[i];
    }
}

// Nibbles are put where zeros are.
static void put(void *data, int bits, int64_t i, uint32_t v) {
    uint8_t *bytes = data;
    switch (bits) {
    case 4: bytes[i / 2] = (uint8_t)(bytes[i / 2] | v << i % 2 * 4); break;
    case 8: bytes[i] = (uint8_t)v; break;
    default: ((uint16_t *)data)[i] = (uint16_t)v; break;
    }
}

typedef struct matrix {
    int64_t rows, cols; // elements
} matrix;

// Checks both tensors against the permutation; fills in the size of the matrix.
static vise_status check_tensors(matrix *m, const vise_permutation *p, const vise_tensor *x,
                                 const vise_tensor *packed, vise_error *err) {
    vise_status st = check_digits(p, err);
    if (st) return st;
    int64_t bytes = p->bits == 16 ? 2 : 1, a_byte = p->bits == 4 ? 2 : 1;
    bool fits = vise_dtype_size(x->dtype) == bytes && vise_dtype_size(packed->dtype) == bytes &&
                (x->ndim == 1 || x->ndim == 2) && vise_tensor_contiguous(x) &&
                vise_tensor_contiguous(packed);
    *m = x->ndim == 2 ? (matrix){x->shape[0], x->shape[1] * a_byte}
                      : (matrix){x->shape[0] * a_byte, 1};
    fits = fits && m->rows <= p->rows && m->cols <= p->cols &&
           vise_tensor_count(packed) * a_byte == p->rows * p->cols;
    if (fits) return VISE_OK;
    char a[128], b[128];
    return vise_fail(err, VISE_EINVAL, "E-LY-02",
                     "%s and %s are not a matrix of %d-bit elements and its packed form of "
                     "%lld x %lld",
                     vise_tensor_describe(a, sizeof a, x),
                     vise_tensor_describe(b, sizeof b, packed), p->bits, (long long)p->rows,
                     (long long)p->cols);
}

vise_status vise_permute(vise_tensor *out, const vise_permutation *p, const vise_tensor *x,
                         vise_error *err) {
    matrix m;
    vise_status st = check_tensors(&m, p, x, out, err);
    if (st) return st;
    int64_t *row = places(p, err);
    if (!row) return VISE_ENOMEM;
    const int64_t *column = row + p->rows;
    for (int64_t r = 0; r < p->rows; r++) {
        for (int64_t c = 0; c < p->cols; c++) {
            bool inside = r < m.rows && c < m.cols;
            uint32_t v = inside ? get(x->data, p->bits, r * m.cols + c) ^ p->flip : p->fill;
            put(out->data, p->bits, row[r] + column[c], v);
        }
    }
    vise_free(row);
    return VISE_OK;
}

vise_status vise_unpermute(vise_tensor *out, const vise_permutation *p,
                           const vise_tensor *packed, vise_error *err) {
    matrix m;
    vise_status st = check_tensors(&m, p, out, packed, err);
    if (st) return st;
    int64_t *row = places(p, err);
    if (!row) return VISE_ENOMEM;
    const int64_t *column = row + p->rows;
    for (int64_t r = 0; r < p->rows && !st; r++) {
        for (int64_t c = 0; c < p->cols && !st; c++) {
            uint32_t v = get(packed->data, p->bits, row[r] + column[c]);
            if (r < m.rows && c < m.cols) {
                put(out->data, p->bits, r * m.cols + c, v ^ p->flip);
            } else if (v != p->fill) {
                st = vise_fail(err, VISE_EFORMAT, "E-LY-03",
                               "the padding at row %lld, column %lld holds 0x%x, expected 0x%x",
                               (long long)r + 1, (long long)c + 1, v, p->fill);
            }
        }
    }
    vise_free(row);
    return st;
}
