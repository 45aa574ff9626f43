// Judges any backend against `ref`, kernel by kernel, as engine/kernels.h says it is judged.
// Used by the tests, and before anything is timed.

#ifndef VISE_CHECK_H
#define VISE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/kernels.h"

typedef struct vise_check {
    const char *kernel;
    bool ok;
    int64_t n;    // length (of products: inputs) at which it first failed, -1 if it never did
    double worst; // near kernels: largest error as a fraction of the allowed one
} vise_check;

#define VISE_KERNEL_COUNT ((sizeof(vise_kernels) - 2 * sizeof(char *)) / sizeof(void (*)(void)))

// Fills one result per kernel, or one for the kernel `only` if that is not NULL, and says how
// many.  Same seed, same verdict.  E-MM-01 if there is no memory for the problems.
vise_status vise_kernels_check(const vise_kernels *k, uint64_t seed, const char *only,
                               vise_check out[VISE_KERNEL_COUNT], size_t *count,
                               vise_error *err);

#endif
