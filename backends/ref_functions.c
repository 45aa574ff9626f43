// The definition of functions and norms of one row, as plain as ref.c.

#include <math.h>
#include <stddef.h>

#include "backends/backends.h"

static void softmax(float *y, const float *x, int64_t n) {
    float max = -INFINITY;
    for (int64_t i = 0; i < n; i++) max = x[i] > max ? x[i] : max;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        y[i] = expf(x[i] - max);
        sum += (double)y[i];
    }
    for (int64_t i = 0; i < n; i++) y[i] = (float)((double)y[i] / sum);
}

static void silu(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i];
        y[i] = (float)(v / (1 + exp(-v)));
    }
}

static void gelu_tanh(float *y, const float *x, int64_t n) {
    const double root = 0.79788456080286535588; // sqrt(2 / pi)
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i];
        y[i] = (float)(v / 2 * (1 + tanh(root * (v + 0.044715 * v * v * v))));
    }
}

static void silu_mul(float *y, const float *x, const float *up, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float s;
        silu(&s, x + i, 1);
        y[i] = s * up[i];
    }
}

static void gelu_erf(float *y, const float *x, int64_t n) {
    const double root_half = 0.70710678118654752440;
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i];
        y[i] = (float)(v / 2 * erfc(-v * root_half));
    }
}

static double exp_sum(const float *x, int64_t n, float max) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += exp((double)x[i] - (double)max);
    return sum;
}

enum { SUMS = 32 };

static double add_lanes(double lane[SUMS]) {
    for (int half = SUMS / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    }
    return lane[0];
}

static double sum_of(const float *x, int64_t n) {
    double lane[SUMS] = {0};
    for (int64_t i = 0; i < n; i++) lane[i % SUMS] += (double)x[i];
    return add_lanes(lane);
}

static double square_sum_of(const float *x, int64_t n, double mean) {
    double lane[SUMS] = {0};
    for (int64_t i = 0; i < n; i++) {
        double d = (double)x[i] - mean;
        lane[i % SUMS] = fma(d, d, lane[i % SUMS]);
    }
    return add_lanes(lane);
}

static void norm(float *y, const float *x, int64_t n, const vise_norm *o) {
    double mean = o->centred ? sum_of(x, n) / (double)n : 0;
    double variance = square_sum_of(x, n, mean) / (double)n;
    double inv = 1 / sqrt(variance + o->eps);
    for (int64_t i = 0; i < n; i++) {
        float v = (float)(((double)x[i] - mean) * inv);
        if (o->weight) v *= o->weight[i];
        if (o->bias) v += o->bias[i];
        y[i] = v;
    }
}

static void modulate(float *y, const float *x, const float *shift, const float *scale,
                     int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float product = x[i] * (1 + scale[i]);
        y[i] = product + shift[i];
    }
}

static void gated_add(float *y, const float *x, const float *branch, const float *gate,
                      int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float product = gate[i] * branch[i];
        y[i] = x[i] + product;
    }
}

void vise_ref_functions_init(vise_kernels *k) {
    k->softmax = softmax;
    k->silu = silu;
    k->silu_mul = silu_mul;
    k->gelu_tanh = gelu_tanh;
    k->gelu_erf = gelu_erf;
    k->exp_sum = exp_sum;
    k->norm = norm;
    k->modulate = modulate;
    k->gated_add = gated_add;
}
