#include "engine/panels.h"

#include <string.h>

#include "engine/code_bits.h"
#include "engine/codec.h"

// A panel is made a piece of its inputs at a time: the codes of each output are copied into a
// line of their own, in the order the panel has them, and then dealt out in words or halves.
// The gap after a line keeps 32 of them out of one cache set.
enum {
    LINE = 2048, // bytes
    GAP = 32,
    ZERO_NIBBLES = 0x88,
};

typedef struct line_set {
    uint8_t line[VISE_PANEL][LINE + GAP];
} line_set;

typedef struct panel_job {
    const vise_kernels *kernels;
    const vise_packed *p;
    const vise_coded *coded; // or
    const char *floats;      // the first row of a matrix of floats,
    int64_t row_bytes;       // and the bytes from one row to the next
    int bits;                // of a code in a panel
} panel_job;

// --- the codes of one output

enum { DEAL = 16 }; // words of nibbles at a time: a loop of a fixed count becomes vector code

// Eight nibbles of each word, in order from the lowest, put where the panel has them: input b
// in the low half of byte b, input 4 + b in the high one.
static void deal_nibbles(uint8_t *line) {
    uint32_t word[DEAL], low[DEAL], high[DEAL];
    memcpy(word, line, sizeof word);
    for (int i = 0; i < DEAL; i++) {
        low[i] = word[i] & 0xffff;
        high[i] = word[i] >> 16;
        low[i] = (low[i] | low[i] << 8) & 0x00ff00ff;
        high[i] = (high[i] | high[i] << 8) & 0x00ff00ff;
        low[i] = (low[i] | low[i] << 4) & 0x0f0f0f0f;
        high[i] = (high[i] | high[i] << 4) & 0x0f0f0f0f;
        word[i] = low[i] | high[i] << 4;
    }
    memcpy(line, word, sizeof word);
}

// Nibbles of columns [col, col + n), two a byte, whatever their place in the stored bytes.
static void copy_nibbles(uint8_t *to, const uint8_t *row, int64_t col, int64_t n) {
    const uint8_t *from = row + col / 2;
    if (col % 2 == 0) {
        memcpy(to, from, (size_t)((n + 1) / 2));
    } else {
        for (int64_t i = 0; i < n; i += 2, from++) {
            int high = i + 1 < n ? from[1] & 15 : 0;
            to[i / 2] = (uint8_t)(from[0] >> 4 | high << 4);
        }
    }
    if (n % 2) to[n / 2] = (uint8_t)((to[n / 2] & 15) | (ZERO_NIBBLES & 0xf0));
}

// Codes of 2 and 3 bits as nibbles.
static void widen(const panel_job *j, uint8_t *to, int64_t row, int64_t col, int64_t n) {
    enum { PART = 512 };
    int8_t q[PART];
    const vise_tensor *codes = &j->coded->part[VISE_PART_CODES];
    const uint8_t *from = (const uint8_t *)codes->data + row * codes->stride;
    for (int64_t done = 0, count; done < n; done += count) {
        count = n - done < PART ? n - done : PART;
        vise_bits_get(q, from, col + done, count, j->coded->scheme.bits);
        j->kernels->pack4(to + done / 2, q, count);
    }
    if (n % 2) to[n / 2] |= ZERO_NIBBLES & 0xf0;
}

// The codes of columns [col, col + n) of a row.
static void copy_codes(const panel_job *j, uint8_t *to, int64_t row, int64_t col, int64_t n) {
    int64_t bytes = n * j->bits / 8;
    if (j->coded && j->coded->scheme.bits < 4) {
        widen(j, to, row, col, n);
        return;
    }
    if (j->floats) {
        memcpy(to, j->floats + row * j->row_bytes + col * j->bits / 8, (size_t)bytes);
        return;
    }
    const vise_tensor *codes = &j->coded->part[VISE_PART_CODES];
    const uint8_t *from = (const uint8_t *)codes->data + row * codes->stride;
    if (j->bits == 4) {
        copy_nibbles(to, from, col, n);
        return;
    }
    memcpy(to, from + col, (size_t)bytes);
    bool centred = j->coded->scheme.lo != 0 || j->coded->scheme.element != VISE_ELEMENT_INT;
    for (int64_t i = 0; i < n && !centred; i++) to[i] ^= 0x80;
}

// Fills one line: `n` columns from `col` on, `padded` codes in all.
static void fill_line(const panel_job *j, uint8_t *line, int64_t row, int64_t col, int64_t n,
                      int64_t padded) {
    int64_t bytes = padded * j->bits / 8, used = (n * j->bits + 7) / 8;
    if (row >= j->p->rows) n = used = 0;
    if (n > 0) copy_codes(j, line, row, col, n);
    memset(line + used, j->bits == 4 ? ZERO_NIBBLES : 0, (size_t)(bytes - used));
    for (int64_t i = 0; i < bytes && j->bits == 4; i += 4 * DEAL) deal_nibbles(line + i);
}

// --- a panel of them

// Halves of 2 bytes instead of words: those of a word go to two rows of the panel.
static void split_words(uint8_t *to, const uint8_t *words, int64_t count) {
    uint16_t half[2][VISE_PANEL];
    uint32_t word[VISE_PANEL];
    for (int64_t w = 0; w < count; w++, to += sizeof half) {
        memcpy(word, words + w * (int64_t)sizeof word, sizeof word);
        for (int l = 0; l < VISE_PANEL; l++) half[0][l] = (uint16_t)word[l];
        for (int l = 0; l < VISE_PANEL; l++) half[1][l] = (uint16_t)(word[l] >> 16);
        memcpy(to, half, sizeof half);
    }
}

static void deal_halves(const vise_kernels *k, uint8_t *to, const void *const lines[],
                        int64_t bytes) {
    enum { WORDS = 16 };
    uint8_t words[4 * VISE_PANEL * WORDS];
    const void *at[VISE_PANEL];
    for (int64_t done = 0, n; done < bytes; done += 4 * n, to += 4 * n * VISE_PANEL) {
        n = bytes - done < 4 * WORDS ? (bytes - done) / 4 : WORDS;
        if (n == 0) break;
        for (int l = 0; l < VISE_PANEL; l++) at[l] = (const char *)lines[l] + done;
        k->interleave(words, at, VISE_PANEL, n);
        split_words(to, words, n);
    }
    for (int l = 0; l < VISE_PANEL && bytes % 4; l++) { // the last half of an odd number
        memcpy(to + 2 * l, (const char *)lines[l] + bytes - 2, 2);
    }
}

// Columns [col, col + n) of a panel, which are padded to `padded` codes; returns where what
// follows them goes.
static uint8_t *fill_run(const panel_job *j, uint8_t *to, int64_t panel, int64_t col, int64_t n,
                         int64_t padded) {
    line_set set;
    const vise_packed *p = j->p;
    bool halves = j->bits == 16 || p->kind == VISE_PANEL_FLOAT8;
    // Nibbles are read as far as a line holds, which is often a whole row: the source then
    // comes in one stream.  Wider codes do better with lines that stay in the first cache.
    int64_t piece = (j->bits == 4 ? LINE : LINE / 4) * 8 / j->bits, count;
    const void *lines[VISE_PANEL];
    for (int l = 0; l < VISE_PANEL; l++) lines[l] = set.line[l];
    for (int64_t done = 0; done < padded; done += count) {
        count = padded - done < piece ? padded - done : piece;
        int64_t real = n - done < count ? n - done : count, bytes = count * j->bits / 8;
        for (int l = 0; l < VISE_PANEL; l++) {
            fill_line(j, set.line[l], panel * VISE_PANEL + l, col + done, real > 0 ? real : 0,
                      count);
            if (!p->wsum) continue;
            p->wsum[panel * VISE_PANEL + l] +=
                j->kernels->sum_i8((const int8_t *)set.line[l], count);
        }
        if (halves) {
            deal_halves(j->kernels, to, lines, bytes);
        } else {
            j->kernels->interleave(to, lines, VISE_PANEL, bytes / 4);
        }
        to += bytes * VISE_PANEL;
    }
    return to;
}

static void fill_codes(const panel_job *j, int64_t panel) {
    const vise_packed *p = j->p;
    uint8_t *to = (uint8_t *)p->codes + panel * vise_packed_panel(p);
    if (p->groups == 1 || p->pitch == p->group) { // the groups follow each other unpadded
        fill_run(j, to, panel, 0, p->cols, p->groups * p->pitch);
        return;
    }
    for (int64_t g = 0; g < p->groups; g++) {
        int64_t col = g * p->group, left = p->cols - col;
        to = fill_run(j, to, panel, col, left < p->group ? left : p->group, p->pitch);
    }
}

// --- their scales

// One part of the steps of `lanes` outputs, kept in its dtype: [lane][g] becomes [g][lane].
static void fill_same(char *to, const vise_packed *p, const vise_tensor *part,
                      const int64_t first[VISE_PANEL], int64_t lanes) {
    const int64_t size = vise_dtype_size(part->dtype), step = VISE_PANEL * size;
    const char *from[VISE_PANEL];
    for (int64_t l = 0; l < lanes; l++) from[l] = (const char *)part->data + first[l] * size;
    for (int64_t g = 0; g < p->groups; g++, to += step) {
        for (int64_t l = 0; l < lanes; l++) {
            const char *at = from[l] + g * size;
            switch (size) {
            case 1: to[l] = *at; break;
            case 2: memcpy(to + 2 * l, at, 2); break;
            default: memcpy(to + 4 * l, at, 4); break;
            }
        }
    }
}

// Scales as f32, and zero points as what they add and as they are.
static void fill_floats(const vise_packed *p, const vise_coded *c, int64_t first, int64_t at) {
    float *scale = p->scale, *zero = p->zero, half = (float)(1 << (c->scheme.bits - 1));
    for (int64_t g = 0; g < p->groups; g++, at += VISE_PANEL) {
        scale[at] = vise_coded_load(c, VISE_PART_SCALE, first + g);
        if (!zero) continue;
        float z = vise_coded_load(c, VISE_PART_ZERO, first + g);
        bool whole = c->scheme.zero == VISE_ZERO_INT;
        zero[at] = whole ? (half - z) * scale[at] : z;
        if (vise_scheme_offset(&c->scheme)) zero[at] = half * scale[at] + z;
        if (p->zeros) p->zeros[at] = (uint8_t)(z + 8 - half);
    }
}

static void fill_upper(const vise_packed *p, const vise_coded *c, int64_t row) {
    float upper = 1;
    if (c->scheme.second == VISE_SECOND_TENSOR) upper = vise_coded_load(c, VISE_PART_SECOND, 0);
    if (c->scheme.second == VISE_SECOND_ROW) upper = vise_coded_load(c, VISE_PART_SECOND, row);
    p->upper[row] = upper / 2;
}

static void fill_steps(const panel_job *j, int64_t panel, int64_t lanes) {
    const vise_packed *p = j->p;
    const vise_coded *c = j->coded;
    int64_t at = panel * p->groups * VISE_PANEL, size = vise_dtype_size(p->scale_dtype);
    int64_t first[VISE_PANEL];
    for (int64_t l = 0; l < lanes; l++) first[l] = vise_coded_step(c, panel * VISE_PANEL + l);
    if (p->kind == VISE_PANEL_NIBBLE && !p->zeros && !vise_scheme_offset(&p->scheme)) {
        char *scale = (char *)p->scale + at * size, *zero = (char *)p->zero + at * size;
        fill_same(scale, p, &c->part[VISE_PART_SCALE], first, lanes);
        if (p->zero) fill_same(zero, p, &c->part[VISE_PART_ZERO], first, lanes);
    } else {
        for (int64_t l = 0; l < lanes; l++) fill_floats(p, c, first[l], at + l);
    }
    for (int64_t l = 0; l < lanes && p->upper; l++) {
        fill_upper(p, c, panel * VISE_PANEL + l);
    }
}

// The scales of outputs past the last are 0.
static void clear_steps(const vise_packed *p, int64_t panel) {
    int64_t steps = p->groups * VISE_PANEL, bytes = steps * vise_dtype_size(p->scale_dtype);
    if (p->scale) memset((char *)p->scale + panel * bytes, 0, (size_t)bytes);
    if (p->zero) memset((char *)p->zero + panel * bytes, 0, (size_t)bytes);
    if (p->zeros) memset(p->zeros + panel * steps, 0, (size_t)steps);
    if (p->upper) memset(p->upper + panel * VISE_PANEL, 0, VISE_PANEL * sizeof *p->upper);
}

static void panel_tile(void *job, int64_t panel) {
    const panel_job *j = job;
    const vise_packed *p = j->p;
    int64_t left = p->rows - panel * VISE_PANEL;
    if (p->wsum) memset(p->wsum + panel * VISE_PANEL, 0, VISE_PANEL * sizeof *p->wsum);
    fill_codes(j, panel);
    if (!j->coded) return;
    if (left < VISE_PANEL) clear_steps(p, panel);
    fill_steps(j, panel, left < VISE_PANEL ? left : VISE_PANEL);
}

vise_status vise_panels_of_coded(const vise_context *ctx, vise_packed *p, const vise_coded *c,
                                 vise_error *err) {
    panel_job j = {.kernels = &ctx->kernels, .p = p, .coded = c};
    j.bits = p->kind == VISE_PANEL_NIBBLE ? 4 : 8;
    return vise_parallel(ctx, p->panels, panel_tile, &j, err);
}

vise_status vise_panels_of_floats(const vise_context *ctx, vise_packed *p, const vise_tensor *w,
                                  vise_error *err) {
    int64_t size = vise_dtype_size(w->dtype);
    panel_job j = {
        .kernels = &ctx->kernels,
        .p = p,
        .floats = w->data,
        .row_bytes = w->stride * size,
        .bits = (int)(8 * size),
    };
    int64_t tiles = p->cols > 0 ? p->panels : 0; // outputs without inputs have no memory
    return vise_parallel(ctx, tiles, panel_tile, &j, err);
}
