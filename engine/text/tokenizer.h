// The tokenizer of llama2.c: pieces with scores, byte-pair encoding by best score, bytes for
// whatever has no piece.
//
// The file: an i32, the length of the longest piece; then for each id from 0 an f32 score, an
// i32 length and that many bytes, all little-endian, to the end of the file.  Ids 0, 1 and 2
// are unknown, begin and end of text; ids 3 to 258 are the bytes, spelled "<0x00>" to "<0xFF>".

#ifndef VISE_TEXT_TOKENIZER_H
#define VISE_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/error.h"
#include "engine/tensor.h"

enum {
    VISE_TOKEN_BEGIN = 1,
    VISE_TOKEN_END = 2,
    VISE_TOKEN_BYTE = 3,   // the id of byte 0
    VISE_TOKEN_TEXT = 259, // the first id that is a piece of text
};

typedef struct vise_piece {
    int64_t at; // in `text`
    int32_t size;
    float score;
} vise_piece;

// All-zero bytes is the closed tokenizer.
typedef struct vise_tokenizer {
    int32_t count;      // ids
    int32_t longest;    // bytes of the longest piece
    vise_piece *pieces; // [count]; a byte's piece is that byte, those of ids 0 to 2 are empty
    int32_t *sorted;    // [count - 259]: text pieces by their bytes, equal ones by id
    char *text;
} vise_tokenizer;

// Reads a tokenizer from the bytes of a file.  `*out` is untouched on failure.  VISE_EFORMAT:
// E-TK-01 cut short, E-TK-02 impossible length, E-TK-03 score that is not finite, E-TK-04 too
// large, E-TK-05 byte pieces missing.
vise_status vise_tokenizer_read(vise_tokenizer *out, const void *bytes, int64_t size,
                                vise_error *err);
void vise_tokenizer_release(vise_tokenizer *t);

// The id of a text piece, -1 if there is none of these bytes.
int32_t vise_tokenizer_find(const vise_tokenizer *t, const char *text, int64_t size);

// Makes `*ids`, an i32 tensor of the text's ids.  A text that is not empty is encoded as if a
// space stood before it.  Time n log n for n bytes.  E-TK-06 past VISE_TOKENIZER_MAX_TEXT.
vise_status vise_tokenizer_encode(const vise_tokenizer *t, vise_tensor *ids, const char *text,
                                  int64_t size, vise_error *err);
enum { VISE_TOKENIZER_MAX_TEXT = 1 << 24 }; // bytes

// The bytes that `id` adds to a text; at its start (`first`) a leading space is dropped, the
// one that encoding put there.  They live as long as the tokenizer.  E-TK-07: no such id.
vise_status vise_tokenizer_decode(const vise_tokenizer *t, const char **text, int64_t *size,
                                  int64_t id, bool first, vise_error *err);

#endif
