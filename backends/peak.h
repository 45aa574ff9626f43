// What this machine can do at most, in loops that do nothing else: the yardstick of the
// benchmarks, to be run beside them.

#ifndef VISE_PEAK_H
#define VISE_PEAK_H

#include <stdint.h>

// Each loop runs `steps` steps on one thread; a multiply-accumulate counts as two operations.
typedef struct vise_peak {
    void (*f32)(int64_t steps);
    void (*int8)(int64_t steps);
    void (*bf16)(int64_t steps); // NULL where the CPU has no such products
    double f32_per_step, int8_per_step, bf16_per_step; // operations
    // Reads bytes in order, 256 at a time: what is left over is not read.
    void (*read)(const void *data, int64_t bytes);
} vise_peak;

// The loops of a backend's instruction set; those of "ref" are NULL.
vise_peak vise_peak_of(const char *backend);
vise_peak vise_avx2_peak(void);
vise_peak vise_avxvnni_peak(void);
vise_peak vise_avx512_peak(void);

#endif
