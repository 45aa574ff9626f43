// Codes of 2 and 3 bits, packed without gaps: code i of a row takes the `bits` bits from bit
// bits * i on, the lowest bit of a byte first.  What is packed is the centred code
// (engine/codec.h) + 2^(bits-1).  Nibbles have kernels of their own.

#ifndef VISE_CODE_BITS_H
#define VISE_CODE_BITS_H

#include <stdint.h>

int64_t vise_bits_bytes(int bits, int64_t cols); // of a row: ceil(cols * bits / 8)

// Codes [first, first + n) of a row.  put() fills up the last byte with zeros, and keeps what
// the codes before `first` left in the first one.
void vise_bits_get(int8_t *q, const uint8_t *row, int64_t first, int64_t n, int bits);
void vise_bits_put(uint8_t *row, int64_t first, const int8_t *q, int64_t n, int bits);

#endif
