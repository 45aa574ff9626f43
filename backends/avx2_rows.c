// Conversions, ranges and codes with AVX2 and F16C.  A tail shorter than a vector
// goes through a small copy, so that no kernel touches memory outside its counts.

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "backends/backends.h"

enum { LANES = 8 };

static __m256i quiet_nan_bit(__m256 x) { // 0x400000 where x is NaN
    __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
    return _mm256_and_si256(_mm256_castps_si256(nan), _mm256_set1_epi32(0x400000));
}

static void f16_to_f32(float *y, const uint16_t *x, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
    }
    uint16_t in[LANES] = {0};
    float out[LANES];
    memcpy(in, x + i, (size_t)(n - i) * sizeof *x);
    _mm256_storeu_ps(out, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)in)));
    memcpy(y + i, out, (size_t)(n - i) * sizeof *y);
}

static __m128i to_f16(__m256 x) {
    return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static void f32_to_f16(uint16_t *y, const float *x, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        _mm_storeu_si128((__m128i *)(y + i), to_f16(_mm256_loadu_ps(x + i)));
    }
    float in[LANES] = {0};
    uint16_t out[LANES];
    memcpy(in, x + i, (size_t)(n - i) * sizeof *x);
    _mm_storeu_si128((__m128i *)out, to_f16(_mm256_loadu_ps(in)));
    memcpy(y + i, out, (size_t)(n - i) * sizeof *y);
}

static __m256 from_bf16(__m128i x) {
    __m256i wide = _mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16);
    return _mm256_castsi256_ps(_mm256_or_si256(wide, quiet_nan_bit(_mm256_castsi256_ps(wide))));
}

static void bf16_to_f32(float *y, const uint16_t *x, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        _mm256_storeu_ps(y + i, from_bf16(_mm_loadu_si128((const __m128i *)(x + i))));
    }
    uint16_t in[LANES] = {0};
    float out[LANES];
    memcpy(in, x + i, (size_t)(n - i) * sizeof *x);
    _mm256_storeu_ps(out, from_bf16(_mm_loadu_si128((const __m128i *)in)));
    memcpy(y + i, out, (size_t)(n - i) * sizeof *y);
}

// Adds just under half of the last kept place, plus its lowest bit, and cuts: ties to even.
// A NaN must not be rounded, since a carry could make it an infinity.
static __m128i to_bf16(__m256 x) {
    __m256i u = _mm256_castps_si256(x);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    __m256i near = _mm256_add_epi32(_mm256_add_epi32(u, _mm256_set1_epi32(0x7fff)), odd);
    __m256i quiet = _mm256_or_si256(u, _mm256_set1_epi32(0x400000));
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    __m256i kept = _mm256_srli_epi32(_mm256_blendv_epi8(near, quiet, nan), 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(kept), _mm256_extracti128_si256(kept, 1));
}

static void f32_to_bf16(uint16_t *y, const float *x, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        _mm_storeu_si128((__m128i *)(y + i), to_bf16(_mm256_loadu_ps(x + i)));
    }
    float in[LANES] = {0};
    uint16_t out[LANES];
    memcpy(in, x + i, (size_t)(n - i) * sizeof *x);
    _mm_storeu_si128((__m128i *)out, to_bf16(_mm256_loadu_ps(in)));
    memcpy(y + i, out, (size_t)(n - i) * sizeof *y);
}

// The bits of |x| order like the numbers, infinity and then NaN above all.
static float absmax(const float *x, int64_t n) {
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i max = _mm256_setzero_si256();
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        __m256i u = _mm256_loadu_si256((const __m256i *)(x + i));
        max = _mm256_max_epi32(max, _mm256_and_si256(u, magnitude));
    }
    float rest[LANES] = {0};
    memcpy(rest, x + i, (size_t)(n - i) * sizeof *x);
    __m256i u = _mm256_loadu_si256((const __m256i *)rest);
    max = _mm256_max_epi32(max, _mm256_and_si256(u, magnitude));
    float lane[LANES], best = 0;
    _mm256_storeu_ps(lane, _mm256_castsi256_ps(max));
    for (int j = 0; j < LANES; j++) {
        if (isnan(lane[j])) return NAN;
        if (lane[j] > best) best = lane[j];
    }
    return best;
}

static void minmax(float *lo, float *hi, const float *x, int64_t n) {
    __m256 min = _mm256_set1_ps(x[0]), max = min, nan = _mm256_setzero_ps();
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        __m256 v = _mm256_loadu_ps(x + i);
        min = _mm256_min_ps(v, min);
        max = _mm256_max_ps(v, max);
        nan = _mm256_or_ps(nan, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    }
    float small[LANES], large[LANES], low = x[0], high = x[0];
    _mm256_storeu_ps(small, min);
    _mm256_storeu_ps(large, max);
    bool broken = _mm256_movemask_ps(nan) != 0 || isnan(x[0]);
    for (int j = 0; j < LANES && !broken; j++) {
        low = small[j] < low ? small[j] : low;
        high = large[j] > high ? large[j] : high;
    }
    for (; i < n; i++) {
        broken = broken || isnan(x[i]);
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    *lo = broken ? NAN : low;
    *hi = broken ? NAN : high;
}

static void column_absmax(float *acc, const float *x, int64_t n) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        __m256 a = _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)), b = _mm256_loadu_ps(acc + i);
        __m256 either = _mm256_cmp_ps(a, b, _CMP_UNORD_Q); // then a + b is NaN too
        _mm256_storeu_ps(acc + i,
                         _mm256_blendv_ps(_mm256_max_ps(a, b), _mm256_add_ps(a, b), either));
    }
    for (; i < n; i++) {
        float a = fabsf(x[i]);
        if (isnan(a) || isnan(acc[i])) {
            acc[i] = NAN;
        } else if (a > acc[i]) {
            acc[i] = a;
        }
    }
}

// Half a vector of floats as doubles.
static __m256d wide(const float *x) {
    return _mm256_cvtps_pd(_mm_loadu_ps(x));
}

// |v| or v^2, added.  The square is exact, so that one rounding or two are the same.
static inline __attribute__((always_inline)) __m256d add_term(__m256d acc, __m256d v,
                                                              bool square) {
    if (square) return _mm256_fmadd_pd(v, v, acc);
    return _mm256_add_pd(acc, _mm256_andnot_pd(_mm256_set1_pd(-0.0), v));
}

// Four rows at a time share the loads and stores of the sums.
static inline __attribute__((always_inline)) void
column_sums(double *acc, const float *x, int64_t n, int64_t rows, int64_t stride, bool square) {
    for (int64_t count = 4; rows > 0; rows -= count, x += count * stride) {
        if (rows < 4) count = 1;
        int64_t i = 0;
        for (; i + 4 <= n; i += 4) {
            __m256d sum = add_term(_mm256_loadu_pd(acc + i), wide(x + i), square);
            if (count == 4) {
                sum = add_term(sum, wide(x + stride + i), square);
                sum = add_term(sum, wide(x + 2 * stride + i), square);
                sum = add_term(sum, wide(x + 3 * stride + i), square);
            }
            _mm256_storeu_pd(acc + i, sum);
        }
        for (; i < n; i++) {
            for (int64_t r = 0; r < count; r++) {
                double v = (double)x[r * stride + i];
                acc[i] += square ? v * v : fabs(v);
            }
        }
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

static __m256 decode(const int8_t *q, __m256 scale, __m256 zero) {
    __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)q));
    return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(wide), scale), zero);
}

static void dequant(float *y, const int8_t *q, int64_t n, float scale, float zero) {
    const __m256 s = _mm256_set1_ps(scale), z = _mm256_set1_ps(zero);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) _mm256_storeu_ps(y + i, decode(q + i, s, z));
    int8_t in[LANES] = {0};
    float out[LANES];
    memcpy(in, q + i, (size_t)(n - i));
    _mm256_storeu_ps(out, decode(in, s, z));
    memcpy(y + i, out, (size_t)(n - i) * sizeof *y);
}

static void unpack4(int8_t *q, const uint8_t *p, int64_t n, int lo) {
    const __m128i nibble = _mm_set1_epi8(15), shift = _mm_set1_epi8((char)lo);
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m128i both = _mm_loadu_si128((const __m128i *)(p + i / 2));
        __m128i even = _mm_and_si128(both, nibble);
        __m128i odd = _mm_and_si128(_mm_srli_epi16(both, 4), nibble);
        __m128i first = _mm_add_epi8(_mm_unpacklo_epi8(even, odd), shift);
        __m128i second = _mm_add_epi8(_mm_unpackhi_epi8(even, odd), shift);
        _mm_storeu_si128((__m128i *)(q + i), first);
        _mm_storeu_si128((__m128i *)(q + i + 16), second);
    }
    for (; i < n; i++) {
        int code = i % 2 ? p[i / 2] >> 4 : p[i / 2] & 15;
        q[i] = (int8_t)(code + lo);
    }
}

static void pack4(uint8_t *p, const int8_t *q, int64_t n) {
    const __m256i eight = _mm256_set1_epi8(8), weights = _mm256_set1_epi16(1 | 16 << 8);
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i v = _mm256_add_epi8(_mm256_loadu_si256((const __m256i *)(q + i)), eight);
        __m256i pairs = _mm256_maddubs_epi16(v, weights); // low + 16 * high
        __m128i low = _mm256_castsi256_si128(pairs), high = _mm256_extracti128_si256(pairs, 1);
        _mm_storeu_si128((__m128i *)(p + i / 2), _mm_packus_epi16(low, high));
    }
    for (; i < n; i++) {
        int nibble = q[i] + 8;
        p[i / 2] = (uint8_t)(i % 2 ? p[i / 2] | nibble << 4 : nibble);
    }
}

static int32_t sum_i8(const int8_t *q, int64_t n) {
    const __m256i one8 = _mm256_set1_epi8(1), one16 = _mm256_set1_epi16(1);
    __m256i acc = _mm256_setzero_si256();
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(q + i));
        __m256i pairs = _mm256_maddubs_epi16(one8, v); // at most 2 * 128: no saturation
        acc = _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, one16));
    }
    int32_t lane[LANES], sum = 0;
    _mm256_storeu_si256((__m256i *)lane, acc);
    for (int j = 0; j < LANES; j++) sum += lane[j];
    for (; i < n; i++) sum += q[i];
    return sum;
}

void vise_avx2_rows_init(vise_kernels *k) {
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
