// Attention of few rows with AVX2 and FMA: nothing is copied, lane = input, and memory sets the
// pace.

#include <float.h>
#include <string.h>

#include "backends/avx2_vector.h"
#include "backends/flash.h"

enum { LANES = 8, KEYS = VISE_ATTENTION_KEYS };

typedef struct few_rows {
    const vise_attention_tile *t;
    int rows;
    const float *q[VISE_FLASH_FEW];
    float max[VISE_FLASH_FEW], sum[VISE_FLASH_FEW], down[VISE_FLASH_FEW];
    float *s; // [rows][KEYS]
    float *o; // [rows][dh]
} few_rows;

// The lanes of elements i, i + 1, ... below n.
INLINE __m256i lanes_at(int64_t i, int64_t n) {
    int left = n - i < LANES ? (int)(n - i) : LANES;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(left),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// The sums over the lanes of four vectors.
INLINE __m128 sum_lanes(__m256 a, __m256 b, __m256 c, __m256 d) {
    __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}

// What comes next is fetched meanwhile: the values of the same keys, then the next keys.
INLINE void fetch(const float *p) {
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

// Scores of `n` rows from `row` on against `keys` keys, four at a time.
INLINE void score_few(const few_rows *f, int row, int64_t key, int64_t keys, const int n) {
    const vise_attention_tile *t = f->t;
    const __m128 scale = _mm_set1_ps(t->scale);
    for (int64_t j = 0; j < keys; j += 4) {
        const float *k[4];
        __m256 acc[2][4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) { // the last key stands in for those past it
            k[i] = t->k + (key + (j + i < keys ? j + i : keys - 1)) * t->kv_step;
#pragma GCC unroll 2
            for (int r = 0; r < n; r++) acc[r][i] = _mm256_setzero_ps();
        }
        for (int64_t d = 0; d < t->dh; d += LANES) {
            int64_t left = t->dh - d;
            __m256 x[2];
#pragma GCC unroll 4
            for (int r = 0; r < n; r++) x[r] = load_some(f->q[row + r] + d, left, 0);
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) {
                __m256 w = load_some(k[i] + d, left, 0);
                if (row == 0) fetch(k[i] + (t->v - t->k) + d);
#pragma GCC unroll 4
                for (int r = 0; r < n; r++) acc[r][i] = _mm256_fmadd_ps(x[r], w, acc[r][i]);
            }
        }
#pragma GCC unroll 4
        for (int r = 0; r < n; r++) {
            __m128 dots = sum_lanes(acc[r][0], acc[r][1], acc[r][2], acc[r][3]);
            _mm_storeu_ps(f->s + (row + r) * KEYS + j, _mm_mul_ps(dots, scale));
        }
    }
}

// Scores of a row to weights, those of keys that it does not see to 0.
static void weigh_few(few_rows *f, int row, int64_t seen) {
    const __m256 hidden = _mm256_set1_ps(-__builtin_inff());
    float *s = f->s + row * KEYS;
    __m256 max = _mm256_set1_ps(f->max[row]), sum = _mm256_setzero_ps(), before = max;
    for (int64_t j = 0; j < KEYS; j += LANES) {
        __m256 x = _mm256_blendv_ps(hidden, _mm256_loadu_ps(s + j),
                                    _mm256_castsi256_ps(lanes_at(j, seen)));
        _mm256_storeu_ps(s + j, x);
        max = _mm256_max_ps(x, max);
    }
    max = _mm256_max_ps(_mm256_permute2f128_ps(max, max, 1), max);
    max = _mm256_max_ps(_mm256_shuffle_ps(max, max, 0x4e), max);
    max = _mm256_max_ps(_mm256_shuffle_ps(max, max, 0xb1), max);
    f->max[row] = _mm256_cvtss_f32(max);
    max = _mm256_set1_ps(f->max[row]);
    for (int64_t j = 0; j < KEYS; j += LANES) {
        __m256 w = exp_of(_mm256_sub_ps(_mm256_loadu_ps(s + j), max));
        _mm256_storeu_ps(s + j, w);
        sum = _mm256_add_ps(sum, w);
    }
    f->down[row] = _mm256_cvtss_f32(exp_of(_mm256_sub_ps(before, max)));
    f->sum[row] = f->sum[row] * f->down[row] + _mm_cvtss_f32(sum_lanes(sum, sum, sum, sum));
}

// Inputs from `d` on, four vectors of them; `whole`: all are there.
INLINE void mix_part(const few_rows *f, int row, int64_t key, int64_t keys, int64_t d,
                     const int n, const bool whole) {
    const vise_attention_tile *t = f->t;
    const float *v = t->v + key * t->kv_step + d, *s = f->s + row * KEYS;
    float *o = f->o + row * t->dh + d;
    __m256i some[4];
    __m256 acc[2][4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        some[i] = lanes_at(d + i * LANES, t->dh);
#pragma GCC unroll 4
        for (int r = 0; r < n; r++) {
            __m256 x = _mm256_maskload_ps(o + r * t->dh + i * LANES, some[i]);
            acc[r][i] = _mm256_mul_ps(x, _mm256_set1_ps(f->down[row + r]));
        }
    }
    for (int64_t j = 0; j < keys; j++, v += t->kv_step) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const float *from = v + i * LANES;
            __m256 w = whole ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, some[i]);
            if (row == 0) fetch(from + (t->k - t->v) + KEYS * t->kv_step);
#pragma GCC unroll 4
            for (int r = 0; r < n; r++) {
                acc[r][i] = _mm256_fmadd_ps(_mm256_set1_ps(s[r * KEYS + j]), w, acc[r][i]);
            }
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
#pragma GCC unroll 4
        for (int r = 0; r < n; r++) {
            _mm256_maskstore_ps(o + r * t->dh + i * LANES, some[i], acc[r][i]);
        }
    }
}

INLINE void mix_few(const few_rows *f, int row, int64_t key, int64_t keys, const int n) {
    int64_t d = 0;
    for (; d + 4 * LANES <= f->t->dh; d += 4 * LANES) mix_part(f, row, key, keys, d, n, true);
    if (d < f->t->dh) mix_part(f, row, key, keys, d, n, false);
}

INLINE void take_few(few_rows *f, int row, int64_t key, int64_t keys, const int n) {
    const vise_attention_tile *t = f->t;
    score_few(f, row, key, keys, n);
    for (int r = row; r < row + n; r++) {
        int64_t seen = t->seen + r / t->group - key;
        weigh_few(f, r, seen < keys ? seen : keys);
    }
    mix_few(f, row, key, keys, n);
}

void vise_avx2_attention_few(const vise_attention_tile *t) {
    few_rows f = {.t = t, .rows = (int)(t->queries * t->group), .s = t->scratch};
    f.o = f.s + VISE_FLASH_FEW * KEYS;
    memset(f.o, 0, (size_t)(f.rows * t->dh) * sizeof *f.o);
    for (int r = 0; r < f.rows; r++) {
        f.q[r] = t->q + vise_attention_row(t, r);
        f.max[r] = -FLT_MAX;
    }
    int64_t seen = t->seen + t->queries - 1;
    if (seen > t->keys) seen = t->keys;
    for (int64_t key = 0; key < seen; key += KEYS) {
        int64_t keys = seen - key < KEYS ? seen - key : KEYS;
        for (int row = 0; row < f.rows; row += 2) {
            if (f.rows - row == 1) {
                take_few(&f, row, key, keys, 1);
            } else {
                take_few(&f, row, key, keys, 2);
            }
        }
    }
    for (int r = 0; r < f.rows; r++) {
        float *out = t->out + vise_attention_row(t, r), share = 1 / f.sum[r];
        for (int64_t d = 0; d < t->dh; d++) out[d] = f.o[r * t->dh + d] * share;
    }
}
