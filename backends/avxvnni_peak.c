// The peak of vpdpbusd on 256-bit registers.

#include <immintrin.h>

#include "backends/peak.h"

enum { ACCS = 12 };

static void int8(int64_t steps) {
    __m256i s[ACCS], v = _mm256_set1_epi8(1);
#pragma GCC unroll 12
    for (int j = 0; j < ACCS; j++) s[j] = v;
    for (int64_t i = 0; i < steps; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < ACCS; j++) {
            s[j] = _mm256_dpbusd_avx_epi32(s[j], v, v);
            __asm__ volatile("" : "+x"(s[j])); // each must happen
        }
    }
}

vise_peak vise_avxvnni_peak(void) {
    vise_peak p = vise_avx2_peak();
    p.int8 = int8;
    p.int8_per_step = ACCS * 64;
    return p;
}
