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

// --- sweeps

static const struct {
    vise_group_codes coding;
    bool zero, units;
} sweeps[] = {
    {{.form = VISE_CODE_MUL, .kind = VISE_CODE_INT, .lo = -8, .hi = 7},     false, false},
    {{.form = VISE_CODE_DIV, .kind = VISE_CODE_INT, .lo = -128, .hi = 127}, false, false},
    {{.form = VISE_CODE_DIV, .kind = VISE_CODE_INT, .lo = -2, .hi = 1},     true,  false},
    {{.form = VISE_CODE_DIV_ADD, .kind = VISE_CODE_INT, .lo = -4, .hi = 3}, true,  false},
    {{.form = VISE_CODE_MUL, .kind = VISE_CODE_F4},                         false, false},
    {{.form = VISE_CODE_DIV, .kind = VISE_CODE_F4_DOWN},                    false, true },
    {{.form = VISE_CODE_DIV, .kind = VISE_CODE_F8},                         false, false},
    {{.form = VISE_CODE_MUL, .kind = VISE_CODE_F8},                         false, false},
};

enum { ROWS = 24, PITCH = 32 };

// The values of a column, in units of a step that is near 1/4, some of them half-way.
static void sweep_input(vise_case *c, float *w, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float v = 4 * vise_case_uniform(c);
        if (vise_case_below(c, 4) == 0) v = (float)vise_case_below(c, 65) / 8 - 4;
        w[i] = v;
    }
}

static vise_sweep_columns sweep_problem(vise_case *c, size_t kind, int64_t cols, float *a) {
    vise_sweep_columns p = {.coding = sweeps[kind].coding, .rows = ROWS, .cols = cols};
    bool added = p.coding.form == VISE_CODE_DIV_ADD;
    p.pitch = PITCH;
    p.ldu = VISE_SWEEP_COLUMNS + 3;
    for (int64_t i = 0; i < cols; i++) {
        float *u = a + i * p.ldu;
        for (int64_t j = 0; j < cols; j++) u[j] = vise_case_uniform(c);
        u[i] = vise_case_below(c, 6) == 0 ? 0 : 1 + u[i] / 2;
    }
    p.u = a;
    float *steps = a + VISE_SWEEP_COLUMNS * p.ldu;
    for (int64_t i = 0; i < cols; i++, steps += 3 * ROWS) {
        for (int64_t r = 0; r < ROWS; r++) {
            steps[r] = vise_case_below(c, 2) ? 0.25f : 1 + vise_case_uniform(c) / 2;
            steps[ROWS + r] = added ? (float)vise_case_below(c, 8) : vise_case_uniform(c);
            steps[2 * ROWS + r] = 1 + vise_case_uniform(c) / 2;
        }
        p.scale[i] = steps;
        if (sweeps[kind].zero) p.zero[i] = steps + ROWS;
        p.value[i] = steps + 2 * ROWS;
    }
    if (sweeps[kind].units) p.units = p.value[0];
    return p;
}

void vise_check_sweep_columns(vise_case *c) {
    enum { KINDS = sizeof sweeps / sizeof sweeps[0], AREA = VISE_SWEEP_COLUMNS * PITCH * 4 };
    for (int64_t i = 0; i < KINDS * VISE_SWEEP_COLUMNS; i++) {
        int64_t cols = i / KINDS + 1, count = cols * PITCH;
        vise_sweep_columns p = sweep_problem(c, (size_t)(i % KINDS), cols, c->a);
        sweep_input(c, c->b, count);
        vise_case_poison(c);
        for (int side = 0; side < 2; side++) {
            char *area = side ? vise_case_got(c, 4) : vise_case_want(c, 4);
            p.w = (float *)(void *)area;
            p.loss = (float *)(void *)(area + AREA);
            p.q = (int8_t *)area + 2 * AREA;
            for (int64_t n = 0; n < count; n++) p.w[n] = c->b[n];
            (side ? c->k : c->ref)->sweep_columns(&p);
        }
        if (!vise_case_verdict(c, vise_case_same(c), cols)) return;
    }
}
