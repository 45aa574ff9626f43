// Tiles of f32 rows and weights, with AVX2.

#include "backends/avx2_tile.h"

#include "backends/avx2_open.h"

enum { TILE = 6 }; // rows: 6 x 2 accumulators, two weights and an activation

INLINE const float *input(const activations *x, int64_t k) {
    return (k & 1 ? x->odd : x->even) + k / 2 * x->step;
}

INLINE void open_kind(float *out, const segment *s, const vise_panel_kind kind) {
    const int unit = open_unit(kind);
    for (int64_t k = s->k; k < s->end; k += unit, out += unit * VISE_PANEL) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            __m256 scale = _mm256_loadu_ps(s->scale + 8 * v), w[8];
            __m256 zero = _mm256_loadu_ps(s->zero + 8 * v);
            open_inputs(w, s->w, k, v, s->table, kind);
#pragma GCC unroll 8
            for (int i = 0; i < unit; i++) {
                _mm256_storeu_ps(out + i * VISE_PANEL + 8 * v,
                                 _mm256_fmadd_ps(w[i], scale, zero));
            }
        }
    }
}

void vise_avx2_open(float *out, const segment *s) {
    switch (s->kind) {
    case VISE_PANEL_F16: open_kind(out, s, VISE_PANEL_F16); break;
    case VISE_PANEL_BF16: open_kind(out, s, VISE_PANEL_BF16); break;
    case VISE_PANEL_INT8: open_kind(out, s, VISE_PANEL_INT8); break;
    case VISE_PANEL_NIBBLE: open_kind(out, s, VISE_PANEL_NIBBLE); break;
    case VISE_PANEL_FLOAT8: open_kind(out, s, VISE_PANEL_FLOAT8); break;
    default: open_kind(out, s, VISE_PANEL_F32); break;
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
    const float *even = input(x, k) + r, *odd = input(x, k + 1) + r;
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
    const int unit = open_unit(kind);
    __m256 acc[2][4]; // of one row: of every other input
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
        acc[0][v] = _mm256_loadu_ps(sum + 8 * v);
        acc[1][v] = rows == 1 ? _mm256_setzero_ps() : _mm256_loadu_ps(sum + VISE_PANEL + 8 * v);
    }
    for (int64_t k = s->k; k < s->end; k += unit) {
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            __m256 w[8];
            open_inputs(w, s->w, k, v, s->table, kind);
#pragma GCC unroll 8
            for (int i = 0; i < unit; i++) {
                const float *at = input(x, k + i);
                if (scaled) {
                    w[i] = _mm256_fmadd_ps(w[i], _mm256_loadu_ps(s->scale + 8 * v),
                                           _mm256_loadu_ps(s->zero + 8 * v));
                }
#pragma GCC unroll 2
                for (int r = 0; r < rows; r++) {
                    __m256 *a = &acc[rows == 1 ? i & 1 : r][v];
                    *a = _mm256_fmadd_ps(_mm256_set1_ps(at[r]), w[i], *a);
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
        if (rows == 1) acc[0][v] = _mm256_add_ps(acc[0][v], acc[1][v]);
        _mm256_storeu_ps(sum + 8 * v, acc[0][v]);
        if (rows == 2) _mm256_storeu_ps(sum + VISE_PANEL + 8 * v, acc[1][v]);
    }
}

INLINE void few_rows(float *sum, const activations *x, const segment *s, const int rows) {
    switch (s->kind) {
    case VISE_PANEL_F16: few_kind(sum, x, s, rows, true, VISE_PANEL_F16); break;
    case VISE_PANEL_BF16: few_kind(sum, x, s, rows, true, VISE_PANEL_BF16); break;
    case VISE_PANEL_INT8: few_kind(sum, x, s, rows, true, VISE_PANEL_INT8); break;
    case VISE_PANEL_NIBBLE: few_kind(sum, x, s, rows, true, VISE_PANEL_NIBBLE); break;
    case VISE_PANEL_FLOAT8:
        if (s->scaled) {
            few_kind(sum, x, s, rows, true, VISE_PANEL_FLOAT8);
        } else {
            few_kind(sum, x, s, rows, false, VISE_PANEL_FLOAT8);
        }
        break;
    default: few_kind(sum, x, s, rows, true, VISE_PANEL_F32); break;
    }
}

void vise_avx2_few(float *sum, const activations *x, const segment *s) {
    if (x->rows == 1) {
        few_rows(sum, x, s, 1);
    } else {
        few_rows(sum, x, s, 2);
    }
}
