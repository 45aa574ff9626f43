// Ranges and codes of rows in groups with AVX-512.

#include <immintrin.h>
#include <math.h>

#include "backends/backends.h"

enum { LANES = 16, EVEN = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

#define INLINE static inline __attribute__((always_inline))

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// The lanes of elements i, i + 1, ... below n.
INLINE __mmask16 lanes_at(int64_t i, int64_t n) {
    if (n - i >= LANES) return 0xffff;
    return (__mmask16)((1u << (n - i)) - 1);
}

// --- ranges.  Sixteen groups at once, each of them in a vector first; then lane g becomes the
// largest of vector g.  Floats are compared as integers that have the same order.

typedef __m512i fold(__m512i a, __m512i b); // the larger or the smaller of each lane

INLINE __m512i larger_of(__m512i a, __m512i b) {
    return _mm512_max_epi32(a, b);
}

INLINE __m512i smaller_of(__m512i a, __m512i b) {
    return _mm512_min_epi32(a, b);
}

INLINE __m512i fold_32(__m512i a, __m512i b, fold *f) {
    return f(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

INLINE __m512i fold_64(__m512i a, __m512i b, fold *f) {
    return f(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

INLINE __m512i fold_128(__m512i a, __m512i b, fold *f) {
    return f(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd));
}

// Four vectors, of which each quarter of the result holds one quarter's four results.
INLINE __m512i fold_four(const __m512i v[4], fold *f) {
    return fold_64(fold_32(v[0], v[1], f), fold_32(v[2], v[3], f), f);
}

INLINE __m512i fold_sixteen(const __m512i v[LANES], fold *f) {
    __m512i a = fold_128(fold_four(v, f), fold_four(v + 4, f), f);
    __m512i b = fold_128(fold_four(v + 8, f), fold_four(v + 12, f), f);
    return fold_128(a, b, f);
}

INLINE __m512i magnitude(__m512i u) {
    return _mm512_and_si512(u, _mm512_set1_epi32(0x7fffffff));
}

// Floats to signed integers of the same order, and back.  NaN lies outside the infinities.
INLINE __m512i ordered(__m512i u) {
    __m512i low = _mm512_srli_epi32(_mm512_srai_epi32(u, 31), 1);
    return _mm512_xor_si512(u, low);
}

static void group_absmax(float *max, const float *x, int64_t n, int64_t group) {
    for (; group % LANES == 0 && n >= LANES * group; n -= LANES * group, max += LANES) {
        __m512i v[LANES];
        for (int g = 0; g < LANES; g++, x += group) {
            v[g] = magnitude(_mm512_loadu_si512(x));
            for (int64_t i = LANES; i < group; i += LANES) {
                v[g] = larger_of(v[g], magnitude(_mm512_loadu_si512(x + i)));
            }
        }
        _mm512_storeu_si512(max, fold_sixteen(v, larger_of));
    }
    for (; n > 0; n -= group, x += group) {
        __m512i v = _mm512_setzero_si512();
        for (int64_t i = 0; i < smaller(n, group); i += LANES) {
            __mmask16 some = lanes_at(i, smaller(n, group));
            v = larger_of(v, magnitude(_mm512_maskz_loadu_epi32(some, x + i)));
        }
        int bits = _mm512_reduce_max_epi32(v);
        *max++ = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits)));
    }
}

// Both are NaN if either is.
INLINE void store_ranges(float *lo, float *hi, __mmask16 some, __m512i min, __m512i max) {
    __m512 low = _mm512_castsi512_ps(ordered(min)), high = _mm512_castsi512_ps(ordered(max));
    __mmask16 nan = _mm512_cmp_ps_mask(low, high, _CMP_UNORD_Q);
    const __m512 none = _mm512_set1_ps(NAN);
    _mm512_mask_storeu_ps(lo, some, _mm512_mask_mov_ps(low, nan, none));
    _mm512_mask_storeu_ps(hi, some, _mm512_mask_mov_ps(high, nan, none));
}

static void group_minmax(float *lo, float *hi, const float *x, int64_t n, int64_t group) {
    int64_t done = 0;
    for (; group % LANES == 0 && n - done * group >= LANES * group; done += LANES) {
        __m512i min[LANES], max[LANES];
        for (int g = 0; g < LANES; g++, x += group) {
            min[g] = max[g] = ordered(_mm512_loadu_si512(x));
            for (int64_t i = LANES; i < group; i += LANES) {
                __m512i u = ordered(_mm512_loadu_si512(x + i));
                min[g] = smaller_of(min[g], u);
                max[g] = larger_of(max[g], u);
            }
        }
        store_ranges(lo + done, hi + done, 0xffff, fold_sixteen(min, smaller_of),
                     fold_sixteen(max, larger_of));
    }
    for (; done * group < n; done++, x += group) {
        int64_t count = smaller(n - done * group, group);
        __m512i first = ordered(_mm512_castps_si512(_mm512_set1_ps(x[0])));
        __m512i min = first, max = first;
        for (int64_t i = 0; i < count; i += LANES) {
            __mmask16 some = lanes_at(i, count);
            __m512i u = ordered(_mm512_maskz_loadu_epi32(some, x + i));
            min = _mm512_mask_min_epi32(min, some, min, u);
            max = _mm512_mask_max_epi32(max, some, max, u);
        }
        store_ranges(lo + done, hi + done, 1, _mm512_set1_epi32(_mm512_reduce_min_epi32(min)),
                     _mm512_set1_epi32(_mm512_reduce_max_epi32(max)));
    }
}

// --- codes

// Normal numbers (2^-6 and up) lose 20 of the 23 bits of their mantissa, rounded, and 120 of
// the bias of their exponent.  Below, adding 1.5 * 2^14 rounds to multiples of 2^-9, the
// smallest number, and leaves their count in the low bits.
INLINE __m128i f8_codes(__m512 v) {
    const __m512 shift = _mm512_set1_ps(0x1.8p14f);
    __m512i bits = _mm512_castps_si512(v);
    __m512i size = _mm512_min_epi32(magnitude(bits), _mm512_set1_epi32(0x43e00000)); // 448
    __m512i sum = _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(size), shift));
    __m512i small = _mm512_sub_epi32(sum, _mm512_castps_si512(shift));
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(size, 20), _mm512_set1_epi32(1));
    __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7ffff));
    __m512i code = _mm512_srli_epi32(_mm512_add_epi32(size, half), 20);
    code = _mm512_sub_epi32(code, _mm512_set1_epi32(120 << 3));
    __mmask16 tiny = _mm512_cmplt_epi32_mask(size, _mm512_set1_epi32(0x3c800000)); // 2^-6
    code = _mm512_mask_mov_epi32(code, tiny, small);
    __m512i sign = _mm512_and_si512(_mm512_srli_epi32(bits, 24), _mm512_set1_epi32(0x80));
    return _mm512_cvtepi32_epi8(_mm512_or_si512(code, sign));
}

// Adding and taking away 1.5 * 2^22 * 2^k rounds to multiples of 2^(k-1), ties to even: k = 0
// below 2, 1 below 4, 2 above; the exponent of the number gives k.  Twice the result is an
// index into the codes.
INLINE __m128i f4_codes(__m512 v, bool down) {
    const __m512i exponent = _mm512_set1_epi32(0x7f800000), one = _mm512_set1_epi32(0x3f800000);
    const __m512i up = _mm512_set1_epi32(0x4ac00000 - 0x3f800000); // 1.5 * 2^22 for 1.0
    const __m128i codes = _mm_setr_epi8(-8, -7, -6, -5, -4, 0, -3, 0, -2, 0, 0, 0, -1, 0, 0, 0);
    __m512 a = _mm512_min_ps(_mm512_abs_ps(v), _mm512_set1_ps(6));
    __m512i e2 = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(a), exponent), one);
    __m512 grid = _mm512_castsi512_ps(_mm512_add_epi32(e2, up));
    __m512 q = _mm512_sub_ps(_mm512_add_ps(a, grid), grid);
    if (down) { // a tie that went up comes down again
        __m512 step = _mm512_mul_ps(_mm512_castsi512_ps(e2), _mm512_set1_ps(0.5f));
        __m512 half = _mm512_mul_ps(step, _mm512_set1_ps(0.5f));
        __mmask16 tie = _mm512_cmp_ps_mask(_mm512_sub_ps(q, a), half, _CMP_EQ_OQ);
        q = _mm512_mask_sub_ps(q, tie, q, step);
    }
    __m128i twice = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_add_ps(q, q)));
    __m128i code = _mm_shuffle_epi8(codes, twice);
    __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(v));
    negative &= _mm_test_epi8_mask(twice, twice);
    return _mm_mask_add_epi8(code, negative, code, _mm_set1_epi8(8));
}

// The scale and zero point of a group, and what all groups share, in all lanes.
typedef struct step {
    __m512 scale, zero, lo, hi, width;
} step;

INLINE __m128i codes_of(__m512 x, const step *s, vise_code_form form, vise_code_kind kind) {
    __m512 v =
        form == VISE_CODE_MUL ? _mm512_mul_ps(x, s->scale)
        : form == VISE_CODE_DIV
            ? _mm512_div_ps(_mm512_sub_ps(x, s->zero), s->scale)
            : _mm512_add_ps(_mm512_roundscale_ps(_mm512_div_ps(x, s->scale), EVEN), s->zero);
    if (kind == VISE_CODE_F8) return f8_codes(v);
    if (kind != VISE_CODE_INT) return f4_codes(v, kind == VISE_CODE_F4_DOWN);
    if (form == VISE_CODE_DIV_ADD) {
        v = _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), s->width);
        v = _mm512_add_ps(v, s->lo);
    } else { // clamping to whole numbers first gives what rounding first gives
        v = _mm512_min_ps(_mm512_max_ps(v, s->lo), s->hi);
    }
    return _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)); // to nearest, ties to even
}

INLINE void codes_as(const vise_group_codes *p, vise_code_form form, vise_code_kind kind) {
    step s = {
        .zero = _mm512_setzero_ps(),
        .lo = _mm512_set1_ps((float)p->lo),
        .hi = _mm512_set1_ps((float)p->hi),
        .width = _mm512_set1_ps((float)(p->hi - p->lo)),
    };
    int64_t i = 0;
    for (int64_t g = 0; i < p->n; g++) {
        int64_t end = smaller(p->n, (g + 1) * p->group);
        s.scale = _mm512_set1_ps(p->scale[g]);
        if (p->zero) s.zero = _mm512_set1_ps(p->zero[g]);
        for (; i + LANES <= end; i += LANES) {
            __m128i q = codes_of(_mm512_loadu_ps(p->x + i), &s, form, kind);
            _mm_storeu_si128((__m128i *)(p->q + i), q);
        }
        if (i == end) continue;
        __mmask16 some = lanes_at(i, end);
        __m512 x = _mm512_maskz_loadu_ps(some, p->x + i);
        _mm_mask_storeu_epi8(p->q + i, some, codes_of(x, &s, form, kind));
        i = end;
    }
}

INLINE void codes_by(const vise_group_codes *p, vise_code_form form) {
    switch (p->kind) {
    case VISE_CODE_F8: codes_as(p, form, VISE_CODE_F8); break;
    case VISE_CODE_F4: codes_as(p, form, VISE_CODE_F4); break;
    case VISE_CODE_F4_DOWN: codes_as(p, form, VISE_CODE_F4_DOWN); break;
    default: codes_as(p, form, VISE_CODE_INT); break;
    }
}

static void group_codes(const vise_group_codes *p) {
    switch (p->form) {
    case VISE_CODE_MUL: codes_by(p, VISE_CODE_MUL); break;
    case VISE_CODE_DIV: codes_by(p, VISE_CODE_DIV); break;
    default: codes_as(p, VISE_CODE_DIV_ADD, VISE_CODE_INT); break;
    }
}

void vise_avx512_groups_init(vise_kernels *k) {
    k->group_absmax = group_absmax;
    k->group_minmax = group_minmax;
    k->group_codes = group_codes;
}
