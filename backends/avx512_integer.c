// Integer products with AVX-512 VNNI.  vpdpbusd multiplies unsigned by signed bytes and adds
// four products into each 32-bit lane, that is into one output channel:
//
//   w8a8   the activation becomes unsigned, x + 128, and 128 * sum(w) is taken off again
//   w4a8   the weight is the unsigned one, 0 to 15, and the sum starts at -8 * sum(x)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backends/backends.h"

// Rows a strip: 12 x 2 accumulators, two weights and one activation fill 27 of 32 registers;
// with group scales each sum needs an integer and a float accumulator.
enum { ROWS8 = 12, ROWS4 = 6 };
// The activations of a strip are copied BLOCK inputs at a time to a buffer whose rows do not
// share cache sets, whatever the row stride was; the next block while this one is multiplied.
enum { BLOCK = 256, STRIDE = BLOCK + 64 };

#define INLINE static inline __attribute__((always_inline))

// Four codes in every lane.
INLINE __m512i broadcast4(const void *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32(four);
}

INLINE __mmask16 lanes_below(int n) {
    if (n >= 16) return 0xffff;
    if (n <= 0) return 0;
    return (__mmask16)((1u << n) - 1);
}

// The stores of one row: 32 channels, of which `n` exist.
INLINE void store_row(float *y, __m512 lo, __m512 hi, const float *bias, int n) {
    __mmask16 first = lanes_below(n), second = lanes_below(n - 16);
    if (bias) {
        lo = _mm512_add_ps(lo, _mm512_maskz_loadu_ps(first, bias));
        hi = _mm512_add_ps(hi, _mm512_maskz_loadu_ps(second, bias + 16));
    }
    _mm512_mask_storeu_ps(y, first, lo);
    _mm512_mask_storeu_ps(y + 16, second, hi);
}

// Copies up to 64 inputs of `rows` rows and makes them unsigned.
INLINE void shift_chunk(uint8_t *out, const int8_t *x, int64_t ldx, int64_t left,
                        const int rows) {
    if (left <= 0) return;
    const __m512i flip = _mm512_set1_epi8(INT8_MIN);
    const __mmask64 some = left >= 64 ? ~0ull : (1ull << left) - 1;
    for (int r = 0; r < rows; r++, out += STRIDE, x += ldx) {
        __m512i v = _mm512_maskz_loadu_epi8(some, x);
        _mm512_storeu_si512(out, _mm512_xor_si512(v, flip));
    }
}

// A block of shifted activations, and where the next one comes from and goes to.
typedef struct block8 {
    const uint8_t *x;
    const int8_t *w;
    int64_t k;
    uint8_t *out;
    const int8_t *next;
    int64_t ldx, left; // `left` inputs of it exist
} block8;

// sum[r] += x[r] * w for `rows` rows, a constant of each caller.
INLINE void w8a8_block(__m512i sum[ROWS8][2], const block8 *b, const int rows) {
    const uint8_t *x = b->x;
    const int8_t *w = b->w;
    __m512i lo[ROWS8], hi[ROWS8];
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        lo[r] = sum[r][0];
        hi[r] = sum[r][1];
    }
    for (int64_t i = 0; i < b->k;) {
        shift_chunk(b->out + i, b->next + i, b->ldx, b->left - i, rows);
        int64_t end = b->k - i < 64 ? b->k : i + 64;
        for (; i < end; i += 4, w += 128) {
            __m512i w0 = _mm512_loadu_si512(w), w1 = _mm512_loadu_si512(w + 64);
#pragma GCC unroll 12
            for (int r = 0; r < rows; r++) {
                __m512i four = broadcast4(x + r * STRIDE + i);
                lo[r] = _mm512_dpbusd_epi32(lo[r], four, w0);
                hi[r] = _mm512_dpbusd_epi32(hi[r], four, w1);
                __asm__("" : "+v"(lo[r]), "+v"(hi[r])); // else gcc spills them in every step
            }
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        sum[r][0] = lo[r];
        sum[r][1] = hi[r];
    }
}

static void w8a8_rows(__m512i sum[ROWS8][2], const block8 *b, int rows) {
    switch (rows) {
    case 1: w8a8_block(sum, b, 1); break;
    case 2: w8a8_block(sum, b, 2); break;
    case 3: w8a8_block(sum, b, 3); break;
    case 4: w8a8_block(sum, b, 4); break;
    case 5: w8a8_block(sum, b, 5); break;
    case 6: w8a8_block(sum, b, 6); break;
    case 7: w8a8_block(sum, b, 7); break;
    case 8: w8a8_block(sum, b, 8); break;
    case 9: w8a8_block(sum, b, 9); break;
    case 10: w8a8_block(sum, b, 10); break;
    case 11: w8a8_block(sum, b, 11); break;
    default: w8a8_block(sum, b, 12); break;
    }
}

static void w8a8_strip(const vise_w8a8 *p, int64_t row, int rows) {
    uint8_t buffer[2][ROWS8 * STRIDE];
    __m512i sum[ROWS8][2];
    const __m512i shift0 = _mm512_slli_epi32(_mm512_loadu_si512(p->wsum), 7);
    const __m512i shift1 = _mm512_slli_epi32(_mm512_loadu_si512(p->wsum + 16), 7);
    for (int r = 0; r < rows; r++) {
        sum[r][0] = _mm512_sub_epi32(_mm512_setzero_si512(), shift0);
        sum[r][1] = _mm512_sub_epi32(_mm512_setzero_si512(), shift1);
    }
    const int8_t *x = p->x + row * p->ldx;
    for (int64_t k = 0; k < p->k && k < BLOCK; k += 64) {
        shift_chunk(buffer[0] + k, x + k, p->ldx, p->k - k, rows);
    }
    for (int64_t k = 0; k < p->k; k += BLOCK) {
        int64_t left = p->k - k;
        int which = k / BLOCK & 1;
        block8 b = {.x = buffer[which], .w = p->w + k * VISE_PANEL, .ldx = p->ldx};
        b.k = left < BLOCK ? left : BLOCK;
        b.out = buffer[!which];
        b.next = x + k + b.k;
        b.left = left - b.k < BLOCK ? left - b.k : BLOCK;
        w8a8_rows(sum, &b, rows);
    }
    const __m512 w0 = _mm512_loadu_ps(p->wscale), w1 = _mm512_loadu_ps(p->wscale + 16);
    for (int r = 0; r < rows; r++) {
        __m512 scale = _mm512_set1_ps(p->xscale[row + r]);
        __m512 lo = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][0]), _mm512_mul_ps(scale, w0));
        __m512 hi = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][1]), _mm512_mul_ps(scale, w1));
        store_row(p->y + (row + r) * p->ldy, lo, hi, p->bias, p->n);
    }
}

static void w8a8(const vise_w8a8 *p) {
    int64_t strips = (p->m + ROWS8 - 1) / ROWS8; // of nearly equal height
    for (int64_t i = 0, row = 0; i < strips; i++) {
        int64_t end = (i + 1) * p->m / strips;
        w8a8_strip(p, row, (int)(end - row));
        row = end;
    }
}

// `rows` rows, a constant of each caller, from row `row` on.
INLINE void w4a8_strip(const vise_w4a8 *p, int64_t row, const int rows) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const int8_t *x = p->x + row * p->ldx;
    const uint8_t *w = p->w;
    const int32_t *xsum = p->xsum + row * p->groups;
    const float *xscale = p->xscale + row * p->groups, *wscale = p->wscale;
    __m512 flo[ROWS4], fhi[ROWS4];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) flo[r] = fhi[r] = _mm512_setzero_ps();
    for (int64_t g = 0; g < p->groups; g++, wscale += VISE_PANEL, x += p->group) {
        __m512i lo[ROWS4], hi[ROWS4];
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            lo[r] = hi[r] = _mm512_set1_epi32(-8 * xsum[r * p->groups + g]);
        }
        for (int64_t k = 0; k < p->group; k += 8, w += 128) {
            __m512i both0 = _mm512_loadu_si512(w), both1 = _mm512_loadu_si512(w + 64);
            __m512i a0 = _mm512_and_si512(both0, nibble), a1 = _mm512_and_si512(both1, nibble);
            __m512i b0 = _mm512_and_si512(_mm512_srli_epi16(both0, 4), nibble);
            __m512i b1 = _mm512_and_si512(_mm512_srli_epi16(both1, 4), nibble);
#pragma GCC unroll 6
            for (int r = 0; r < rows; r++) {
                __m512i first = broadcast4(x + r * p->ldx + k);
                lo[r] = _mm512_dpbusd_epi32(lo[r], a0, first);
                hi[r] = _mm512_dpbusd_epi32(hi[r], a1, first);
            }
#pragma GCC unroll 6
            for (int r = 0; r < rows; r++) {
                __m512i second = broadcast4(x + r * p->ldx + k + 4);
                lo[r] = _mm512_dpbusd_epi32(lo[r], b0, second);
                hi[r] = _mm512_dpbusd_epi32(hi[r], b1, second);
                __asm__("" : "+v"(lo[r]), "+v"(hi[r])); // else gcc spills them
            }
        }
        __m512 w0 = _mm512_loadu_ps(wscale), w1 = _mm512_loadu_ps(wscale + 16);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            __m512 scale = _mm512_set1_ps(xscale[r * p->groups + g]);
            flo[r] =
                _mm512_fmadd_ps(_mm512_cvtepi32_ps(lo[r]), _mm512_mul_ps(scale, w0), flo[r]);
            fhi[r] =
                _mm512_fmadd_ps(_mm512_cvtepi32_ps(hi[r]), _mm512_mul_ps(scale, w1), fhi[r]);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        store_row(p->y + (row + r) * p->ldy, flo[r], fhi[r], p->bias, p->n);
    }
}

static void w4a8(const vise_w4a8 *p) {
    int64_t i = 0;
    for (; i + 6 <= p->m; i += 6) w4a8_strip(p, i, 6);
    switch (p->m - i) {
    case 5: w4a8_strip(p, i, 5); break;
    case 4: w4a8_strip(p, i, 4); break;
    case 3: w4a8_strip(p, i, 3); break;
    case 2: w4a8_strip(p, i, 2); break;
    case 1: w4a8_strip(p, i, 1); break;
    default: break;
    }
}

void vise_avx512_integer_init(vise_kernels *k) {
    k->w8a8 = w8a8;
    k->w4a8 = w4a8;
}
