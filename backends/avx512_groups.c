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

typedef __m512i map(__m512i u);
typedef __m512i fold(__m512i a, __m512i b);

INLINE __m512i larger_of(__m512i a, __m512i b) {
    return _mm512_max_epi32(a, b);
}

INLINE __m512i smaller_of(__m512i a, __m512i b) {
    return _mm512_min_epi32(a, b);
}

INLINE __m512i magnitude(__m512i u) {
    return _mm512_and_si512(u, _mm512_set1_epi32(0x7fffffff));
}

// Floats to signed integers of the same order, and back.  NaN lies outside the infinities.
INLINE __m512i ordered(__m512i u) {
    __m512i low = _mm512_srli_epi32(_mm512_srai_epi32(u, 31), 1);
    return _mm512_xor_si512(u, low);
}

// A group of whole vectors, folded into one.
INLINE __m512i fold_group(const float *x, int64_t group, map *m, fold *f) {
    __m512i v = m(_mm512_loadu_si512(x));
    for (int64_t i = LANES; i < group; i += LANES) v = f(v, m(_mm512_loadu_si512(x + i)));
    return v;
}

INLINE __m512i fold_two(const float *x, int64_t group, map *m, fold *f) {
    __m512i a = fold_group(x, group, m, f), b = fold_group(x + group, group, m, f);
    return f(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

// Four groups; each quarter of the result holds one quarter's four results.
INLINE __m512i fold_four(const float *x, int64_t group, map *m, fold *f) {
    __m512i a = fold_two(x, group, m, f), b = fold_two(x + 2 * group, group, m, f);
    return f(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

INLINE __m512i fold_quarters(__m512i a, __m512i b, fold *f) {
    return f(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd));
}

INLINE __m512i fold_eight(const float *x, int64_t group, map *m, fold *f) {
    __m512i a = fold_four(x, group, m, f), b = fold_four(x + 4 * group, group, m, f);
    return fold_quarters(a, b, f);
}

INLINE __m512i fold_sixteen(const float *x, int64_t group, map *m, fold *f) {
    __m512i a = fold_eight(x, group, m, f), b = fold_eight(x + 8 * group, group, m, f);
    return fold_quarters(a, b, f);
}

// Four groups as the first four lanes.
INLINE __m512i fold_some(const float *x, int64_t group, map *m, fold *f) {
    __m512i v = fold_four(x, group, m, f);
    v = fold_quarters(v, v, f);
    return fold_quarters(v, v, f);
}

static void group_absmax(float *max, const float *x, int64_t n, int64_t group) {
    bool whole = group % LANES == 0;
    for (; whole && n >= 16 * group; n -= 16 * group, x += 16 * group, max += 16) {
        _mm512_storeu_si512(max, fold_sixteen(x, group, magnitude, larger_of));
    }
    for (; whole && n >= 4 * group; n -= 4 * group, x += 4 * group, max += 4) {
        __m512i v = fold_some(x, group, magnitude, larger_of);
        _mm512_mask_storeu_epi32(max, 0xf, v);
    }
    for (; n > 0; n -= group, x += group) {
        __m512i v = _mm512_setzero_si512();
        for (int64_t i = 0; i < smaller(n, group); i += LANES) {
            __mmask16 some = lanes_at(i, smaller(n, group));
            v = larger_of(v, magnitude(_mm512_maskz_loadu_epi32(some, x + i)));
        }
        _mm512_mask_storeu_epi32(max++, 1, _mm512_set1_epi32(_mm512_reduce_max_epi32(v)));
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
    bool whole = group % LANES == 0;
    for (; whole && n >= 16 * group; n -= 16 * group, x += 16 * group, lo += 16, hi += 16) {
        store_ranges(lo, hi, 0xffff, fold_sixteen(x, group, ordered, smaller_of),
                     fold_sixteen(x, group, ordered, larger_of));
    }
    for (; whole && n >= 4 * group; n -= 4 * group, x += 4 * group, lo += 4, hi += 4) {
        store_ranges(lo, hi, 0xf, fold_some(x, group, ordered, smaller_of),
                     fold_some(x, group, ordered, larger_of));
    }
    for (; n > 0; n -= group, x += group) {
        int64_t count = smaller(n, group);
        __m512i min = ordered(_mm512_castps_si512(_mm512_set1_ps(x[0]))), max = min;
        for (int64_t i = 0; i < count; i += LANES) {
            __mmask16 some = lanes_at(i, count);
            __m512i u = ordered(_mm512_maskz_loadu_epi32(some, x + i));
            min = _mm512_mask_min_epi32(min, some, min, u);
            max = _mm512_mask_max_epi32(max, some, max, u);
        }
        min = _mm512_set1_epi32(_mm512_reduce_min_epi32(min));
        max = _mm512_set1_epi32(_mm512_reduce_max_epi32(max));
        store_ranges(lo++, hi++, 1, min, max);
    }
}

// --- codes, as 32-bit integers first

// Normal numbers (2^-6 and up) lose 20 of the 23 bits of their mantissa, rounded, and 120 of
// the bias of their exponent.  Below, adding 1.5 * 2^14 rounds to multiples of 2^-9, the
// smallest number, and leaves their count in the low bits.
INLINE __m512i f8_codes(__m512 v) {
    const __m512 shift = _mm512_set1_ps(0x1.8p14f);
    __m512i bits = _mm512_castps_si512(v);
    __m512i size = _mm512_min_epi32(magnitude(bits), _mm512_set1_epi32(0x43e00000)); // 448
    __m512i sum = _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(size), shift));
    __m512i small = _mm512_sub_epi32(sum, _mm512_castps_si512(shift));
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(size, 20), _mm512_set1_epi32(1));
    // Half of what is lost, and the bias with it.
    __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7ffff - (120 << 23)));
    __m512i code = _mm512_srli_epi32(_mm512_add_epi32(size, half), 20);
    __mmask16 tiny = _mm512_cmplt_epi32_mask(size, _mm512_set1_epi32(0x3c800000)); // 2^-6
    code = _mm512_mask_mov_epi32(code, tiny, small);
    __m512i sign = _mm512_and_si512(_mm512_srli_epi32(bits, 24), _mm512_set1_epi32(0x80));
    return _mm512_or_si512(code, sign);
}

// Adding 1.5 * 2^22 * 2^k rounds to multiples of 2^(k-1) and leaves their count in the low
// bits: k = 0 below 2, 1 below 4, 2 above; the exponent of the number gives k.  The code is
// that count plus 2k.  Ties go to the even count, which is the even code; to let them go down,
// half a multiple is taken away first, and the sum rounded up.
INLINE __m512i f4_codes(__m512 v, bool down) {
    const __m512i exponent = _mm512_set1_epi32(0x7f800000), one = _mm512_set1_epi32(0x3f800000);
    const __m512i up = _mm512_set1_epi32(0x4ac00000 - 0x3f800000); // 1.5 * 2^22 for 1.0
    const __m512i eight = _mm512_set1_epi32(8);
    __m512 a = _mm512_min_ps(_mm512_abs_ps(v), _mm512_set1_ps(6));
    __m512i e2 = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(a), exponent), one);
    __m512i grid = _mm512_add_epi32(e2, up);
    __m512 base = _mm512_castsi512_ps(grid), sum = _mm512_add_ps(a, base);
    if (down) {
        __m512 half = _mm512_mul_ps(_mm512_castsi512_ps(e2), _mm512_set1_ps(0.25f));
        sum = _mm512_add_round_ps(_mm512_sub_ps(a, half), base,
                                  _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
    }
    __m512i count = _mm512_sub_epi32(_mm512_castps_si512(sum), grid);
    __m512i code = _mm512_add_epi32(count, _mm512_srli_epi32(_mm512_sub_epi32(e2, one), 22));
    __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(v));
    negative &= _mm512_test_epi32_mask(code, code);
    return _mm512_mask_sub_epi32(code, (__mmask16)~negative, code, eight);
}

// What the groups share, in all lanes.
typedef struct bounds {
    __m512 lo, hi, width;
} bounds;

INLINE __m512i codes_of(__m512 x, float scale, float zero, const bounds *b, vise_code_form form,
                        vise_code_kind kind) {
    __m512 s = _mm512_set1_ps(scale), z = _mm512_set1_ps(zero);
    __m512 v = form == VISE_CODE_MUL ? _mm512_mul_ps(x, s)
               : form == VISE_CODE_DIV
                   ? _mm512_div_ps(_mm512_sub_ps(x, z), s)
                   : _mm512_add_ps(_mm512_roundscale_ps(_mm512_div_ps(x, s), EVEN), z);
    if (kind == VISE_CODE_F8) return f8_codes(v);
    if (kind != VISE_CODE_INT) return f4_codes(v, kind == VISE_CODE_F4_DOWN);
    if (form == VISE_CODE_DIV_ADD) {
        v = _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), b->width);
        v = _mm512_add_ps(v, b->lo);
    } else { // clamping to whole numbers first gives what rounding first gives
        v = _mm512_min_ps(_mm512_max_ps(v, b->lo), b->hi);
    }
    return _mm512_cvtps_epi32(v); // to nearest, ties to even
}

// Four vectors of codes as bytes, in order.
INLINE void store_bytes(int8_t *q, const __m512i v[4], vise_code_kind kind) {
    const __m512i order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i a = _mm512_packs_epi32(v[0], v[1]), b = _mm512_packs_epi32(v[2], v[3]);
    __m512i bytes = kind == VISE_CODE_F8 ? _mm512_packus_epi16(a, b) : _mm512_packs_epi16(a, b);
    _mm512_storeu_si512(q, _mm512_permutexvar_epi32(order, bytes));
}

INLINE void codes_as(const vise_group_codes *p, vise_code_form form, vise_code_kind kind) {
    enum { BLOCK = 4 * LANES };
    const bounds b = {
        .lo = _mm512_set1_ps((float)p->lo),
        .hi = _mm512_set1_ps((float)p->hi),
        .width = _mm512_set1_ps((float)(p->hi - p->lo)),
    };
    const float *x = p->x, *scale = p->scale, *zero = p->zero;
    const char *ahead = p->ahead;
    int8_t *q = p->q;
    int64_t n = p->n, group = p->group, i = 0, g = 0, end = group; // of group g
    for (; group % LANES == 0 && i + BLOCK <= n; i += BLOCK) {
        __m512i v[4];
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
            if (i + k * LANES == end) {
                g++;
                end += group;
            }
            v[k] = codes_of(_mm512_loadu_ps(x + i + k * LANES), scale[g], zero ? zero[g] : 0,
                            &b, form, kind);
            if (ahead) __builtin_prefetch(ahead + (i + k * LANES) * 4, 0, 2);
        }
        store_bytes(q + i, v, kind);
    }
    while (i < n) {
        if (i == end) {
            g++;
            end += group;
        }
        __mmask16 some = lanes_at(i, smaller(n, end));
        __m512i v = codes_of(_mm512_maskz_loadu_ps(some, x + i), scale[g], zero ? zero[g] : 0,
                             &b, form, kind);
        _mm512_mask_cvtepi32_storeu_epi8(q + i, some, v);
        i += smaller(LANES, smaller(n, end) - i);
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
