#include "engine/linalg/random.h"

#include <math.h>
#include <stddef.h>

enum { N = 624, M = 397, BLOCK = 16, TILE_BLOCKS = 512 };

static const double TWO_PI = 6.28318530717958647692;

void vise_random_seed(vise_random *r, uint32_t seed) {
    r->state[0] = seed;
    for (uint32_t i = 1; i < N; i++) {
        uint32_t last = r->state[i - 1];
        r->state[i] = 1812433253u * (last ^ last >> 30) + i;
    }
    r->at = N;
    r->has_next = false;
    r->next = 0;
}

static void refill(vise_random *r) {
    uint32_t *s = r->state;
    for (int i = 0; i < N; i++) {
        uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % N] & 0x7fffffffu);
        s[i] = s[(i + M) % N] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    r->at = 0;
}

uint32_t vise_random_u32(vise_random *r) {
    if (r->at == N) refill(r);
    uint32_t y = r->state[r->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

double vise_random_real(vise_random *r) {
    uint64_t high = vise_random_u32(r);
    uint64_t bits = high << 32 | vise_random_u32(r);
    return (double)(bits & 0x1fffffffffffffu) * 0x1p-53;
}

void vise_random_uniform(vise_random *r, float *y, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = (float)(vise_random_u32(r) & 0xffffffu) * 0x1p-24f;
}

// Sixteen uniforms to sixteen normals, in place.  Each step is rounded to f32; the functions
// are computed in double, so that every machine gives the same f32.
static void transform_block(float *y) {
    for (int i = 0; i < BLOCK / 2; i++) {
        float log_u = (float)log((double)(1.0f - y[i]));
        float rho = sqrtf(-2.0f * log_u);
        float theta = (float)TWO_PI * y[i + BLOCK / 2];
        y[i] = rho * (float)cos((double)theta);
        y[i + BLOCK / 2] = rho * (float)sin((double)theta);
    }
}

static double one_normal(vise_random *r) {
    if (r->has_next) {
        r->has_next = false;
        return r->next;
    }
    double u = vise_random_real(r), v = vise_random_real(r);
    double rho = sqrt(-2 * log1p(-v));
    r->next = rho * sin(TWO_PI * u);
    r->has_next = true;
    return rho * cos(TWO_PI * u);
}

typedef struct normal_job {
    float *y;
    int64_t blocks;
} normal_job;

static void normal_tile(void *job, int64_t tile) {
    const normal_job *j = job;
    int64_t first = tile * TILE_BLOCKS, end = first + TILE_BLOCKS;
    for (int64_t i = first; i < end && i < j->blocks; i++) transform_block(j->y + i * BLOCK);
}

// The blocks that overlap no other, by `ctx` or, if that is NULL, one after the other.
static vise_status transform(const vise_context *ctx, float *y, int64_t blocks,
                             vise_error *err) {
    normal_job j = {y, blocks};
    int64_t tiles = (blocks + TILE_BLOCKS - 1) / TILE_BLOCKS;
    if (ctx) return vise_parallel(ctx, tiles, normal_tile, &j, err);
    for (int64_t i = 0; i < tiles; i++) normal_tile(&j, i);
    return VISE_OK;
}

static vise_status normal(const vise_context *ctx, vise_random *r, float *y, int64_t n,
                          vise_error *err) {
    if (n < BLOCK) {
        for (int64_t i = 0; i < n; i++) y[i] = (float)one_normal(r);
        return VISE_OK;
    }
    vise_random_uniform(r, y, n);
    vise_status st = transform(ctx, y, n / BLOCK, err);
    if (!st && n % BLOCK) {
        vise_random_uniform(r, y + n - BLOCK, BLOCK);
        transform_block(y + n - BLOCK);
    }
    return st;
}

void vise_random_normal(vise_random *r, float *y, int64_t n) {
    normal(NULL, r, y, n, NULL);
}

vise_status vise_random_normal_run(const vise_context *ctx, vise_random *r, float *y, int64_t n,
                                   vise_error *err) {
    return normal(ctx, r, y, n, err);
}
