#include "engine/statistics.h"

#include <math.h>
#include <string.h>

#include "engine/mem.h"

enum { CHUNK = 1024 };

// Tiles of equal size, at most 256 of them: their results are small and merged in order.
typedef struct cut {
    int64_t tiles, size;
} cut;

static cut cut_tensor(const vise_tensor *t) {
    int64_t count = vise_tensor_count(t), size = 1 << 16;
    if (count / 256 >= size) size = count / 256 + 1;
    return (cut){.tiles = count / size + (count % size != 0), .size = size};
}

// Elements [first, first + n) as doubles, n <= CHUNK.
static void load(const vise_kernels *k, double *x, const vise_tensor *t, int64_t first,
                 int64_t n) {
    float wide[CHUNK];
    const float *f = wide;
    bool plain = vise_tensor_contiguous(t);
    if (plain && t->dtype == VISE_F32) {
        f = (const float *)t->data + first;
    } else if (plain && t->dtype == VISE_F16) {
        k->f16_to_f32(wide, (const uint16_t *)t->data + first, n);
    } else if (plain && t->dtype == VISE_BF16) {
        k->bf16_to_f32(wide, (const uint16_t *)t->data + first, n);
    } else {
        for (int64_t i = 0; i < n; i++) x[i] = vise_tensor_get(t, first + i);
        return;
    }
    for (int64_t i = 0; i < n; i++) x[i] = (double)f[i];
}

// Of two disjoint sets: means and squares as Chan, Golub and LeVeque (1979) join them.
static void merge(vise_statistics *a, const vise_statistics *b) {
    a->nans += b->nans;
    a->infinities += b->infinities;
    a->zeros += b->zeros;
    if (b->finite == 0) return;
    if (a->finite == 0) {
        a->min = b->min;
        a->max = b->max;
    }
    if (b->min < a->min) a->min = b->min;
    if (b->max > a->max) a->max = b->max;
    double na = (double)a->finite, nb = (double)b->finite, step = b->mean - a->mean;
    a->mean += step * (nb / (na + nb));
    a->m2 += b->m2 + step * step * (na * nb / (na + nb));
    a->finite += b->finite;
}

static void measure(vise_statistics *s, const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) {
            s->nans++;
        } else if (isinf(x[i])) {
            s->infinities++;
        } else {
            if (x[i] == 0) s->zeros++;
            if (s->finite == 0 || x[i] < s->min) s->min = x[i];
            if (s->finite == 0 || x[i] > s->max) s->max = x[i];
            sum += x[i];
            s->finite++;
        }
    }
    if (s->finite == 0) return;
    s->mean = sum / (double)s->finite;
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i])) s->m2 += (x[i] - s->mean) * (x[i] - s->mean);
    }
}

typedef struct job {
    const vise_kernels *kernels;
    const vise_tensor *t;
    int64_t size;
    vise_statistics *statistics; // one a tile
    int64_t *counts;             // [tile][bins]
    int bins;
    double lo, hi;
} job;

static int64_t tile_end(const job *j, int64_t tile) {
    int64_t count = vise_tensor_count(j->t), start = tile * j->size;
    return count - start < j->size ? count : start + j->size;
}

static void statistics_tile(void *arg, int64_t tile) {
    const job *j = arg;
    double x[CHUNK];
    for (int64_t i = tile * j->size, end = tile_end(j, tile); i < end; i += CHUNK) {
        int64_t n = end - i < CHUNK ? end - i : CHUNK;
        load(j->kernels, x, j->t, i, n);
        vise_statistics s = {0};
        measure(&s, x, n);
        merge(&j->statistics[tile], &s);
    }
}

vise_status vise_tensor_statistics(const vise_context *ctx, vise_statistics *out,
                                   const vise_tensor *t, vise_error *err) {
    cut c = cut_tensor(t);
    vise_statistics sum = {0};
    vise_statistics *parts = vise_calloc((size_t)c.tiles * sizeof *parts + 1);
    if (!parts) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for statistics");
    job j = {.kernels = &ctx->kernels, .t = t, .size = c.size, .statistics = parts};
    vise_status st = vise_parallel(ctx, c.tiles, statistics_tile, &j, err);
    if (st) goto done;
    for (int64_t i = 0; i < c.tiles; i++) merge(&sum, &parts[i]);
    *out = sum;

done:
    vise_free(parts);
    return st;
}

static void histogram_tile(void *arg, int64_t tile) {
    const job *j = arg;
    int64_t *counts = j->counts + tile * j->bins;
    double x[CHUNK];
    // Halves: hi - lo may overflow.
    double width = j->hi / 2 - j->lo / 2;
    for (int64_t i = tile * j->size, end = tile_end(j, tile); i < end; i += CHUNK) {
        int64_t n = end - i < CHUNK ? end - i : CHUNK;
        load(j->kernels, x, j->t, i, n);
        for (int64_t k = 0; k < n; k++) {
            if (!(x[k] >= j->lo && x[k] <= j->hi)) continue;
            int bin = (int)((x[k] / 2 - j->lo / 2) / width * j->bins);
            counts[bin < j->bins ? bin : j->bins - 1]++;
        }
    }
}

vise_status vise_tensor_histogram(const vise_context *ctx, int64_t counts[], int bins,
                                  double lo, double hi, const vise_tensor *t, vise_error *err) {
    if (!(hi / 2 - lo / 2 > 0) || !isfinite(lo) || !isfinite(hi)) {
        return vise_fail(err, VISE_EINVAL, "E-NU-09", "histogram from %g to %g: no such range",
                         lo, hi);
    }
    if (bins < 1 || bins > VISE_MAX_BINS) {
        return vise_fail(err, VISE_EINVAL, "E-NU-09", "histogram of %d bins, expected 1 to %d",
                         bins, VISE_MAX_BINS);
    }
    cut c = cut_tensor(t);
    int64_t *parts = vise_calloc((size_t)(c.tiles * bins) * sizeof *parts + 1);
    if (!parts) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a histogram");
    job j = {.kernels = &ctx->kernels, .t = t, .size = c.size, .counts = parts, .bins = bins};
    j.lo = lo;
    j.hi = hi;
    vise_status st = vise_parallel(ctx, c.tiles, histogram_tile, &j, err);
    if (st) goto done;
    memset(counts, 0, (size_t)bins * sizeof *counts);
    for (int64_t i = 0; i < c.tiles * bins; i++) counts[i % bins] += parts[i];

done:
    vise_free(parts);
    return st;
}

typedef struct blocks_job {
    const vise_kernels *kernels;
    const vise_tensor *t;
    int64_t rows, columns;         // of the tensor
    int64_t out_rows, out_columns; // of the result
    vise_block_value what;
    double *out;
} blocks_job;

// Where part `i` of `parts` begins.
static int64_t part_start(int64_t n, int64_t i, int64_t parts) {
    return n / parts * i + n % parts * i / parts;
}

// What a block gives for one more run of elements.
static double join_run(double best, const double *x, int64_t n, vise_block_value what) {
    for (int64_t i = 0; i < n; i++) {
        double v = what == VISE_BLOCK_ABSMAX ? fabs(x[i]) : x[i];
        if (what == VISE_BLOCK_MEAN) {
            best += v;
        } else if (isnan(v) || (what == VISE_BLOCK_MIN ? v < best : v > best)) {
            best = v; // a NaN stays: nothing is larger or smaller
        }
    }
    return best;
}

static void block_tile(void *arg, int64_t tile) {
    const blocks_job *j = arg;
    int64_t r = tile / j->out_columns, c = tile % j->out_columns;
    int64_t top = part_start(j->rows, r, j->out_rows);
    int64_t bottom = part_start(j->rows, r + 1, j->out_rows);
    int64_t left = part_start(j->columns, c, j->out_columns);
    int64_t right = part_start(j->columns, c + 1, j->out_columns);
    static const double start[VISE_BLOCK_VALUES] = {
        [VISE_BLOCK_MAX] = -HUGE_VAL,
        [VISE_BLOCK_MIN] = HUGE_VAL,
    };
    double x[CHUNK], best = start[j->what];
    for (int64_t row = top; row < bottom; row++) {
        for (int64_t i = left; i < right; i += CHUNK) {
            int64_t n = right - i < CHUNK ? right - i : CHUNK;
            load(j->kernels, x, j->t, row * j->columns + i, n);
            best = join_run(best, x, n, j->what);
        }
    }
    if (j->what == VISE_BLOCK_MEAN) best /= (double)((bottom - top) * (right - left));
    j->out[tile] = best;
}

vise_status vise_tensor_blocks(const vise_context *ctx, vise_tensor *out, const vise_tensor *t,
                               int64_t rows, int64_t columns, vise_block_value what,
                               vise_error *err) {
    int64_t count = vise_tensor_count(t);
    int64_t width = t->ndim > 0 ? t->shape[t->ndim - 1] : 1;
    int64_t height = width > 0 ? count / width : 0;
    if (rows < 1 || rows > height || columns < 1 || columns > width) {
        return vise_fail(err, VISE_EINVAL, "E-TN-10",
                         "%lld x %lld blocks of a matrix %lld x %lld", (long long)rows,
                         (long long)columns, (long long)height, (long long)width);
    }
    vise_tensor made = {0};
    vise_status st = vise_tensor_new(&made, VISE_F64, 2, (int64_t[]){rows, columns}, err);
    if (st) return st;
    blocks_job j = {.kernels = &ctx->kernels, .t = t, .rows = height, .columns = width};
    j.out_rows = rows;
    j.out_columns = columns;
    j.what = what;
    j.out = made.data;
    st = vise_parallel(ctx, rows * columns, block_tile, &j, err);
    if (st) {
        vise_tensor_release(&made);
        return st;
    }
    *out = made;
    return VISE_OK;
}
