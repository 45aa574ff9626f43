// Rows into strips with AVX2.

#include <immintrin.h>
#include <string.h>

#include "backends/backends.h"

#define INLINE static inline __attribute__((always_inline))

enum { WIDTH = 8, BLOCK = 4 }; // words taken at once; rows transposed at once

static void interleave_rest(char *y, const void *const x[], int64_t rows, int64_t from,
                            int64_t n) {
    char *to = y + from * rows * 4;
    for (int64_t w = from; w < n; w++) {
        for (int64_t i = 0; i < rows; i++, to += 4) memcpy(to, (const char *)x[i] + 4 * w, 4);
    }
}

INLINE __m256i load(const void *x, int64_t w) {
    return _mm256_loadu_si256((const __m256i *)((const char *)x + 4 * w));
}

INLINE void store(char *to, __m128i v) {
    _mm_storeu_si128((__m128i *)to, v);
}

// Words w to w + 7 of four rows: four of each word next to each other, `step` bytes from one
// word to the next.
INLINE void transpose(char *to, const void *const x[], int64_t w, int64_t step) {
    __m256i a = load(x[0], w), b = load(x[1], w), c = load(x[2], w), d = load(x[3], w);
    __m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);
    __m256i AB = _mm256_unpackhi_epi32(a, b), CD = _mm256_unpackhi_epi32(c, d);
    const __m256i word[BLOCK] = {
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(AB, CD),
        _mm256_unpackhi_epi64(AB, CD),
    };
    for (int i = 0; i < BLOCK; i++) store(to + i * step, _mm256_castsi256_si128(word[i]));
    for (int i = 0; i < BLOCK; i++) {
        store(to + (i + BLOCK) * step, _mm256_extracti128_si256(word[i], 1));
    }
}

// Of rows that are no multiple of four, the last ones are transposed with whatever makes four:
// what that puts behind a word is overwritten by the words that follow, which come later.  At
// least four words are therefore left for the end.
static void interleave(void *y, const void *const x[], int64_t rows, int64_t n) {
    int64_t whole = rows / BLOCK * BLOCK, left = rows - whole, step = rows * 4, w = 0;
    const void *last[BLOCK];
    if (rows == 1) {
        memcpy(y, x[0], (size_t)(n * 4));
        return;
    }
    for (int64_t i = 0; i < BLOCK && left > 0; i++) last[i] = x[whole + (i < left ? i : 0)];
    for (; w + WIDTH + BLOCK <= n; w += WIDTH) {
        char *to = (char *)y + w * step;
        if (left > 0) transpose(to + whole * 4, last, w, step);
        for (int64_t i = 0; i < whole; i += BLOCK) transpose(to + i * 4, x + i, w, step);
    }
    interleave_rest(y, x, rows, w, n);
}

// --- sums of groups of codes

// Four sums of 32 codes in each half.
INLINE __m256i sum_quads(const int8_t *q) {
    __m256i ones = _mm256_set1_epi8(1);
    __m256i pairs = _mm256_maddubs_epi16(ones, _mm256_loadu_si256((const __m256i *)q));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

INLINE int32_t sum_lanes(__m256i v) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

static void group_sums(int32_t *sums, const int8_t *q, int64_t n, int64_t group) {
    for (int64_t first = 0; first < n; first += group) {
        int64_t end = n - first < group ? n : first + group, i = first;
        __m256i quads = _mm256_setzero_si256();
        for (; i + 32 <= end; i += 32) quads = _mm256_add_epi32(quads, sum_quads(q + i));
        int32_t sum = sum_lanes(quads);
        for (; i < end; i++) sum += q[i];
        *sums++ = sum;
    }
}

static void divide(float *y, const float *x, const float *by, int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(y + i, _mm256_div_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(by + i)));
    }
    for (; i < n; i++) y[i] = x[i] / by[i];
}

void vise_avx2_strips_init(vise_kernels *k) {
    k->interleave = interleave;
    k->group_sums = group_sums;
    k->divide = divide;
}
