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
#pragma GCC unroll 4
    for (int i = 0; i < BLOCK; i++) store(to + i * step, _mm256_castsi256_si128(word[i]));
#pragma GCC unroll 4
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

// --- sums of groups of codes, four groups at once

INLINE __m256i sum_quads_32(const int8_t *q) {
    __m256i codes = _mm256_loadu_si256((const __m256i *)q);
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

INLINE __m128i sum_quads_16(const int8_t *q) {
    __m128i pairs = _mm_maddubs_epi16(_mm_set1_epi8(1), _mm_loadu_si128((const __m128i *)q));
    return _mm_madd_epi16(pairs, _mm_set1_epi16(1));
}

// Four sums in each half, of a whole number of 16 codes.
INLINE __m128i sum_group(const int8_t *q, int64_t group) {
    __m256i sum = _mm256_setzero_si256();
    int64_t i = 0;
    for (; i + 32 <= group; i += 32) sum = _mm256_add_epi32(sum, sum_quads_32(q + i));
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    return i < group ? _mm_add_epi32(half, sum_quads_16(q + i)) : half;
}

static void group_sums(int32_t *sums, const int8_t *q, int64_t n, int64_t group) {
    int64_t first = 0;
    for (; group % 16 == 0 && first + 4 * group <= n; first += 4 * group, sums += 4) {
        const int8_t *at = q + first;
        __m128i a = sum_group(at, group), b = sum_group(at + group, group);
        __m128i c = sum_group(at + 2 * group, group), d = sum_group(at + 3 * group, group);
        __m128i all = _mm_hadd_epi32(_mm_hadd_epi32(a, b), _mm_hadd_epi32(c, d));
        _mm_storeu_si128((__m128i *)sums, all);
    }
    for (; first < n; first += group) {
        int64_t end = n - first < group ? n : first + group;
        int32_t sum = 0;
        for (int64_t i = first; i < end; i++) sum += q[i];
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
