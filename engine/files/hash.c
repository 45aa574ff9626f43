#include "engine/files/hash.h"

#include <stdio.h>

#define XXH_STATIC_LINKING_ONLY // makes the state complete, so that it needs no allocation
#include <xxhash.h>

static vise_hash as_hex(XXH128_hash_t h) {
    vise_hash out;
    snprintf(out.hex, sizeof out.hex, "%016llx%016llx", (unsigned long long)h.high64,
             (unsigned long long)h.low64);
    return out;
}

vise_hash vise_hash_bytes(const void *data, int64_t size) {
    return as_hex(XXH3_128bits(data, (size_t)size));
}

vise_hash vise_hash_tensor(const vise_tensor *t) {
    if (vise_tensor_contiguous(t)) return vise_hash_bytes(t->data, vise_tensor_bytes(t));
    int64_t size = vise_dtype_size(t->dtype);
    const char *row = t->data;
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    for (int64_t i = 0; i < t->shape[0]; i++, row += t->stride * size) {
        XXH3_128bits_update(&state, row, (size_t)(t->shape[1] * size));
    }
    return as_hex(XXH3_128bits_digest(&state));
}
