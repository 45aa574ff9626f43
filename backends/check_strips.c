// Checks of the kernels that lay rows out in strips.

#include "backends/check_case.h"

void vise_check_interleave(vise_case *c) {
    static const int64_t lengths[] = {0, 1, 3, 4, 7, 8, 11, 12, 13, 16, 31, 64, 100};
    enum { LENGTHS = sizeof lengths / sizeof lengths[0], PITCH = 4 * 101 };
    for (size_t i = 0; i < sizeof c->x; i++) c->x[i] = (int8_t)vise_case_bits(c);
    for (int64_t rows = 1; rows <= VISE_PANEL; rows++) {
        for (int i = 0; i < LENGTHS; i++) {
            const void *x[VISE_PANEL];
            // In no order, and at odd addresses.
            for (int64_t r = 0; r < rows; r++) x[r] = c->x + 1 + r * 5 % VISE_PANEL * PITCH;
            vise_case_poison(c);
            c->ref->interleave(vise_case_want(c, 1), x, rows, lengths[i]);
            c->k->interleave(vise_case_got(c, 1), x, rows, lengths[i]);
            if (!vise_case_verdict(c, vise_case_same(c), lengths[i])) return;
        }
    }
}

void vise_check_group_sums(vise_case *c) {
    static const int64_t groups[] = {1, 3, 8, 16, 31, 32, 40, 64, 128, 5000};
    for (int i = 0; i < 400; i++) {
        int64_t group = groups[i % 10], n = vise_case_below(c, i < 200 ? 300 : 5000);
        int8_t *q = c->x + 1;
        for (int64_t j = 0; j < n; j++) {
            q[j] = i % 7 == 0 ? -128 : i % 7 == 1 ? 127 : (int8_t)vise_case_bits(c);
        }
        vise_case_poison(c);
        c->ref->group_sums(vise_case_want(c, 4), q, n, group);
        c->k->group_sums(vise_case_got(c, 4), q, n, group);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_divide(vise_case *c) {
    for (int64_t n = 0; n < CASE_MAX_N; n++) {
        for (int64_t i = 0; i < n; i++) {
            c->a[i + 1] = vise_case_finite(c);
            c->b[i + 1] = vise_case_finite(c);
            if (c->b[i + 1] == 0) c->b[i + 1] = 1;
        }
        vise_case_poison(c);
        c->ref->divide(vise_case_want(c, 4), c->a + 1, c->b + 1, n);
        c->k->divide(vise_case_got(c, 4), c->a + 1, c->b + 1, n);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}
