// Reference kernels: the definition of correct.  Plain loops, one statement per step, no
// intrinsics, no fused multiply-add except where the contract says fma (the file is built
// with -ffp-contract=off).  Never optimise these.

#include <math.h>
#include <stddef.h>

#include "backends/backends.h"
#include "engine/floats.h"

static void gemm(const vise_gemm *g) {
    for (int64_t i = 0; i < g->m; i++) {
        for (int64_t j = 0; j < g->n; j++) {
            double sum = 0; // double: the oracle's own rounding must not eat the tolerance
            for (int64_t p = 0; p < g->k; p++) {
                float a = g->trans_a ? g->a[p * g->lda + i] : g->a[i * g->lda + p];
                float b = g->trans_b ? g->b[j * g->ldb + p] : g->b[p * g->ldb + j];
                sum += (double)a * (double)b;
            }
            float *c = &g->c[i * g->ldc + j];
            *c = (float)(g->add ? sum + (double)*c : sum);
        }
    }
}

static void gemm_few16(const vise_gemm *g, const uint16_t *b, vise_dtype dtype) {
    for (int64_t i = 0; i < g->m; i++) {
        for (int64_t j = 0; j < g->n; j++) {
            double sum = 0; // as gemm does
            for (int64_t p = 0; p < g->k; p++) {
                uint16_t bits = b[j * g->ldb + p];
                float w = dtype == VISE_F16 ? vise_f16_to_f32(bits) : vise_bf16_to_f32(bits);
                sum += (double)g->a[i * g->lda + p] * (double)w;
            }
            float *c = &g->c[i * g->ldc + j];
            *c = (float)(g->add ? sum + (double)*c : sum);
        }
    }
}

static void f16_to_f32(float *y, const uint16_t *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = vise_f16_to_f32(x[i]);
}

static void f32_to_f16(uint16_t *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = vise_f32_to_f16(x[i]);
}

static void bf16_to_f32(float *y, const uint16_t *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = vise_bf16_to_f32(x[i]);
}

static void f32_to_bf16(uint16_t *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = vise_f32_to_bf16(x[i]);
}

static float absmax(const float *x, int64_t n) {
    float max = 0;
    for (int64_t i = 0; i < n; i++) {
        float a = fabsf(x[i]);
        if (isnan(a)) return NAN;
        if (a > max) max = a;
    }
    return max;
}

static void minmax(float *lo, float *hi, const float *x, int64_t n) {
    *lo = *hi = x[0];
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) {
            *lo = *hi = NAN;
            return;
        }
        if (x[i] < *lo) *lo = x[i];
        if (x[i] > *hi) *hi = x[i];
    }
}

static void column_absmax(float *acc, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float a = fabsf(x[i]);
        if (isnan(a) || isnan(acc[i])) {
            acc[i] = NAN;
        } else if (a > acc[i]) {
            acc[i] = a;
        }
    }
}

static void column_abs_sum(double *acc, const float *x, int64_t n, int64_t rows,
                           int64_t stride) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i++) acc[i] += fabs((double)x[r * stride + i]);
    }
}

static void column_squares(double *acc, const float *x, int64_t n, int64_t rows,
                           int64_t stride) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < n; i++) {
            double v = (double)x[r * stride + i];
            acc[i] += v * v;
        }
    }
}

static void dequant(float *y, const int8_t *q, int64_t n, float scale, float zero) {
    for (int64_t i = 0; i < n; i++) {
        float product = (float)q[i] * scale;
        y[i] = product + zero;
    }
}

static void unpack4(int8_t *q, const uint8_t *p, int64_t n, int lo) {
    for (int64_t i = 0; i < n; i++) {
        int nibble = i % 2 ? p[i / 2] >> 4 : p[i / 2] & 15;
        q[i] = (int8_t)(nibble + lo);
    }
}

static void pack4(uint8_t *p, const int8_t *q, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        int nibble = q[i] + 8;
        p[i / 2] = (uint8_t)(i % 2 ? p[i / 2] | nibble << 4 : nibble);
    }
}

static int32_t sum_i8(const int8_t *q, int64_t n) {
    int32_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += q[i];
    return sum;
}

void vise_ref_init(vise_kernels *k) {
    k->blas = NULL;
    k->gemm = gemm;
    k->gemm_few = gemm;
    k->gemm_few16 = gemm_few16;
    k->f16_to_f32 = f16_to_f32;
    k->f32_to_f16 = f32_to_f16;
    k->bf16_to_f32 = bf16_to_f32;
    k->f32_to_bf16 = f32_to_bf16;
    k->absmax = absmax;
    k->minmax = minmax;
    k->column_absmax = column_absmax;
    k->column_abs_sum = column_abs_sum;
    k->column_squares = column_squares;
    k->dequant = dequant;
    k->unpack4 = unpack4;
    k->pack4 = pack4;
    k->sum_i8 = sum_i8;
    vise_ref_groups_init(k);
    vise_ref_functions_init(k);
    vise_ref_attention_init(k);
    vise_ref_strips_init(k);
    vise_ref_solvers_init(k);
    vise_ref_errors_init(k);
    vise_ref_products_init(k);
}
