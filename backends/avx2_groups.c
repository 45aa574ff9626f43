// Ranges and codes of rows in groups with AVX2.  avx512_groups.c explains the arithmetic.

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "backends/backends.h"

enum { LANES = 8, EVEN = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

#define INLINE static inline __attribute__((always_inline))

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

INLINE __m256i load(const float *x) {
    return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

// All bits in the lanes of elements i, i + 1, ... below n.
INLINE __m256i lanes_at(int64_t i, int64_t n) {
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)smaller(n - i, LANES)), lane);
}

// Up to eight elements from i on, then zeros.
INLINE __m256i load_some(const float *x, int64_t i, int64_t n) {
    return _mm256_maskload_epi32((const int *)(const void *)(x + i), lanes_at(i, n));
}

// --- ranges, eight groups at once

typedef __m256i fold(__m256i a, __m256i b);

INLINE __m256i larger_of(__m256i a, __m256i b) {
    return _mm256_max_epi32(a, b);
}

INLINE __m256i smaller_of(__m256i a, __m256i b) {
    return _mm256_min_epi32(a, b);
}

INLINE __m256i fold_32(__m256i a, __m256i b, fold *f) {
    return f(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
}

INLINE __m256i fold_four(const __m256i v[4], fold *f) {
    __m256i a = fold_32(v[0], v[1], f), b = fold_32(v[2], v[3], f);
    return f(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
}

INLINE __m256i fold_eight(const __m256i v[LANES], fold *f) {
    __m256i a = fold_four(v, f), b = fold_four(v + 4, f);
    return f(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

INLINE __m256i magnitude(__m256i u) {
    return _mm256_and_si256(u, _mm256_set1_epi32(0x7fffffff));
}

INLINE __m256i ordered(__m256i u) {
    return _mm256_xor_si256(u, _mm256_srli_epi32(_mm256_srai_epi32(u, 31), 1));
}

static void group_absmax(float *max, const float *x, int64_t n, int64_t group) {
    for (; group % LANES == 0 && n >= LANES * group; n -= LANES * group, max += LANES) {
        __m256i v[LANES];
        for (int g = 0; g < LANES; g++, x += group) {
            v[g] = magnitude(load(x));
            for (int64_t i = LANES; i < group; i += LANES) {
                v[g] = larger_of(v[g], magnitude(load(x + i)));
            }
        }
        _mm256_storeu_si256((__m256i *)(void *)max, fold_eight(v, larger_of));
    }
    for (; n > 0; n -= group, x += group) {
        __m256i v[LANES];
        for (int g = 0; g < LANES; g++) v[g] = _mm256_setzero_si256();
        for (int64_t i = 0; i < smaller(n, group); i += LANES) {
            v[0] = larger_of(v[0], magnitude(load_some(x, i, smaller(n, group))));
        }
        *max++ = _mm256_cvtss_f32(_mm256_castsi256_ps(fold_eight(v, larger_of)));
    }
}

// Both are NaN if either is.
INLINE void ranges_of(__m256 *lo, __m256 *hi, __m256i min, __m256i max) {
    *lo = _mm256_castsi256_ps(ordered(min));
    *hi = _mm256_castsi256_ps(ordered(max));
    __m256 nan = _mm256_cmp_ps(*lo, *hi, _CMP_UNORD_Q);
    *lo = _mm256_blendv_ps(*lo, _mm256_set1_ps(NAN), nan);
    *hi = _mm256_blendv_ps(*hi, _mm256_set1_ps(NAN), nan);
}

static void group_minmax(float *lo, float *hi, const float *x, int64_t n, int64_t group) {
    __m256 low, high;
    int64_t done = 0;
    for (; group % LANES == 0 && n - done * group >= LANES * group; done += LANES) {
        __m256i min[LANES], max[LANES];
        for (int g = 0; g < LANES; g++, x += group) {
            min[g] = max[g] = ordered(load(x));
            for (int64_t i = LANES; i < group; i += LANES) {
                __m256i u = ordered(load(x + i));
                min[g] = smaller_of(min[g], u);
                max[g] = larger_of(max[g], u);
            }
        }
        ranges_of(&low, &high, fold_eight(min, smaller_of), fold_eight(max, larger_of));
        _mm256_storeu_ps(lo + done, low);
        _mm256_storeu_ps(hi + done, high);
    }
    for (; done * group < n; done++, x += group) {
        int64_t count = smaller(n - done * group, group);
        __m256i first = ordered(_mm256_castps_si256(_mm256_set1_ps(x[0])));
        __m256i min[LANES], max[LANES];
        for (int g = 0; g < LANES; g++) min[g] = max[g] = first;
        for (int64_t i = 0; i < count; i += LANES) {
            __m256i u = ordered(load_some(x, i, count));
            u = _mm256_blendv_epi8(first, u, lanes_at(i, count));
            min[0] = smaller_of(min[0], u);
            max[0] = larger_of(max[0], u);
        }
        ranges_of(&low, &high, fold_eight(min, smaller_of), fold_eight(max, larger_of));
        lo[done] = _mm256_cvtss_f32(low);
        hi[done] = _mm256_cvtss_f32(high);
    }
}

// --- codes

// The low bytes of eight integers, each in [-128, 255], in the low half.
INLINE __m128i bytes_of(__m256i v) {
    v = _mm256_and_si256(v, _mm256_set1_epi32(0xff));
    __m128i h = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_packus_epi16(h, h);
}

INLINE __m128i f8_codes(__m256 v) {
    const __m256 shift = _mm256_set1_ps(0x1.8p14f);
    __m256i bits = _mm256_castps_si256(v);
    __m256i size = _mm256_min_epi32(magnitude(bits), _mm256_set1_epi32(0x43e00000)); // 448
    __m256i sum = _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(size), shift));
    __m256i small = _mm256_sub_epi32(sum, _mm256_castps_si256(shift));
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(size, 20), _mm256_set1_epi32(1));
    __m256i half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7ffff));
    __m256i code = _mm256_srli_epi32(_mm256_add_epi32(size, half), 20);
    code = _mm256_sub_epi32(code, _mm256_set1_epi32(120 << 3));
    __m256i normal = _mm256_cmpgt_epi32(size, _mm256_set1_epi32(0x3c7fffff)); // 2^-6 and up
    code = _mm256_blendv_epi8(small, code, normal);
    __m256i sign = _mm256_and_si256(_mm256_srli_epi32(bits, 24), _mm256_set1_epi32(0x80));
    return bytes_of(_mm256_or_si256(code, sign));
}

INLINE __m128i f4_codes(__m256 v, bool down) {
    const __m256i exponent = _mm256_set1_epi32(0x7f800000), one = _mm256_set1_epi32(0x3f800000);
    const __m256i up = _mm256_set1_epi32(0x4ac00000 - 0x3f800000);
    const __m128i codes = _mm_setr_epi8(-8, -7, -6, -5, -4, 0, -3, 0, -2, 0, 0, 0, -1, 0, 0, 0);
    const __m128i eight = _mm_set1_epi8(8), none = _mm_setzero_si128();
    __m256 size = _mm256_castsi256_ps(magnitude(_mm256_castps_si256(v)));
    __m256 a = _mm256_min_ps(size, _mm256_set1_ps(6));
    __m256i e2 = _mm256_max_epi32(_mm256_and_si256(_mm256_castps_si256(a), exponent), one);
    __m256 grid = _mm256_castsi256_ps(_mm256_add_epi32(e2, up));
    __m256 q = _mm256_sub_ps(_mm256_add_ps(a, grid), grid);
    if (down) {
        __m256 step = _mm256_mul_ps(_mm256_castsi256_ps(e2), _mm256_set1_ps(0.5f));
        __m256 half = _mm256_mul_ps(step, _mm256_set1_ps(0.5f));
        __m256 tie = _mm256_cmp_ps(_mm256_sub_ps(q, a), half, _CMP_EQ_OQ);
        q = _mm256_sub_ps(q, _mm256_and_ps(tie, step));
    }
    __m128i twice = bytes_of(_mm256_cvtps_epi32(_mm256_add_ps(q, q)));
    __m128i negative = bytes_of(_mm256_srai_epi32(_mm256_castps_si256(v), 31));
    negative = _mm_andnot_si128(_mm_cmpeq_epi8(twice, none), negative);
    return _mm_add_epi8(_mm_shuffle_epi8(codes, twice), _mm_and_si128(negative, eight));
}

typedef struct step {
    __m256 scale, zero, lo, hi, width;
} step;

INLINE __m128i codes_of(__m256 x, const step *s, vise_code_form form, vise_code_kind kind) {
    __m256 v = form == VISE_CODE_MUL ? _mm256_mul_ps(x, s->scale)
               : form == VISE_CODE_DIV
                   ? _mm256_div_ps(_mm256_sub_ps(x, s->zero), s->scale)
                   : _mm256_add_ps(_mm256_round_ps(_mm256_div_ps(x, s->scale), EVEN), s->zero);
    if (kind == VISE_CODE_F8) return f8_codes(v);
    if (kind != VISE_CODE_INT) return f4_codes(v, kind == VISE_CODE_F4_DOWN);
    if (form == VISE_CODE_DIV_ADD) {
        v = _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), s->width);
        v = _mm256_add_ps(v, s->lo);
    } else {
        v = _mm256_min_ps(_mm256_max_ps(v, s->lo), s->hi);
    }
    return bytes_of(_mm256_cvtps_epi32(v));
}

INLINE void codes_as(const vise_group_codes *p, vise_code_form form, vise_code_kind kind) {
    step s = {
        .zero = _mm256_setzero_ps(),
        .lo = _mm256_set1_ps((float)p->lo),
        .hi = _mm256_set1_ps((float)p->hi),
        .width = _mm256_set1_ps((float)(p->hi - p->lo)),
    };
    int64_t i = 0;
    for (int64_t g = 0; i < p->n; g++) {
        int64_t end = smaller(p->n, (g + 1) * p->group);
        s.scale = _mm256_set1_ps(p->scale[g]);
        if (p->zero) s.zero = _mm256_set1_ps(p->zero[g]);
        for (; i + LANES <= end; i += LANES) {
            __m128i q = codes_of(_mm256_loadu_ps(p->x + i), &s, form, kind);
            _mm_storel_epi64((__m128i *)(void *)(p->q + i), q);
        }
        if (i == end) continue;
        __m256 x = _mm256_castsi256_ps(load_some(p->x, i, end));
        int64_t q = _mm_cvtsi128_si64(codes_of(x, &s, form, kind));
        memcpy(p->q + i, &q, (size_t)(end - i));
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

void vise_avx2_groups_init(vise_kernels *k) {
    k->group_absmax = group_absmax;
    k->group_minmax = group_minmax;
    k->group_codes = group_codes;
}
