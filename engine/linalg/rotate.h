// Rotations of vectors in double: for weights that are changed once, and rounded after all of
// it.
//
// A vector x of n numbers becomes
//
//   x -> (c(x) o diagonal) Q       or, transposed,       x -> (x Q') o diagonal
//
// where c takes the mean out (if asked) and Q has blocks of `block` numbers along its diagonal,
// each W (x) matrix: the Walsh-Hadamard matrix of 2^k, divided by its root, over a matrix of m
// numbers, m 2^k = block.  An orthogonal matrix makes Q orthogonal.

#ifndef VISE_LINALG_ROTATE_H
#define VISE_LINALG_ROTATE_H

#include <stdbool.h>

#include "engine/context.h"
#include "engine/tensor.h"

typedef struct vise_rotation {
    int64_t block;               // divides n
    const vise_tensor *matrix;   // f64 [m, m]; NULL: m = 1
    const vise_tensor *diagonal; // f64 [n]; NULL: ones
    bool center;                 // takes the mean out first; not of a transposed rotation
    bool transpose;
    bool columns; // the vectors are the columns of w, not its rows
} vise_rotation;

// Rotates the rows, or the columns, of the f64 matrix w, a view too, in place.  Each vector is
// computed by itself in a fixed order: the same bits for any number of threads.  E-TN-04,
// E-TN-05, E-TN-06, E-TN-08 (no matrix, or a diagonal of another length), E-TN-10 (a block that
// does not fit), E-MM-01, E-RN-01.
vise_status vise_rotate(const vise_context *ctx, vise_tensor *w, const vise_rotation *r,
                        vise_error *err);

#endif
