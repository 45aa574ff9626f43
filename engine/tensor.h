// Typed views over counted storage: heap, or part of a mapped file.
//
// A vise_tensor is a small value: copy the struct freely *within* a scope, but only the
// holder that made it (new, view, ...) releases it.  All-zero bytes is the closed tensor;
// releasing it is a no-op, so `vise_tensor t = {0};` can always be cleaned up.
//
// Elements are row-major and contiguous, except that a 2-D view may have a row stride.
// Rank 0 (one element) and dimensions of size 0 are legal.

#ifndef VISE_TENSOR_H
#define VISE_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/error.h"

#define VISE_MAX_RANK 8

typedef enum vise_dtype {
    VISE_F64,
    VISE_F32,
    VISE_F16,
    VISE_BF16,
    VISE_F8E4M3,
    VISE_F8E5M2,
    VISE_I8,
    VISE_U8,
    VISE_I32,
    VISE_I64,
    VISE_DTYPE_COUNT
} vise_dtype;

typedef struct vise_buffer vise_buffer; // refcounted bytes

typedef struct vise_tensor {
    vise_dtype dtype;
    int ndim;
    int64_t shape[VISE_MAX_RANK]; // unused trailing dimensions are 1
    int64_t stride;               // elements from one row of a 2-D tensor to the next
    bool readonly;                // the bytes belong to a mapped file
    void *data;                   // 64-byte aligned when vise_tensor_new() made it
    vise_buffer *buf;             // keeps `data` alive; NULL means closed
} vise_tensor;

const char *vise_dtype_name(vise_dtype dtype); // "f32"
int64_t vise_dtype_size(vise_dtype dtype);     // bytes
// Finds a dtype by name; false if there is none.
bool vise_dtype_parse(vise_dtype *out, const char *name);
bool vise_dtype_is_float(vise_dtype dtype);

// Makes a zero-filled tensor.  E-TN-01 (VISE_EINVAL) for a bad shape, E-MM-01 (VISE_ENOMEM);
// `*out` is untouched on failure.
vise_status vise_tensor_new(vise_tensor *out, vise_dtype dtype, int ndim, const int64_t shape[],
                            vise_error *err);
// The same, not zeroed: for who writes every element.
vise_status vise_tensor_raw(vise_tensor *out, vise_dtype dtype, int ndim, const int64_t shape[],
                            vise_error *err);

// Makes a tensor over bytes that somebody else owns, and calls `drop(owner)` when the last
// view of them goes.  On failure `drop` has not been called.
vise_status vise_tensor_wrap(vise_tensor *out, vise_dtype dtype, int ndim,
                             const int64_t shape[], void *data, bool readonly,
                             void (*drop)(void *owner), void *owner, vise_error *err);

// The views share storage and outlive `t` if need be.
// Rows [first, first + count) along the first dimension.
vise_status vise_tensor_rows(vise_tensor *out, const vise_tensor *t, int64_t first,
                             int64_t count, vise_error *err);
// Columns [first, first + count) of a 2-D tensor: the row stride stays.
vise_status vise_tensor_columns(vise_tensor *out, const vise_tensor *t, int64_t first,
                                int64_t count, vise_error *err);
// The same elements in another shape.  At most one dimension may be -1: whatever is left.
// E-TN-03 if `t` is not contiguous or the counts differ.
vise_status vise_tensor_reshape(vise_tensor *out, const vise_tensor *t, int ndim,
                                const int64_t shape[], vise_error *err);
// The bytes of a contiguous tensor as elements of another dtype.
// E-TN-03 if `t` is not contiguous or the sizes differ, E-TN-01.
vise_status vise_tensor_cast(vise_tensor *out, const vise_tensor *t, vise_dtype dtype, int ndim,
                             const int64_t shape[], vise_error *err);
// One more hold on the same elements.
void vise_tensor_share(vise_tensor *out, const vise_tensor *t);

// Drops this tensor's hold on its storage and closes it.  Safe to call twice.
void vise_tensor_release(vise_tensor *t);

int64_t vise_tensor_count(const vise_tensor *t); // elements
int64_t vise_tensor_bytes(const vise_tensor *t); // of those elements
bool vise_tensor_contiguous(const vise_tensor *t);
bool vise_tensor_same_shape(const vise_tensor *a, const vise_tensor *b);
// Is there a byte that is part of both?  Never for a closed tensor.
bool vise_tensor_overlap(const vise_tensor *a, const vise_tensor *b);

// Every tensor is a matrix: its last dimension is the columns (1 for rank 0), the product of
// the others the rows.
int64_t vise_tensor_cols(const vise_tensor *t);
int64_t vise_tensor_matrix_rows(const vise_tensor *t);

// "f32 2x3": for messages.  Writes at most `size` bytes and returns `text`.
const char *vise_tensor_describe(char *text, int size, const vise_tensor *t);

// What an operator asks of an argument, in one line each.  `what` names the argument.
// E-TN-04: wrong dtype.  E-TN-05: not writable.  E-TN-06: not contiguous.
vise_status vise_tensor_expect(const vise_tensor *t, vise_dtype dtype, const char *what,
                               vise_error *err); // this dtype, and contiguous
// Makes `*out` if it is closed, else checks that it is a writable contiguous tensor of this
// dtype and shape (E-TN-07).
vise_status vise_tensor_output(vise_tensor *out, vise_dtype dtype, int ndim,
                               const int64_t shape[], vise_error *err);

// Copies with conversion between any two dtypes of equal shape.  Floats round to nearest
// even, once; to integers they round to nearest even and saturate, NaN becomes 0.  E-TN-12 if
// `out` is made and overlaps `t`, unless it is the very same elements.
vise_status vise_tensor_convert(vise_tensor *out, const vise_tensor *t, vise_dtype dtype,
                                vise_error *err);

// The parts of it, for engine/ops/convert.h, which does the same on all threads.  The first
// makes or checks the output; `*done` says that there is nothing left to do.
vise_status vise_tensor_copy_output(vise_tensor *out, const vise_tensor *t, vise_dtype dtype,
                                    bool *done, vise_error *err);
void vise_elements_convert(void *y, vise_dtype to, const void *x, vise_dtype from, int64_t n);

// Index of the first NaN or infinity of a float tensor, -1 if there is none.
int64_t vise_tensor_nonfinite(const vise_tensor *t);

// Where element `i` in row-major order lies.
void *vise_tensor_at(const vise_tensor *t, int64_t i);
// That element as a double; for tests, printing and small tables.
double vise_tensor_get(const vise_tensor *t, int64_t i);
void vise_tensor_set(vise_tensor *t, int64_t i, double value); // converts as above

#endif
