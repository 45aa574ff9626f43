// grouped_product with AVX-512 VNNI.  The weight, 0 to 127, is the unsigned operand of
// vpdpbusd, the activation the signed one, and each sum starts at -zero * sum(x).
//
// Up to six rows, half of most strips, keep their sums of a group and their results in
// registers.  Each six open the nibbles again, in registers: that runs beside the products, and
// all of K streams from the level 2 cache, so nothing is blocked and nothing kept.

#include "backends/avx512_product.h"
#include "backends/backends.h"

enum { ROWS = 6, BATCH = 16 };
// Bytes to prefetch, of weights (at the end of a panel: of the next one) and activations.
enum { WEIGHTS_AHEAD = 8192, INPUTS_AHEAD = 2048 };

// Some rows of a strip.
typedef struct tile {
    int64_t row;         // the first
    const int8_t *x;     // its first inputs
    int64_t strip;       // rows of the whole strip
    const int32_t *xsum; // [rows][groups]
    const float *xscale; // the same or NULL
} tile;

// Where in K a tile has come to.
typedef struct place {
    const int8_t *x;
    const uint8_t *w;
} place;

// Few rows have two sets of sums, or each product would wait for the one before: vpdpbusd
// takes four cycles, and two can start in each.
INLINE bool is_few(int rows) {
    return rows <= 4;
}

// Integer sums of one group.
typedef struct sums {
    __m512i lo[2 * ROWS], hi[2 * ROWS];
} sums;

// How many there are, the sets one after the other.
INLINE int sums_of(int rows) {
    return is_few(rows) ? 2 * rows : rows;
}

// -zero * sum(x) of a tile's rows for BATCH groups, if all weights have one zero.
typedef struct starts {
    int32_t at[ROWS][BATCH];
} starts;

// Prepares the groups from g on, and prefetches what lies apart, a line of each row.
INLINE void start_batch(starts *out, const vise_grouped_product *p, const tile *t, int64_t g,
                        const int rows) {
    const __m512i zero = _mm512_set1_epi32(-p->zero);
    const __mmask16 exist = lanes_below((int)(p->groups - g < BATCH ? p->groups - g : BATCH));
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        const int32_t *xsum = t->xsum + r * p->groups + g;
        __m512i sum = _mm512_maskz_loadu_epi32(exist, xsum);
        _mm512_storeu_si512(out->at[r], _mm512_mullo_epi32(sum, zero));
        prefetch(xsum + 2 * BATCH);
        if (t->xscale) prefetch(t->xscale + r * p->groups + g + 2 * BATCH);
    }
}

INLINE __m512i negated_zeros(const uint8_t *zero) {
    __m512i wide = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)zero));
    return _mm512_sub_epi32(_mm512_setzero_si512(), wide);
}

INLINE void start_sums(sums *s, const vise_grouped_product *p, const tile *t,
                       const starts *from, int64_t g, const int rows) {
    if (p->zeros) {
        const uint8_t *zero = p->zeros + g * VISE_PANEL;
        const __m512i lo = negated_zeros(zero), hi = negated_zeros(zero + 16);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            __m512i sum = _mm512_set1_epi32(t->xsum[r * p->groups + g]);
            s->lo[r] = _mm512_mullo_epi32(sum, lo);
            s->hi[r] = _mm512_mullo_epi32(sum, hi);
        }
    } else {
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            s->lo[r] = s->hi[r] = _mm512_set1_epi32(from->at[r][g % BATCH]);
        }
    }
#pragma GCC unroll 6
    for (int i = rows; i < sums_of(rows); i++) s->lo[i] = s->hi[i] = _mm512_setzero_si512();
}

// Adds four inputs of each row times `lo` and `hi` to one set of the sums.
INLINE void add_products(sums *s, const int8_t *x, __m512i lo, __m512i hi, const int first,
                         const int rows) {
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        __m512i four = broadcast4(x + 4 * r);
        s->lo[first + r] = _mm512_dpbusd_epi32(s->lo[first + r], lo, four);
        s->hi[first + r] = _mm512_dpbusd_epi32(s->hi[first + r], hi, four);
        PIN(s->lo[first + r]);
        PIN(s->hi[first + r]);
    }
}

// Runs through one group, at the inputs `at` points to.
INLINE void sum_group(sums *s, const vise_grouped_product *p, const tile *t, place *at,
                      const __m512i *table, const int rows) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const int second = sums_of(rows) - rows;
    for (int64_t k = p->group; k > 0; k -= 8, at->x += 8 * t->strip, at->w += 128) {
        prefetch(at->w + WEIGHTS_AHEAD);
        prefetch(at->w + WEIGHTS_AHEAD + 64);
        if (!is_few(rows)) {
            prefetch(at->x + INPUTS_AHEAD);
            prefetch(at->x + INPUTS_AHEAD + 64);
        }
        const __m512i w0 = _mm512_loadu_si512(at->w), w1 = _mm512_loadu_si512(at->w + 64);
        __m512i lo = _mm512_and_si512(w0, nibble), hi = _mm512_and_si512(w1, nibble);
        if (table) lo = _mm512_shuffle_epi8(*table, lo), hi = _mm512_shuffle_epi8(*table, hi);
        add_products(s, at->x, lo, hi, 0, rows);
        lo = _mm512_and_si512(_mm512_srli_epi16(w0, 4), nibble);
        hi = _mm512_and_si512(_mm512_srli_epi16(w1, 4), nibble);
        if (table) lo = _mm512_shuffle_epi8(*table, lo), hi = _mm512_shuffle_epi8(*table, hi);
        add_products(s, at->x + 4 * t->strip, lo, hi, second, rows);
    }
#pragma GCC unroll 6
    for (int r = 0; r < sums_of(rows) - rows; r++) {
        s->lo[r] = _mm512_add_epi32(s->lo[r], s->lo[rows + r]);
        s->hi[r] = _mm512_add_epi32(s->hi[r], s->hi[rows + r]);
    }
}

// lo[r] += sum * scale, one rounding each, for the sums of group g.
INLINE void scale_sums(__m512 lo[ROWS], __m512 hi[ROWS], const sums *s,
                       const vise_grouped_product *p, const tile *t, int64_t g,
                       const int rows) {
    const channels scale = open_scales(p->scale_dtype, p->wscale, g);
    if (t->xscale) {
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            __m512 x = _mm512_set1_ps(t->xscale[r * p->groups + g]);
            __m512 a = _mm512_cvtepi32_ps(s->lo[r]), b = _mm512_cvtepi32_ps(s->hi[r]);
            lo[r] = _mm512_fmadd_ps(a, _mm512_mul_ps(x, scale.lo), lo[r]);
            hi[r] = _mm512_fmadd_ps(b, _mm512_mul_ps(x, scale.hi), hi[r]);
            PIN(lo[r]);
            PIN(hi[r]);
        }
    } else {
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            lo[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s->lo[r]), scale.lo, lo[r]);
            hi[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s->hi[r]), scale.hi, hi[r]);
            PIN(lo[r]);
            PIN(hi[r]);
        }
    }
}

// What comes once a row, after the groups.
static void finish(const vise_grouped_product *p, int64_t row, int rows,
                   float (*sum)[VISE_PANEL]) {
    for (int r = 0; r < rows; r++) {
        if (p->xrow) {
            const __m512 scale = _mm512_set1_ps(p->xrow[row + r]);
            _mm512_store_ps(sum[r], _mm512_mul_ps(_mm512_load_ps(sum[r]), scale));
            _mm512_store_ps(sum[r] + 16, _mm512_mul_ps(_mm512_load_ps(sum[r] + 16), scale));
        }
        store_row(&p->to, row + r, sum[r], p->wupper);
    }
}

// The whole product of `rows` rows.  That and whether there is a table are constants of each
// caller.
INLINE void multiply(const vise_grouped_product *p, const tile *t, const __m512i *table,
                     const int rows) {
    place at = {t->x, p->w};
    starts from;
    __m512 lo[ROWS], hi[ROWS];
    prefetch_rows(&p->to, t->row, rows);
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) lo[r] = hi[r] = _mm512_setzero_ps();
    for (int64_t g = 0; g < p->groups; g++) {
        sums s;
        if (g % BATCH == 0) start_batch(&from, p, t, g, rows);
        start_sums(&s, p, t, &from, g, rows);
        sum_group(&s, p, t, &at, table, rows);
        scale_sums(lo, hi, &s, p, t, g, rows);
    }
    _Alignas(64) float sum[ROWS][VISE_PANEL];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        _mm512_store_ps(sum[r], lo[r]);
        _mm512_store_ps(sum[r] + 16, hi[r]);
    }
    finish(p, t->row, rows, sum);
}

INLINE void multiply_rows(const vise_grouped_product *p, const tile *t, const __m512i *table,
                          int rows) {
    switch (rows) {
    case 1: multiply(p, t, table, 1); break;
    case 2: multiply(p, t, table, 2); break;
    case 3: multiply(p, t, table, 3); break;
    case 4: multiply(p, t, table, 4); break;
    case 5: multiply(p, t, table, 5); break;
    default: multiply(p, t, table, 6); break;
    }
}

static void multiply_nibbles(const vise_grouped_product *p, const tile *t, int rows) {
    multiply_rows(p, t, NULL, rows);
}

static void multiply_table(const vise_grouped_product *p, const tile *t, int rows) {
    __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)p->table));
    multiply_rows(p, t, &table, rows);
}

static void grouped_product(const vise_grouped_product *p) {
    int64_t inputs = p->groups * p->group;
    for (int64_t s = p->to.first; s < p->to.end; s++) {
        int64_t first = vise_strip_row(p->to.m, s), end = vise_strip_row(p->to.m, s + 1);
        int64_t parts = (end - first + ROWS - 1) / ROWS;
        for (int64_t i = 0, row = first; i < parts; i++) {
            int64_t next = first + (i + 1) * (end - first) / parts;
            tile t = {.row = row, .strip = end - first, .xsum = p->xsum + row * p->groups};
            t.x = p->x + first * inputs + 4 * (row - first);
            t.xscale = p->xscale ? p->xscale + row * p->groups : NULL;
            (p->table ? multiply_table : multiply_nibbles)(p, &t, (int)(next - row));
            row = next;
        }
    }
}

void vise_avx512_grouped_init(vise_kernels *k) {
    k->grouped_product = grouped_product;
}
