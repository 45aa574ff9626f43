// The small floating-point formats, one element at a time.  To a small format: round to
// nearest, ties to even.  These are the definition; the kernels that convert in bulk agree
// with them bit for bit.
//
//   f16     IEEE binary16             overflow becomes infinity
//   bf16    upper half of binary32    overflow becomes infinity
//   f8e4m3  OCP 8-bit, no infinity    overflow saturates to 448; 0x7f and 0xff are NaN
//   f8e5m2  OCP 8-bit, IEEE-like      overflow becomes infinity
//   f4e2m1  OCP 4-bit, 0 .5 1 1.5 2 3 4 6, neither infinity nor NaN: overflow saturates to 6,
//           NaN becomes 0.  In the low four bits; what rounds to zero becomes +0
//
// A NaN becomes a quiet NaN of the same sign where there is one.

#ifndef VISE_FLOATS_H
#define VISE_FLOATS_H

#include <stdint.h>

float vise_f16_to_f32(uint16_t h);
uint16_t vise_f32_to_f16(float x);
float vise_bf16_to_f32(uint16_t h);
uint16_t vise_f32_to_bf16(float x);
float vise_f8e4m3_to_f32(uint8_t h);
uint8_t vise_f32_to_f8e4m3(float x);
float vise_f8e5m2_to_f32(uint8_t h);
uint8_t vise_f32_to_f8e5m2(float x);
float vise_f4e2m1_to_f32(uint8_t h);
uint8_t vise_f32_to_f4e2m1(float x);

#endif
