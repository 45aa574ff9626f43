// XXH3-128: finds damage, does not stop an attacker.

#ifndef VISE_FILES_HASH_H
#define VISE_FILES_HASH_H

#include "engine/tensor.h"

typedef struct vise_hash {
    char hex[33]; // 32 digits, most significant first
} vise_hash;

vise_hash vise_hash_bytes(const void *data, int64_t size);
vise_hash vise_hash_tensor(const vise_tensor *t); // of the elements in row-major order

#endif
