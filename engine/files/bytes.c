#include "engine/files/bytes.h"

#include <string.h>

#include "engine/mem.h"

vise_status vise_bytes_reserve(vise_bytes *b, int64_t more, vise_error *err) {
    if (more <= b->room - b->size) return VISE_OK;
    int64_t room = b->room < 128 ? 256 : b->room;
    while (room <= INT64_MAX / 2 && room - b->size < more) room *= 2;
    char *data = room - b->size < more ? NULL : vise_calloc((size_t)room);
    if (!data) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld bytes",
                         (long long)room);
    }
    if (b->size > 0) memcpy(data, b->data, (size_t)b->size);
    vise_free(b->data);
    b->data = data;
    b->room = room;
    return VISE_OK;
}

vise_status vise_bytes_add(vise_bytes *b, const void *s, int64_t size, vise_error *err) {
    vise_status st = vise_bytes_reserve(b, size, err);
    if (st) return st;
    if (size > 0) memcpy(b->data + b->size, s, (size_t)size);
    b->size += size;
    return VISE_OK;
}

vise_status vise_bytes_text(vise_bytes *b, const char *s, vise_error *err) {
    return vise_bytes_add(b, s, (int64_t)strlen(s), err);
}

void vise_bytes_release(vise_bytes *b) {
    vise_free(b->data);
    memset(b, 0, sizeof *b);
}
