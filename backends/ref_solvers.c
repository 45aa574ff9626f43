// Reference kernels of the solvers: transforms.

#include <string.h>

#include "backends/backends.h"

static void walsh(float *y, const float *x, int64_t n, float by) {
    if (y != x) memcpy(y, x, (size_t)n * sizeof *y);
    for (int64_t h = 1; h < n; h *= 2) {
        for (int64_t i = 0; i < n; i++) {
            if (i & h) continue;
            float a = y[i], b = y[i + h];
            y[i] = a + b;
            y[i + h] = a - b;
        }
    }
    for (int64_t i = 0; i < n; i++) y[i] *= by;
}

void vise_ref_solvers_init(vise_kernels *k) {
    k->walsh = walsh;
}
