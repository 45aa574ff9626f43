// Powers of errors, for kernels that make many of them.

#ifndef VISE_POWER_H
#define VISE_POWER_H

#include "engine/kernels.h"

// What makes powers with an exponent from 1 to 4: within 2^-19 of the true ones, numbers below
// 2^-26 becoming 0.  The polynomial meets m^power where one of degree 6 of Chebyshev is 0.
void vise_power_make(vise_power *out, double power);

#endif
