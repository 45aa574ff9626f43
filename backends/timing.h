// Times kernels against each other and against the machine's peak, on one thread, in one
// process: the sides take turns and the best of all turns counts, so that drift and
// neighbours hit all alike.  Integer products are compared with `ref` before they are timed.

#ifndef VISE_TIMING_H
#define VISE_TIMING_H

#include "engine/kernels.h"

typedef struct vise_product_shape {
    int64_t m, k, n, group; // k a multiple of group, group of 8, n of 32
    int64_t repeats;
} vise_product_shape;

typedef struct vise_product_times { // seconds; rates in operations or bytes a second
    double w8a8, w4a8, gemm;
    double few;                 // 0 when m > 8
    double int8_peak, f32_peak; // 0 where the backend has no such loop
    double read;                // bytes a second through the f32 weights; 0 likewise
} vise_product_times;

// `k`: the kernels to time; `gemm` is what they are measured against.  E-HW-05 if a product
// differs from `ref`, E-MM-01.
vise_status vise_time_products(const vise_kernels *k, const vise_product_shape *shape,
                               vise_product_times *out, vise_error *err);

enum { VISE_ROW_KERNELS = 13 };

typedef struct vise_row_time {
    const char *kernel;
    double seconds; // for n elements; of a search, elements and scales together
} vise_row_time;

// Rows of n elements, repeated until they are in cache.
vise_status vise_time_rows(const vise_kernels *k, int64_t n, int64_t repeats,
                           vise_row_time out[VISE_ROW_KERNELS], vise_error *err);

#endif
