#include "engine/observe/ranges.h"

#include <math.h>

#include "engine/mem.h"

enum { START = 128, MAX_BINS = 1 << 20 };

vise_status vise_histogram_of(vise_histogram *out, const vise_tensor *counts, double width,
                              vise_error *err) {
    char text[96];
    int64_t bins = vise_tensor_count(counts), total = 0;
    bool shaped = counts->dtype == VISE_I64 && counts->ndim == 1;
    if (!shaped || bins < 1 || bins > MAX_BINS || !(width > 0) || !isfinite(width)) {
        return vise_fail(err, VISE_EINVAL, "E-OB-21",
                         "the histogram is %s of width %g, expected i64 [1 to %d] of a width "
                         "above 0",
                         vise_tensor_describe(text, sizeof text, counts), width, MAX_BINS);
    }
    const int64_t *c = counts->data;
    for (int64_t i = 0; i < bins; i++) {
        if (c[i] < 0 || c[i] > INT64_MAX - total) {
            return vise_fail(err, VISE_EINVAL, "E-OB-21", "bin %lld of the histogram is %lld",
                             (long long)i + 1, (long long)c[i]);
        }
        total += c[i];
    }
    if (total == 0) {
        return vise_fail(err, VISE_EINVAL, "E-OB-21", "the histogram has counted nothing");
    }
    *out = (vise_histogram){c, bins, width};
    return VISE_OK;
}

double vise_histogram_percentile(const vise_histogram *h, double percent) {
    int64_t total = 0, sum = 0, i = 0;
    for (int64_t k = 0; k < h->bins; k++) total += h->counts[k];
    for (; i < h->bins - 1; i++) {
        sum += h->counts[i];
        if ((double)sum / (double)total >= percent / 100) break;
    }
    return (double)i * h->width;
}

double vise_histogram_mse(const vise_histogram *h, int64_t levels) {
    double best = HUGE_VAL, range = (double)h->bins * h->width, most = (double)levels;
    for (int64_t i = START; i < h->bins; i++) {
        double amax = ((double)i + 0.5) * h->width, s = most / amax, error = 0;
        for (int64_t k = 0; k < h->bins; k++) {
            double centre = ((double)k + 0.5) * h->width;
            double q = fmin(rint(centre * s), most) / s;
            error += (double)h->counts[k] * ((q - centre) * (q - centre));
        }
        error /= (double)h->bins;
        if (error < best) {
            best = error;
            range = amax;
        }
    }
    return range;
}

typedef struct job {
    const vise_histogram *h;
    int64_t cells;
    double *divergence; // of START + tile
} job;

static double count_of(const vise_histogram *h, int64_t i) {
    return (double)h->counts[i == 0 && h->bins > 1 ? 1 : i];
}

// Bin numbers from which cell `c` of `cells` over [0, i) starts.
static int64_t cell_start(int64_t c, int64_t cells, int64_t i) {
    return c == cells ? i : (int64_t)ceil((double)c * ((double)i / (double)cells));
}

// What each bin that is not empty gets in a cell of bins [from, end).
static double cell_mean(const vise_histogram *h, int64_t from, int64_t end) {
    double sum = 0, some = 0;
    for (int64_t j = from; j < end; j++) {
        sum += count_of(h, j);
        some += count_of(h, j) > 0;
    }
    return some > 0 ? sum / some : 0;
}

static double reference_of(const vise_histogram *h, int64_t j, int64_t i, double tail) {
    return count_of(h, j) + (j == i - 1 ? tail : 0);
}

static void divergence_tile(void *arg, int64_t tile) {
    const job *j = arg;
    const vise_histogram *h = j->h;
    int64_t i = START + tile;
    double tail = 0, all = 0, kept = 0, sum = 0;
    for (int64_t k = i; k < h->bins; k++) tail += count_of(h, k);
    for (int64_t k = 0; k < i; k++) kept += count_of(h, k);
    all = kept + tail;
    for (int64_t c = 0; c < j->cells; c++) {
        int64_t from = cell_start(c, j->cells, i), end = cell_start(c + 1, j->cells, i);
        double mean = cell_mean(h, from, end);
        for (int64_t k = from; k < end; k++) {
            double p = reference_of(h, k, i, tail) / all;
            double q = count_of(h, k) > 0 ? mean / kept : 0;
            if (p > 0) sum += q > 0 ? p * log(p / q) : HUGE_VAL;
        }
    }
    j->divergence[tile] = sum;
}

vise_status vise_histogram_entropy(const vise_context *ctx, double *out,
                                   const vise_histogram *h, int64_t cells, vise_error *err) {
    int64_t tiles = h->bins - START + 1;
    if (tiles < 1) {
        *out = (double)h->bins * h->width;
        return VISE_OK;
    }
    job j = {.h = h, .cells = cells};
    j.divergence = vise_calloc(sizeof *j.divergence * (size_t)tiles);
    if (!j.divergence) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld divergences",
                         (long long)tiles);
    }
    vise_status st = vise_parallel(ctx, tiles, divergence_tile, &j, err);
    int64_t best = tiles - 1;
    for (int64_t i = tiles - 1; !st && i >= 0; i--) {
        if (j.divergence[i] < j.divergence[best]) best = i;
    }
    if (!st) *out = (double)(START + best) * h->width;
    vise_free(j.divergence);
    return st;
}
