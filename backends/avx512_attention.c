// The steps of attention with AVX-512.

#include "backends/avx512_vector.h"
#include "backends/backends.h"
#include "backends/flash.h"

enum { LANES = 16, STEP = 8, KEYS = VISE_ATTENTION_KEYS };

// acc[i][v] += sum over p < n of a(i, p) * b[p][v], where a(i, p) = a[i * along + p * step].
INLINE void product(__m512 acc[STEP][3], const float *a, int64_t along, int64_t step,
                    const float *b, int64_t n, const int vectors) {
    const int64_t width = vectors * LANES;
    for (int64_t p = 0; p < n; p++, a += step, b += width) {
        __m512 w[3];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) w[v] = _mm512_loadu_ps(b + v * LANES);
#pragma GCC unroll 8
        for (int i = 0; i < STEP; i++) {
            __m512 x = _mm512_set1_ps(a[i * along]);
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                acc[i][v] = _mm512_fmadd_ps(x, w[v], acc[i][v]);
                __asm__("" : "+v"(acc[i][v])); // else gcc spills it in every step
            }
        }
    }
}

INLINE void score(const vise_flash_panel *p, const int vectors) {
    const int64_t width = vectors * LANES;
    const __m512 scale = _mm512_set1_ps(p->scale);
    for (int64_t j = 0; j < p->keys; j += STEP) {
        __m512 acc[STEP][3];
#pragma GCC unroll 8
        for (int i = 0; i < STEP; i++) {
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) acc[i][v] = _mm512_setzero_ps();
        }
        product(acc, p->k + j * p->dh, p->dh, 1, p->q, p->dh, vectors);
        float *s = p->s + j * width;
#pragma GCC unroll 8
        for (int i = 0; i < STEP; i++) {
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                __m512 t = _mm512_mul_ps(acc[i][v], scale);
                _mm512_storeu_ps(s + i * width + v * LANES, t);
            }
        }
    }
}

// Minus infinity where a row does not see a key.
INLINE void mask(const vise_flash_panel *p, const int vectors) {
    const __m512 hidden = _mm512_set1_ps(-__builtin_inff());
    float *s = p->s;
    for (int j = 0; j < p->keys; j++) {
        for (int v = 0; v < vectors; v++, s += LANES) {
            __m512i seen = _mm512_loadu_si512(p->seen + v * LANES);
            __mmask16 out = _mm512_cmple_epi32_mask(seen, _mm512_set1_epi32(j));
            _mm512_mask_storeu_ps(s, out, hidden);
        }
    }
}

// Scores to weights; gives what the sums so far are to be multiplied by.
INLINE void weigh(const vise_flash_panel *p, __m512 down[3], const int vectors) {
    const int64_t width = vectors * LANES;
#pragma GCC unroll 3
    for (int v = 0; v < vectors; v++) {
        float *s = p->s + v * LANES;
        __m512 before = _mm512_loadu_ps(p->max + v * LANES), max = before;
        for (int64_t j = 0; j < p->keys; j++) {
            max = _mm512_max_ps(_mm512_loadu_ps(s + j * width), max);
        }
        down[v] = exp_of(_mm512_sub_ps(before, max));
        __m512 sum = _mm512_mul_ps(_mm512_loadu_ps(p->sum + v * LANES), down[v]);
        for (int64_t j = 0; j < p->keys; j++) {
            __m512 w = exp_of(_mm512_sub_ps(_mm512_loadu_ps(s + j * width), max));
            _mm512_storeu_ps(s + j * width, w);
            sum = _mm512_add_ps(sum, w);
        }
        _mm512_storeu_ps(p->max + v * LANES, max);
        _mm512_storeu_ps(p->sum + v * LANES, sum);
    }
}

INLINE void mix(const vise_flash_panel *p, const __m512 down[3], const int vectors) {
    const int64_t width = vectors * LANES;
    for (int64_t d = 0; d < p->inputs; d += STEP) {
        float *o = p->o + d * width;
        __m512 acc[STEP][3];
#pragma GCC unroll 8
        for (int i = 0; i < STEP; i++) {
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                acc[i][v] = _mm512_mul_ps(_mm512_loadu_ps(o + i * width + v * LANES), down[v]);
            }
        }
        product(acc, p->v + d, 1, p->inputs, p->s, p->keys, vectors);
#pragma GCC unroll 8
        for (int i = 0; i < STEP; i++) {
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                _mm512_storeu_ps(o + i * width + v * LANES, acc[i][v]);
            }
        }
    }
}

INLINE void take(const vise_flash_panel *p, const int vectors) {
    __m512 down[3];
    score(p, vectors);
    if (p->seen) mask(p, vectors);
    weigh(p, down, vectors);
    mix(p, down, vectors);
}

static void panel(const vise_flash_panel *p) {
    switch (p->vectors) {
    case 1: take(p, 1); break;
    case 2: take(p, 2); break;
    default: take(p, 3); break;
    }
}

static void attention(const vise_attention_tile *t) {
    static const vise_flash steps = {LANES, panel, vise_avx512_attention_few};
    vise_flash_attention(t, &steps);
}

void vise_avx512_attention_init(vise_kernels *k) {
    k->attention = attention;
}
