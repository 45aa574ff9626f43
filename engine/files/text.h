// Text from strangers: is it UTF-8, and how is it shown in a message.

#ifndef VISE_FILES_TEXT_H
#define VISE_FILES_TEXT_H

#include <stdbool.h>
#include <stdint.h>

// The bytes of the UTF-8 character at `s` (1 to 4, `left` bytes remain), 0 if it is none.
// `*code` gets the code point.
int vise_utf8_next(uint32_t *code, const uint8_t *s, int64_t left);

// Index of the first byte that is not UTF-8, -1 if all of them are.
int64_t vise_utf8_check(const uint8_t *s, int64_t size);

// Is it a character that a terminal acts on, hides, or reorders a line by?
bool vise_is_hidden(uint32_t code);

// How a name of a file, a tensor or a field stands in a message: control characters,
// characters that reorder the line, quotes and bytes that are not UTF-8 are escaped, and a
// long name is cut with "...".
enum { VISE_SHOWN = 160 };
typedef struct vise_shown {
    char text[VISE_SHOWN];
} vise_shown;
vise_shown vise_show(const void *s, int64_t size);
vise_shown vise_show_path(const char *path); // of a NUL-terminated path

// 4294967295 as "4,294,967,295".
typedef struct vise_digits {
    char text[32];
} vise_digits;
vise_digits vise_digits_of(uint64_t n);

#endif
