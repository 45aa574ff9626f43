#include "engine/ops/transpose.h"

#include <string.h>

#include "engine/ops/argument.h"

enum { TILE = 32 }; // rows and columns turned at once: both sides stay in L1

typedef struct turning {
    const vise_tensor *from;
    char *to;
    int64_t rows, cols;
    int size; // bytes of an element
} turning;

// A fixed size lets the compiler move whole elements.
static inline __attribute__((always_inline)) void
turn(const turning *t, int64_t col, int64_t cols, int64_t row, int64_t rows, size_t size) {
    for (int64_t r = row; r < row + rows; r++) {
        const char *from = vise_tensor_at(t->from, r * t->cols + col);
        char *to = t->to + ((size_t)col * (size_t)t->rows + (size_t)r) * size;
        for (int64_t c = 0; c < cols; c++) {
            memcpy(to, from, size);
            from += size;
            to += (size_t)t->rows * size;
        }
    }
}

// Some columns of the matrix: rows of the result.
static void turn_columns(void *job, int64_t tile) {
    const turning *t = job;
    int64_t col = tile * TILE, cols = t->cols - col < TILE ? t->cols - col : TILE;
    for (int64_t row = 0; row < t->rows; row += TILE) {
        int64_t rows = t->rows - row < TILE ? t->rows - row : TILE;
        switch (t->size) {
        case 1: turn(t, col, cols, row, rows, 1); break;
        case 2: turn(t, col, cols, row, rows, 2); break;
        case 4: turn(t, col, cols, row, rows, 4); break;
        default: turn(t, col, cols, row, rows, 8); break;
        }
    }
}

vise_status vise_transpose(const vise_context *ctx, vise_tensor *out, const vise_tensor *t,
                           vise_error *err) {
    vise_status st = vise_argument_rank(t, 2, "the matrix", err);
    if (!st) st = vise_argument_apart(out, t, false, "the matrix", err);
    if (st) return st;
    const int64_t shape[2] = {t->shape[1], t->shape[0]};
    st = vise_tensor_output(out, t->dtype, 2, shape, err);
    if (st || vise_tensor_count(t) == 0) return st;
    turning turned = {t, out->data, t->shape[0], t->shape[1], (int)vise_dtype_size(t->dtype)};
    return vise_parallel(ctx, (turned.cols - 1) / TILE + 1, turn_columns, &turned, err);
}
