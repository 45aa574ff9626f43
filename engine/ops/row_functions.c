#include "engine/ops/row_functions.h"

#include <math.h>
#include <string.h>

enum {
    BLOCK = 64, // elements at a time: loops of a fixed count become vector code
    LANES = 8   // partial sums
};

static double lane_total(const double lane[LANES]) {
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) +
           ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

// Sums in 8 partial sums, added in a fixed order.
static double sum_of(const float *x, int64_t n) {
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) lane[l] += (double)x[i + l];
    }
    for (int l = 0; i + l < n; l++) lane[l] += (double)x[i + l];
    return lane_total(lane);
}

static double square_sum_of(const float *x, int64_t n, double mean) {
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            double d = (double)x[i + l] - mean;
            lane[l] += d * d;
        }
    }
    for (int l = 0; i + l < n; l++) {
        double d = (double)x[i + l] - mean;
        lane[l] += d * d;
    }
    return lane_total(lane);
}

// How many elements of a block from `at` on there are.
static size_t bytes_of(int64_t n, int64_t at) {
    return (size_t)(n - at < BLOCK ? n - at : BLOCK) * sizeof(float);
}

// y = (x - mean) * inv * weight + bias.  NULL stands for ones, and for zeros.
static void scale_row(float *y, const float *x, int64_t n, double mean, double inv,
                      const float *weight, const float *bias) {
    float p[BLOCK] = {0}, w[BLOCK], b[BLOCK] = {0};
    for (int i = 0; i < BLOCK; i++) w[i] = 1;
    for (int64_t at = 0; at < n; at += BLOCK) {
        size_t bytes = bytes_of(n, at);
        memcpy(p, x + at, bytes);
        if (weight) memcpy(w, weight + at, bytes);
        if (bias) memcpy(b, bias + at, bytes);
        for (int i = 0; i < BLOCK; i++) {
            p[i] = (float)(((double)p[i] - mean) * inv) * w[i] + b[i];
        }
        memcpy(y + at, p, bytes);
    }
}

void vise_layer_norm_row(const vise_kernels *k, float *y, const float *x, int64_t n, double eps,
                         const float *weight, const float *bias) {
    (void)k;
    double mean = sum_of(x, n) / (double)n;
    double variance = square_sum_of(x, n, mean) / (double)n;
    scale_row(y, x, n, mean, 1 / sqrt(variance + eps), weight, bias);
}

void vise_rms_norm_row(const vise_kernels *k, float *y, const float *x, int64_t n, double eps,
                       const float *weight) {
    (void)k;
    double mean_square = square_sum_of(x, n, 0) / (double)n;
    scale_row(y, x, n, 0, 1 / sqrt(mean_square + eps), weight, NULL);
}

void vise_modulate_row(const vise_kernels *k, float *y, const float *x, int64_t n,
                       const float *shift, const float *scale) {
    (void)k;
    float p[BLOCK] = {0}, a[BLOCK] = {0}, b[BLOCK] = {0};
    for (int64_t at = 0; at < n; at += BLOCK) {
        size_t bytes = bytes_of(n, at);
        memcpy(p, x + at, bytes);
        memcpy(a, shift + at, bytes);
        memcpy(b, scale + at, bytes);
        for (int i = 0; i < BLOCK; i++) p[i] = p[i] * (1 + b[i]) + a[i];
        memcpy(y + at, p, bytes);
    }
}

void vise_gated_add_row(const vise_kernels *k, float *y, const float *x, const float *branch,
                        const float *gate, int64_t n) {
    (void)k;
    float p[BLOCK] = {0}, a[BLOCK] = {0}, b[BLOCK] = {0};
    for (int64_t at = 0; at < n; at += BLOCK) {
        size_t bytes = bytes_of(n, at);
        memcpy(p, x + at, bytes);
        memcpy(a, branch + at, bytes);
        memcpy(b, gate + at, bytes);
        for (int i = 0; i < BLOCK; i++) p[i] += b[i] * a[i];
        memcpy(y + at, p, bytes);
    }
}

static void gelu_erf(float *y, const float *x, int64_t n) {
    const double root_half = 0.70710678118654752440;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i];
        y[i] = (float)(v / 2 * erfc(-v * root_half));
    }
}

void vise_gelu_row(const vise_kernels *k, float *y, const float *x, int64_t n,
                   vise_gelu_kind kind) {
    if (kind == VISE_GELU_ERF) {
        gelu_erf(y, x, n);
    } else {
        k->gelu_tanh(y, x, n);
    }
}

void vise_silu_mul_row(const vise_kernels *k, float *y, const float *gate, const float *up,
                       int64_t n) {
    float p[BLOCK] = {0}, u[BLOCK] = {0};
    for (int64_t at = 0; at < n; at += BLOCK) {
        size_t bytes = bytes_of(n, at);
        k->silu(p, gate + at, (int64_t)(bytes / sizeof *p));
        memcpy(u, up + at, bytes);
        for (int i = 0; i < BLOCK; i++) p[i] *= u[i];
        memcpy(y + at, p, bytes);
    }
}
