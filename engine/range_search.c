#include "engine/range_search.h"

#include <math.h>
#include <stddef.h>

#include "engine/power.h"

enum { PIECE = 1024 }; // columns summed in f32

// One run, and what is tried on it.
typedef struct trials {
    const vise_search *search;
    const vise_scheme *s;
    const vise_matrix *m;
    vise_run run;
    float lo, hi, unit; // `unit` brings the largest value into [1, 2)
    vise_power power;
    int count; // of the candidates below
    float scale[VISE_RUNS], inv[VISE_RUNS], zero[VISE_RUNS], least[VISE_RUNS], most[VISE_RUNS];
    double sum[VISE_RUNS];
} trials;

static float shrunk_by(const vise_search *search, int64_t i) {
    return (float)(1 - (double)i / (double)search->grid);
}

// The codes of candidate i, less the zero point if that is an integer.
static void bound_codes(trials *t, const vise_steps *steps, int i) {
    const vise_scheme *s = t->s;
    const float shift = s->zero == VISE_ZERO_INT ? steps->zero[i] : 0;
    t->least[i] = (float)s->lo - shift;
    t->most[i] = (float)s->hi - shift;
    t->zero[i] = s->zero == VISE_ZERO_FLOAT ? steps->zero[i] * t->unit : 0;
}

// Candidates from `first` on.  One that cannot be computed with gets a NaN, which never wins.
static void make_candidates(trials *t, int64_t first) {
    const vise_kernels *k = t->m->kernels;
    const bool multiplies = vise_step_form(t->s) == VISE_CODE_MUL;
    const float inverse = 1 / t->unit;
    float lo[VISE_RUNS] = {0}, hi[VISE_RUNS] = {0};
    vise_steps steps;
    for (int i = 0; i < t->count; i++) {
        const float p = shrunk_by(t->search, first + i);
        lo[i] = t->lo * p;
        hi[i] = t->hi * p;
    }
    const bool fit = vise_steps_make(k, &steps, t->s, lo, hi, t->count, (vise_upper){1, 1});
    if (t->s->zero == VISE_ZERO_FLOAT) {
        vise_steps_round(k, t->s->scale_dtype, steps.zero, t->count);
    }
    for (int i = 0; i < t->count; i++) {
        t->scale[i] = steps.scale[i] * t->unit;
        t->inv[i] = (multiplies ? steps.by[i] : 1 / steps.by[i]) * inverse;
        bound_codes(t, &steps, i);
        const bool sound = fit && isfinite(t->scale[i]) && isfinite(t->inv[i]);
        t->sum[i] = sound ? 0 : NAN;
        if (!sound) t->scale[i] = t->inv[i] = t->zero[i] = 0;
    }
}

static void add_errors(trials *t, const float *x, int64_t col, int64_t n) {
    float err[VISE_RUNS], units[PIECE];
    const float *importance = t->search->importance;
    for (int64_t i = 0; i < n; i++) units[i] = x[i] * t->unit;
    const vise_power_errors p = {
        .err = err,
        .x = units,
        .weight = importance ? importance + col : NULL,
        .n = n,
        .count = t->count,
        .scale = t->scale,
        .inv = t->inv,
        .zero = t->s->zero == VISE_ZERO_FLOAT ? t->zero : NULL,
        .lo = t->least,
        .hi = t->most,
        .power = &t->power,
    };
    t->m->kernels->power_errors(&p);
    for (int i = 0; i < t->count; i++) t->sum[i] += (double)err[i];
}

static void sum_errors(trials *t) {
    float buffer[VISE_PIECE];
    for (int64_t i = 0; i < t->run.rows; i++) {
        for (int64_t done = 0, n; done < t->run.count; done += n) {
            const int64_t col = t->run.first + done;
            n = t->run.count - done < PIECE ? t->run.count - done : PIECE;
            add_errors(t, vise_matrix_read(t->m, t->run.row + i, col, n, buffer), col, n);
        }
    }
}

// By how much the range of the run is shrunk: 1 - i / grid.
static float search_run(trials *t) {
    const int64_t count = (int64_t)(t->search->shrink * (double)t->search->grid);
    double least = HUGE_VAL;
    int64_t best = 0;
    for (int64_t first = 0; first < count; first += VISE_RUNS) {
        t->count = (int)(count - first < VISE_RUNS ? count - first : VISE_RUNS);
        make_candidates(t, first);
        sum_errors(t);
        for (int i = 0; i < t->count; i++) {
            if (!(t->sum[i] < least)) continue;
            least = t->sum[i];
            best = first + i;
        }
    }
    return shrunk_by(t->search, best);
}

void vise_search_ranges(vise_steps *steps, const vise_search *search, const vise_scheme *s,
                        const vise_matrix *m, const vise_run *first, const float lo[VISE_RUNS],
                        const float hi[VISE_RUNS], int64_t count) {
    trials t = {.search = search, .s = s, .m = m, .run = *first};
    vise_power_make(&t.power, search->norm);
    float low[VISE_RUNS] = {0}, high[VISE_RUNS] = {0};
    for (int64_t i = 0; i < count; i++, t.run.first += first->count) {
        const float amax = fmaxf(fabsf(lo[i]), fabsf(hi[i]));
        int exponent;
        t.lo = low[i] = lo[i];
        t.hi = high[i] = hi[i];
        if (!(amax >= 0x1p-100f && amax <= 0x1p100f)) continue;
        if (t.run.count > m->cols - t.run.first) t.run.count = m->cols - t.run.first;
        frexpf(amax, &exponent);
        t.unit = ldexpf(1, 1 - exponent);
        const float p = search_run(&t);
        low[i] *= p;
        high[i] *= p;
    }
    vise_steps_make(m->kernels, steps, s, low, high, count, (vise_upper){1, 1});
}
