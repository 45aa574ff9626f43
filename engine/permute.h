// Digit permutations: how the packed layouts of other programs order a matrix.
//
// Cut the row and the column of an element into digits, i / unit % size, as the digits of a
// number are cut.  Written in another order, the same digits are the place of the element in
// the packed layout.  The place is then the sum of a part that only depends on the row and a
// part that only depends on the column, so any such layout costs two small tables.

#ifndef VISE_PERMUTE_H
#define VISE_PERMUTE_H

#include "engine/tensor.h"

enum { VISE_MAX_DIGITS = 16 };

typedef struct vise_digit {
    bool column;        // of the column index, not of the row index
    int64_t unit, size; // size 0: all that is left of the index
} vise_digit;

typedef struct vise_permutation {
    int64_t rows, cols; // of the packed layout: the matrix and its padding
    int bits;           // of an element: 4 (two to a byte, the even one low), 8 or 16
    uint32_t fill;      // what the padding holds, packed
    uint32_t flip;      // these bits of an element are turned over
    int count;
    vise_digit digit[VISE_MAX_DIGITS]; // slowest first
} vise_permutation;

// Packs `x`, a matrix (a vector is one column), into the open tensor `out`.  E-LY-01: the
// digits do not count every element of the padded matrix once.  E-LY-02: a tensor of the
// wrong size.  Both VISE_EINVAL.
vise_status vise_permute(vise_tensor *out, const vise_permutation *p, const vise_tensor *x,
                         vise_error *err);

// Unpacks into the open matrix `out`, whose size says where the padding begins.  E-LY-03
// (VISE_EFORMAT): the padding holds something else than `fill`; `out` is then undefined.
vise_status vise_unpermute(vise_tensor *out, const vise_permutation *p,
                           const vise_tensor *packed, vise_error *err);

#endif
