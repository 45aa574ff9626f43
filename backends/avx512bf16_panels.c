// Products of 8-bit floats with AVX512-BF16.  vdpbf16ps multiplies pairs of bf16, which
// products of two e4m3 fit exactly, and adds them in f32.  It takes subnormals for zero, but no
// value of e4m3 comes near those of bf16.

#include "backends/avx512_float8.h"
#include "backends/backends.h"

// 32 e4m3 to bf16, / FLOAT8_FULL: their bits, moved into place, are right but for the
// exponent's bias; subnormals are looked up.
INLINE __m512bh open_pairs(const uint8_t *w) {
    const __m512i bits = _mm512_set1_epi16(0x7f0), bias = _mm512_set1_epi16(0x3800);
    const __m512i sign = _mm512_set1_epi16((short)0x8000), exponent = _mm512_set1_epi16(0x78);
    const __m512i subnormal = _mm512_castsi128_si512(
        _mm_setr_epi16(0, 0x3700, 0x3780, 0x37c0, 0x3800, 0x3820, 0x3840, 0x3860));
    const __m512i x = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const void *)w));
    __m512i y = _mm512_ternarylogic_epi32(_mm512_slli_epi16(x, 4), bits, bias, 0xea);
    y = _mm512_mask_permutexvar_epi16(y, _mm512_testn_epi16_mask(x, exponent), x, subnormal);
    return (__m512bh)_mm512_ternarylogic_epi32(y, _mm512_slli_epi16(x, 8), sign, 0xf8);
}

INLINE void step(channels *sum, const uint16_t *x, const uint8_t *w, const int rows) {
    const __m512bh lo = open_pairs(w), hi = open_pairs(w + 32);
    _mm_prefetch((const char *)w + AHEAD, _MM_HINT_T0);
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        const __m512bh a = (__m512bh)broadcast4(x + 2 * r);
        sum[r].lo = _mm512_dpbf16_ps(sum[r].lo, a, lo);
        sum[r].hi = _mm512_dpbf16_ps(sum[r].hi, a, hi);
        __asm__("" : "+v"(sum[r].lo), "+v"(sum[r].hi)); // else gcc spills them
    }
}

static void float8_product(const vise_float8_product *p) {
    float8_strips(p, step);
}

void vise_avx512bf16_panels_init(vise_kernels *k) {
    k->float8_product = float8_product;
}
