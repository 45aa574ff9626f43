// Walsh-Hadamard transforms with AVX-512: four stages at a time, so that a row is read and
// written twice for 4,096 elements.

#include <immintrin.h>

#include "backends/backends.h"

enum { LANES = 16, FIRST = 256, SMALL = 32 }; // elements that the first eight stages take

#define INLINE static inline __attribute__((always_inline))

// Vectors by name: an array that a loop runs over would lie in memory.
typedef struct eight {
    __m512 a, b, c, d, e, f, g, h;
} eight;

typedef struct sixteen {
    eight lo, hi;
} sixteen;

INLINE void butterfly(__m512 *a, __m512 *b) {
    __m512 sum = _mm512_add_ps(*a, *b);
    *b = _mm512_sub_ps(*a, *b);
    *a = sum;
}

// Stages 1, 2, 4 and 8: inside a vector.  The mask names the lanes that get a difference.
INLINE __m512 inside(__m512 x) {
    __m512 y = _mm512_permute_ps(x, 0xb1);
    x = _mm512_mask_sub_ps(_mm512_add_ps(x, y), 0xaaaa, y, x);
    y = _mm512_permute_ps(x, 0x4e);
    x = _mm512_mask_sub_ps(_mm512_add_ps(x, y), 0xcccc, y, x);
    y = _mm512_shuffle_f32x4(x, x, 0xb1);
    x = _mm512_mask_sub_ps(_mm512_add_ps(x, y), 0xf0f0, y, x);
    y = _mm512_shuffle_f32x4(x, x, 0x4e);
    return _mm512_mask_sub_ps(_mm512_add_ps(x, y), 0xff00, y, x);
}

INLINE eight inside_eight(eight v) {
    return (eight){inside(v.a), inside(v.b), inside(v.c), inside(v.d),
                   inside(v.e), inside(v.f), inside(v.g), inside(v.h)};
}

INLINE eight stages_of_8(eight v) {
    butterfly(&v.a, &v.b), butterfly(&v.c, &v.d), butterfly(&v.e, &v.f), butterfly(&v.g, &v.h);
    butterfly(&v.a, &v.c), butterfly(&v.b, &v.d), butterfly(&v.e, &v.g), butterfly(&v.f, &v.h);
    butterfly(&v.a, &v.e), butterfly(&v.b, &v.f), butterfly(&v.c, &v.g), butterfly(&v.d, &v.h);
    return v;
}

INLINE sixteen stages_of_16(sixteen v) {
    v.lo = stages_of_8(v.lo);
    v.hi = stages_of_8(v.hi);
    butterfly(&v.lo.a, &v.hi.a), butterfly(&v.lo.b, &v.hi.b);
    butterfly(&v.lo.c, &v.hi.c), butterfly(&v.lo.d, &v.hi.d);
    butterfly(&v.lo.e, &v.hi.e), butterfly(&v.lo.f, &v.hi.f);
    butterfly(&v.lo.g, &v.hi.g), butterfly(&v.lo.h, &v.hi.h);
    return v;
}

INLINE eight load_eight(const float *x, int64_t h) {
    return (eight){_mm512_loadu_ps(x),         _mm512_loadu_ps(x + h),
                   _mm512_loadu_ps(x + 2 * h), _mm512_loadu_ps(x + 3 * h),
                   _mm512_loadu_ps(x + 4 * h), _mm512_loadu_ps(x + 5 * h),
                   _mm512_loadu_ps(x + 6 * h), _mm512_loadu_ps(x + 7 * h)};
}

INLINE void store_eight(float *y, int64_t h, eight v, __m512 by) {
    _mm512_storeu_ps(y, _mm512_mul_ps(v.a, by));
    _mm512_storeu_ps(y + h, _mm512_mul_ps(v.b, by));
    _mm512_storeu_ps(y + 2 * h, _mm512_mul_ps(v.c, by));
    _mm512_storeu_ps(y + 3 * h, _mm512_mul_ps(v.d, by));
    _mm512_storeu_ps(y + 4 * h, _mm512_mul_ps(v.e, by));
    _mm512_storeu_ps(y + 5 * h, _mm512_mul_ps(v.f, by));
    _mm512_storeu_ps(y + 6 * h, _mm512_mul_ps(v.g, by));
    _mm512_storeu_ps(y + 7 * h, _mm512_mul_ps(v.h, by));
}

// Stages 1 to 128, and a look ahead at what the next row holds.
static void first_stages(float *y, const float *x, int64_t n, __m512 by) {
    for (int64_t i = 0; i < n; i += FIRST) {
        sixteen v = {load_eight(x + i, LANES), load_eight(x + i + FIRST / 2, LANES)};
        for (int k = 0; k < FIRST; k += LANES) {
            _mm_prefetch((const char *)(x + n + i + k), _MM_HINT_T1);
        }
        v = stages_of_16((sixteen){inside_eight(v.lo), inside_eight(v.hi)});
        store_eight(y + i, LANES, v.lo, by);
        store_eight(y + i + FIRST / 2, LANES, v.hi, by);
    }
}

// Stages h to 8 h.
static void four_stages(float *y, int64_t n, int64_t h, __m512 by) {
    for (int64_t first = 0; first < n; first += 16 * h) {
        for (int64_t i = first; i < first + h; i += LANES) {
            sixteen v = {load_eight(y + i, h), load_eight(y + i + 8 * h, h)};
            v = stages_of_16(v);
            store_eight(y + i, h, v.lo, by);
            store_eight(y + i + 8 * h, h, v.hi, by);
        }
    }
}

static void one_stage(float *y, int64_t n, int64_t h, __m512 by) {
    for (int64_t first = 0; first < n; first += 2 * h) {
        for (int64_t i = first; i < first + h; i += LANES) {
            __m512 a = _mm512_loadu_ps(y + i), b = _mm512_loadu_ps(y + i + h);
            butterfly(&a, &b);
            _mm512_storeu_ps(y + i, _mm512_mul_ps(a, by));
            _mm512_storeu_ps(y + i + h, _mm512_mul_ps(b, by));
        }
    }
}

// Fewer elements than the first eight stages take.
static void few_stages(float *y, const float *x, int64_t n, __m512 one, __m512 last) {
    for (int64_t i = 0; i < n; i += LANES) {
        _mm512_storeu_ps(y + i, inside(_mm512_loadu_ps(x + i)));
    }
    for (int64_t h = LANES; h < n; h *= 2) one_stage(y, n, h, 2 * h == n ? last : one);
}

static void tiny(float *y, const float *x, int64_t n, float by) {
    float v[SMALL];
    for (int64_t i = 0; i < n; i++) v[i] = x[i];
    for (int64_t h = 1; h < n; h *= 2) {
        for (int64_t i = 0; i < n; i++) {
            float a = v[i], b = v[i ^ h];
            if (i & h) continue;
            v[i] = a + b;
            v[i ^ h] = a - b;
        }
    }
    for (int64_t i = 0; i < n; i++) y[i] = v[i] * by;
}

static void walsh(float *y, const float *x, int64_t n, float by) {
    const __m512 one = _mm512_set1_ps(1), last = _mm512_set1_ps(by);
    if (n < SMALL) {
        tiny(y, x, n, by);
    } else if (n < FIRST) {
        few_stages(y, x, n, one, last);
    } else {
        first_stages(y, x, n, n == FIRST ? last : one);
        int64_t h = FIRST;
        for (; 16 * h <= n; h *= 16) four_stages(y, n, h, 16 * h == n ? last : one);
        for (; h < n; h *= 2) one_stage(y, n, h, 2 * h == n ? last : one);
    }
}

void vise_avx512_solvers_init(vise_kernels *k) {
    k->walsh = walsh;
}
