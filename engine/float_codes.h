// Values to codes of the small floats, many at once: the same codes as engine/floats.h gives,
// in steps that a compiler turns into vectors.

#ifndef VISE_FLOAT_CODES_H
#define VISE_FLOAT_CODES_H

#include <stdbool.h>
#include <stdint.h>

// q[i] = the bits of the nearest f8e4m3 to v[i], ties to even, 448 at most.  No v[i] is NaN.
void vise_codes_f8e4m3(int8_t *q, const float *v, int64_t n);

// q[i] = the nearest f4e2m1 to v[i], 6 at most, never -0, less 8; ties go to the smaller
// magnitude or to the even code.  No v[i] is NaN.
void vise_codes_f4e2m1(int8_t *q, const float *v, int64_t n, bool smaller);

#endif
