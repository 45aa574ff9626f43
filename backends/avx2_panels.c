// float8_product and panel_product with AVX2.  Weights are opened to f32, a block at a time,
// and multiplied by FMA; up to YMM_FEW rows take them as they come out.

#include "backends/avx2_tile.h"
#include "backends/backends.h"
#include "backends/ymm.h"

enum { BLOCK = 128 }; // inputs: 16 KiB of opened weights

// --- panel_product

// The segment that begins at input k and ends at `end` or with its group.
static void panel_segment(segment *s, const vise_panel_product *p, int64_t k, int64_t end) {
    int64_t g = k / p->group;
    s->k = k;
    s->end = (g + 1) * p->group < end ? (g + 1) * p->group : end;
    for (int v = 0; v < VISE_PANEL; v += 8) {
        __m256 scale = _mm256_set1_ps(1), zero = _mm256_setzero_ps();
        if (p->wscale) scale = ymm_scales(p->scale_dtype, p->wscale, g * VISE_PANEL + v);
        if (p->wzero) zero = ymm_scales(p->scale_dtype, p->wzero, g * VISE_PANEL + v);
        _mm256_storeu_ps(s->scale + v, scale);
        _mm256_storeu_ps(s->zero + v, zero);
    }
}

static void panel_results(const vise_product *to, const float *acc, const float *upper,
                          int64_t first, int64_t end) {
    for (int64_t i = vise_strip_row(to->m, first); i < vise_strip_row(to->m, end); i++) {
        for (int j = 0; j < to->n; j += 8) {
            __m256 v = _mm256_loadu_ps(acc + j);
            if (upper) v = _mm256_mul_ps(v, _mm256_loadu_ps(upper + j));
            ymm_store(to, i, j, v);
        }
        acc += VISE_PANEL;
    }
}

static void panel_chunk(const vise_panel_product *p, segment *s, int64_t first, int64_t end) {
    const int64_t inputs = p->groups * p->group, row = vise_strip_row(p->to.m, first);
    const int64_t rows = vise_strip_row(p->to.m, end) - row;
    _Alignas(64) float acc[YMM_CHUNK * VISE_PANEL], buffer[BLOCK * VISE_PANEL];
    const bool as_is = p->kind == VISE_PANEL_F32 && !p->wscale && !p->wzero;
    memset(acc, 0, (size_t)rows * VISE_PANEL * sizeof *acc);
    for (int64_t k = 0; k < inputs; k += BLOCK) {
        int64_t last = inputs - k < BLOCK ? inputs : k + BLOCK;
        const float *w = as_is ? (const float *)p->w + k * VISE_PANEL : buffer;
        for (int64_t i = k; i < last && !as_is && rows > YMM_FEW; i = s->end) {
            panel_segment(s, p, i, last);
            vise_avx2_open(buffer + (i - k) * VISE_PANEL, s);
        }
        for (int64_t t = first; t < end; t++) {
            int64_t at = vise_strip_row(p->to.m, t),
                    height = vise_strip_row(p->to.m, t + 1) - at;
            const float *x = p->x + at * inputs;
            activations a = {x, x + height, 2 * height, (int)height};
            vise_avx2_many(acc + (at - row) * VISE_PANEL, &a, w, k, last);
        }
    }
    panel_results(&p->to, acc, p->wupper, first, end);
}

static void panel_few(const vise_panel_product *p, segment *s, int64_t rows) {
    const int64_t inputs = p->groups * p->group;
    float acc[YMM_FEW * VISE_PANEL] = {0};
    activations a = {p->x, p->x + rows, 2 * rows, (int)rows};
    s->scaled = p->wzero || p->kind == VISE_PANEL_FLOAT8;
    for (int64_t k = 0; k < inputs; k = s->end) {
        float part[YMM_FEW * VISE_PANEL] = {0};
        panel_segment(s, p, k, inputs);
        vise_avx2_few(s->scaled ? acc : part, &a, s);
        for (int64_t i = 0; i < rows * VISE_PANEL && !s->scaled; i += 8) {
            __m256 scale = _mm256_loadu_ps(s->scale + i % VISE_PANEL);
            __m256 sum = _mm256_loadu_ps(part + i), old = _mm256_loadu_ps(acc + i);
            _mm256_storeu_ps(acc + i, _mm256_fmadd_ps(sum, scale, old));
        }
    }
    panel_results(&p->to, acc, p->wupper, 0, 1);
}

static void panel_product(const vise_panel_product *p) {
    segment s = {.kind = p->kind, .w = p->w, .scaled = true};
    if (p->kind == VISE_PANEL_NIBBLE) {
        s.table[0] = _mm256_loadu_ps(p->table);
        s.table[1] = _mm256_loadu_ps(p->table + 8);
    }
    if (p->to.m <= YMM_FEW && p->to.first < p->to.end) {
        panel_few(p, &s, p->to.m);
        return;
    }
    for (int64_t t = p->to.first; t < p->to.end; t += YMM_STRIPS) {
        int64_t left = p->to.end - t;
        panel_chunk(p, &s, t, t + (left < YMM_STRIPS ? left : YMM_STRIPS));
    }
}

// --- float8_product

// A block of a strip's activations, even inputs apart from odd ones.
typedef struct float8_rows {
    _Alignas(64) float even[VISE_STRIP * BLOCK / 2], odd[VISE_STRIP * BLOCK / 2];
} float8_rows;

// The opened weights are so small that products with them could be subnormal; the activations
// make up for most of it, the sums for the rest.
#define X_UNIT 0x1p100f

// `n` pairs of bf16, times X_UNIT.
static void open_rows(float8_rows *out, const uint16_t *x, int64_t n) {
    const __m256i upper = _mm256_set1_epi32(-65536);
    const __m256 unit = _mm256_set1_ps(X_UNIT);
    for (int64_t i = 0; i < n; i += 8, x += 16) {
        uint16_t tail[16] = {0};
        if (n - i < 8) memcpy(tail, x, (size_t)(n - i) * 4);
        __m256i v = ymm_load(n - i < 8 ? tail : x);
        __m256 even = _mm256_castsi256_ps(_mm256_slli_epi32(v, 16));
        __m256 odd = _mm256_castsi256_ps(_mm256_and_si256(v, upper));
        _mm256_storeu_ps(out->even + i, _mm256_mul_ps(even, unit));
        _mm256_storeu_ps(out->odd + i, _mm256_mul_ps(odd, unit));
    }
}

// Sums of the rows of a chunk: of the group at hand, and of those before it.
typedef struct float8_sums {
    _Alignas(64) float part[YMM_CHUNK * VISE_PANEL], acc[YMM_CHUNK * VISE_PANEL];
} float8_sums;

static void float8_group(const vise_float8_product *p, float *acc, float *part, int64_t g,
                         int64_t row, int64_t rows) {
    for (int64_t r = 0; r < rows; r++) {
        __m256 x = _mm256_set1_ps(p->xscale[(row + r) * p->groups + g]);
        for (int j = 0; j < VISE_PANEL; j += 8) {
            __m256 scale = _mm256_mul_ps(x, _mm256_loadu_ps(p->wscale + g * VISE_PANEL + j));
            __m256 old = _mm256_loadu_ps(acc + r * VISE_PANEL + j);
            __m256 sum = _mm256_loadu_ps(part + r * VISE_PANEL + j);
            sum = _mm256_mul_ps(sum, _mm256_set1_ps(VISE_AVX2_FLOAT8 / X_UNIT));
            _mm256_storeu_ps(acc + r * VISE_PANEL + j, _mm256_fmadd_ps(sum, scale, old));
            _mm256_storeu_ps(part + r * VISE_PANEL + j, _mm256_setzero_ps());
        }
    }
}

// Inputs [k, end), which begin a block, of one strip.
static void float8_strip(const vise_float8_product *p, float *acc, float *part, segment *s,
                         const float *opened, int64_t k, int64_t end, int64_t strip) {
    int64_t row = vise_strip_row(p->to.m, strip), inputs = p->groups * p->group;
    int64_t rows = vise_strip_row(p->to.m, strip + 1) - row;
    float8_rows x;
    open_rows(&x, p->x + row * inputs + k * rows, (end - k) / 2 * rows);
    activations a = {x.even, x.odd, rows, (int)rows};
    s->w = p->w + k * VISE_PANEL;
    for (int64_t i = k, next; i < end; i = next) {
        int64_t g = i / p->group, group_end = (g + 1) * p->group;
        next = group_end < end ? group_end : end;
        s->k = i - k;
        s->end = next - k;
        if (opened) {
            vise_avx2_many(part, &a, opened + s->k * VISE_PANEL, s->k, s->end);
        } else {
            vise_avx2_few(part, &a, s);
        }
        if (next == group_end) float8_group(p, acc, part, g, row, rows);
    }
}

static void float8_chunk(const vise_float8_product *p, int64_t first, int64_t end) {
    const int64_t row = vise_strip_row(p->to.m, first), inputs = p->groups * p->group;
    const int64_t rows = vise_strip_row(p->to.m, end) - row;
    _Alignas(64) float buffer[BLOCK * VISE_PANEL];
    float8_sums sums;
    segment s = {.kind = VISE_PANEL_FLOAT8};
    memset(sums.part, 0, (size_t)rows * VISE_PANEL * sizeof(float));
    memset(sums.acc, 0, (size_t)rows * VISE_PANEL * sizeof(float));
    for (int64_t k = 0; k < inputs; k += BLOCK) {
        int64_t last = inputs - k < BLOCK ? inputs : k + BLOCK;
        if (rows > YMM_FEW) {
            s.w = p->w + k * VISE_PANEL;
            s.k = 0;
            s.end = last - k;
            vise_avx2_open(buffer, &s);
        }
        for (int64_t t = first; t < end; t++) {
            int64_t at = (vise_strip_row(p->to.m, t) - row) * VISE_PANEL;
            float8_strip(p, sums.acc + at, sums.part + at, &s, rows > YMM_FEW ? buffer : NULL,
                         k, last, t);
        }
    }
    panel_results(&p->to, sums.acc, NULL, first, end);
}

static void float8_product(const vise_float8_product *p) {
    for (int64_t t = p->to.first; t < p->to.end; t += YMM_STRIPS) {
        int64_t left = p->to.end - t;
        float8_chunk(p, t, t + (left < YMM_STRIPS ? left : YMM_STRIPS));
    }
}

void vise_avx2_panels_init(vise_kernels *k) {
    k->float8_product = float8_product;
    k->panel_product = panel_product;
}
