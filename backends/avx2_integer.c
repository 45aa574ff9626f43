// Integer products with AVX2.
//
//   w8a8   vpmaddubsw saturates on full-range bytes, so both sides are widened to 16 bits and
//          multiplied by vpmaddwd, which adds two products into each 32-bit lane
//   w4a8   unsigned weights 0 to 15 times signed bytes: vpmaddubsw is exact (2 * 15 * 128),
//          and eight of its sums still fit 16 bits (8 * 3840 = 30720)

#include <immintrin.h>
#include <string.h>

#include "backends/backends.h"

enum { ROWS = 6, BLOCK = 256 }; // rows a strip; inputs of a panel widened at a time

#define INLINE static inline __attribute__((always_inline))

// The stores of 8 channels of one row, of which those below `n` exist.
INLINE void store8(float *y, __m256 v, const float *bias, int n) {
    if (n >= 8) {
        if (bias) v = _mm256_add_ps(v, _mm256_loadu_ps(bias));
        _mm256_storeu_ps(y, v);
        return;
    }
    float lane[8];
    _mm256_storeu_ps(lane, v);
    for (int j = 0; j < n; j++) y[j] = bias ? lane[j] + bias[j] : lane[j];
}

// [k / 4][32][4] bytes to [k / 2][32][2] 16-bit numbers.
static void widen_weights(int16_t *out, const int8_t *w, int64_t k) {
    // Bytes 0, 1 (or 2, 3) of every four go to the upper halves of two 16-bit lanes.
    const __m256i first =
        _mm256_set_epi8(13, -1, 12, -1, 9, -1, 8, -1, 5, -1, 4, -1, 1, -1, 0, -1, 13, -1, 12,
                        -1, 9, -1, 8, -1, 5, -1, 4, -1, 1, -1, 0, -1);
    const __m256i second =
        _mm256_set_epi8(15, -1, 14, -1, 11, -1, 10, -1, 7, -1, 6, -1, 3, -1, 2, -1, 15, -1, 14,
                        -1, 11, -1, 10, -1, 7, -1, 6, -1, 3, -1, 2, -1);
    for (int64_t i = 0; i < k; i += 4, out += 128) {
        for (int j = 0; j < 4; j++, w += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)w);
            __m256i a = _mm256_srai_epi16(_mm256_shuffle_epi8(v, first), 8);
            __m256i b = _mm256_srai_epi16(_mm256_shuffle_epi8(v, second), 8);
            _mm256_storeu_si256((__m256i *)(out + 16 * j), a);
            _mm256_storeu_si256((__m256i *)(out + 64 + 16 * j), b);
        }
    }
}

static void widen_rows(int16_t *out, const int8_t *x, int64_t ldx, int rows, int64_t k) {
    for (int r = 0; r < rows; r++, out += BLOCK, x += ldx) {
        for (int64_t i = 0; i < k; i += 4) {
            int32_t four;
            memcpy(&four, x + i, sizeof four);
            __m128i v = _mm_cvtepi8_epi16(_mm_cvtsi32_si128(four));
            _mm_storel_epi64((__m128i *)(out + i), v);
        }
    }
}

// sum[r][16] += x[r] * w over k inputs, 16 channels.  `rows` is a constant of each caller.
INLINE void half_panel(int32_t *sum, const int16_t *x, const int16_t *w, int64_t k,
                       const int rows) {
    __m256i lo[ROWS], hi[ROWS];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        lo[r] = _mm256_loadu_si256((const __m256i *)(sum + r * VISE_PANEL));
        hi[r] = _mm256_loadu_si256((const __m256i *)(sum + r * VISE_PANEL + 8));
    }
    for (int64_t i = 0; i < k; i += 2, w += 64) {
        __m256i w0 = _mm256_loadu_si256((const __m256i *)w);
        __m256i w1 = _mm256_loadu_si256((const __m256i *)(w + 16));
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            int32_t two;
            memcpy(&two, x + r * BLOCK + i, sizeof two);
            __m256i pair = _mm256_set1_epi32(two);
            lo[r] = _mm256_add_epi32(lo[r], _mm256_madd_epi16(pair, w0));
            hi[r] = _mm256_add_epi32(hi[r], _mm256_madd_epi16(pair, w1));
            __asm__("" : "+x"(lo[r]), "+x"(hi[r])); // else gcc spills them in every step
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        _mm256_storeu_si256((__m256i *)(sum + r * VISE_PANEL), lo[r]);
        _mm256_storeu_si256((__m256i *)(sum + r * VISE_PANEL + 8), hi[r]);
    }
}

static void half_panel_rows(int32_t *sum, const int16_t *x, const int16_t *w, int64_t k,
                            int rows) {
    switch (rows) {
    case 1: half_panel(sum, x, w, k, 1); break;
    case 2: half_panel(sum, x, w, k, 2); break;
    case 3: half_panel(sum, x, w, k, 3); break;
    case 4: half_panel(sum, x, w, k, 4); break;
    case 5: half_panel(sum, x, w, k, 5); break;
    default: half_panel(sum, x, w, k, 6); break;
    }
}

enum { CHUNK = 48 }; // rows whose sums are kept while a panel's blocks go by

static void w8a8_chunk(const vise_w8a8 *p, int64_t row, int rows) {
    int16_t w[BLOCK * VISE_PANEL], x[ROWS * BLOCK];
    int32_t sum[CHUNK * VISE_PANEL] = {0};
    for (int64_t k = 0; k < p->k; k += BLOCK) {
        int64_t count = p->k - k < BLOCK ? p->k - k : BLOCK;
        widen_weights(w, p->w + k * VISE_PANEL, count);
        for (int r = 0; r < rows; r += ROWS) {
            int strip = rows - r < ROWS ? rows - r : ROWS;
            widen_rows(x, p->x + (row + r) * p->ldx + k, p->ldx, strip, count);
            half_panel_rows(sum + r * VISE_PANEL, x, w, count, strip);
            half_panel_rows(sum + r * VISE_PANEL + 16, x, w + 32, count, strip);
        }
    }
    for (int r = 0; r < rows; r++) {
        __m256 scale = _mm256_set1_ps(p->xscale[row + r]);
        for (int j = 0; j < p->n; j += 8) {
            __m256i s = _mm256_loadu_si256((const __m256i *)(sum + r * VISE_PANEL + j));
            __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(s),
                                     _mm256_mul_ps(scale, _mm256_loadu_ps(p->wscale + j)));
            store8(p->y + (row + r) * p->ldy + j, y, p->bias ? p->bias + j : NULL, p->n - j);
        }
    }
}

static void w8a8(const vise_w8a8 *p) {
    for (int64_t i = 0; i < p->m; i += CHUNK) {
        w8a8_chunk(p, i, (int)(p->m - i < CHUNK ? p->m - i : CHUNK));
    }
}

// 16-bit sums over at most 32 inputs, 16 channels from `w` on, two rows (or one twice),
// widened and added to sum[row][2].
INLINE void nibbles(__m256i sum[2][2], const int8_t *x, int64_t ldx, const uint8_t *w,
                    int64_t k, const int rows) {
    const __m256i nibble = _mm256_set1_epi8(15), one = _mm256_set1_epi16(1);
    __m256i acc[2][2];
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
    for (int64_t i = 0; i < k; i += 8, w += 128) {
        __m256i both0 = _mm256_loadu_si256((const __m256i *)w);
        __m256i both1 = _mm256_loadu_si256((const __m256i *)(w + 32));
        __m256i a0 = _mm256_and_si256(both0, nibble), a1 = _mm256_and_si256(both1, nibble);
        __m256i b0 = _mm256_and_si256(_mm256_srli_epi16(both0, 4), nibble);
        __m256i b1 = _mm256_and_si256(_mm256_srli_epi16(both1, 4), nibble);
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++) {
            int32_t four[2];
            memcpy(four, x + r * ldx + i, sizeof four);
            __m256i u = _mm256_set1_epi32(four[0]), v = _mm256_set1_epi32(four[1]);
            acc[r][0] = _mm256_add_epi16(acc[r][0], _mm256_maddubs_epi16(a0, u));
            acc[r][1] = _mm256_add_epi16(acc[r][1], _mm256_maddubs_epi16(a1, u));
            acc[r][0] = _mm256_add_epi16(acc[r][0], _mm256_maddubs_epi16(b0, v));
            acc[r][1] = _mm256_add_epi16(acc[r][1], _mm256_maddubs_epi16(b1, v));
        }
    }
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) {
        sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(acc[r][0], one));
        sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(acc[r][1], one));
    }
}

// 16 channels from `j` on of `rows` rows, 1 or 2.
INLINE void w4a8_tile(const vise_w4a8 *p, int64_t row, int j, const int rows) {
    const int8_t *x = p->x + row * p->ldx;
    const uint8_t *w = p->w + 4 * j;
    __m256 acc[2][2];
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = _mm256_setzero_ps();
    for (int64_t g = 0; g < p->groups; g++) {
        __m256i sum[2][2];
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++) {
            sum[r][0] = sum[r][1] = _mm256_set1_epi32(-8 * p->xsum[(row + r) * p->groups + g]);
        }
        for (int64_t k = 0; k < p->group; k += 32) {
            int64_t count = p->group - k < 32 ? p->group - k : 32;
            nibbles(sum, x + g * p->group + k, p->ldx, w, count, rows);
            w += count * 16;
        }
        __m256 w0 = _mm256_loadu_ps(p->wscale + g * VISE_PANEL + j);
        __m256 w1 = _mm256_loadu_ps(p->wscale + g * VISE_PANEL + j + 8);
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++) {
            __m256 s = _mm256_set1_ps(p->xscale[(row + r) * p->groups + g]);
            acc[r][0] =
                _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][0]), _mm256_mul_ps(s, w0), acc[r][0]);
            acc[r][1] =
                _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][1]), _mm256_mul_ps(s, w1), acc[r][1]);
        }
    }
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) {
        float *y = p->y + (row + r) * p->ldy + j;
        const float *bias = p->bias ? p->bias + j : NULL;
        store8(y, acc[r][0], bias, p->n - j);
        if (p->n - j > 8) store8(y + 8, acc[r][1], bias ? bias + 8 : NULL, p->n - j - 8);
    }
}

static void w4a8(const vise_w4a8 *p) {
    for (int j = 0; j < p->n; j += 16) {
        int64_t i = 0;
        for (; i + 2 <= p->m; i += 2) w4a8_tile(p, i, j, 2);
        if (i < p->m) w4a8_tile(p, i, j, 1);
    }
}

void vise_avx2_integer_init(vise_kernels *k) {
    k->w8a8 = w8a8;
    k->w4a8 = w4a8;
}
