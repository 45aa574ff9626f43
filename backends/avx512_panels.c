// Products of f32 activations and panels of any weights with AVX-512.
//
// Weights are opened in registers, each time a strip meets them: that hides behind the
// multiplications of twelve rows, and of one row it costs less than the reading.  A group's
// scale is taken once, for its sum.  A block of inputs of the panel stays in L1 while all
// strips run over it; their sums wait in a buffer.

#include <stdbool.h>
#include <string.h>

#include "backends/avx512_panels.h"
#include "backends/backends.h"

enum {
    BLOCK = 512,         // inputs taken at a time, a multiple of any piece
    BLOCK_BYTES = 16384, // and at most this much of the panel
};

// sum += a * b, `full` if hardly a register is free: gcc would as soon write the sum over a
// factor, and then spills sums.
INLINE void add_product(__m512 *sum, __m512 a, __m512 b, const bool full) {
    if (full) {
        __asm__("vfmadd231ps %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
    } else {
        *sum = _mm512_fmadd_ps(a, b, *sum);
        __asm__("" : "+v"(*sum)); // else gcc spills it
    }
}

// sum[s][r] += the inputs of one piece, of which the first goes to set `from`.
INLINE void multiply_piece(channels *sum, const float *x, const char *w, __m512 table,
                           const vise_panel_kind kind, const int rows, const int from) {
    const piece bytes = load_piece(w, kind);
    _mm_prefetch(w + AHEAD, _MM_HINT_T0);
    if (piece_bytes(kind) > 64) _mm_prefetch(w + AHEAD + 64, _MM_HINT_T0);
#pragma GCC unroll 8
    for (int i = 0; i < piece_inputs(kind); i++) {
        const channels v = open_input(bytes, table, kind, i);
        channels *to = sum + (from + i) % sets_of(rows) * rows;
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            __m512 a = _mm512_set1_ps(x[i * rows + r]);
            add_product(&to[r].lo, a, v.lo, rows > 8);
            add_product(&to[r].hi, a, v.hi, rows > 8);
        }
    }
}

// acc[r] += scale * the sum over n inputs, all of one group.
INLINE void multiply_inputs(sums *acc, const float *x, const char *w, int64_t n, __m512 table,
                            const float *scale, const vise_panel_kind kind, const int rows) {
    const int inputs = piece_inputs(kind), bytes = piece_bytes(kind), sets = sets_of(rows);
    const int pieces = inputs < sets ? sets / inputs : 1; // a step
    channels sum[VISE_STRIP];
#pragma GCC unroll 12
    for (int r = 0; r < sets * rows; r++) sum[r] = same_channels(0);
    for (; n >= pieces * inputs; n -= pieces * inputs) {
#pragma GCC unroll 4
        for (int q = 0; q < pieces; q++, x += inputs * rows, w += bytes) {
            multiply_piece(sum, x, w, table, kind, rows, q * inputs);
        }
    }
    for (; n > 0; n -= inputs, x += inputs * rows, w += bytes) {
        multiply_piece(sum, x, w, table, kind, rows, 0);
    }
    fold_sets(sum, rows);
    channels s = load_channels(scale);
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) add_scaled(acc[r], sum[r], s.lo, s.hi);
}

// out = the scales of group g, or its zeros; of FLOAT8 all that brings it to size.
static void load_scales(float *out, const vise_panel_product *p, const void *data, int64_t g) {
    channels s = data ? open_scales(p->scale_dtype, data, g) : same_channels(1);
    const __m512 full = _mm512_set1_ps(p->kind == VISE_PANEL_FLOAT8 ? FLOAT8_FULL : 1);
    _mm512_storeu_ps(out, _mm512_mul_ps(s.lo, full));
    _mm512_storeu_ps(out + 16, _mm512_mul_ps(s.hi, full));
}

// total[r] = n inputs of row r added up.
static void add_inputs(float total[16], const float *x, int64_t n, int64_t rows) {
    const __mmask16 some = lanes_below(rows);
    __m512 even = _mm512_setzero_ps(), odd = even;
    if (rows == 1) {
        for (int64_t i = 0; i < n; i += 16) {
            even = _mm512_add_ps(even, _mm512_maskz_loadu_ps(lanes_below(n - i), x + i));
        }
        total[0] = _mm512_reduce_add_ps(even);
        return;
    }
    for (int64_t i = 0; i < n; i += 2) {
        __mmask16 next = i + 1 < n ? some : 0;
        even = _mm512_add_ps(even, _mm512_maskz_loadu_ps(some, x + i * rows));
        odd = _mm512_add_ps(odd, _mm512_maskz_loadu_ps(next, x + (i + 1) * rows));
    }
    _mm512_storeu_ps(total, _mm512_add_ps(even, odd));
}

// acc[r] += the zeros of group g times the sum of n inputs of each row.
static void add_zeros(sums *acc, const vise_panel_product *p, const float *x, int64_t n,
                      int64_t g, int64_t rows) {
    const channels zero = open_scales(p->scale_dtype, p->wzero, g);
    float total[16];
    add_inputs(total, x, n, rows);
    for (int64_t r = 0; r < rows; r++) {
        const __m512 t = _mm512_set1_ps(total[r]);
        add_scaled(acc[r], zero, t, t);
    }
}

// acc[r] += the inputs [from, end) of a strip that starts at x.
INLINE void multiply_block(sums *acc, const vise_panel_product *p, const float *x, int64_t from,
                           int64_t end, const vise_panel_kind kind, const int rows) {
    const __m512 table =
        kind == VISE_PANEL_NIBBLE ? _mm512_loadu_ps(p->table) : _mm512_setzero_ps();
    for (int64_t g = from / p->group; from < end; g++) {
        float scale[VISE_PANEL];
        const int64_t n = smaller((g + 1) * p->group, end) - from;
        const char *w = (const char *)p->w + from / piece_inputs(kind) * piece_bytes(kind);
        load_scales(scale, p, p->wscale, g);
        multiply_inputs(acc, x + from * rows, w, n, table, scale, kind, rows);
        if (p->wzero) add_zeros(acc, p, x + from * rows, n, g, rows);
        from += n;
    }
}

INLINE void multiply_kind(sums *acc, const vise_panel_product *p, const float *x, int64_t from,
                          int64_t end, int64_t rows, const vise_panel_kind kind) {
    switch (rows) {
    case 1: multiply_block(acc, p, x, from, end, kind, 1); break;
    case 2: multiply_block(acc, p, x, from, end, kind, 2); break;
    case 3: multiply_block(acc, p, x, from, end, kind, 3); break;
    case 4: multiply_block(acc, p, x, from, end, kind, 4); break;
    case 5: multiply_block(acc, p, x, from, end, kind, 5); break;
    case 6: multiply_block(acc, p, x, from, end, kind, 6); break;
    case 7: multiply_block(acc, p, x, from, end, kind, 7); break;
    case 8: multiply_block(acc, p, x, from, end, kind, 8); break;
    case 9: multiply_block(acc, p, x, from, end, kind, 9); break;
    case 10: multiply_block(acc, p, x, from, end, kind, 10); break;
    case 11: multiply_block(acc, p, x, from, end, kind, 11); break;
    default: multiply_block(acc, p, x, from, end, kind, 12); break;
    }
}

static void multiply(sums *acc, const vise_panel_product *p, const float *x, int64_t from,
                     int64_t end, int64_t rows) {
    switch (p->kind) {
    case VISE_PANEL_F16: multiply_kind(acc, p, x, from, end, rows, VISE_PANEL_F16); break;
    case VISE_PANEL_BF16: multiply_kind(acc, p, x, from, end, rows, VISE_PANEL_BF16); break;
    case VISE_PANEL_INT8: multiply_kind(acc, p, x, from, end, rows, VISE_PANEL_INT8); break;
    case VISE_PANEL_NIBBLE: multiply_kind(acc, p, x, from, end, rows, VISE_PANEL_NIBBLE); break;
    case VISE_PANEL_FLOAT8: multiply_kind(acc, p, x, from, end, rows, VISE_PANEL_FLOAT8); break;
    default: multiply_kind(acc, p, x, from, end, rows, VISE_PANEL_F32); break;
    }
}

// Inputs of which a block has at most BLOCK_BYTES.
static int64_t block_inputs(vise_panel_kind kind) {
    return smaller(BLOCK, BLOCK_BYTES / piece_bytes(kind) * piece_inputs(kind));
}

// Strips [first, end), at most CHUNK of them.
static void multiply_chunk(const vise_panel_product *p, int64_t first, int64_t end) {
    _Alignas(64) sums acc[CHUNK_ROWS];
    const int64_t inputs = p->groups * p->group, m = p->to.m, block = block_inputs(p->kind);
    const int64_t row0 = vise_strip_row(m, first), rows = vise_strip_row(m, end) - row0;
    memset(acc, 0, (size_t)rows * sizeof *acc);
    for (int64_t k = 0; k < inputs; k += block) {
        for (int64_t s = first; s < end; s++) {
            int64_t row = vise_strip_row(m, s), height = vise_strip_row(m, s + 1) - row;
            multiply(acc + row - row0, p, p->x + row * inputs, k, smaller(k + block, inputs),
                     height);
        }
    }
    for (int64_t i = 0; i < rows; i++) store_row(&p->to, row0 + i, acc[i], p->wupper);
}

static void panel_product(const vise_panel_product *p) {
    for (int64_t s = p->to.first; s < p->to.end; s += CHUNK) {
        multiply_chunk(p, s, smaller(s + CHUNK, p->to.end));
    }
}

void vise_avx512_panels_init(vise_kernels *k) {
    k->panel_product = panel_product;
}
