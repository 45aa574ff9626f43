// Checks of softmax, SiLU and GELU.

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/check_case.h"

enum { LONG = 5000 }; // long enough that a sum in f32 would show

// The lengths of all problems: 0 to CASE_MAX_N, then one long row.
static int64_t length_of(int64_t i) {
    return i <= CASE_MAX_N ? i : LONG;
}

static void fill(vise_case *c, int64_t n, int64_t problem) {
    static const float edge[] = {0.0f,   -0.0f,   87.5f,   -87.5f,   88.8f,   -88.8f,
                                 103.5f, -103.5f, FLT_MAX, -FLT_MAX, FLT_MIN, -1e-42f,
                                 1e-45f, 17.0f,   -17.0f,  1e10f};
    float width = problem % 3 == 0 ? 1.0f : problem % 3 == 1 ? 10.0f : 110.0f;
    for (int64_t i = 0; i < n; i++) {
        bool odd = problem % 5 == 4 && vise_case_below(c, 4) == 0;
        c->a[1 + i] = odd ? edge[vise_case_below(c, 16)] : width * vise_case_uniform(c);
    }
    if (problem % 7 == 6 && n > 0) c->a[1 + vise_case_below(c, n)] = NAN;
}

typedef void (*function)(float *y, const float *x, int64_t n);

// allowed(ref, x) is the largest error the contract lets pass.
static void judge(vise_case *c, function ref, function got,
                  double (*allowed)(double want, double x)) {
    for (int64_t i = 0; i <= CASE_MAX_N + 6; i++) {
        int64_t n = length_of(i);
        double bound[LONG];
        fill(c, n, i);
        vise_case_poison(c);
        float *want = vise_case_want(c, 4), *out = vise_case_got(c, 4);
        ref(want, c->a + 1, n);
        for (int64_t j = 0; j < n; j++) {
            bound[j] = allowed((double)want[j], (double)c->a[1 + j]);
        }
        if (i % 2) { // in place
            memcpy(out, c->a + 1, (size_t)n * sizeof *out);
            got(out, out, n);
        } else {
            got(out, c->a + 1, n);
        }
        if (!vise_case_verdict(c, vise_case_near(c, bound, n), n)) return;
    }
}

static double by_result(double want, double x) {
    (void)x;
    return 8 * (double)FLT_EPSILON * (fabs(want) + (double)FLT_MIN);
}

static double by_input(double want, double x) {
    (void)want;
    return 8 * (double)FLT_EPSILON * fabs(x);
}

void vise_check_silu(vise_case *c) {
    judge(c, c->ref->silu, c->k->silu, by_result);
}

void vise_check_gelu_tanh(vise_case *c) {
    judge(c, c->ref->gelu_tanh, c->k->gelu_tanh, by_input);
}

void vise_check_gelu_erf(vise_case *c) {
    judge(c, c->ref->gelu_erf, c->k->gelu_erf, by_result);
}

// Against the backend's own silu, which another check judges.
void vise_check_silu_mul(vise_case *c) {
    for (int64_t i = 0; i <= CASE_MAX_N + 6; i++) {
        int64_t n = length_of(i);
        fill(c, n, i);
        for (int64_t j = 0; j < n; j++) c->b[1 + j] = vise_case_finite(c);
        vise_case_poison(c);
        float *want = vise_case_want(c, 4), *out = vise_case_got(c, 4);
        c->k->silu(want, c->a + 1, n);
        for (int64_t j = 0; j < n; j++) want[j] *= c->b[1 + j];
        const float *in = i % 3 == 1 ? out : c->a + 1, *up = i % 3 == 2 ? out : c->b + 1;
        if (i % 3 > 0) memcpy(out, i % 3 == 1 ? c->a + 1 : c->b + 1, (size_t)n * sizeof *out);
        c->k->silu_mul(out, in, up, n);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_exp_sum(vise_case *c) {
    for (int64_t i = 1; i <= CASE_MAX_N + 6; i++) {
        int64_t n = length_of(i);
        fill(c, n, i);
        if (i % 4 == 3) c->a[1 + vise_case_below(c, n)] = -INFINITY;
        if (i % 13 == 3) c->a[1 + vise_case_below(c, n)] = INFINITY;
        float max = -INFINITY;
        for (int64_t j = 0; j < n; j++) max = c->a[1 + j] > max ? c->a[1 + j] : max;
        double want = c->ref->exp_sum(c->a + 1, n, max);
        double error = fabs(c->k->exp_sum(c->a + 1, n, max) - want);
        double allowed = (double)(n + 16) * DBL_EPSILON * want;
        bool ok = isnan(want) ? isnan(error) : error <= allowed;
        if (ok && !isnan(want)) c->result->worst = fmax(c->result->worst, error / allowed);
        if (!vise_case_verdict(c, ok, n)) return;
    }
}

// Softmax takes -infinity too: what a mask leaves out.
void vise_check_softmax(vise_case *c) {
    judge(c, c->ref->softmax, c->k->softmax, by_result);
    for (int64_t n = 1; n <= CASE_MAX_N && c->result->ok; n++) {
        double bound[CASE_MAX_N];
        fill(c, n, 0);
        for (int64_t j = 1; j < n; j++) {
            if (vise_case_below(c, 3) == 0) c->a[1 + j] = -INFINITY;
        }
        if (n % 11 == 0) c->a[1] = INFINITY;
        vise_case_poison(c);
        float *want = vise_case_want(c, 4);
        c->ref->softmax(want, c->a + 1, n);
        c->k->softmax(vise_case_got(c, 4), c->a + 1, n);
        for (int64_t j = 0; j < n; j++) bound[j] = by_result((double)want[j], 0);
        vise_case_verdict(c, vise_case_near(c, bound, n), n);
    }
}
