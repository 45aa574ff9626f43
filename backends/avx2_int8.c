// int8_product with AVX2.  vpmaddubsw saturates on full-range bytes, so both sides are widened
// to 16 bits, even inputs apart from odd ones, and multiplied by vpmaddwd, which adds two
// products into each 32-bit lane.

#include "backends/backends.h"
#include "backends/ymm_int8.h"

// The even inputs of eight quads of weights, then the odd ones, as 16-bit numbers.
INLINE void widen(__m256i *even, __m256i *odd, const void *w) {
    __m256i v = ymm_load(w);
    *even = _mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8);
    *odd = _mm256_srai_epi16(v, 8);
}

// [quads][4] vectors of bytes to [2][quads][even, even, odd, odd], half a panel at a time.
static void open(void *buffer, const int8_t *w, int64_t quads) {
    __m256i *out = buffer;
    for (int64_t q = 0; q < quads; q++, w += 128) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            __m256i even, odd, *to = out + (v / 2 * quads + q) * 4 + v % 2;
            widen(&even, &odd, w + 32 * v);
            _mm256_storeu_si256(to, even);
            _mm256_storeu_si256(to + 2, odd);
        }
    }
}

// Quads of activations as two pairs of 16-bit numbers: even inputs and odd ones.
typedef struct pairs {
    _Alignas(64) uint32_t even[VISE_STRIP * INT8_BLOCK / 4], odd[VISE_STRIP * INT8_BLOCK / 4];
} pairs;

static void split(pairs *p, const uint8_t *x, int64_t n) {
    const __m256i low = _mm256_set1_epi16(0xff);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i v = ymm_load(x + 4 * i);
        _mm256_storeu_si256((__m256i *)(p->even + i), _mm256_and_si256(v, low));
        _mm256_storeu_si256((__m256i *)(p->odd + i), _mm256_srli_epi16(v, 8));
    }
    for (; i < n; i++) {
        uint32_t four;
        memcpy(&four, x + 4 * i, sizeof four);
        p->even[i] = four & 0xff00ff;
        p->odd[i] = four >> 8 & 0xff00ff;
    }
}

INLINE void add_product(__m256i *acc, __m256i x, __m256i w) {
    *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(x, w));
    __asm__("" : "+x"(*acc)); // else gcc spills it in every step
}

// acc += x * w for two of the four vectors of a row.
INLINE void multiply(__m256i acc[2], __m256i x, __m256i w0, __m256i w1) {
    add_product(&acc[0], x, w0);
    add_product(&acc[1], x, w1);
}

// `rows` of the `height` rows of a strip, times 16 channels.
INLINE void tile(int32_t *sum, const uint32_t *even, const uint32_t *odd, const __m256i *w,
                 int64_t quads, int height, const int rows) {
    __m256i acc[4][2];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
        acc[r][0] = ymm_load(sum + r * VISE_PANEL);
        acc[r][1] = ymm_load(sum + r * VISE_PANEL + 8);
    }
    for (int64_t q = 0; q < quads; q++, w += 4, even += height, odd += height) {
        __m256i e0 = ymm_load(w), e1 = ymm_load(w + 1);
        YMM_KEEP(e0);
        YMM_KEEP(e1);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) multiply(acc[r], ymm_four(even + r), e0, e1);
        __m256i o0 = ymm_load(w + 2), o1 = ymm_load(w + 3);
        YMM_KEEP(o0);
        YMM_KEEP(o1);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) multiply(acc[r], ymm_four(odd + r), o0, o1);
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
        _mm256_storeu_si256((__m256i *)(sum + r * VISE_PANEL), acc[r][0]);
        _mm256_storeu_si256((__m256i *)(sum + r * VISE_PANEL + 8), acc[r][1]);
    }
}

static void many(int32_t *sum, const uint8_t *x, const void *opened, int64_t quads,
                 int height) {
    pairs p;
    split(&p, x, quads * height);
    for (int i = 0, r = 0, end; r < height; i++, r = end) {
        end = ymm_tile_row(height, 4, i + 1);
        for (int j = 0; j < 2; j++) {
            const __m256i *w = (const __m256i *)opened + j * quads * 4;
            int32_t *to = sum + r * VISE_PANEL + 16 * j;
            const uint32_t *even = p.even + r, *odd = p.odd + r;
            switch (end - r) {
            case 2: tile(to, even, odd, w, quads, height, 2); break;
            case 3: tile(to, even, odd, w, quads, height, 3); break;
            default: tile(to, even, odd, w, quads, height, 4); break;
            }
        }
    }
}

// One or two rows, all of a strip, times 32 channels.
INLINE void row_tile(int32_t *sum, const uint8_t *x, const int8_t *w, int64_t quads,
                     const int rows) {
    const __m256i low = _mm256_set1_epi16(0xff);
    __m256i acc[2][4];
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) acc[r][v] = ymm_load(sum + r * VISE_PANEL + 8 * v);
    }
    for (int64_t q = 0; q < quads; q++, w += 128, x += 4 * rows) {
        ymm_ahead(w, 128);
        __m256i even[2], odd[2];
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++) {
            __m256i four = ymm_four(x + 4 * r);
            even[r] = _mm256_and_si256(four, low);
            odd[r] = _mm256_srli_epi16(four, 8);
        }
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            __m256i e, o;
            widen(&e, &o, w + 32 * v);
#pragma GCC unroll 2
            for (int r = 0; r < rows; r++) {
                add_product(&acc[r][v], even[r], e);
                add_product(&acc[r][v], odd[r], o);
            }
        }
    }
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            _mm256_storeu_si256((__m256i *)(sum + r * VISE_PANEL + 8 * v), acc[r][v]);
        }
    }
}

static void few(int32_t *sum, const uint8_t *x, const int8_t *w, int64_t quads, int rows) {
    if (rows == 1) {
        row_tile(sum, x, w, quads, 1);
    } else {
        row_tile(sum, x, w, quads, 2);
    }
}

static void int8_product(const vise_int8_product *p) {
    int8_strips(p, &(int8_level){few, many, open});
}

void vise_avx2_int8_init(vise_kernels *k) {
    k->int8_product = int8_product;
}
