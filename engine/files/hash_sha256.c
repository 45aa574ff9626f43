#include "engine/files/hash_sha256.h"

#include <stdio.h>

#include <openssl/evp.h>

#include "engine/files/map.h"

vise_status vise_sha256_open(vise_sha256 *out, vise_error *err) {
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    if (!state || EVP_DigestInit_ex(state, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(state);
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to compute a SHA-256");
    }
    *out = (vise_sha256){.state = state};
    return VISE_OK;
}

void vise_sha256_add(vise_sha256 *h, const void *data, int64_t size) {
    if (EVP_DigestUpdate(h->state, data, (size_t)size) != 1) h->broken = true;
}

vise_status vise_sha256_finish(vise_sha256_text *out, vise_sha256 *h, vise_error *err) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (h->broken || EVP_DigestFinal_ex(h->state, digest, &size) != 1 || size != 32) {
        return vise_fail(err, VISE_EHOST, "E-HW-06", "libcrypto did not compute a SHA-256");
    }
    for (unsigned i = 0; i < size; i++) snprintf(out->hex + 2 * i, 3, "%02x", digest[i]);
    return VISE_OK;
}

void vise_sha256_close(vise_sha256 *h) {
    EVP_MD_CTX_free(h->state);
    *h = (vise_sha256){0};
}

vise_status vise_sha256_file(const vise_context *ctx, vise_sha256_text *out, const char *path,
                             vise_error *err) {
    enum { CHUNK = 8 << 20 };
    vise_map *map = NULL;
    vise_sha256 h = {0};
    vise_status st = vise_map_open(&map, path, err);
    if (!st) st = vise_map_check(map, err);
    if (!st) st = vise_sha256_open(&h, err);
    if (st) goto done;
    int64_t size = vise_map_size(map);
    for (int64_t at = 0; at < size; at += CHUNK) {
        if (ctx->cancel && atomic_load(ctx->cancel)) {
            st = vise_fail(err, VISE_ECANCEL, "E-RN-01", "interrupted");
            goto done;
        }
        vise_sha256_add(&h, vise_map_data(map) + at, size - at < CHUNK ? size - at : CHUNK);
    }
    st = vise_sha256_finish(out, &h, err);

done:
    vise_sha256_close(&h);
    vise_map_drop(map);
    return st;
}
