// Integer products with AVX-VNNI: vpdpbusd on 256-bit registers, for CPUs that have it but not
// AVX-512.  It multiplies unsigned by signed bytes and adds four products into each 32-bit
// lane: activations + 128 by weights, or nibbles by activations.

#include "backends/backends.h"
#include "backends/ymm_grouped.h"
#include "backends/ymm_int8.h"

// `rows` of the `height` rows of a strip, times `vectors` vectors of channels.
INLINE void tile(int32_t *sum, const uint8_t *x, const int8_t *w, int64_t quads, int height,
                 const int rows, const int vectors) {
    __m256i acc[6][4];
    FOR_TILE(r, v, rows, vectors) acc[r][v] = ymm_load(sum + r * VISE_PANEL + 8 * v);
    for (int64_t q = 0; q < quads; q++, w += 128, x += 4 * height) {
        if (vectors == 4) ymm_ahead(w, 128);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v += 2) {
            __m256i w0 = ymm_load(w + 32 * v), w1 = ymm_load(w + 32 * v + 32);
            YMM_KEEP(w0);
            YMM_KEEP(w1);
#pragma GCC unroll 6
            for (int r = 0; r < rows; r++) {
                __m256i four = ymm_four(x + 4 * r);
                acc[r][v] = _mm256_dpbusd_avx_epi32(acc[r][v], four, w0);
                acc[r][v + 1] = _mm256_dpbusd_avx_epi32(acc[r][v + 1], four, w1);
                __asm__("" : "+x"(acc[r][v]), "+x"(acc[r][v + 1])); // else gcc spills them
            }
        }
    }
    FOR_TILE(r, v, rows, vectors) {
        _mm256_storeu_si256((__m256i *)(sum + r * VISE_PANEL + 8 * v), acc[r][v]);
    }
}

static void many(int32_t *sum, const uint8_t *x, const void *opened, int64_t quads,
                 int height) {
    for (int i = 0, r = 0, end; r < height; i++, r = end) {
        end = ymm_tile_row(height, 6, i + 1);
        for (int c = 0; c < VISE_PANEL; c += 16) {
            int32_t *to = sum + r * VISE_PANEL + c;
            const uint8_t *from = x + 4 * r;
            const int8_t *w = (const int8_t *)opened + 4 * c;
            switch (end - r) {
            case 3: tile(to, from, w, quads, height, 3, 2); break;
            case 4: tile(to, from, w, quads, height, 4, 2); break;
            case 5: tile(to, from, w, quads, height, 5, 2); break;
            default: tile(to, from, w, quads, height, 6, 2); break;
            }
        }
    }
}

static void few(int32_t *sum, const uint8_t *x, const int8_t *w, int64_t quads, int rows) {
    if (rows == 1) {
        tile(sum, x, w, quads, 1, 1, 4);
    } else {
        tile(sum, x, w, quads, 2, 2, 4);
    }
}

static void int8_product(const vise_int8_product *p) {
    int8_strips(p, &(int8_level){few, many, NULL});
}

static void run(const grouped_block *b, const grouped_rows *t) {
    grouped_strip(b, t, false);
}

static void grouped_product(const vise_grouped_product *p) {
    grouped_product_with(p, run);
}

void vise_avxvnni_integer_init(vise_kernels *k) {
    k->int8_product = int8_product;
    k->grouped_product = grouped_product;
}
