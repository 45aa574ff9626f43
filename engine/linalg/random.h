// Random numbers: the Mersenne twister MT19937, and the draws of PyTorch's CPU generator, so
// that a seed means the same numbers here and there.
//
//   uniform  (32 bits & 0xffffff) 2^-24
//   real     two 32-bit draws, high first; the low 53 bits times 2^-53
//   normal   16 or more: a uniform for each, then in blocks of 16 the pairs (i, i + 8) become
//            rho cos(theta), rho sin(theta), with rho = sqrt(-2 ln(1 - u_i)) and
//            theta = 2 pi u_{i+8}, in f32; when 16 does not divide the count, 16 more
//            uniforms are drawn and the last 16 numbers made anew.
//            fewer: one after the other, in double, from two reals u, v:
//            rho = sqrt(-2 ln(1 - v)), theta = 2 pi u; the cosine comes first and the sine is
//            kept for the next number, in the next call if need be.

#ifndef VISE_LINALG_RANDOM_H
#define VISE_LINALG_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/context.h"

typedef struct vise_random {
    uint32_t state[624];
    int at;        // how many numbers of `state` are used up
    bool has_next; // `next` is a normal number not yet given out
    double next;
} vise_random;

void vise_random_seed(vise_random *r, uint32_t seed);
uint32_t vise_random_u32(vise_random *r);
double vise_random_real(vise_random *r);
void vise_random_uniform(vise_random *r, float *y, int64_t n);
void vise_random_normal(vise_random *r, float *y, int64_t n);
// The same numbers, made by the pool.  E-RN-01.
vise_status vise_random_normal_run(const vise_context *ctx, vise_random *r, float *y, int64_t n,
                                   vise_error *err);

#endif
