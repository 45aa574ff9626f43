// Products of 8-bit floats in f32, for CPUs without AVX512-BF16.

#include "backends/avx512_float8.h"
#include "backends/backends.h"

// The first or the second bf16 of every 32-bit lane.
INLINE __m512 half_of(__m512i x, const int second) {
    const __m512i keep = _mm512_set1_epi32((int)0xffff0000);
    return _mm512_castsi512_ps(second ? _mm512_and_si512(x, keep) : _mm512_slli_epi32(x, 16));
}

INLINE void step(channels *sum, const uint16_t *x, const uint8_t *w, const int rows) {
    const piece bytes = load_piece((const char *)w, VISE_PANEL_FLOAT8);
    _mm_prefetch((const char *)w + AHEAD, _MM_HINT_T0);
    const channels v[2] = {open_input(bytes, _mm512_setzero_ps(), VISE_PANEL_FLOAT8, 0),
                           open_input(bytes, _mm512_setzero_ps(), VISE_PANEL_FLOAT8, 1)};
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        const __m512i both = broadcast4(x + 2 * r);
#pragma GCC unroll 2
        for (int i = 0; i < 2; i++) {
            const __m512 a = half_of(both, i);
            sum[r].lo = _mm512_fmadd_ps(a, v[i].lo, sum[r].lo);
            sum[r].hi = _mm512_fmadd_ps(a, v[i].hi, sum[r].hi);
            __asm__("" : "+v"(sum[r].lo), "+v"(sum[r].hi)); // else gcc spills them
        }
    }
}

static void float8_product(const vise_float8_product *p) {
    float8_strips(p, step);
}

void vise_avx512_float8_init(vise_kernels *k) {
    k->float8_product = float8_product;
}
