#include "engine/scale_search.h"

#include <math.h>

#include "engine/floats.h"

enum { CANDIDATES = 41 };

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

// The scales to try, each as stored and times the upper level, and its reciprocal.
typedef struct candidates {
    int count;
    float stored[CANDIDATES], scale[CANDIDATES], inv[CANDIDATES];
} candidates;

// Skips what stands there already and what no code can be made with.
static void add_candidate(candidates *c, float stored, float upper) {
    float scale = stored * upper, inv = 1 / scale;
    bool known = c->count && stored == c->stored[c->count - 1];
    if (known || !isfinite(scale) || !isfinite(inv)) return;
    c->stored[c->count] = stored;
    c->scale[c->count] = scale;
    c->inv[c->count++] = inv;
}

static void list_candidates(candidates *c, const vise_scheme *s, float exact,
                            vise_upper upper) {
    const bool f4 = s->element == VISE_ELEMENT_F4;
    const int last = f4 ? 120 : 100, by = f4 ? 2 : 1; // percent
    if (s->scale_dtype == VISE_F8E4M3) {
        // Between neighbours lie at least two ratios: no code is jumped over.
        float lowest = vise_step_rounded(s, exact * 0.6f, upper).scale;
        float highest = vise_step_rounded(s, exact * 1.2f, upper).scale;
        int end = vise_f32_to_f8e4m3(highest);
        for (int code = vise_f32_to_f8e4m3(lowest); code <= end; code++) {
            add_candidate(c, vise_f8e4m3_to_f32((uint8_t)code), upper.stored);
        }
        return;
    }
    for (int percent = 60; percent <= last; percent += by) {
        float ratio = (float)percent / 100;
        add_candidate(c, vise_step_rounded(s, exact * ratio, upper).scale, upper.stored);
    }
}

// Sums the errors of a run for each candidate.
static void sum_errors(double sum[CANDIDATES], const candidates *c, const vise_scheme *s,
                       const vise_matrix *m, const vise_run *run) {
    const vise_kernels *k = m->kernels;
    float buffer[VISE_PIECE], err[CANDIDATES];
    for (int64_t i = 0; i < run->rows; i++) {
        for (int64_t done = 0; done < run->count; done += VISE_PIECE) {
            int64_t n = run->count - done < VISE_PIECE ? run->count - done : VISE_PIECE;
            const float *x = vise_matrix_read(m, run->row + i, run->first + done, n, buffer);
            if (s->element == VISE_ELEMENT_F4) {
                k->f4_errors(err, x, n, c->scale, c->inv, c->count);
            } else {
                k->int_errors(err, x, n, c->scale, c->inv, c->count, s->lo, s->hi);
            }
            for (int j = 0; j < c->count; j++) sum[j] += (double)err[j];
        }
    }
}

bool vise_search_step(vise_step *out, const vise_scheme *s, const vise_matrix *m,
                      const vise_run *run, vise_range r, vise_upper upper) {
    if (!vise_step_make(out, s, r, upper)) return false;
    if (!(r.hi >= 0x1p-40f && r.hi <= 0x1p40f)) return true;
    candidates c = {0};
    double sum[CANDIDATES] = {0};
    list_candidates(&c, s, vise_step_exact(s, r, upper), upper);
    sum_errors(sum, &c, s, m, run);
    int best = 0;
    for (int i = 1; i < c.count; i++) {
        if (sum[i] < sum[best]) best = i;
    }
    if (c.count) *out = vise_step_rounded(s, c.stored[best], upper);
    return true;
}
