// A regular file, mapped read-only.  Counted holds: every tensor over the file keeps it
// mapped.  Anything that is not a regular file is refused before it is read.

#ifndef VISE_FILES_MAP_H
#define VISE_FILES_MAP_H

#include <stdint.h>

#include "engine/error.h"

typedef struct vise_map vise_map;

// E-HF-10: not a regular file.  E-HF-11: a link that leads nowhere.  E-FS-..: the operating
// system refused.
vise_status vise_map_open(vise_map **out, const char *path, vise_error *err);
void vise_map_hold(vise_map *map);
void vise_map_drop(void *map); // the last one unmaps; NULL is fine

const uint8_t *vise_map_data(const vise_map *map); // NULL when the file is empty
int64_t vise_map_size(const vise_map *map);
const char *vise_map_path(const vise_map *map); // as it was given

// Has the file kept its size and its time of change since it was opened?  E-HF-12.  Reading
// past the end of a file that shrank kills the process, so ask before a long read.
vise_status vise_map_check(const vise_map *map, vise_error *err);

#endif
