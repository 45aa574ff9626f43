// int8_product with AVX-512 VNNI.  The activation, its code + 128, is the unsigned operand of
// vpdpbusd, the weight the signed one, and each sum starts at -128 * sum(w).
//
// A strip of up to 12 rows keeps its sums in registers over all of K, while weights and
// activations stream from the level 2 cache: with both prefetched that is as fast as blocks of
// K that stay in level 1, and needs no partial sums.

#include "backends/avx512_product.h"
#include "backends/backends.h"

// Bytes to prefetch, of weights (at the end of a panel: of the next one) and activations.
enum { WEIGHTS_AHEAD = 16384, INPUTS_AHEAD = 4096 };

// `rows` rows, a constant of each caller, from row `row` on: one strip.
INLINE void multiply(const vise_int8_product *p, int64_t row, const int rows) {
    const uint8_t *x = p->x + row * p->k;
    const int8_t *w = p->w;
    const __m512i none = _mm512_setzero_si512();
    const __m512i sum0 = _mm512_loadu_si512(p->wsum), sum1 = _mm512_loadu_si512(p->wsum + 16);
    __m512i lo[VISE_STRIP], hi[VISE_STRIP];
    _Alignas(64) float sum[VISE_STRIP][VISE_PANEL];
    prefetch_rows(&p->to, row, rows);
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        lo[r] = _mm512_sub_epi32(none, _mm512_slli_epi32(sum0, 7));
        hi[r] = _mm512_sub_epi32(none, _mm512_slli_epi32(sum1, 7));
    }
    for (int64_t k = p->k; k > 0; k -= 4, x += 4 * rows, w += 128) {
        const __m512i w0 = _mm512_loadu_si512(w), w1 = _mm512_loadu_si512(w + 64);
        prefetch(w + WEIGHTS_AHEAD);
        prefetch(w + WEIGHTS_AHEAD + 64);
        prefetch(x + INPUTS_AHEAD);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            __m512i four = broadcast4(x + 4 * r);
            lo[r] = _mm512_dpbusd_epi32(lo[r], four, w0);
            hi[r] = _mm512_dpbusd_epi32(hi[r], four, w1);
            PIN(lo[r]);
            PIN(hi[r]);
        }
    }
    const __m512 w0 = _mm512_loadu_ps(p->wscale), w1 = _mm512_loadu_ps(p->wscale + 16);
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        __m512 scale = _mm512_set1_ps(p->xscale[row + r]);
        __m512 a = _mm512_cvtepi32_ps(lo[r]), b = _mm512_cvtepi32_ps(hi[r]);
        _mm512_store_ps(sum[r], _mm512_mul_ps(a, _mm512_mul_ps(scale, w0)));
        _mm512_store_ps(sum[r] + 16, _mm512_mul_ps(b, _mm512_mul_ps(scale, w1)));
    }
    for (int r = 0; r < rows; r++) store_row(&p->to, row + r, sum[r], NULL);
}

static void int8_product(const vise_int8_product *p) {
    for (int64_t s = p->to.first; s < p->to.end; s++) {
        int64_t row = vise_strip_row(p->to.m, s);
        switch (vise_strip_row(p->to.m, s + 1) - row) {
        case 1: multiply(p, row, 1); break;
        case 2: multiply(p, row, 2); break;
        case 3: multiply(p, row, 3); break;
        case 4: multiply(p, row, 4); break;
        case 5: multiply(p, row, 5); break;
        case 6: multiply(p, row, 6); break;
        case 7: multiply(p, row, 7); break;
        case 8: multiply(p, row, 8); break;
        case 9: multiply(p, row, 9); break;
        case 10: multiply(p, row, 10); break;
        case 11: multiply(p, row, 11); break;
        default: multiply(p, row, 12); break;
        }
    }
}

void vise_avx512_int8_init(vise_kernels *k) {
    k->int8_product = int8_product;
}
