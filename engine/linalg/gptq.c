#include "engine/linalg/gptq.h"

#include <math.h>
#include <string.h>

#include "engine/linalg/gptq_band.h"
#include "engine/linalg/order.h"
#include "engine/linalg/symmetric.h"
#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"
#include "engine/peer_steps.h"
#include "engine/row_failure.h"

enum {
    LANES = 16,  // rows of a column are whole multiples of it
    STRIP = 32,  // rows that are turned into columns at once
    CHUNK = 64,  // columns of them
    FEWEST = 32, // rows of a band, if there are that many
    MOST = 512,  // the most
    COLUMNS = 16 // columns that are rounded before their errors go to the rest of the block
};

typedef struct gptq_job {
    vise_sweep sweep;
    int64_t band;            // rows of one
    double *losses;          // of each
    vise_scratch scratch;    // of one
    atomic_llong failed;     // the first row of the first band that failed; `rows` while none
    atomic_llong not_finite; // the same for values that were not finite to begin with
} gptq_job;

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void note(atomic_llong *where, int64_t row) {
    long long seen = atomic_load(where);
    while (row < seen && !atomic_compare_exchange_weak(where, &seen, row)) {
    }
}

// --- one band

// Columns of up to STRIP rows side by side; false if a value is not finite.
static bool load_strip(vise_band *b, int64_t first, int64_t rows) {
    const vise_sweep *s = b->sweep;
    const vise_kernels *k = &s->ctx->kernels;
    float turned[CHUNK * STRIP];
    const void *from[STRIP];
    bool finite = true;
    for (int64_t col = 0, cols; col < s->n; col += cols) {
        cols = smaller(CHUNK, s->n - col);
        for (int64_t r = 0; r < rows; r++) {
            float *to = b->lines + r * CHUNK;
            const float *x = vise_matrix_read(s->m, b->row + first + r, col, cols, to);
            finite = finite && isfinite(k->absmax(x, cols));
            from[r] = x;
        }
        k->interleave(turned, from, rows, cols);
        for (int64_t i = 0; i < cols; i++) {
            memcpy(b->w + s->place[col + i] * b->pitch + first, turned + i * rows,
                   (size_t)rows * sizeof *b->w);
        }
    }
    return finite;
}

static bool load(vise_band *b) {
    const vise_sweep *s = b->sweep;
    bool finite = true;
    for (int64_t r = 0; r < b->rows; r += STRIP) {
        finite = load_strip(b, r, smaller(STRIP, b->rows - r)) && finite;
    }
    size_t spare = (size_t)(b->pitch - b->rows) * sizeof *b->w;
    for (int64_t c = 0; c < s->n; c++) {
        bool dead = s->factor[c * (s->n + 1)] == 0;
        float *column = b->w + c * b->pitch;
        memset(column + b->rows, 0, spare);
        if (dead) memset(column, 0, (size_t)b->rows * sizeof *column);
    }
    return finite;
}

static bool sweep_band(vise_band *b) {
    if (!vise_band_prepare(b)) return false;
    if (!vise_band_sweep(b) || !isfinite(b->loss)) return false;
    vise_band_store(b);
    return true;
}

// The arrays of a band in a piece of scratch memory; NULL: only how many bytes they take.
static int64_t lay_out(vise_band *b, const vise_sweep *s, char *at) {
    int64_t line = s->width * VISE_RUNS > s->n ? s->width * VISE_RUNS : s->n;
    struct {
        void **array;
        int64_t bytes;
    } parts[] = {
        {(void **)&b->w,      s->n * b->pitch * 4             },
        {(void **)&b->by,     s->runs * b->pitch * 4          },
        {(void **)&b->zero,   s->runs * b->pitch * 4          },
        {(void **)&b->scale,  s->runs * b->pitch * 4          },
        {(void **)&b->value,  s->runs * b->pitch * 4          },
        {(void **)&b->losses, b->pitch * 4                    },
        {(void **)&b->lines,  (STRIP * CHUNK + VISE_PIECE) * 4},
        {(void **)&b->exact,  b->pitch * 4                    },
        {(void **)&b->upper,  b->pitch * 4                    },
        {(void **)&b->line,   line * 4                        },
        {(void **)&b->q,      s->n * b->pitch                 },
    };
    int64_t bytes = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (at) *parts[i].array = at + bytes;
        bytes += (parts[i].bytes + 63) / 64 * 64;
    }
    return bytes;
}

static void band_tile(void *job, int64_t tile) {
    gptq_job *j = job;
    vise_band b = {.sweep = &j->sweep, .row = tile * j->band};
    b.rows = smaller(j->band, j->sweep.m->rows - b.row);
    b.pitch = (b.rows + LANES - 1) / LANES * LANES;
    char *scratch = vise_scratch_take(&j->scratch);
    lay_out(&b, &j->sweep, scratch);
    vise_band_clear(&b);
    if (!load(&b)) {
        note(&j->not_finite, b.row);
    } else if (!sweep_band(&b)) {
        note(&j->failed, b.row);
    }
    j->losses[tile] = b.loss;
    vise_scratch_give(&j->scratch, scratch);
}

// --- the whole

static vise_status check_scheme(const vise_sweep *s, vise_error *err) {
    char text[VISE_SCHEME_TEXT];
    if (s->scheme->granularity == VISE_PER_BLOCK) {
        return vise_fail(err, VISE_EINVAL, "E-NU-13",
                         "GPTQ takes steps per tensor, row or group, not %s",
                         vise_scheme_describe(text, sizeof text, s->scheme));
    }
    if (s->runs == 1 || s->ahead) return VISE_OK;
    int64_t seen = 0;
    for (int64_t c = 0; c < s->n; c = vise_sweep_run_end(s, c)) seen++;
    if (seen == s->runs) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-NU-13",
                     "the order mixes groups of %lld columns, whose steps are then known only "
                     "ahead: take static_groups, or an order by groups",
                     (long long)s->width);
}

static vise_status check_shapes(const vise_tensor *weight, const vise_tensor *factor,
                                const vise_gptq_options *opt, vise_error *err) {
    vise_status st = vise_tensor_expect(factor, VISE_F32, "the factor", err);
    if (!st) st = vise_check_square(factor, "the factor", err);
    if (!st) st = vise_argument_rank(weight, 2, "the weight", err);
    if (st) return st;
    if (weight->shape[1] != factor->shape[0]) {
        char wt[96], ft[96];
        return vise_fail(err, VISE_EINVAL, "E-TN-08",
                         "the weight is %s, the factor %s: the last sizes must be equal",
                         vise_tensor_describe(wt, sizeof wt, weight),
                         vise_tensor_describe(ft, sizeof ft, factor));
    }
    if (opt->block < 1) {
        return vise_fail(err, VISE_EINVAL, "E-NU-13", "a block of %lld columns, expected >= 1",
                         (long long)opt->block);
    }
    return VISE_OK;
}

static vise_status diverged(const gptq_job *j, vise_error *err) {
    return vise_fail(err, VISE_ENUMERIC, "E-NU-14",
                     "rows %lld to %lld: the corrections grow past what %s scales hold",
                     (long long)atomic_load(&j->failed) + 1,
                     (long long)smaller(atomic_load(&j->failed) + j->band, j->sweep.m->rows),
                     vise_dtype_name(j->sweep.scheme->scale_dtype));
}

// A band that failed: because of the weight itself, or of what the sweep made of it.
static vise_status failure(const gptq_job *j, vise_error *err) {
    int64_t bad = atomic_load(&j->not_finite);
    if (bad >= j->sweep.m->rows) return diverged(j, err);
    vise_encoding plain = {
        .scheme = j->sweep.scheme, .upper = {1, 1}
    };
    for (int64_t row = bad; row < j->sweep.m->rows; row++) {
        vise_run run = {row, 1, 0, j->sweep.n};
        vise_range r = vise_range_of(j->sweep.scheme, j->sweep.m, &run);
        if (!vise_range_finite(r)) return vise_row_failure(&plain, j->sweep.m, row, err);
    }
    return diverged(j, err);
}

static vise_status run(gptq_job *j, double *loss, vise_error *err) {
    const vise_sweep *s = &j->sweep;
    const vise_context *ctx = s->ctx;
    int64_t rows = s->m->rows, tiles = (rows + j->band - 1) / j->band;
    vise_tensor losses = {0};
    vise_band b = {.pitch = j->band};
    vise_status st = vise_tensor_new(&losses, VISE_F64, 1, (int64_t[]){tiles}, err);
    if (!st) st = vise_scratch_new(&j->scratch, ctx, tiles, lay_out(&b, s, NULL), err);
    j->losses = losses.data;
    if (!st) st = vise_parallel(ctx, tiles, band_tile, j, err);
    if (!st && (atomic_load(&j->failed) < rows || atomic_load(&j->not_finite) < rows)) {
        st = failure(j, err);
    }
    double sum = 0;
    for (int64_t i = 0; !st && i < tiles; i++) sum += j->losses[i];
    vise_scratch_release(&j->scratch);
    vise_tensor_release(&losses);
    if (!st) *loss = sum;
    return st;
}

// Rows of a band: about eight bands, if that leaves enough rows for the products.
static int64_t band_of(int64_t rows) {
    int64_t band = (rows / 8 + LANES - 1) / LANES * LANES;
    return band < FEWEST ? FEWEST : band > MOST ? MOST : band;
}

vise_status vise_gptq(const vise_context *ctx, vise_coded *out, double *loss,
                      const vise_scheme *s, const vise_tensor *weight,
                      const vise_tensor *factor, const vise_gptq_options *opt,
                      vise_error *err) {
    vise_coded coded = {0};
    vise_tensor order = {0};
    vise_matrix m;
    gptq_job j = {
        .sweep = {.ctx = ctx,
                  .scheme = s,
                  .opt = opt,
                  .m = &m,
                  .out = &coded,
                  .factor = factor->data},
    };
    vise_status st = check_shapes(weight, factor, opt, err);
    if (!st) st = vise_matrix_of(&m, &ctx->kernels, weight, "the weight", err);
    if (st) return st;
    vise_sweep *w = &j.sweep;
    w->n = m.cols;
    w->width = vise_scheme_run(s, m.cols);
    w->runs = vise_scheme_runs(s, m.cols);
    w->coding = vise_coding_of(s);
    w->ahead = w->runs == 1 || opt->static_groups;
    j.band = band_of(m.rows);
    atomic_init(&j.failed, m.rows);
    atomic_init(&j.not_finite, m.rows);
    st = vise_tensor_raw(&order, VISE_I32, 2, (int64_t[]){2, m.cols}, err);
    if (!st) st = vise_order_read(order.data, opt->order, m.cols, err);
    if (st) goto done;
    int32_t *place = (int32_t *)order.data + m.cols;
    w->order = order.data;
    w->place = place;
    for (int64_t c = 0; c < m.cols; c++) place[w->order[c]] = (int32_t)c;
    w->plainly = vise_peer_coded(s) || vise_scheme_offset(s);
    w->halves = vise_sweep_halves_fit(w);
    st = check_scheme(w, err);
    if (!st) st = vise_encoding_make(ctx, &w->encoding, s, &opt->search, &m, err);
    if (!st) st = vise_coded_new(&coded, s, m.rows, m.cols, err);
    if (!st) st = run(&j, loss, err);
    if (!st) vise_coded_put_shared(&ctx->kernels, &coded, w->encoding.step, w->encoding.upper);

done:
    vise_tensor_release(&order);
    if (st) {
        vise_coded_release(&coded);
    } else {
        *out = coded;
    }
    return st;
}
