#include "engine/float_codes.h"

#include <string.h>

enum { LANES = 16 }; // values at once; the last few are filled up with zeros

// Normal numbers (2^-6 and up) lose 20 of the 23 bits of their mantissa, rounded, and 120 of
// the bias of their exponent.  Below, adding 1.5 * 2^14 rounds to multiples of 2^-9, the
// smallest number, and leaves their count in the low bits.
static void f8_lanes(int32_t code[LANES], const float v[LANES]) {
    const float shift = 0x1.8p14f;
    int32_t bits[LANES], magnitude[LANES], sum[LANES], base;
    float a[LANES], small[LANES];
    memcpy(&base, &shift, sizeof base);
    memcpy(bits, v, sizeof bits);
    for (int i = 0; i < LANES; i++) magnitude[i] = bits[i] & 0x7fffffff;
    for (int i = 0; i < LANES; i++) { // as integers, magnitudes are ordered like floats
        magnitude[i] = magnitude[i] < 0x43e00000 ? magnitude[i] : 0x43e00000; // 448
    }
    memcpy(a, magnitude, sizeof a);
    for (int i = 0; i < LANES; i++) small[i] = a[i] + shift;
    memcpy(sum, small, sizeof sum);
    for (int i = 0; i < LANES; i++) {
        int32_t normal =
            ((magnitude[i] + 0x7ffff + (magnitude[i] >> 20 & 1)) >> 20) - (120 << 3);
        int32_t chosen = magnitude[i] < 0x3c800000 ? sum[i] - base : normal; // 2^-6
        code[i] = chosen | (bits[i] >> 24 & 0x80);
    }
}

// What lies above the tie between code i and i + 1 is at least i + 1; where a tie goes up, the
// bound is the float before it.
static void f4_lanes(int32_t code[LANES], const float v[LANES], const float bound[7]) {
    float a[LANES];
    for (int i = 0; i < LANES; i++) a[i] = v[i] < 0 ? -v[i] : v[i];
    for (int i = 0; i < LANES; i++) code[i] = 0;
    for (int b = 0; b < 7; b++) {
        for (int i = 0; i < LANES; i++) code[i] += a[i] > bound[b];
    }
    for (int i = 0; i < LANES; i++) code[i] -= v[i] < 0 && code[i] ? 0 : 8;
}

void vise_codes_f8e4m3(int8_t *q, const float *v, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        float lanes[LANES] = {0};
        int32_t code[LANES];
        memcpy(lanes, v + i, (size_t)count * sizeof *v);
        f8_lanes(code, lanes);
        for (int64_t k = 0; k < count; k++) q[i + k] = (int8_t)code[k];
    }
}

void vise_codes_f4e2m1(int8_t *q, const float *v, int64_t n, bool smaller) {
    static const float to_smaller[7] = {.25f, .75f, 1.25f, 1.75f, 2.5f, 3.5f, 5};
    static const float to_even[7] = {.25f, 0x1.7ffffep-1f, 1.25f, 0x1.bffffep0f,
                                     2.5f, 0x1.bffffep1f,  5};
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t count = n - i < LANES ? n - i : LANES;
        float lanes[LANES] = {0};
        int32_t code[LANES];
        memcpy(lanes, v + i, (size_t)count * sizeof *v);
        f4_lanes(code, lanes, smaller ? to_smaller : to_even);
        for (int64_t k = 0; k < count; k++) q[i + k] = (int8_t)code[k];
    }
}
