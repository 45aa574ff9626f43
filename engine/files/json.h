// JSON documents from strangers.  A strict check reads the text first, so that cJSON only sees
// what is legal: UTF-8, nesting to 64, no duplicate keys, no NUL in strings, no leading zeros,
// finite numbers, nothing after the value, at most 64 MiB and 1,000,000 values.
//
// Errors (VISE_EFORMAT), each with line and column: E-JS-01 syntax, E-JS-02 the text ends too
// early, E-JS-03 not UTF-8, E-JS-04 bad string, E-JS-05 NUL in a string, E-JS-06 bad number,
// E-JS-07 duplicate key, E-JS-08 nests too deeply, E-JS-09 something follows, E-JS-10 too
// large.

#ifndef VISE_FILES_JSON_H
#define VISE_FILES_JSON_H

#include <stdint.h>

#include "engine/error.h"

enum {
    VISE_JSON_DEEPEST = 64,
    VISE_JSON_LARGEST = 64 << 20, // bytes of text
    VISE_JSON_MOST = 1000000,     // values: cJSON takes 64 bytes for each
};

struct cJSON;

// `what` names the document in messages.
vise_status vise_json_check(const char *text, int64_t size, const char *what, vise_error *err);

// Checks and parses.  `text` is NUL-terminated at `size`.
vise_status vise_json_parse(struct cJSON **out, const char *text, int64_t size,
                            const char *what, vise_error *err);
void vise_json_release(struct cJSON *tree);

#endif
