// SHA-256 of files: what other people compare downloads by.

#ifndef VISE_FILES_HASH_SHA256_H
#define VISE_FILES_HASH_SHA256_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/context.h"
#include "engine/error.h"

// A hash being computed.  All-zero bytes is the closed one; close it in any state.
typedef struct vise_sha256 {
    void *state;
    bool broken;
} vise_sha256;

typedef struct vise_sha256_text {
    char hex[65];
} vise_sha256_text;

vise_status vise_sha256_open(vise_sha256 *out, vise_error *err); // E-MM-01
void vise_sha256_add(vise_sha256 *h, const void *data, int64_t size);
vise_status vise_sha256_finish(vise_sha256_text *out, vise_sha256 *h, vise_error *err);
void vise_sha256_close(vise_sha256 *h);

// Of a whole file.  Fails as vise_map_open(); E-RN-01 when somebody pressed Ctrl-C.
vise_status vise_sha256_file(const vise_context *ctx, vise_sha256_text *out, const char *path,
                             vise_error *err);

#endif
