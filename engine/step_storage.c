// Scales and zero points as they are stored.

#include <string.h>

#include "engine/floats.h"
#include "engine/steps.h"

// An f8e4m3 with its exponent moved up by a shift is an f16 of 2^-8 times its value.
void vise_f8_values(const vise_kernels *k, float *x, const void *codes, int64_t n) {
    const uint8_t *q = codes;
    for (int64_t done = 0; done < n; done += VISE_RUNS) {
        uint16_t h[VISE_RUNS] = {0};
        int64_t count = n - done < VISE_RUNS ? n - done : VISE_RUNS;
        for (int64_t i = 0; i < count; i++) {
            int code = q[done + i];
            h[i] = (uint16_t)((code & 0x80) << 8 | (code & 0x7f) << 7);
        }
        k->f16_to_f32(x + done, h, count);
    }
    for (int64_t i = 0; i < n; i++) x[i] *= 256;
}

void vise_steps_round(const vise_kernels *k, vise_dtype dtype, float *x, int64_t count) {
    uint16_t stored[VISE_RUNS];
    if (dtype == VISE_F32) return;
    vise_steps_store(k, dtype, stored, 0, x, count);
    if (dtype == VISE_F16) k->f16_to_f32(x, stored, count);
    if (dtype == VISE_BF16) k->bf16_to_f32(x, stored, count);
    if (dtype == VISE_F8E4M3) vise_f8_values(k, x, stored, count);
}

float vise_step_load(vise_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case VISE_F16: return vise_f16_to_f32(((const uint16_t *)data)[i]);
    case VISE_BF16: return vise_bf16_to_f32(((const uint16_t *)data)[i]);
    case VISE_F8E4M3: return vise_f8e4m3_to_f32(((const uint8_t *)data)[i]);
    case VISE_U8: return (float)((const uint8_t *)data)[i];
    default: return ((const float *)data)[i];
    }
}

void vise_steps_store(const vise_kernels *k, vise_dtype dtype, void *data, int64_t i,
                      const float *values, int64_t count) {
    static const float one = 1;
    vise_group_codes f8 = {.kind = VISE_CODE_F8, .x = values, .scale = &one};
    switch (dtype) {
    case VISE_F16: k->f32_to_f16((uint16_t *)data + i, values, count); break;
    case VISE_BF16: k->f32_to_bf16((uint16_t *)data + i, values, count); break;
    case VISE_F8E4M3:
        f8.q = (int8_t *)data + i;
        f8.n = f8.group = count;
        k->group_codes(&f8);
        break;
    case VISE_U8:
        for (int64_t j = 0; j < count; j++) ((uint8_t *)data)[i + j] = (uint8_t)values[j];
        break;
    default: memcpy((float *)data + i, values, (size_t)count * sizeof *values); break;
    }
}
