// Products of f32 activations and panels of any weights with AVX-512.
//
// Many rows: a block of inputs of the panel is opened once into a buffer that stays in L1, and
// every strip runs over it; the sums of a chunk of strips wait in a second buffer.  One to
// three rows: the weights are opened in registers on their way from memory, and a group's
// scale is taken once for its sum.

#include "backends/avx512_open.h"
#include "backends/avx512_tile.h"
#include "backends/backends.h"

enum {
    BLOCK = 256, // inputs opened at a time, 32 KiB; a multiple of any piece
    CHUNK = 20,  // strips whose sums wait, 30 KiB
    CHUNK_ROWS = CHUNK * VISE_STRIP,
    FUSED = 3,    // rows up to which weights are opened in registers
    SETS = 4,     // of their accumulators, to hide the latency
    AHEAD = 4096, // bytes from what is multiplied to what is asked for
};

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

// y = sums * upper (+ add) (+ bias) of one row.
INLINE void store_row(const vise_product *to, int64_t row, channels sum, const float *upper) {
    const __mmask16 first = lanes_below(to->n), second = lanes_below(to->n - 16);
    if (upper) {
        channels scale = load_channels(upper);
        sum = (channels){_mm512_mul_ps(sum.lo, scale.lo), _mm512_mul_ps(sum.hi, scale.hi)};
    }
    if (to->add) {
        const float *add = to->add + row * to->ldadd;
        sum.lo = _mm512_add_ps(sum.lo, _mm512_maskz_loadu_ps(first, add));
        sum.hi = _mm512_add_ps(sum.hi, _mm512_maskz_loadu_ps(second, add + 16));
    }
    if (to->bias) {
        sum.lo = _mm512_add_ps(sum.lo, _mm512_maskz_loadu_ps(first, to->bias));
        sum.hi = _mm512_add_ps(sum.hi, _mm512_maskz_loadu_ps(second, to->bias + 16));
    }
    float *y = to->y + row * to->ldy;
    _mm512_mask_storeu_ps(y, first, sum.lo);
    _mm512_mask_storeu_ps(y + 16, second, sum.hi);
}

// Where input k of a panel begins; k is a multiple of a piece.
INLINE const char *weights_at(const vise_panel_product *p, int64_t k,
                              const vise_panel_kind kind) {
    return (const char *)p->w + k / piece_inputs(kind) * piece_bytes(kind);
}

INLINE __m512 nibble_table(const vise_panel_product *p, const vise_panel_kind kind) {
    return kind == VISE_PANEL_NIBBLE ? _mm512_loadu_ps(p->table) : _mm512_setzero_ps();
}

INLINE channels group_scale(const vise_panel_product *p, int64_t g,
                            const vise_panel_kind kind) {
    channels s = same_channels(1);
    if (p->wscale) s = open_scales(p->scale_dtype, p->wscale, g);
    if (kind != VISE_PANEL_FLOAT8) return s;
    const __m512 full = _mm512_set1_ps(1 / FLOAT8_SCALE);
    return (channels){_mm512_mul_ps(s.lo, full), _mm512_mul_ps(s.hi, full)};
}

// --- many rows

// out[k - from][32] = the weights of inputs [from, end), scaled.
INLINE void open_inputs(float *out, const vise_panel_product *p, int64_t from, int64_t end,
                        const vise_panel_kind kind) {
    const __m512 table = nibble_table(p, kind);
    const char *w = weights_at(p, from, kind);
    for (int64_t g = from / p->group; from < end; g++) {
        int64_t stop = smaller((g + 1) * p->group, end);
        channels scale = group_scale(p, g, kind), zero = same_channels(0);
        if (p->wzero) zero = open_scales(p->scale_dtype, p->wzero, g);
        for (; from < stop; from += piece_inputs(kind), w += piece_bytes(kind)) {
            channels v[MAX_PIECE];
            open_piece(v, w, table, kind);
#pragma GCC unroll 8
            for (int i = 0; i < piece_inputs(kind); i++, out += VISE_PANEL) {
                _mm512_storeu_ps(out, _mm512_fmadd_ps(v[i].lo, scale.lo, zero.lo));
                _mm512_storeu_ps(out + 16, _mm512_fmadd_ps(v[i].hi, scale.hi, zero.hi));
            }
        }
    }
}

static void open_block(float *out, const vise_panel_product *p, int64_t from, int64_t end) {
    switch (p->kind) {
    case VISE_PANEL_F16: open_inputs(out, p, from, end, VISE_PANEL_F16); break;
    case VISE_PANEL_BF16: open_inputs(out, p, from, end, VISE_PANEL_BF16); break;
    case VISE_PANEL_INT8: open_inputs(out, p, from, end, VISE_PANEL_INT8); break;
    case VISE_PANEL_NIBBLE: open_inputs(out, p, from, end, VISE_PANEL_NIBBLE); break;
    case VISE_PANEL_FLOAT8: open_inputs(out, p, from, end, VISE_PANEL_FLOAT8); break;
    default: open_inputs(out, p, from, end, VISE_PANEL_F32); break;
    }
}

// Strips [first, end), at most CHUNK of them.
static void multiply_chunk(const vise_panel_product *p, int64_t first, int64_t end) {
    _Alignas(64) float opened[BLOCK * VISE_PANEL], sums[CHUNK_ROWS * VISE_PANEL];
    const int64_t inputs = p->groups * p->group, m = p->to.m;
    const int64_t row0 = vise_strip_row(m, first), rows = vise_strip_row(m, end) - row0;
    const bool plain = p->kind == VISE_PANEL_F32 && !p->wscale && !p->wzero;
    for (int64_t k = 0; k == 0 || k < inputs; k += BLOCK) {
        const int64_t some = smaller(inputs - k, BLOCK);
        const float *w = plain ? (const float *)p->w + k * VISE_PANEL : opened;
        if (!plain) open_block(opened, p, k, k + some);
        for (int64_t s = first; s < end; s++) {
            int64_t row = vise_strip_row(m, s), height = vise_strip_row(m, s + 1) - row;
            vise_avx512_tile(sums + (row - row0) * VISE_PANEL, VISE_PANEL,
                             p->x + row * inputs + k * height, w, some, k > 0, height);
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        store_row(&p->to, row0 + i, load_channels(sums + i * VISE_PANEL), p->wupper);
    }
}

// --- few rows

// sum[r] = the inputs [0, n) of row r added up, x being [n][rows].
INLINE void add_inputs(float sum[FUSED], const float *x, int64_t n, const int rows) {
    // Lane l of vector v belongs to row (16 v + l) % rows.
    static const uint16_t first[4] = {0, 0xffff, 0x5555, 0x9249};
    __m512 part[FUSED];
#pragma GCC unroll 3
    for (int v = 0; v < rows; v++) part[v] = _mm512_setzero_ps();
    for (int64_t i = 0; i < n * rows; i += 16 * rows) {
#pragma GCC unroll 3
        for (int v = 0; v < rows; v++) {
            __mmask16 some = lanes_below(n * rows - i - 16 * v);
            part[v] = _mm512_add_ps(part[v], _mm512_maskz_loadu_ps(some, x + i + 16 * v));
        }
    }
#pragma GCC unroll 3
    for (int r = 0; r < rows; r++) {
        sum[r] = 0;
#pragma GCC unroll 3
        for (int v = 0; v < rows; v++) {
            int shift = (r + rows * 16 - 16 * v) % rows;
            sum[r] += _mm512_mask_reduce_add_ps((__mmask16)(first[rows] << shift), part[v]);
        }
    }
}

// part[r][s] += the inputs of one piece, those of set s apart from the others.
INLINE void multiply_piece(channels part[FUSED][SETS], const float *x, const char *w,
                           __m512 table, const vise_panel_kind kind, const int rows,
                           const int from, const int sets) {
    channels v[MAX_PIECE];
    open_piece(v, w, table, kind);
    _mm_prefetch(w + AHEAD, _MM_HINT_T0);
    if (piece_bytes(kind) > 64) _mm_prefetch(w + AHEAD + 64, _MM_HINT_T0);
#pragma GCC unroll 8
    for (int i = 0; i < piece_inputs(kind); i++) {
        const int s = (from + i) % sets;
#pragma GCC unroll 3
        for (int r = 0; r < rows; r++) {
            __m512 a = _mm512_set1_ps(x[i * rows + r]);
            part[r][s].lo = _mm512_fmadd_ps(a, v[i].lo, part[r][s].lo);
            part[r][s].hi = _mm512_fmadd_ps(a, v[i].hi, part[r][s].hi);
        }
    }
}

// The sums of n inputs of a group, before its scale.
INLINE void multiply_group(channels sum[FUSED], const float *x, const char *w, int64_t n,
                           __m512 table, const vise_panel_kind kind, const int rows) {
    const int inputs = piece_inputs(kind), bytes = piece_bytes(kind);
    const int sets = rows == 1 ? SETS : 2, pieces = inputs < sets ? sets / inputs : 1;
    channels part[FUSED][SETS];
#pragma GCC unroll 3
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int s = 0; s < sets; s++) part[r][s] = same_channels(0);
    }
    for (; n >= pieces * inputs; n -= pieces * inputs) {
#pragma GCC unroll 4
        for (int q = 0; q < pieces; q++, x += inputs * rows, w += bytes) {
            multiply_piece(part, x, w, table, kind, rows, q * inputs, sets);
        }
    }
    for (; n > 0; n -= inputs, x += inputs * rows, w += bytes) {
        multiply_piece(part, x, w, table, kind, rows, 0, sets);
    }
#pragma GCC unroll 3
    for (int r = 0; r < rows; r++) {
        sum[r] = part[r][0];
#pragma GCC unroll 4
        for (int s = 1; s < sets; s++) {
            sum[r].lo = _mm512_add_ps(sum[r].lo, part[r][s].lo);
            sum[r].hi = _mm512_add_ps(sum[r].hi, part[r][s].hi);
        }
    }
}

INLINE void multiply_rows(const vise_panel_product *p, const vise_panel_kind kind,
                          const int rows) {
    const __m512 table = nibble_table(p, kind);
    const float *x = p->x;
    channels acc[FUSED];
#pragma GCC unroll 3
    for (int r = 0; r < rows; r++) acc[r] = same_channels(0);
    for (int64_t g = 0; g < p->groups; g++, x += p->group * rows) {
        channels sum[FUSED], scale = group_scale(p, g, kind);
        multiply_group(sum, x, weights_at(p, g * p->group, kind), p->group, table, kind, rows);
#pragma GCC unroll 3
        for (int r = 0; r < rows; r++) {
            acc[r].lo = _mm512_fmadd_ps(sum[r].lo, scale.lo, acc[r].lo);
            acc[r].hi = _mm512_fmadd_ps(sum[r].hi, scale.hi, acc[r].hi);
        }
        if (p->wzero) {
            channels zero = open_scales(p->scale_dtype, p->wzero, g);
            float total[FUSED];
            add_inputs(total, x, p->group, rows);
#pragma GCC unroll 3
            for (int r = 0; r < rows; r++) {
                __m512 t = _mm512_set1_ps(total[r]);
                acc[r].lo = _mm512_fmadd_ps(t, zero.lo, acc[r].lo);
                acc[r].hi = _mm512_fmadd_ps(t, zero.hi, acc[r].hi);
            }
        }
    }
#pragma GCC unroll 3
    for (int r = 0; r < rows; r++) store_row(&p->to, r, acc[r], p->wupper);
}

INLINE void multiply_few(const vise_panel_product *p, const vise_panel_kind kind) {
    switch (p->to.m) {
    case 1: multiply_rows(p, kind, 1); break;
    case 2: multiply_rows(p, kind, 2); break;
    default: multiply_rows(p, kind, 3); break;
    }
}

static void panel_product(const vise_panel_product *p) {
    if (p->to.m > FUSED) {
        for (int64_t s = p->to.first; s < p->to.end; s += CHUNK) {
            multiply_chunk(p, s, smaller(s + CHUNK, p->to.end));
        }
        return;
    }
    if (p->to.first == p->to.end) return;
    switch (p->kind) {
    case VISE_PANEL_F16: multiply_few(p, VISE_PANEL_F16); break;
    case VISE_PANEL_BF16: multiply_few(p, VISE_PANEL_BF16); break;
    case VISE_PANEL_INT8: multiply_few(p, VISE_PANEL_INT8); break;
    case VISE_PANEL_NIBBLE: multiply_few(p, VISE_PANEL_NIBBLE); break;
    case VISE_PANEL_FLOAT8: multiply_few(p, VISE_PANEL_FLOAT8); break;
    default: multiply_few(p, VISE_PANEL_F32); break;
    }
}

void vise_avx512_panels_init(vise_kernels *k) {
    k->panel_product = panel_product;
}
