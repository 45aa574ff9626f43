// A growing run of bytes in counted memory.  All-zero bytes is the empty one; release it in
// any state.

#ifndef VISE_FILES_BYTES_H
#define VISE_FILES_BYTES_H

#include <stdint.h>

#include "engine/error.h"

typedef struct vise_bytes {
    char *data;
    int64_t size, room;
} vise_bytes;

// Makes room for `more` bytes past the end.  VISE_ENOMEM, and the contents stay.
vise_status vise_bytes_reserve(vise_bytes *b, int64_t more, vise_error *err);
vise_status vise_bytes_add(vise_bytes *b, const void *s, int64_t size, vise_error *err);
vise_status vise_bytes_text(vise_bytes *b, const char *s, vise_error *err);
void vise_bytes_release(vise_bytes *b);

#endif
