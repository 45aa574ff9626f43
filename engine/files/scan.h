// Reading JSON text without building anything: a cursor, string literals, and the set of keys
// seen so far.  Shared by the safetensors header and the strict JSON check.  The text is UTF-8
// that vise_utf8_check() has passed.

#ifndef VISE_FILES_SCAN_H
#define VISE_FILES_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/error.h"

typedef struct vise_scan {
    const uint8_t *text;
    int64_t size, at;
} vise_scan;

// What lies between the quotes of a string literal.
typedef struct vise_span {
    int64_t at, size; // in the text, escapes not decoded
    bool escaped;     // holds a backslash
    bool nul;         // holds \u0000
} vise_span;

typedef enum vise_scan_result {
    VISE_SCAN_OK,
    VISE_SCAN_CUT,     // the text ends before the string does
    VISE_SCAN_QUOTE,   // no string starts here
    VISE_SCAN_CONTROL, // a raw control character
    VISE_SCAN_ESCAPE,  // an escape that JSON does not have, or half a surrogate pair
} vise_scan_result;

// The byte at the cursor, -1 at the end.
int vise_scan_peek(const vise_scan *s);
void vise_scan_space(vise_scan *s); // moves past JSON's four kinds of space
bool vise_scan_accept(vise_scan *s, char c);

// Reads a string literal and moves past it; on failure the cursor stands at the fault.
vise_scan_result vise_scan_string(vise_scan *s, vise_span *out);

// Decodes one character of a span: the UTF-8 bytes of it (1 to 4) go to `out`, the cursor
// `*at` (from span.at) moves on.  Returns their number, 0 at the end of the span.
int vise_span_next(char out[4], const uint8_t *text, const vise_span *span, int64_t *at);
// Decodes a whole span; `out` has room for span->size bytes.  Returns how many it took.
int64_t vise_span_decode(char *out, const uint8_t *text, const vise_span *span);
int64_t vise_span_length(const uint8_t *text, const vise_span *span); // decoded bytes
bool vise_span_is(const uint8_t *text, const vise_span *span, const char *s, int64_t size);

// The keys seen so far, as places in the text: one number a key and two a slot, whatever the
// length of the names.  A key belongs to a scope, so one set serves nested objects.
typedef struct vise_keys {
    const uint8_t *text;
    struct vise_key *keys;
    uint32_t *slots; // number of the key + 1, 0 when free
    int64_t count, room, slot_count;
    uint64_t seed;
} vise_keys;

typedef struct vise_key {
    uint32_t at, size, scope;
    bool escaped;
} vise_key;

// Room for `room` keys; vise_keys_add() grows it.  The text is shorter than 4 GiB.
vise_status vise_keys_open(vise_keys *keys, const uint8_t *text, int64_t room, vise_error *err);
void vise_keys_release(vise_keys *keys);
// Adds a key.  `*first` gets its number, or the number of the equal one that is there already.
vise_status vise_keys_add(vise_keys *keys, const vise_span *span, uint32_t scope,
                          int64_t *first, vise_error *err);
// The number of a key by its decoded bytes, -1 if there is none.
int64_t vise_keys_find(const vise_keys *keys, const char *name, int64_t size, uint32_t scope);
vise_span vise_keys_span(const vise_keys *keys, int64_t number);

#endif
