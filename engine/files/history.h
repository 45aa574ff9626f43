// A file of lines that several programs add to at once: what was typed at a prompt.
//
// Errors are those of disk.h.

#ifndef VISE_FILES_HISTORY_H
#define VISE_FILES_HISTORY_H

#include <stdint.h>

#include "engine/error.h"

// Adds `size` bytes, whole lines, to the end of the file, which only its owner may read and
// which is made if need be.  A file that then has more than 2 * `lines` lines is cut down to
// its last `lines` in place, under a lock; a crash in the middle loses none of those.
vise_status vise_history_append(const char *path, const char *text, int64_t size, int64_t lines,
                                vise_error *err);

#endif
