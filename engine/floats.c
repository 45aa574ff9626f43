#include "engine/floats.h"

#include <string.h>

static uint32_t bits_of(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

// A small IEEE-like format: 1 sign bit, `exp` exponent bits, `man` mantissa bits.
//
//   normal     (-1)^s 2^(e - bias) (1 + m / 2^man)      bias = 2^(exp-1) - 1
//   subnormal  (-1)^s 2^(1 - bias) (m / 2^man)          e = 0
//
// Encodes |x| without its sign; `x` is not NaN.  The result may exceed the largest finite
// code: the caller decides what overflow means.
static uint32_t encode_magnitude(float x, int exp, int man) {
    const int bias = (1 << (exp - 1)) - 1;
    uint32_t u = bits_of(x) & 0x7fffffffu;
    int e = (int)(u >> 23) - 127 + bias; // the exponent field it would have
    uint32_t m = u & 0x7fffffu;
    int shift = 23 - man;
    if (e > 0) {
        m |= (uint32_t)e << 23;
    } else { // subnormal: make the hidden bit visible and shift it into place
        if ((u >> 23) == 0) return 0; // an f32 subnormal is far below every format here
        m |= 0x800000u;
        shift += 1 - e;
        if (shift > 25) return 0;
    }
    uint32_t kept = m >> shift, rest = m & ((1u << shift) - 1), half = 1u << (shift - 1);
    if (rest > half || (rest == half && (kept & 1))) kept++; // may carry into the exponent
    return kept;
}

static float decode_magnitude(uint32_t code, int exp, int man) {
    const int bias = (1 << (exp - 1)) - 1;
    uint32_t e = code >> man, m = code & ((1u << man) - 1);
    if (e > 0) {
        uint32_t e32 = e + 127u - (uint32_t)bias;
        return float_of((e32 << 23) | (m << (23 - man)));
    }
    // 2^(1 - bias - man) is a normal f32 for every format here, so the product is exact.
    return (float)m * float_of((uint32_t)(127 + 1 - bias - man) << 23);
}

static float with_sign(float magnitude, uint32_t negative) {
    return negative ? -magnitude : magnitude;
}

float vise_f16_to_f32(uint16_t h) {
    uint32_t code = h & 0x7fffu, negative = (uint32_t)h >> 15;
    if (code >= 0x7c00u)
        return float_of(negative << 31 | 0x7f800000u | (code & 0x3ffu) << 13 |
                        (code > 0x7c00u ? 0x400000u : 0));
    return with_sign(decode_magnitude(code, 5, 10), negative);
}

uint16_t vise_f32_to_f16(float x) {
    uint32_t u = bits_of(x), sign = u >> 16 & 0x8000u, mag = u & 0x7fffffffu;
    if (mag > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | (mag >> 13 & 0x3ffu));
    if (mag == 0x7f800000u) return (uint16_t)(sign | 0x7c00u);
    uint32_t code = encode_magnitude(x, 5, 10);
    return (uint16_t)(sign | (code > 0x7c00u ? 0x7c00u : code));
}

float vise_bf16_to_f32(uint16_t h) {
    uint32_t u = (uint32_t)h << 16;
    if ((u & 0x7fffffffu) > 0x7f800000u) u |= 0x400000u;
    return float_of(u);
}

uint16_t vise_f32_to_bf16(float x) {
    uint32_t u = bits_of(x);
    if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(u >> 16 | 0x40u);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}

float vise_f8e4m3_to_f32(uint8_t h) {
    uint32_t code = h & 0x7fu, negative = (uint32_t)h >> 7;
    if (code == 0x7fu) return float_of(negative << 31 | 0x7fc00000u);
    return with_sign(decode_magnitude(code, 4, 3), negative);
}

uint8_t vise_f32_to_f8e4m3(float x) {
    uint32_t u = bits_of(x), sign = u >> 24 & 0x80u, mag = u & 0x7fffffffu;
    if (mag > 0x7f800000u) return (uint8_t)(sign | 0x7fu);
    if (mag >= 0x43e80000u) return (uint8_t)(sign | 0x7eu); // 464 and up: nearest is above 448
    uint32_t code = encode_magnitude(x, 4, 3);
    return (uint8_t)(sign | (code > 0x7eu ? 0x7eu : code));
}

float vise_f8e5m2_to_f32(uint8_t h) {
    uint32_t code = h & 0x7fu, negative = (uint32_t)h >> 7;
    if (code > 0x7cu) return float_of(negative << 31 | 0x7fc00000u);
    if (code == 0x7cu) return float_of(negative << 31 | 0x7f800000u);
    return with_sign(decode_magnitude(code, 5, 2), negative);
}

uint8_t vise_f32_to_f8e5m2(float x) {
    uint32_t u = bits_of(x), sign = u >> 24 & 0x80u, mag = u & 0x7fffffffu;
    if (mag > 0x7f800000u) return (uint8_t)(sign | 0x7eu);
    if (mag == 0x7f800000u) return (uint8_t)(sign | 0x7cu);
    uint32_t code = encode_magnitude(x, 5, 2);
    return (uint8_t)(sign | (code > 0x7cu ? 0x7cu : code));
}

float vise_f4e2m1_to_f32(uint8_t h) {
    return with_sign(decode_magnitude(h & 7u, 2, 1), h >> 3 & 1u);
}

// Between codes i and i + 1 lies a tie, which goes to the even one of them.
uint8_t vise_f32_to_f4e2m1(float x) {
    float a = x < 0 ? -x : x;
    int code = (a > 0.25f) + (a >= 0.75f) + (a > 1.25f) + (a >= 1.75f) + (a > 2.5f) +
               (a >= 3.5f) + (a > 5);
    return (uint8_t)(x < 0 && code ? code | 8 : code);
}
