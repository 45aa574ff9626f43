// Checks of the kernels that read a row once: conversions, ranges, codes.

#include <math.h>
#include <string.h>

#include "backends/check_case.h"
#include "engine/floats.h"

enum { CODES = 1 << 16, PIECE = 97 }; // a piece: an odd length, so all alignments come by

// --- conversions: all 65,536 codes, in pieces

static void all_codes(vise_case *c, void (*ref)(float *, const uint16_t *, int64_t),
                      void (*got)(float *, const uint16_t *, int64_t)) {
    for (int64_t first = 0; first < CODES; first += PIECE) {
        uint16_t codes[PIECE];
        int64_t n = CODES - first < PIECE ? CODES - first : first % (PIECE - 1) + 1;
        for (int64_t i = 0; i < n; i++) codes[i] = (uint16_t)(first + i);
        vise_case_poison(c);
        ref(vise_case_want(c, 4), codes, n);
        got(vise_case_got(c, 4), codes, n);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
        first -= PIECE - n; // the piece may have been a short one
    }
    vise_case_poison(c);
    got(vise_case_got(c, 4), (const uint16_t *)c->x, 0);
    vise_case_verdict(c, vise_case_same(c), 0);
}

void vise_check_f16_to_f32(vise_case *c) {
    all_codes(c, c->ref->f16_to_f32, c->k->f16_to_f32);
}

void vise_check_bf16_to_f32(vise_case *c) {
    all_codes(c, c->ref->bf16_to_f32, c->k->bf16_to_f32);
}

// Around the value of every code: itself, halfway to the next, and a float to either side.
static int64_t neighbours(float *x, float value, float next) {
    float middle = (float)(((double)value + (double)next) / 2);
    x[0] = value;
    x[1] = middle;
    x[2] = nextafterf(middle, -INFINITY);
    x[3] = nextafterf(middle, INFINITY);
    return 4;
}

static void to_codes(vise_case *c, float (*value)(uint16_t),
                     void (*ref)(uint16_t *, const float *, int64_t),
                     void (*got)(uint16_t *, const float *, int64_t)) {
    for (int64_t first = 0; first < CODES;) {
        float x[4 * PIECE + 4];
        int64_t n = 0, count = first % PIECE + 1;
        for (int64_t i = first; i < first + count && i + 1 < CODES; i++) {
            n += neighbours(x + n, value((uint16_t)i), value((uint16_t)(i + 1)));
        }
        for (int i = 0; i < 3; i++, n++) { // any bits at all: NaN payloads, subnormals
            uint32_t bits = vise_case_bits(c);
            memcpy(&x[n], &bits, sizeof bits);
        }
        n -= first % 4; // every tail
        vise_case_poison(c);
        ref(vise_case_want(c, 2), x, n);
        got(vise_case_got(c, 2), x, n);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
        first += count;
    }
}

void vise_check_f32_to_f16(vise_case *c) {
    to_codes(c, vise_f16_to_f32, c->ref->f32_to_f16, c->k->f32_to_f16);
}

void vise_check_f32_to_bf16(vise_case *c) {
    to_codes(c, vise_bf16_to_f32, c->ref->f32_to_bf16, c->k->f32_to_bf16);
}

// --- ranges

// Fills c->a[1..n]; `kind` 0: finite, 1: one infinity, 2: one NaN of either sign.
static const float *range_input(vise_case *c, int64_t n, int kind) {
    float *x = c->a + 1;
    for (int64_t i = 0; i < n; i++) x[i] = vise_case_finite(c);
    if (kind > 0 && n > 0) {
        float odd = kind == 1 ? INFINITY : NAN;
        x[vise_case_below(c, n)] = vise_case_below(c, 2) ? odd : -odd;
    }
    x[n] = NAN; // one element past the end: it must not count
    return x;
}

static bool same_float(float a, float b) {
    return a == b || (isnan(a) && isnan(b));
}

void vise_check_absmax(vise_case *c) {
    for (int64_t i = 0; i < 3 * (CASE_MAX_N + 1); i++) {
        int64_t n = i / 3;
        const float *x = range_input(c, n, (int)(i % 3));
        bool ok = same_float(c->ref->absmax(x, n), c->k->absmax(x, n));
        if (!vise_case_verdict(c, ok, n)) return;
    }
}

void vise_check_minmax(vise_case *c) {
    for (int64_t i = 3; i < 3 * (CASE_MAX_N + 1); i++) {
        int64_t n = i / 3;
        const float *x = range_input(c, n, (int)(i % 3));
        float want[2], got[2];
        c->ref->minmax(&want[0], &want[1], x, n);
        c->k->minmax(&got[0], &got[1], x, n);
        bool ok = same_float(want[0], got[0]) && same_float(want[1], got[1]);
        if (!vise_case_verdict(c, ok, n)) return;
    }
}

void vise_check_column_absmax(vise_case *c) {
    for (int64_t i = 0; i < 3 * (CASE_MAX_N + 1); i++) {
        int64_t n = i / 3;
        const float *x = range_input(c, n, (int)(i % 3));
        vise_case_poison(c);
        float *want = vise_case_want(c, 4), *got = vise_case_got(c, 4);
        for (int64_t j = 0; j < n; j++) {
            want[j] = j % 13 == 5 ? NAN : j % 3 == 0 ? 0.0f : fabsf(vise_case_finite(c));
            got[j] = want[j];
        }
        c->ref->column_absmax(want, x, n);
        c->k->column_absmax(got, x, n);
        for (int64_t j = 0; j < n; j++) { // which NaN is left open
            if (isnan(want[j]) && isnan(got[j])) got[j] = want[j];
        }
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

typedef void column_sums(double *acc, const float *x, int64_t n, int64_t rows, int64_t stride);

// Up to seven rows of one input, each a little further on.
static void check_sums(vise_case *c, column_sums *want_add, column_sums *got_add) {
    for (int64_t i = 0; i < 3 * (CASE_MAX_N + 1); i++) {
        int64_t n = i / 3, rows = i % 7 + 1, stride = i % 3;
        const float *x = range_input(c, n + (rows - 1) * stride, (int)(i % 3));
        vise_case_poison(c);
        double *want = vise_case_want(c, 8), *got = vise_case_got(c, 8);
        for (int64_t j = 0; j < n; j++) {
            want[j] = j % 13 == 5 ? (double)NAN : 1e9 * fabs((double)vise_case_finite(c));
            got[j] = want[j];
        }
        want_add(want, x, n, rows, stride);
        got_add(got, x, n, rows, stride);
        for (int64_t j = 0; j < n; j++) {
            if (isnan(want[j]) && isnan(got[j])) got[j] = want[j];
        }
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_column_abs_sum(vise_case *c) {
    check_sums(c, c->ref->column_abs_sum, c->k->column_abs_sum);
}

void vise_check_column_squares(vise_case *c) {
    check_sums(c, c->ref->column_squares, c->k->column_squares);
}

// --- codes

static const int8_t *codes_input(vise_case *c, int64_t n) {
    int8_t *q = c->x + 1;
    for (int64_t i = 0; i < n; i++) q[i] = (int8_t)vise_case_bits(c);
    return q;
}

void vise_check_dequant(vise_case *c) {
    for (int64_t i = 0; i < 4 * (CASE_MAX_N + 1); i++) {
        int64_t n = i / 4;
        const int8_t *q = codes_input(c, n);
        float scale = vise_case_uniform(c), zero = i % 2 ? 0 : vise_case_uniform(c);
        vise_case_poison(c);
        c->ref->dequant(vise_case_want(c, 4), q, n, scale, zero);
        c->k->dequant(vise_case_got(c, 4), q, n, scale, zero);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_unpack4(vise_case *c) {
    for (int64_t i = 0; i < 2 * (CASE_MAX_N + 1); i++) {
        int64_t n = i / 2;
        const int8_t *q = codes_input(c, n);
        vise_case_poison(c);
        c->ref->unpack4(vise_case_want(c, 1), (const uint8_t *)q, n, i % 2 ? -8 : 0);
        c->k->unpack4(vise_case_got(c, 1), (const uint8_t *)q, n, i % 2 ? -8 : 0);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_pack4(vise_case *c) {
    for (int64_t n = 0; n <= CASE_MAX_N; n++) {
        int8_t *q = c->x + 1;
        for (int64_t i = 0; i < n; i++) q[i] = (int8_t)(vise_case_below(c, 16) - 8);
        q[n] = 7; // one code past the end: it must not count
        vise_case_poison(c);
        c->ref->pack4(vise_case_want(c, 1), q, n);
        c->k->pack4(vise_case_got(c, 1), q, n);
        if (!vise_case_verdict(c, vise_case_same(c), n)) return;
    }
}

void vise_check_sum_i8(vise_case *c) {
    for (int64_t n = 0; n <= CASE_MAX_N; n++) {
        const int8_t *q = codes_input(c, n);
        if (n % 5 == 4) memset(c->x, -128, (size_t)n + 1);
        if (!vise_case_verdict(c, c->ref->sum_i8(q, n) == c->k->sum_i8(q, n), n)) return;
    }
    memset(c->x, -128, CASE_FLOATS);
    bool ok = c->k->sum_i8(c->x, CASE_FLOATS) == -128 * CASE_FLOATS;
    vise_case_verdict(c, ok, CASE_FLOATS);
}
