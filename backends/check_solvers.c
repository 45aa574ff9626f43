// Checks of the kernels of the solvers.

#include "backends/check_case.h"

void vise_check_walsh(vise_case *c) {
    for (int64_t n = 1; n <= 1 << 14; n *= 2) {
        for (int in_place = 0; in_place < 2; in_place++) {
            for (int64_t i = 0; i < n; i++) c->a[i + 1] = vise_case_uniform(c);
            vise_case_poison(c);
            float *want = vise_case_want(c, 4), *got = vise_case_got(c, 4);
            for (int64_t i = 0; in_place && i < n; i++) want[i] = got[i] = c->a[i + 1];
            c->ref->walsh(want, in_place ? want : c->a + 1, n, 0.3f);
            c->k->walsh(got, in_place ? got : c->a + 1, n, 0.3f);
            if (!vise_case_verdict(c, vise_case_same(c), n)) return;
        }
    }
}
