// The leaves of JSON text: strings and numbers.

#ifndef VISE_FILES_JSON_WRITE_H
#define VISE_FILES_JSON_WRITE_H

#include "engine/files/bytes.h"

// A string in quotes: quotes, backslashes and control characters escaped, the rest as it is.
vise_status vise_json_string(vise_bytes *b, const char *s, int64_t size, vise_error *err);

// The shortest number that reads back as `x`, which is finite.
vise_status vise_json_number(vise_bytes *b, double x, vise_error *err);

#endif
