// Tiles of f32 rows and weights, with AVX2.

#include "backends/avx2_tile.h"

#include "backends/avx2_open.h"

enum { TILE = 6 }; // rows: 6 x 2 accumulators, two weights and an activation

// Unit `part` of inputs k and on, channels from 8 v on, with scale and zero or (not scaled) as
// they come out.
INLINE void open_unit_of(__m256 out[4], const segment *s, int64_t k, int v, const int part,
                         const bool scaled, const vise_panel_kind kind) {
    open_inputs(out, s->w, k, v, s->table, part, kind);
    if (!scaled) return;
    const __m256 unit = _mm256_set1_ps(VISE_AVX2_FLOAT8);
    __m256 scale = _mm256_loadu_ps(s->scale + 8 * v), zero = _mm256_loadu_ps(s->zero + 8 * v);
#pragma GCC unroll 4
    for (int i = 0; i < open_unit(kind); i++) {
        if (kind == VISE_PANEL_FLOAT8) out[i] = _mm256_mul_ps(out[i], unit);
        out[i] = _mm256_fmadd_ps(out[i], scale, zero);
    }
}

INLINE void open_kind(float *out, const segment *s, const bool scaled,
                      const vise_panel_kind kind) {
    const int unit = open_unit(kind), units = open_units(kind);
    for (int64_t k = s->k; k < s->end; k += unit * units, out += unit * units * VISE_PANEL) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
#pragma GCC unroll 2
            for (int part = 0; part < units; part++) {
                __m256 w[4];
                open_unit_of(w, s, k, v, part, scaled, kind);
                float *to = out + part * unit * VISE_PANEL + 8 * v;
#pragma GCC unroll 4
                for (int i = 0; i < unit; i++) _mm256_storeu_ps(to + i * VISE_PANEL, w[i]);
            }
        }
    }
}

void vise_avx2_open(float *out, const segment *s) {
    switch (s->kind) {
    case VISE_PANEL_F16: open_kind(out, s, true, VISE_PANEL_F16); break;
    case VISE_PANEL_BF16: open_kind(out, s, true, VISE_PANEL_BF16); break;
    case VISE_PANEL_INT8: open_kind(out, s, true, VISE_PANEL_INT8); break;
    case VISE_PANEL_NIBBLE: open_kind(out, s, true, VISE_PANEL_NIBBLE); break;
    case VISE_PANEL_FLOAT8:
        if (s->scaled) {
            open_kind(out, s, true, VISE_PANEL_FLOAT8);
        } else {
            open_kind(out, s, false, VISE_PANEL_FLOAT8);
        }
        break;
    default: open_kind(out, s, true, VISE_PANEL_F32); break;
    }
}

// --- many rows

INLINE void step(__m256 (*acc)[2], const float *x, const float *w, const int rows) {
    __m256 w0 = _mm256_loadu_ps(w), w1 = _mm256_loadu_ps(w + 8);
    YMM_KEEP(w0);
    YMM_KEEP(w1);
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        __m256 one = _mm256_set1_ps(x[r]);
        acc[r][0] = _mm256_fmadd_ps(one, w0, acc[r][0]);
        acc[r][1] = _mm256_fmadd_ps(one, w1, acc[r][1]);
        __asm__("" : "+x"(acc[r][0]), "+x"(acc[r][1])); // else gcc spills them in every step
    }
}

// sum[r][32] += x w over inputs [k, end), k even, `rows` rows from row r on, 16 channels; `w`
// is that of input k.
INLINE void tile(float *sum, const activations *x, int r, const float *w, int64_t k,
                 int64_t end, const int rows) {
    __m256 acc[TILE][2];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
        acc[i][0] = _mm256_loadu_ps(sum + i * VISE_PANEL);
        acc[i][1] = _mm256_loadu_ps(sum + i * VISE_PANEL + 8);
    }
    const float *even = x->even + k / 2 * x->step + r, *odd = x->odd + k / 2 * x->step + r;
    for (; k + 2 <= end; k += 2, w += 2 * VISE_PANEL, even += x->step, odd += x->step) {
        step(acc, even, w, rows);
        step(acc, odd, w + VISE_PANEL, rows);
    }
    if (k < end) step(acc, even, w, rows);
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
        _mm256_storeu_ps(sum + i * VISE_PANEL, acc[i][0]);
        _mm256_storeu_ps(sum + i * VISE_PANEL + 8, acc[i][1]);
    }
}

void vise_avx2_many(float *sum, const activations *x, const float *w, int64_t k, int64_t end) {
    int tiles = (x->rows + TILE - 1) / TILE;
    for (int t = 0; t < tiles; t++) {
        int r = t * x->rows / tiles, rows = (t + 1) * x->rows / tiles - r;
        for (int c = 0; c < VISE_PANEL; c += 16) {
            float *to = sum + r * VISE_PANEL + c;
            switch (rows) {
            case 3: tile(to, x, r, w + c, k, end, 3); break;
            case 4: tile(to, x, r, w + c, k, end, 4); break;
            case 5: tile(to, x, r, w + c, k, end, 5); break;
            default: tile(to, x, r, w + c, k, end, 6); break;
            }
        }
    }
}

// --- one or two rows

// sum[r][32] += x w over the inputs of a segment.
INLINE void few_kind(float *sum, const activations *x, const segment *s, const int rows,
                     const bool scaled, const vise_panel_kind kind) {
    const int unit = open_unit(kind), units = open_units(kind);
    __m256 acc[2][4]; // of one row: of every other input
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
        acc[0][v] = _mm256_loadu_ps(sum + 8 * v);
        acc[1][v] = rows == 1 ? _mm256_setzero_ps() : _mm256_loadu_ps(sum + VISE_PANEL + 8 * v);
    }
    // Inputs that come one by one may begin at an odd one, but lie without a gap.
    const int64_t from = unit == 1 ? s->k * rows : s->k / 2 * x->step;
    const float *even = x->even + from, *odd = x->odd + from;
    const int64_t step = unit == 1 ? rows : x->step;
    const char *w_at = (const char *)s->w + s->k / (unit * units) * open_bytes(kind);
    for (int64_t k = s->k; k < s->end; k += unit * units, w_at += open_bytes(kind)) {
        ymm_ahead(w_at, open_bytes(kind));
#pragma GCC unroll 2
        for (int part = 0; part < units; part++) {
#pragma GCC unroll 4
            for (int v = 0; v < 4; v++) {
                __m256 w[4];
                if (unit > 1) { // one input needs no more registers than there are
                    YMM_AGAIN(k);
                    YMM_AGAIN(even);
                    YMM_AGAIN(odd);
                }
                open_unit_of(w, s, k, v, part, scaled, kind);
#pragma GCC unroll 4
                for (int i = 0; i < unit; i++) {
                    const float *at = (i & 1 ? odd : even) + i / 2 * step;
#pragma GCC unroll 2
                    for (int r = 0; r < rows; r++) {
                        const int to = rows == 1 ? i & 1 : r;
                        acc[to][v] = _mm256_fmadd_ps(_mm256_set1_ps(at[r]), w[i], acc[to][v]);
                        YMM_KEEP(acc[to][v]);
                    }
                }
            }
            even += (unit + 1) / 2 * step;
            odd += (unit + 1) / 2 * step;
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
        if (rows == 1) acc[0][v] = _mm256_add_ps(acc[0][v], acc[1][v]);
        _mm256_storeu_ps(sum + 8 * v, acc[0][v]);
        if (rows == 2) _mm256_storeu_ps(sum + VISE_PANEL + 8 * v, acc[1][v]);
    }
}

INLINE void few_rows(float *sum, const activations *x, const segment *s, const int rows,
                     const bool scaled) {
    switch (s->kind) {
    case VISE_PANEL_F16: few_kind(sum, x, s, rows, scaled, VISE_PANEL_F16); break;
    case VISE_PANEL_BF16: few_kind(sum, x, s, rows, scaled, VISE_PANEL_BF16); break;
    case VISE_PANEL_INT8: few_kind(sum, x, s, rows, scaled, VISE_PANEL_INT8); break;
    case VISE_PANEL_NIBBLE: few_kind(sum, x, s, rows, scaled, VISE_PANEL_NIBBLE); break;
    case VISE_PANEL_FLOAT8: few_kind(sum, x, s, rows, scaled, VISE_PANEL_FLOAT8); break;
    default: few_kind(sum, x, s, rows, scaled, VISE_PANEL_F32); break;
    }
}

void vise_avx2_few(float *sum, const activations *x, const segment *s) {
    if (x->rows == 1 && s->scaled) {
        few_rows(sum, x, s, 1, true);
    } else if (x->rows == 1) {
        few_rows(sum, x, s, 1, false);
    } else if (s->scaled) {
        few_rows(sum, x, s, 2, true);
    } else {
        few_rows(sum, x, s, 2, false);
    }
}
