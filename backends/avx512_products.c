// f32 products with AVX-512.

#include <immintrin.h>

#include "backends/backends.h"
#include "backends/blocked.h"

enum { LANES = 16, MR = 12, NR = 2 * LANES };

#define INLINE static inline __attribute__((always_inline))

INLINE void tile(float *c, int64_t ldc, const float *a, const float *b, int64_t k, bool add,
                 const int rows) {
    __m512 lo[MR], hi[MR];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        lo[i] = hi[i] = _mm512_setzero_ps();
        _mm_prefetch((const char *)(c + i * ldc), _MM_HINT_T0);
        _mm_prefetch((const char *)(c + i * ldc + NR - 1), _MM_HINT_T0);
    }
    for (int64_t p = 0; p < k; p++, a += rows, b += NR) {
        __m512 b0 = _mm512_loadu_ps(b), b1 = _mm512_loadu_ps(b + LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            __m512 v = _mm512_set1_ps(a[i]);
            lo[i] = _mm512_fmadd_ps(v, b0, lo[i]);
            hi[i] = _mm512_fmadd_ps(v, b1, hi[i]);
            __asm__("" : "+v"(lo[i]), "+v"(hi[i])); // else gcc spills them in every step
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++, c += ldc) {
        if (add) {
            lo[i] = _mm512_add_ps(_mm512_loadu_ps(c), lo[i]);
            hi[i] = _mm512_add_ps(_mm512_loadu_ps(c + LANES), hi[i]);
        }
        _mm512_storeu_ps(c, lo[i]);
        _mm512_storeu_ps(c + LANES, hi[i]);
    }
}

static void run(float *c, int64_t ldc, const float *a, const float *b, int64_t k, int rows,
                bool add) {
    switch (rows) {
    case 1: tile(c, ldc, a, b, k, add, 1); break;
    case 2: tile(c, ldc, a, b, k, add, 2); break;
    case 3: tile(c, ldc, a, b, k, add, 3); break;
    case 4: tile(c, ldc, a, b, k, add, 4); break;
    case 5: tile(c, ldc, a, b, k, add, 5); break;
    case 6: tile(c, ldc, a, b, k, add, 6); break;
    case 7: tile(c, ldc, a, b, k, add, 7); break;
    case 8: tile(c, ldc, a, b, k, add, 8); break;
    case 9: tile(c, ldc, a, b, k, add, 9); break;
    case 10: tile(c, ldc, a, b, k, add, 10); break;
    case 11: tile(c, ldc, a, b, k, add, 11); break;
    default: tile(c, ldc, a, b, k, add, 12); break;
    }
}

INLINE __mmask16 lanes_below(int64_t n) {
    if (n >= LANES) return 0xffff;
    if (n <= 0) return 0;
    return (__mmask16)((1u << n) - 1);
}

// Rows become columns: pairs of elements, fours of them, then whole fours among the rows.
INLINE void transpose_lanes(__m512 r[LANES]) {
    __m512 t[LANES];
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < LANES; i += 4) {
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            __m512d x = _mm512_castps_pd(t[i + h]), y = _mm512_castps_pd(t[i + 2 + h]);
            r[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
            r[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m512 x = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        __m512 y = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        __m512 z = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        __m512 w = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
        r[i] = _mm512_shuffle_f32x4(x, y, 0x88);
        r[i + 4] = _mm512_shuffle_f32x4(z, w, 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(x, y, 0xdd);
        r[i + 12] = _mm512_shuffle_f32x4(z, w, 0xdd);
    }
}

// Up to 16 rows, the rest of them zero, to the `lanes` first columns of out, [depth][width].
INLINE void transpose_rows(float *out, int width, __mmask16 lanes, const float *x, int64_t ldx,
                           int count, int64_t depth) {
    for (int64_t p = 0; p < depth; p += LANES) {
        const __mmask16 some = lanes_below(depth - p);
        const int64_t left = depth - p < LANES ? depth - p : LANES;
        __m512 r[LANES];
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) {
            r[i] =
                i < count ? _mm512_maskz_loadu_ps(some, x + i * ldx + p) : _mm512_setzero_ps();
        }
        transpose_lanes(r);
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++, out += width) {
            if (i < left) _mm512_mask_storeu_ps(out, lanes, r[i]);
        }
    }
}

static void transpose(float *out, int width, const float *x, int64_t ldx, int count,
                      int64_t depth) {
    for (int i = 0; i < width; i += LANES) {
        transpose_rows(out + i, width, lanes_below(width - i), x + i * ldx, ldx, count - i,
                       depth);
    }
}

static void copy(float *out, int width, const float *x, int64_t ldx, int count, int64_t depth) {
    const __mmask16 lo = lanes_below(width), hi = lanes_below(width - LANES);
    const __mmask16 from_lo = lanes_below(count), from_hi = lanes_below(count - LANES);
    for (int64_t p = 0; p < depth; p++, out += width, x += ldx) {
        _mm512_mask_storeu_ps(out, lo, _mm512_maskz_loadu_ps(from_lo, x));
        if (hi)
            _mm512_mask_storeu_ps(out + LANES, hi, _mm512_maskz_loadu_ps(from_hi, x + LANES));
    }
}

static void gemm(const vise_gemm *g) {
    static const vise_microkernel micro = {MR, NR, run, transpose, copy};
    vise_blocked_gemm(g, &micro);
}

void vise_avx512_products_init(vise_kernels *k) {
    k->gemm = gemm;
}
