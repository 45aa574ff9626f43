#include "engine/scale_search.h"

#include <math.h>

vise_status vise_search_check(const vise_scheme *s, vise_error *err) {
    if (vise_step_is_stored(s) && s->element != VISE_ELEMENT_F8 &&
        s->granularity != VISE_PER_TENSOR) {
        return VISE_OK;
    }
    char text[VISE_SCHEME_TEXT];
    return vise_fail(err, VISE_EINVAL, "E-SC-11",
                     "no scale search for %s; allowed: int and f4e2m1 per row, group or block, "
                     "conventions amax_half_step, amax, nvfp4, svdq_nvfp4_stored",
                     vise_scheme_describe(text, sizeof text, s));
}

// The scales to try, times the upper level, and their reciprocals.
typedef struct candidates {
    int64_t count;
    vise_steps as_stored;
    float scale[VISE_RUNS], inv[VISE_RUNS];
} candidates;

// With f8e4m3 scales: all codes from that of 0.60 to that of 1.20.
static void list_codes(candidates *c, const vise_scheme *s, const vise_kernels *k, float exact,
                       vise_upper upper) {
    float ends[VISE_RUNS] = {exact * 0.6f, exact * 1.2f};
    uint8_t code[VISE_RUNS];
    vise_steps_rounded(k, &c->as_stored, s, ends, 2, upper);
    vise_steps_store(k, VISE_F8E4M3, code, 0, c->as_stored.scale, 2);
    int first = code[0], last = code[1];
    c->count = 0; // between neighbours lie at least two ratios: no code is jumped over
    for (int i = first; i <= last; i++) code[c->count++] = (uint8_t)i;
    vise_f8_values(k, ends, code, c->count);
    vise_steps_rounded(k, &c->as_stored, s, ends, c->count, upper);
}

static void list_ratios(candidates *c, const vise_scheme *s, const vise_kernels *k, float exact,
                        vise_upper upper) {
    const bool f4 = s->element == VISE_ELEMENT_F4;
    const int last = f4 ? 120 : 100, by = f4 ? 2 : 1; // percent
    float some[VISE_RUNS];
    c->count = 0;
    for (int percent = 60; percent <= last; percent += by) {
        some[c->count++] = exact * ((float)percent / 100);
    }
    vise_steps_rounded(k, &c->as_stored, s, some, c->count, upper);
}

// What no code can be made with is left out.
static void make_reciprocals(candidates *c) {
    int64_t kept = 0;
    for (int64_t i = 0; i < c->count; i++) {
        float scale = c->as_stored.scale[i] * c->as_stored.upper, inv = 1 / scale;
        vise_steps_put(&c->as_stored, kept, vise_steps_at(&c->as_stored, i));
        c->scale[kept] = scale;
        c->inv[kept] = inv;
        kept += isfinite(scale) && isfinite(inv);
    }
    c->count = kept;
}

// Sums the errors of a run for each candidate.
static void sum_errors(double sum[VISE_RUNS], const candidates *c, const vise_scheme *s,
                       const vise_matrix *m, const vise_run *run) {
    const vise_kernels *k = m->kernels;
    float buffer[VISE_PIECE], err[VISE_RUNS];
    for (int64_t i = 0; i < run->rows; i++) {
        for (int64_t done = 0; done < run->count; done += VISE_PIECE) {
            int64_t n = run->count - done < VISE_PIECE ? run->count - done : VISE_PIECE;
            const float *x = vise_matrix_read(m, run->row + i, run->first + done, n, buffer);
            if (s->element == VISE_ELEMENT_F4) {
                k->f4_errors(err, x, n, c->scale, c->inv, (int)c->count);
            } else {
                k->int_errors(err, x, n, c->scale, c->inv, (int)c->count, s->lo, s->hi);
            }
            for (int64_t j = 0; j < c->count; j++) sum[j] += (double)err[j];
        }
    }
}

void vise_search_steps(vise_steps *steps, const vise_scheme *s, const vise_matrix *m,
                       const vise_run *first, const float hi[VISE_RUNS], int64_t count,
                       vise_upper upper) {
    float exact[VISE_RUNS];
    vise_run run = *first;
    candidates c;
    vise_steps_exact(s, exact, hi, count, upper);
    for (int64_t i = 0; i < count; i++, run.first += first->count) {
        if (!(hi[i] >= 0x1p-40f && hi[i] <= 0x1p40f)) continue;
        if (run.count > m->cols - run.first) run.count = m->cols - run.first;
        if (s->scale_dtype == VISE_F8E4M3) {
            list_codes(&c, s, m->kernels, exact[i], upper);
        } else {
            list_ratios(&c, s, m->kernels, exact[i], upper);
        }
        make_reciprocals(&c);
        double sum[VISE_RUNS] = {0};
        sum_errors(sum, &c, s, m, &run);
        int64_t best = 0;
        for (int64_t j = 1; j < c.count; j++) {
            if (sum[j] < sum[best]) best = j;
        }
        if (c.count) vise_steps_put(steps, i, vise_steps_at(&c.as_stored, best));
    }
}
