// The plain versions of the kernels that lay rows out in strips.

#include <string.h>

#include "backends/backends.h"

static void interleave(void *y, const void *const x[], int64_t rows, int64_t n) {
    char *to = y;
    for (int64_t w = 0; w < n; w++) {
        for (int64_t i = 0; i < rows; i++, to += 4) memcpy(to, (const char *)x[i] + 4 * w, 4);
    }
}

static void group_sums(int32_t *sums, const int8_t *q, int64_t n, int64_t group) {
    for (int64_t g = 0; g * group < n; g++) {
        sums[g] = 0;
        for (int64_t i = g * group; i < n && i < (g + 1) * group; i++) sums[g] += q[i];
    }
}

static void divide(float *y, const float *x, const float *by, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = x[i] / by[i];
}

void vise_ref_strips_init(vise_kernels *k) {
    k->interleave = interleave;
    k->group_sums = group_sums;
    k->divide = divide;
}
