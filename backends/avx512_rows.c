// Conversions, ranges and codes with AVX-512.  The tail is one more step under a
// mask, which neither reads nor writes the lanes it leaves out.

#include <immintrin.h>
#include <math.h>

#include "backends/backends.h"

enum { LANES = 16 };

// The lanes of elements i, i + 1, ... below n.
static __mmask16 lanes_at(int64_t i, int64_t n) {
    if (n - i >= LANES) return 0xffff;
    return (__mmask16)((1u << (n - i)) - 1);
}

static void f16_to_f32(float *y, const uint16_t *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        _mm512_mask_storeu_ps(y + i, some,
                              _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(some, x + i)));
    }
}

static void f32_to_f16(uint16_t *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        __m256i h = _mm512_cvtps_ph(_mm512_maskz_loadu_ps(some, x + i),
                                    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        _mm256_mask_storeu_epi16(y + i, some, h);
    }
}

static void bf16_to_f32(float *y, const uint16_t *x, int64_t n) {
    const __m512i quiet = _mm512_set1_epi32(0x400000);
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        __m512i u = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(some, x + i));
        u = _mm512_slli_epi32(u, 16);
        __m512 v = _mm512_castsi512_ps(u);
        __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
        _mm512_mask_storeu_epi32(y + i, some, _mm512_mask_or_epi32(u, nan, u, quiet));
    }
}

// Adds just under half of the last kept place, plus its lowest bit, and cuts: ties to even.
// A NaN must not be rounded, since a carry could make it an infinity.
static void f32_to_bf16(uint16_t *y, const float *x, int64_t n) {
    const __m512i half = _mm512_set1_epi32(0x7fff), one = _mm512_set1_epi32(1);
    const __m512i quiet = _mm512_set1_epi32(0x400000);
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        __m512 v = _mm512_maskz_loadu_ps(some, x + i);
        __m512i u = _mm512_castps_si512(v);
        __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), one);
        __m512i near = _mm512_add_epi32(_mm512_add_epi32(u, half), odd);
        __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
        near = _mm512_mask_or_epi32(near, nan, u, quiet);
        _mm512_mask_cvtepi32_storeu_epi16(y + i, some, _mm512_srli_epi32(near, 16));
    }
}

// The bits of |x| order like the numbers, infinity and then NaN above all.
static float absmax(const float *x, int64_t n) {
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512i max0 = _mm512_setzero_si512(), max1 = max0;
    int64_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        __m512i a = _mm512_and_si512(_mm512_loadu_si512(x + i), magnitude);
        __m512i b = _mm512_and_si512(_mm512_loadu_si512(x + i + LANES), magnitude);
        max0 = _mm512_max_epi32(max0, a);
        max1 = _mm512_max_epi32(max1, b);
    }
    for (; i < n; i += LANES) {
        __m512i a = _mm512_maskz_loadu_epi32(lanes_at(i, n), x + i);
        max0 = _mm512_max_epi32(max0, _mm512_and_si512(a, magnitude));
    }
    __m512i max = _mm512_max_epi32(max0, max1);
    if (_mm512_reduce_max_epi32(max) > 0x7f800000) return NAN;
    return _mm512_reduce_max_ps(_mm512_castsi512_ps(max));
}

static void minmax(float *lo, float *hi, const float *x, int64_t n) {
    const __m512 first = _mm512_set1_ps(x[0]); // fills the lanes a tail leaves out
    __m512 min0 = first, max0 = first, min1 = first, max1 = first;
    __mmask16 nan = 0;
    int64_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        __m512 v = _mm512_loadu_ps(x + i), w = _mm512_loadu_ps(x + i + LANES);
        min0 = _mm512_min_ps(v, min0);
        max0 = _mm512_max_ps(v, max0);
        min1 = _mm512_min_ps(w, min1);
        max1 = _mm512_max_ps(w, max1);
        nan |= _mm512_cmp_ps_mask(v, w, _CMP_UNORD_Q); // either of them
    }
    for (; i < n; i += LANES) {
        __m512 v = _mm512_mask_loadu_ps(first, lanes_at(i, n), x + i);
        min0 = _mm512_min_ps(v, min0);
        max0 = _mm512_max_ps(v, max0);
        nan |= _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    }
    *lo = nan ? NAN : _mm512_reduce_min_ps(_mm512_min_ps(min0, min1));
    *hi = nan ? NAN : _mm512_reduce_max_ps(_mm512_max_ps(max0, max1));
}

// As integers, like absmax().
static void column_absmax(float *acc, const float *x, int64_t n) {
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        __m512i a = _mm512_and_si512(_mm512_loadu_si512(x + i), magnitude);
        __m512i b = _mm512_and_si512(_mm512_loadu_si512(acc + i), magnitude);
        _mm512_storeu_si512(acc + i, _mm512_max_epi32(a, b));
    }
    __mmask16 some = lanes_at(i, n);
    __m512i a = _mm512_and_si512(_mm512_maskz_loadu_epi32(some, x + i), magnitude);
    __m512i b = _mm512_and_si512(_mm512_maskz_loadu_epi32(some, acc + i), magnitude);
    _mm512_mask_storeu_epi32(acc + i, some, _mm512_max_epi32(a, b));
}

// |v| or v^2, added.  The square is exact, so that one rounding or two are the same.
static inline __attribute__((always_inline)) __m512d add_term(__m512d acc, __m256 v,
                                                              bool square) {
    __m512d wide = _mm512_cvtps_pd(v);
    if (square) return _mm512_fmadd_pd(wide, wide, acc);
    return _mm512_add_pd(acc, _mm512_abs_pd(wide));
}

// Four rows at a time share the loads and stores of the sums.
static inline __attribute__((always_inline)) void
column_sums(double *acc, const float *x, int64_t n, int64_t rows, int64_t stride, bool square) {
    for (int64_t count = 4; rows > 0; rows -= count, x += count * stride) {
        if (rows < 4) count = 1;
        int64_t i = 0;
        for (; i + 8 <= n; i += 8) {
            __m512d sum = add_term(_mm512_loadu_pd(acc + i), _mm256_loadu_ps(x + i), square);
            if (count == 4) {
                sum = add_term(sum, _mm256_loadu_ps(x + stride + i), square);
                sum = add_term(sum, _mm256_loadu_ps(x + 2 * stride + i), square);
                sum = add_term(sum, _mm256_loadu_ps(x + 3 * stride + i), square);
            }
            _mm512_storeu_pd(acc + i, sum);
        }
        __mmask8 some = (__mmask8)((1u << (n - i)) - 1);
        __m512d sum = _mm512_maskz_loadu_pd(some, acc + i);
        for (int64_t r = 0; r < count; r++) {
            sum = add_term(sum, _mm256_maskz_loadu_ps(some, x + r * stride + i), square);
        }
        _mm512_mask_storeu_pd(acc + i, some, sum);
    }
}

static void column_abs_sum(double *acc, const float *x, int64_t n, int64_t rows,
                           int64_t stride) {
    column_sums(acc, x, n, rows, stride, false);
}

static void column_squares(double *acc, const float *x, int64_t n, int64_t rows,
                           int64_t stride) {
    column_sums(acc, x, n, rows, stride, true);
}

static void dequant(float *y, const int8_t *q, int64_t n, float scale, float zero) {
    const __m512 s = _mm512_set1_ps(scale), z = _mm512_set1_ps(zero);
    for (int64_t i = 0; i < n; i += LANES) {
        __mmask16 some = lanes_at(i, n);
        __m512i wide = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(some, q + i));
        __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(wide), s);
        _mm512_mask_storeu_ps(y + i, some, _mm512_add_ps(product, z));
    }
}

static void unpack4(int8_t *q, const uint8_t *p, int64_t n, int lo) {
    const __m512i nibble = _mm512_set1_epi8(15), shift = _mm512_set1_epi8((char)lo);
    for (int64_t i = 0; i < n; i += 64) {
        int64_t left = n - i, bytes = left < 64 ? (left + 1) / 2 : 32;
        __mmask32 in = bytes == 32 ? ~0u : (1u << bytes) - 1;
        __mmask64 out = left >= 64 ? ~0ull : (1ull << left) - 1;
        // Each byte becomes 16 bits: the low nibble stays, the high one moves up by 4.
        __m512i wide = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(in, p + i / 2));
        __m512i codes = _mm512_or_si512(wide, _mm512_slli_epi16(wide, 4));
        codes = _mm512_add_epi8(_mm512_and_si512(codes, nibble), shift);
        _mm512_mask_storeu_epi8(q + i, out, codes);
    }
}

static void pack4(uint8_t *p, const int8_t *q, int64_t n) {
    const __m512i eight = _mm512_set1_epi8(8), weights = _mm512_set1_epi16(1 | 16 << 8);
    for (int64_t i = 0; i < n; i += 64) {
        int64_t left = n - i, bytes = left < 64 ? (left + 1) / 2 : 32;
        __mmask64 in = left >= 64 ? ~0ull : (1ull << left) - 1;
        __mmask32 out = bytes == 32 ? ~0u : (1u << bytes) - 1;
        __m512i v = _mm512_maskz_add_epi8(in, _mm512_maskz_loadu_epi8(in, q + i), eight);
        __m512i pairs = _mm512_maddubs_epi16(v, weights); // low + 16 * high
        _mm256_mask_storeu_epi8(p + i / 2, out, _mm512_cvtepi16_epi8(pairs));
    }
}

static int32_t sum_i8(const int8_t *q, int64_t n) {
    const __m512i one = _mm512_set1_epi8(1);
    __m512i acc = _mm512_setzero_si512();
    for (int64_t i = 0; i < n; i += 64) {
        __mmask64 some = n - i >= 64 ? ~0ull : (1ull << (n - i)) - 1;
        acc = _mm512_dpbusd_epi32(acc, one, _mm512_maskz_loadu_epi8(some, q + i));
    }
    return _mm512_reduce_add_epi32(acc);
}

void vise_avx512_rows_init(vise_kernels *k) {
    k->f16_to_f32 = f16_to_f32;
    k->f32_to_f16 = f32_to_f16;
    k->bf16_to_f32 = bf16_to_f32;
    k->f32_to_bf16 = f32_to_bf16;
    k->absmax = absmax;
    k->minmax = minmax;
    k->column_absmax = column_absmax;
    k->column_abs_sum = column_abs_sum;
    k->column_squares = column_squares;
    k->dequant = dequant;
    k->unpack4 = unpack4;
    k->pack4 = pack4;
    k->sum_i8 = sum_i8;
}
