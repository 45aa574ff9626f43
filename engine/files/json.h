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

typedef struct cJSON vise_json; // a value in a tree

// Checks and parses.  `text` is NUL-terminated at `size`; `what` names it in messages.
vise_status vise_json_parse(vise_json **out, const char *text, int64_t size, const char *what,
                            vise_error *err);
void vise_json_release(vise_json *tree);

typedef enum vise_json_kind {
    VISE_JSON_NULL,
    VISE_JSON_FALSE,
    VISE_JSON_TRUE,
    VISE_JSON_NUMBER,
    VISE_JSON_STRING,
    VISE_JSON_ARRAY,
    VISE_JSON_OBJECT,
} vise_json_kind;
vise_json_kind vise_json_kind_of(const vise_json *v);
const vise_json *vise_json_first(const vise_json *v); // of an array or object, NULL if empty
const vise_json *vise_json_next(const vise_json *v);  // beside it, NULL at the end
const char *vise_json_key(const vise_json *v);        // of a member of an object
const char *vise_json_text(const vise_json *v);       // of a string
double vise_json_value(const vise_json *v);           // of a number

#endif
