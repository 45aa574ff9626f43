// Private to backends/: one init function per backend, each overwriting the slots it does
// better than the ones before it.

#ifndef VISE_BACKENDS_H
#define VISE_BACKENDS_H

#include "engine/kernels.h"

void vise_ref_init(vise_kernels *k); // fills every slot

void vise_blas_init(vise_kernels *k); // not a level: a switch for `gemm`
// LAPACK runs on OpenBLAS too, whatever computes `gemm`: one thread, or the bits would
// depend on how many there are.
void vise_blas_one_thread(void);

#endif
