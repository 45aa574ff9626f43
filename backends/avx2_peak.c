// Peak loops: independent accumulators, no memory.  int8: vpmaddwd and an add, which is what
// the exact product of full-range bytes comes down to.

#include <immintrin.h>

#include "backends/peak.h"

enum { ACCS = 12 }; // covers the latency of two pipes and fits every register file

static void f32(int64_t steps) {
    __m256 s[ACCS], v = _mm256_set1_ps(0.5f);
#pragma GCC unroll 12
    for (int j = 0; j < ACCS; j++) s[j] = v;
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < ACCS; j++) {
            s[j] = _mm256_fmadd_ps(v, v, s[j]);
            __asm__ volatile("" : "+x"(s[j])); // each must happen
        }
    }
}

static void int8(int64_t steps) {
    __m256i s[ACCS], v = _mm256_set1_epi8(1);
#pragma GCC unroll 12
    for (int j = 0; j < ACCS; j++) s[j] = v;
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < ACCS; j++) {
            __m256i u = v;
            __asm__ volatile("" : "+x"(u)); // or one product would serve all
            s[j] = _mm256_add_epi32(s[j], _mm256_madd_epi16(u, v));
            __asm__ volatile("" : "+x"(s[j]));
        }
    }
}

static void read_through(const void *data, int64_t bytes) {
    const unsigned char *at = data;
    __m256i sum = _mm256_setzero_si256();
    for (int64_t i = 0; i + 256 <= bytes; i += 256, at += 256) {
#pragma GCC unroll 8
        for (int j = 0; j < 256; j += 32) {
            sum = _mm256_xor_si256(sum, _mm256_loadu_si256((const __m256i *)(at + j)));
        }
    }
    __asm__ volatile("" : "+x"(sum)); // so the loads are not left out
}

vise_peak vise_avx2_peak(void) {
    vise_peak p = {.f32 = f32, .f32_per_step = ACCS * 16};
    p.int8 = int8;
    p.int8_per_step = ACCS * 32;
    p.read = read_through;
    return p;
}
