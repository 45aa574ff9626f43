#include "engine/scale_search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/range_search.h"

enum { PIECE = 1024, F8_CODES = 127 }; // columns summed in f32; without NaN

vise_status vise_search_resolve(vise_search *search, const vise_scheme *s, vise_error *err) {
    const bool whole = s->granularity == VISE_PER_TENSOR;
    const bool integers = s->element == VISE_ELEMENT_INT && !whole;
    const bool ratios = vise_step_is_stored(s) && s->element != VISE_ELEMENT_F8 && !whole;
    if (!search->on) return VISE_OK;
    if (ratios && !search->grid && !search->importance) return VISE_OK;
    if (integers && !search->grid) {
        search->grid = 100;
        search->shrink = 0.41;
        search->norm = 2;
    }
    if (integers) return VISE_OK;
    char text[VISE_SCHEME_TEXT];
    return vise_fail(err, VISE_EINVAL, "E-SC-11",
                     "no scale search %sfor %s; allowed: int per row, group or block%s",
                     ratios ? "of that kind " : "", vise_scheme_describe(text, sizeof text, s),
                     ratios ? "" : ", f4e2m1 amax, nvfp4, svdq_nvfp4_stored");
}

// What the runs of a stretch have in common.
typedef struct ratio_search {
    const vise_scheme *s;
    const vise_matrix *m;
    vise_upper upper;
    int64_t count;          // of ratios; 0 if codes are tried
    float ratio[VISE_RUNS]; // to the exact scale
    float value[F8_CODES];  // of each f8e4m3 code
} ratio_search;

// The scales to try, times the upper level, and their reciprocals.
typedef struct candidates {
    int64_t count;
    float stored[VISE_RUNS], scale[VISE_RUNS], inv[VISE_RUNS];
} candidates;

static void prepare(ratio_search *f) {
    f->count = 0;
    if (f->s->scale_dtype == VISE_F8E4M3) {
        uint8_t code[F8_CODES];
        for (int i = 0; i < F8_CODES; i++) code[i] = (uint8_t)i;
        vise_f8_values(f->m->kernels, f->value, code, F8_CODES);
        return;
    }
    const bool f4 = f->s->element == VISE_ELEMENT_F4;
    const int last = f4 ? 120 : 100, by = f4 ? 2 : 1; // percent
    for (int i = 0; i < VISE_RUNS; i++) f->ratio[i] = 1;
    for (int percent = 60; percent <= last; percent += by) {
        f->ratio[f->count++] = (float)percent / 100;
    }
}

// The f8e4m3 codes of the scales times `ratio`.
static void codes_at(const ratio_search *f, uint8_t code[VISE_RUNS],
                     const float exact[VISE_RUNS], int64_t count, float ratio) {
    const vise_kernels *k = f->m->kernels;
    vise_steps steps;
    float some[VISE_RUNS];
    for (int i = 0; i < VISE_RUNS; i++) some[i] = exact[i] * ratio;
    vise_steps_rounded(k, &steps, f->s, some, count, f->upper);
    vise_steps_store(k, VISE_F8E4M3, code, 0, steps.scale, count);
}

static void list_codes(candidates *c, const ratio_search *f, int first, int last) {
    c->count = 0; // between neighbours lie at least two ratios: no code is jumped over
    for (int i = first; i <= last; i++) c->stored[c->count++] = f->value[i];
}

static void list_ratios(candidates *c, const ratio_search *f, float exact) {
    vise_steps steps;
    float some[VISE_RUNS];
    c->count = f->count;
    for (int i = 0; i < VISE_RUNS; i++) some[i] = exact * f->ratio[i];
    vise_steps_rounded(f->m->kernels, &steps, f->s, some, c->count, f->upper);
    memcpy(c->stored, steps.scale, sizeof c->stored);
}

// Leaves out what no code can be made with.
static void make_reciprocals(candidates *c, float upper) {
    bool all = true;
    for (int64_t b = 0; b < c->count; b += VISE_RUN_LANES) {
        float *scale = c->scale + b, *inv = c->inv + b;
        for (int i = 0; i < VISE_RUN_LANES; i++) scale[i] = c->stored[b + i] * upper;
        for (int i = 0; i < VISE_RUN_LANES; i++) inv[i] = 1 / scale[i];
    }
    for (int64_t i = 0; i < c->count; i++) {
        all &= (c->scale[i] <= FLT_MAX) & (c->inv[i] <= FLT_MAX);
    }
    if (all) return;
    int64_t kept = 0;
    for (int64_t i = 0; i < c->count; i++) {
        c->stored[kept] = c->stored[i];
        c->scale[kept] = c->scale[i];
        c->inv[kept] = c->inv[i];
        kept += isfinite(c->scale[i]) && isfinite(c->inv[i]);
    }
    c->count = kept;
}

// Sums the errors of a run for each candidate.
static void sum_errors(double sum[VISE_RUNS], const candidates *c, const ratio_search *f,
                       const vise_run *run) {
    const vise_kernels *k = f->m->kernels;
    float buffer[VISE_PIECE], err[VISE_RUNS];
    for (int64_t i = 0; i < c->count; i++) sum[i] = 0;
    for (int64_t i = 0; i < run->rows; i++) {
        for (int64_t done = 0; done < run->count; done += PIECE) {
            int64_t n = run->count - done < PIECE ? run->count - done : PIECE;
            const float *x = vise_matrix_read(f->m, run->row + i, run->first + done, n, buffer);
            if (f->s->element == VISE_ELEMENT_F4) {
                k->f4_errors(err, x, n, c->scale, c->inv, (int)c->count);
            } else {
                k->int_errors(err, x, n, c->scale, c->inv, (int)c->count, f->s->lo, f->s->hi);
            }
            for (int64_t j = 0; j < c->count; j++) sum[j] += (double)err[j];
        }
    }
}

// The first of the least.
static int64_t least_of(double sum[VISE_RUNS], int64_t count) {
    enum { LANES = 8 };
    double lane[LANES];
    for (int64_t i = count; i % LANES; i++) sum[i] = HUGE_VAL;
    for (int i = 0; i < LANES; i++) lane[i] = sum[i];
    for (int64_t b = LANES; b < count; b += LANES) {
        for (int i = 0; i < LANES; i++) lane[i] = sum[b + i] < lane[i] ? sum[b + i] : lane[i];
    }
    double least = lane[0];
    for (int i = 1; i < LANES; i++) least = lane[i] < least ? lane[i] : least;
    int64_t best = 0;
    while (sum[best] > least) best++;
    return best;
}

static void search_ratios(vise_steps *steps, const vise_scheme *s, const vise_matrix *m,
                          const vise_run *first, const float hi[VISE_RUNS], int64_t count,
                          vise_upper upper) {
    ratio_search f = {.s = s, .m = m, .upper = upper};
    candidates c;
    float exact[VISE_RUNS], chosen[VISE_RUNS];
    uint8_t lowest[VISE_RUNS], highest[VISE_RUNS];
    double sum[VISE_RUNS];
    vise_run run = *first;
    prepare(&f);
    vise_steps_exact(s, exact, hi, count, upper);
    memcpy(chosen, steps->scale, sizeof chosen);
    if (!f.count) codes_at(&f, lowest, exact, count, 0.6f);
    if (!f.count) codes_at(&f, highest, exact, count, 1.2f);
    for (int64_t i = 0; i < count; i++, run.first += first->count) {
        if (!(hi[i] >= 0x1p-40f && hi[i] <= 0x1p40f)) continue;
        if (run.count > m->cols - run.first) run.count = m->cols - run.first;
        if (f.count) {
            list_ratios(&c, &f, exact[i]);
        } else {
            list_codes(&c, &f, lowest[i], highest[i]);
        }
        make_reciprocals(&c, upper.stored);
        sum_errors(sum, &c, &f, &run);
        if (c.count) chosen[i] = c.stored[least_of(sum, c.count)];
    }
    vise_steps_rounded(m->kernels, steps, s, chosen, count, upper);
}

void vise_search_steps(vise_steps *steps, const vise_search *search, const vise_scheme *s,
                       const vise_matrix *m, const vise_run *first, const float lo[VISE_RUNS],
                       const float hi[VISE_RUNS], int64_t count, vise_upper upper) {
    if (search->grid) {
        vise_search_ranges(steps, search, s, m, first, lo, hi, count);
    } else {
        search_ratios(steps, s, m, first, hi, count, upper);
    }
}
