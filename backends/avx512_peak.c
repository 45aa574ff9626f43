// Peak loops: independent accumulators, no memory.  int8: vpdpbusd.  bf16: vdpbf16ps.

#include <immintrin.h>

#include "backends/peak.h"

enum { ACCS = 12 }; // covers the latency of two pipes and fits every register file

static void f32(int64_t steps) {
    __m512 s[ACCS], v = _mm512_set1_ps(0.5f);
#pragma GCC unroll 12
    for (int j = 0; j < ACCS; j++) s[j] = v;
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < ACCS; j++) {
            s[j] = _mm512_fmadd_ps(v, v, s[j]);
            __asm__ volatile("" : "+v"(s[j])); // each must happen
        }
    }
}

static void int8(int64_t steps) {
    __m512i s[ACCS], v = _mm512_set1_epi8(1);
#pragma GCC unroll 12
    for (int j = 0; j < ACCS; j++) s[j] = v;
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < ACCS; j++) {
            s[j] = _mm512_dpbusd_epi32(s[j], v, v);
            __asm__ volatile("" : "+v"(s[j]));
        }
    }
}

__attribute__((target("avx512bf16"))) static void bf16(int64_t steps) {
    __m512 s[ACCS];
    __m512bh v = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.5f));
#pragma GCC unroll 12
    for (int j = 0; j < ACCS; j++) s[j] = _mm512_setzero_ps();
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < ACCS; j++) {
            s[j] = _mm512_dpbf16_ps(s[j], v, v);
            __asm__ volatile("" : "+v"(s[j]));
        }
    }
}

static void read_through(const void *data, int64_t bytes) {
    const unsigned char *at = data;
    __m512i sum = _mm512_setzero_si512();
    for (int64_t i = 0; i + 256 <= bytes; i += 256, at += 256) {
#pragma GCC unroll 8
        for (int j = 0; j < 256; j += 64) {
            sum = _mm512_xor_si512(sum, _mm512_loadu_si512((at + j)));
        }
    }
    __asm__ volatile("" : "+v"(sum)); // so the loads are not left out
}

vise_peak vise_avx512_peak(void) {
    vise_peak p = {.f32 = f32, .f32_per_step = ACCS * 32};
    p.int8 = int8;
    p.int8_per_step = ACCS * 128;
    if (__builtin_cpu_supports("avx512bf16")) p.bf16 = bf16;
    p.bf16_per_step = ACCS * 64;
    p.read = read_through;
    return p;
}
