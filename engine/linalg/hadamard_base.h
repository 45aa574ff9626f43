// Hadamard matrices whose order is not a power of two: +1 and -1 with H H' = m I, made anew by
// these constructions.
//
//   Paley I             m = q + 1 for a prime q = 3 mod 4: 12, 20, 60, 108, 140
//   Paley II            m = 2 (q + 1) for q = 1 mod 4: 28, 36 and 52, over the field of 25
//   doubling            40 = 2 * 20
//   Goethals-Seidel     m = 4 n of four sequences of n signs whose periodic autocorrelations
//                       add up to 0: 156 and 172.  The sequences are unions of the orbits of
//                       {1, 16, 22} mod 39 and {1, 4, 11, 16, 21, 35, 41} mod 43, found by
//                       trying them

#ifndef VISE_LINALG_HADAMARD_BASE_H
#define VISE_LINALG_HADAMARD_BASE_H

#include <stdint.h>

enum { VISE_HADAMARD_BASE = 172, VISE_HADAMARD_BASES = 12 };

// The orders that there are: 1 and those above, ascending.
extern const int vise_hadamard_orders[VISE_HADAMARD_BASES];

// Fills h[order * order], row by row, for one of them.
void vise_hadamard_base(float *h, int order);

#endif
