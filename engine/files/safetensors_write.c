#include "engine/files/safetensors_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/files/disk.h"
#include "engine/files/json_write.h"
#include "engine/files/safetensors_header.h"
#include "engine/files/text.h"

static int by_key(const void *a, const void *b) {
    const vise_st_text *x = &((const vise_st_pair *)a)->key,
                       *y = &((const vise_st_pair *)b)->key;
    int order = memcmp(x->text, y->text, (size_t)(x->size < y->size ? x->size : y->size));
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static vise_status add_metadata(vise_bytes *b, const vise_st_contents *c, vise_error *err) {
    qsort(c->metadata, (size_t)c->pairs, sizeof *c->metadata, by_key);
    vise_status st = vise_bytes_text(b, "\"__metadata__\":{", err);
    for (int64_t i = 0; i < c->pairs && !st; i++) {
        const vise_st_pair *p = &c->metadata[i];
        if (i > 0) st = vise_bytes_text(b, ",", err);
        if (!st) st = vise_json_string(b, p->key.text, p->key.size, err);
        if (!st) st = vise_bytes_text(b, ":", err);
        if (!st) st = vise_json_string(b, p->value.text, p->value.size, err);
    }
    return st ? st : vise_bytes_text(b, "}", err);
}

// Adds one tensor that begins at `*at`, and moves `*at` to its end.
static vise_status add_entry(vise_bytes *b, const vise_st_entry *e, int64_t *at,
                             vise_error *err) {
    char text[VISE_MAX_RANK * 21 + 160];
    int64_t bytes = vise_dtype_size(e->dtype);
    int n = snprintf(text, sizeof text, ":{\"dtype\":\"%s\",\"shape\":[",
                     vise_st_type_name(e->dtype));
    for (int d = 0; d < e->ndim; d++) {
        bool fits = e->shape[d] >= 0 && !__builtin_mul_overflow(bytes, e->shape[d], &bytes);
        if (!fits) {
            return vise_fail(err, VISE_EINVAL, "E-ST-19", "tensor \"%s\": impossible shape",
                             vise_show(e->name.text, e->name.size).text);
        }
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%lld", d ? "," : "",
                      (long long)e->shape[d]);
    }
    int64_t end;
    if (__builtin_add_overflow(*at, bytes, &end)) {
        return vise_fail(err, VISE_EINVAL, "E-ST-19",
                         "the file would be larger than 2^63 bytes");
    }
    snprintf(text + n, sizeof text - (size_t)n, "],\"data_offsets\":[%lld,%lld]}",
             (long long)*at, (long long)end);
    *at = end;
    vise_status st = vise_json_string(b, e->name.text, e->name.size, err);
    return st ? st : vise_bytes_text(b, text, err);
}

// The reader's own parser judges the header, so nothing is written that cannot be read.
static vise_status check_header(const vise_bytes *b, int64_t data, vise_error *err) {
    vise_st_header header = {0};
    if (b->size - 8 > VISE_ST_MAX_HEADER) {
        return vise_fail(err, VISE_EINVAL, "E-ST-05",
                         "the header would be larger than the limit of the format");
    }
    vise_status st = vise_st_parse(&header, "(to be written)", (const uint8_t *)b->data + 8,
                                   b->size - 8, data, VISE_ST_MAX_HEADER / 49, err);
    vise_st_release(&header);
    if (st == VISE_EFORMAT) {
        st = VISE_EINVAL;
        if (err) err->status = st;
    }
    return st;
}

vise_status vise_safetensors_layout(vise_bytes *header, int64_t *file_size,
                                    const vise_st_contents *c, vise_error *err) {
    vise_bytes b = {0};
    int64_t at = 0;
    vise_status st = vise_bytes_add(&b, "\0\0\0\0\0\0\0\0{", 9, err);
    if (!st && c->pairs > 0) st = add_metadata(&b, c, err);
    for (int64_t i = 0; i < c->count && !st; i++) {
        if (i > 0 || c->pairs > 0) st = vise_bytes_text(&b, ",", err);
        if (!st) st = add_entry(&b, &c->entries[i], &at, err);
    }
    if (!st) st = vise_bytes_text(&b, "}", err);
    while (!st && b.size % 8 != 0) st = vise_bytes_text(&b, " ", err);
    if (!st) st = check_header(&b, at, err);
    if (st) goto done;
    for (int i = 0; i < 8; i++) b.data[i] = (char)((b.size - 8) >> 8 * i & 0xff);
    *file_size = b.size + at;
    *header = b;
    return VISE_OK;

done:
    vise_bytes_release(&b);
    return st;
}

static vise_status write_tensor(vise_disk_file *f, const vise_tensor *t, vise_error *err) {
    if (vise_tensor_contiguous(t))
        return vise_disk_write(f, t->data, vise_tensor_bytes(t), err);
    int64_t size = vise_dtype_size(t->dtype), step = t->stride * size;
    const char *row = t->data;
    vise_status st = VISE_OK;
    for (int64_t i = 0; i < t->shape[0] && !st; i++, row += step) {
        st = vise_disk_write(f, row, t->shape[1] * size, err);
    }
    return st;
}

vise_status vise_safetensors_write(vise_sha256_text *hash, const char *path,
                                   const vise_st_contents *c, vise_error *err) {
    vise_bytes header = {0};
    vise_disk_file f = {0};
    vise_sha256 digest = {0};
    int64_t file_size;
    vise_status st = vise_safetensors_layout(&header, &file_size, c, err);
    if (!st) st = vise_sha256_open(&digest, err);
    if (!st) st = vise_disk_create(&f, path, err);
    if (!st) f.digest = &digest;
    if (!st) st = vise_disk_write(&f, header.data, header.size, err);
    for (int64_t i = 0; i < c->count && !st; i++) {
        st = write_tensor(&f, c->entries[i].tensor, err);
    }
    if (!st) st = vise_sha256_finish(hash, &digest, err);
    if (!st) st = vise_disk_finish(&f, err);
    vise_disk_abandon(&f);
    vise_sha256_close(&digest);
    vise_bytes_release(&header);
    return st;
}
