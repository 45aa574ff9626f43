#include "engine/files/png.h"

#include <string.h>
#include <zlib.h>

#include "engine/mem.h"

static void *zlib_alloc(void *unused, unsigned items, unsigned size) {
    (void)unused;
    return vise_calloc((size_t)items * size);
}

static void zlib_free(void *unused, void *p) {
    (void)unused;
    vise_free(p);
}

static void put32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

// length, type, contents, CRC of type and contents
static vise_status add_chunk(vise_bytes *b, const char type[4], const void *data, int64_t size,
                             vise_error *err) {
    uint8_t word[4];
    put32(word, (uint32_t)size);
    vise_status st = vise_bytes_add(b, word, 4, err);
    if (!st) st = vise_bytes_add(b, type, 4, err);
    if (!st) st = vise_bytes_add(b, data, size, err);
    if (st) return st;
    const uint8_t *body = (const uint8_t *)b->data + b->size - size - 4;
    put32(word, (uint32_t)crc32_z(crc32_z(0, NULL, 0), body, (size_t)size + 4));
    return vise_bytes_add(b, word, 4, err);
}

// The rows, each behind a filter byte of 0 (none), as one zlib stream.
static vise_status compress_rows(vise_bytes *out, const vise_tensor *t, int64_t row_bytes,
                                 vise_error *err) {
    z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free};
    vise_bytes b = {0};
    vise_status st = VISE_OK;
    if (deflateInit(&z, 9) != Z_OK) goto no_memory;
    int64_t stride = t->ndim == 2 ? t->stride : row_bytes;
    st = vise_bytes_reserve(
        &b, (int64_t)deflateBound(&z, (uLong)(t->shape[0] * (row_bytes + 1))), err);
    if (st) goto done;
    z.next_out = (Bytef *)b.data;
    z.avail_out = (uInt)b.room;
    static const uint8_t no_filter = 0;
    for (int64_t y = 0; y < t->shape[0]; y++) {
        z.next_in = (z_const Bytef *)&no_filter;
        z.avail_in = 1;
        deflate(&z, Z_NO_FLUSH);
        z.next_in = (z_const Bytef *)t->data + y * stride;
        z.avail_in = (uInt)row_bytes;
        deflate(&z, y + 1 < t->shape[0] ? Z_NO_FLUSH : Z_FINISH);
    }
    b.size = (int64_t)z.total_out;
    *out = b;
    deflateEnd(&z);
    return VISE_OK;

no_memory:
    st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to compress a picture");
done:
    deflateEnd(&z);
    vise_bytes_release(&b);
    return st;
}

vise_status vise_png(vise_bytes *out, const vise_tensor *t, vise_error *err) {
    char text[96];
    if (t->dtype != VISE_U8) {
        return vise_fail(err, VISE_EINVAL, "E-TN-04", "a picture is u8, this tensor is %s",
                         vise_tensor_describe(text, sizeof text, t));
    }
    bool rgb = t->ndim == 3 && t->shape[2] == 3;
    int64_t most = 1 << 30, count = vise_tensor_count(t);
    // 1 GiB with the filter bytes keeps every size below within zlib's 32 bits.
    bool fits = count > 0 && count <= most && count + t->shape[0] <= most;
    if ((t->ndim != 2 && !rgb) || !fits) {
        return vise_fail(
            err, VISE_EINVAL, "E-TN-01",
            "a picture is [height, width] or [height, width, 3] of at most 1 GiB, this "
            "tensor is %s",
            vise_tensor_describe(text, sizeof text, t));
    }
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t header[13] = {[8] = 8, [9] = rgb ? 2 : 0}; // bits, colour type
    put32(header, (uint32_t)t->shape[1]);
    put32(header + 4, (uint32_t)t->shape[0]);
    vise_bytes pixels = {0}, b = {0};
    vise_status st = compress_rows(&pixels, t, t->shape[1] * (rgb ? 3 : 1), err);
    if (!st) st = vise_bytes_add(&b, signature, sizeof signature, err);
    if (!st) st = add_chunk(&b, "IHDR", header, sizeof header, err);
    if (!st) st = add_chunk(&b, "IDAT", pixels.data, pixels.size, err);
    if (!st) st = add_chunk(&b, "IEND", "", 0, err);
    vise_bytes_release(&pixels);
    if (st) {
        vise_bytes_release(&b);
        return st;
    }
    *out = b;
    return VISE_OK;
}
