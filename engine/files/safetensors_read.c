#include "engine/files/safetensors_read.h"

#include <string.h>
#include <strings.h>

#include "engine/files/text.h"
#include "engine/mem.h"

enum { LENGTH = 8 }; // bytes of the little-endian header length

// What the file might be instead.  Asked only when its header length is impossible, so no
// readable file is misjudged.
static vise_status sniff(const char *shown, const uint8_t *data, int64_t size,
                         vise_error *err) {
    static const char lfs[] = "version https://git-lfs";
    char head[256] = {0};
    memcpy(head, data, (size_t)(size < 255 ? size : 255));
    if (strncmp(head, lfs, sizeof lfs - 1) == 0) {
        const char *bytes = strstr(head, "\nsize ");
        int digits = bytes ? (int)strspn(bytes + 6, "0123456789") : 0;
        return vise_fail(err, VISE_EFORMAT, "E-HF-07",
                         "%s: a Git-LFS pointer (size in it: %.*s), the weights were not "
                         "downloaded",
                         shown, bytes ? digits : 1, bytes ? bytes + 6 : "?");
    }
    const char *p = head + strspn(head, " \t\r\n");
    bool html = strncasecmp(p, "<!doctype", 9) == 0 || strncasecmp(p, "<html", 5) == 0 ||
                strncasecmp(p, "<?xml", 5) == 0;
    if (html || strncmp(p, "{\"", 2) == 0) {
        return vise_fail(err, VISE_EFORMAT, "E-HF-08",
                         "%s: looks like %s, not safetensors: failed download?", shown,
                         html ? "HTML" : "JSON");
    }
    bool zip = memcmp(head, "PK\3\4", 4) == 0;
    bool pickle = data[0] == 0x80 && size > 2 && data[1] >= 2 && data[1] <= 5;
    if (zip || pickle) {
        return vise_fail(err, VISE_EFORMAT, "E-HF-09",
                         "%s: looks like a pickle checkpoint; those can run code and are not "
                         "read: convert it to safetensors first",
                         shown);
    }
    return VISE_OK;
}

// Reads the length and says where the header is.
static vise_status find_header(const vise_map *map, int64_t *length, vise_error *err) {
    const uint8_t *data = vise_map_data(map);
    int64_t size = vise_map_size(map);
    vise_shown shown = vise_show_path(vise_map_path(map));
    if (size == 0) {
        return vise_fail(err, VISE_EFORMAT, "E-ST-01",
                         "%s: file is empty, a safetensors file needs at least 10 bytes",
                         shown.text);
    }
    if (size < LENGTH) {
        return vise_fail(err, VISE_EFORMAT, "E-ST-02",
                         "%s: too short for the 8-byte header length (has %lld)", shown.text,
                         (long long)size);
    }
    uint64_t n = 0;
    for (int i = LENGTH - 1; i >= 0; i--) n = n << 8 | data[i];
    if (n == 0) {
        return vise_fail(err, VISE_EFORMAT, "E-ST-03",
                         "%s: header length is 0, expected 2 or more", shown.text);
    }
    if (n > (uint64_t)(size - LENGTH)) {
        vise_status st = sniff(shown.text, data, size, err);
        if (st) return st;
        return vise_fail(err, VISE_EFORMAT, n > INT64_MAX ? "E-ST-06" : "E-ST-04",
                         "%s: header says %s bytes but the file has %s: truncated download?",
                         shown.text, vise_digits_of(n).text,
                         vise_digits_of((uint64_t)size).text);
    }
    if (n > VISE_ST_MAX_HEADER) {
        return vise_fail(
            err, VISE_EFORMAT, "E-ST-05",
            "%s: header of %s bytes is larger than the %s-byte limit of the format", shown.text,
            vise_digits_of(n).text, vise_digits_of(VISE_ST_MAX_HEADER).text);
    }
    *length = (int64_t)n;
    return VISE_OK;
}

vise_status vise_safetensors_open(vise_safetensors *out, const char *path, int64_t max_tensors,
                                  vise_error *err) {
    vise_safetensors f = {0};
    int64_t length = 0;
    vise_status st = vise_map_open(&f.map, path, err);
    if (!st) st = find_header(f.map, &length, err);
    if (st) goto done;
    f.data_at = LENGTH + length;
    f.text = vise_calloc((size_t)length);
    if (!f.text) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a header of %lld bytes",
                       (long long)length);
        goto done;
    }
    memcpy(f.text, vise_map_data(f.map) + LENGTH, (size_t)length);
    st = vise_st_parse(&f.header, path, f.text, length, vise_map_size(f.map) - f.data_at,
                       max_tensors, err);
    if (st) goto done;
    *out = f;
    return VISE_OK;

done:
    vise_safetensors_close(&f);
    return st;
}

void vise_safetensors_close(vise_safetensors *f) {
    vise_st_release(&f->header);
    vise_free(f->text);
    vise_map_drop(f->map);
    memset(f, 0, sizeof *f);
}

int64_t vise_safetensors_find(const vise_safetensors *f, const char *name, int64_t size) {
    return vise_keys_find(&f->header.names, name, size, 0);
}

vise_st_view vise_safetensors_view(const vise_safetensors *f, int64_t i) {
    const vise_st_record *r = &f->header.records[i];
    const vise_st_type *type = vise_st_type_of(r);
    vise_st_view v = {.dtype = type->dtype};
    v.ndim = vise_st_shape(&f->header, i, v.shape);
    bool known = type->dtype != VISE_DTYPE_COUNT;
    if (!known) v.dtype = VISE_U8;
    if (v.ndim > VISE_MAX_RANK || (!known && type->bits != 8)) {
        v = (vise_st_view){.dtype = VISE_U8, .ndim = 1, .shape = {r->end - r->begin}};
    }
    return v;
}

vise_status vise_safetensors_tensor(vise_tensor *out, const vise_safetensors *f, int64_t i,
                                    vise_error *err) {
    vise_status st = vise_map_check(f->map, err);
    if (st) return st;
    const vise_st_record *r = &f->header.records[i];
    vise_st_view v = vise_safetensors_view(f, i);
    const uint8_t *bytes = vise_map_data(f->map) + f->data_at + r->begin;
    if ((uintptr_t)bytes % (uintptr_t)vise_dtype_size(v.dtype) != 0) {
        st = vise_tensor_new(out, v.dtype, v.ndim, v.shape, err);
        if (!st) memcpy(out->data, bytes, (size_t)(r->end - r->begin));
        return st;
    }
    // The tensor is read-only, so that the cast takes no promise away.
    st = vise_tensor_wrap(out, v.dtype, v.ndim, v.shape, (void *)(uintptr_t)bytes, true,
                          vise_map_drop, f->map, err);
    if (!st) vise_map_hold(f->map);
    return st;
}
