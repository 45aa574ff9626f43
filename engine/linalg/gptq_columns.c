// The way of a band of rows through the columns.

#include <stddef.h>

#include "engine/linalg/gptq_band.h"

enum { PIECE = 2048 }; // columns of a product, either way

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool stopped(const vise_sweep *s) {
    return s->ctx->cancel && atomic_load(s->ctx->cancel);
}

// Columns [first, end), at most VISE_SWEEP_COLUMNS, whose steps are known.
static void round_columns(vise_band *b, int64_t first, int64_t end) {
    const vise_sweep *s = b->sweep;
    vise_sweep_columns p = {.coding = s->coding, .rows = b->pitch, .cols = end - first};
    p.w = b->w + first * b->pitch;
    p.q = b->q + first * b->pitch;
    p.pitch = b->pitch;
    p.u = s->factor + first * (s->n + 1);
    p.ldu = s->n;
    for (int64_t i = 0; i < p.cols; i++) {
        int64_t at = vise_sweep_run(s, first + i) * b->pitch;
        p.scale[i] = b->by + at;
        p.zero[i] = s->scheme->zero == VISE_ZERO_NONE ? NULL : b->zero + at;
        p.value[i] = b->value + at;
    }
    p.units = vise_coding_in_units(s->scheme) ? b->upper : NULL;
    p.loss = b->losses;
    s->ctx->kernels.sweep_columns(&p);
    for (int64_t r = 0; r < b->rows; r++) b->loss += (double)b->losses[r];
}

// The same for codes that only engine/codec.h knows how to make: a value at a time.
static void round_plainly(vise_band *b, int64_t first, int64_t end) {
    const vise_sweep *s = b->sweep;
    const vise_kernels *k = &s->ctx->kernels;
    for (int64_t c = first; c < end; c++) {
        const float *u = s->factor + c * s->n;
        float *w = b->w + c * b->pitch;
        int64_t run = vise_sweep_run(s, c);
        for (int64_t r = 0; r < b->rows; r++) {
            const vise_step step = vise_band_step(b, run, r);
            float x = u[c] == 0 ? 0 : w[r], value;
            int8_t *q = &b->q[c * b->pitch + r];
            vise_step_encode(k, s->scheme, step, q, &x, 1);
            vise_step_decode(k, s->scheme, step, &value, q, 1);
            float e = u[c] == 0 ? 0 : (value - x) / u[c];
            for (int64_t j = c + 1; j < end; j++) b->w[j * b->pitch + r] += e * u[j];
            w[r] = e;
            b->loss += (double)e * (double)e;
        }
    }
}

// Takes the errors of columns [first, end) out of columns [end, last), in pieces between which
// the cancel flag is looked at.
static void pass_on(vise_band *b, int64_t first, int64_t end, int64_t last) {
    const vise_sweep *s = b->sweep;
    vise_gemm g = {.trans_a = true, .add = true, .n = b->pitch, .lda = s->n};
    g.ldb = g.ldc = b->pitch;
    for (int64_t to = end; to < last; to += g.m) {
        g.m = smaller(PIECE, last - to);
        g.c = b->w + to * b->pitch;
        for (int64_t from = first; from < end && !stopped(s); from += g.k) {
            g.k = smaller(PIECE, end - from);
            g.a = s->factor + from * s->n + to;
            g.b = b->w + from * b->pitch;
            s->ctx->kernels.gemm_tiles(&g);
        }
    }
}

static bool begins_run(const vise_sweep *s, int64_t c) {
    return c == 0 || vise_sweep_run(s, c) != vise_sweep_run(s, c - 1);
}

// Steps that are made during the sweep are made for the runs that begin in [c, end): those of
// one run, or with reference_groups those of a block.  Returns c where none are made.
static int64_t steps_until(const vise_sweep *s, int64_t c) {
    if (s->ahead) return c;
    if (!s->opt->reference_groups) return begins_run(s, c) ? vise_sweep_run_end(s, c) : c;
    return c % s->opt->block == 0 ? smaller(s->n, c + s->opt->block) : c;
}

static bool find_steps(vise_band *b, int64_t first) {
    const vise_sweep *s = b->sweep;
    for (int64_t c = first, end = steps_until(s, first); c < end;
         c = vise_sweep_run_end(s, c)) {
        if (begins_run(s, c) && !vise_band_find_steps(b, c)) return false;
    }
    return true;
}

// Where the columns end that are rounded together from column c on.
static int64_t columns_end(const vise_sweep *s, int64_t c) {
    int64_t end = smaller(s->n, c + VISE_SWEEP_COLUMNS), block = s->opt->block;
    if (s->ahead) return end;
    if (s->opt->reference_groups) return smaller(end, c - c % block + block);
    return smaller(end, vise_sweep_run_end(s, c));
}

// --- By halves: the errors of the first half of some columns go to the second half at once,
// and so within each half.  The products are as large as can be, but columns past the half know
// nothing of the errors before it.

static int64_t half_at(int64_t c) {
    return c & -c; // how many columns before c are one half, and after it the other
}

// Do all steps find the errors before them taken out?
bool vise_sweep_halves_fit(const vise_sweep *s) {
    for (int64_t c = columns_end(s, 0); c < s->n; c = columns_end(s, c)) {
        int64_t until = steps_until(s, c);
        if (until > c) until = vise_sweep_run_end(s, until - 1);
        if (until > smaller(s->n, c + half_at(c))) return false;
    }
    return true;
}

static bool sweep_halves(vise_band *b) {
    const vise_sweep *s = b->sweep;
    for (int64_t c = 0, next; c < s->n && !stopped(s); c = next) {
        next = columns_end(s, c);
        if (!find_steps(b, c)) return false;
        (s->plainly ? round_plainly : round_columns)(b, c, next);
        if (next < s->n) {
            int64_t half = half_at(next);
            pass_on(b, next - half, next, smaller(next + half, s->n));
        }
    }
    return true;
}

// --- By blocks, as published: errors go to the rest of the block, and at its end to all the
// rest.

// Where a block that begins at column c ends.  Groups that begin in a block end in it, so that
// no steps are made of values that lack an error; a group that is wider than a block has it
// whole.
static int64_t block_end(const vise_sweep *s, int64_t c) {
    int64_t most = smaller(s->n, c + s->opt->block);
    if (s->ahead || s->opt->reference_groups) return most;
    int64_t end = vise_sweep_run_end(s, c);
    if (end >= most) return most;
    for (int64_t next = end; next <= most; end = next) {
        if (next == s->n) return next;
        next = vise_sweep_run_end(s, next);
    }
    return end;
}

static bool sweep_blocks(vise_band *b) {
    const vise_sweep *s = b->sweep;
    for (int64_t first = 0, end; first < s->n && !stopped(s); first = end) {
        end = block_end(s, first);
        for (int64_t c = first, next; c < end; c = next) {
            next = smaller(columns_end(s, c), end);
            if (!find_steps(b, c)) return false;
            (s->plainly ? round_plainly : round_columns)(b, c, next);
            pass_on(b, c, next, end);
        }
        pass_on(b, first, end, s->n);
    }
    return true;
}

bool vise_band_sweep(vise_band *b) {
    return b->sweep->halves ? sweep_halves(b) : sweep_blocks(b);
}
