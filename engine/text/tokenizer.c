#include "engine/text/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"

enum {
    MAX_PIECE = 1024, // bytes
    MAX_PIECES = 1 << 20,
    MAX_FILE = 64 << 20, // bytes
    ENTRY = 8,           // bytes before a piece's text: score and length
};

static int32_t read_i32(const uint8_t *p) {
    return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                     (uint32_t)p[3] << 24);
}

static float read_f32(const uint8_t *p) {
    int32_t bits = read_i32(p);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// One entry at `at`: its piece, still pointing into the file.
static vise_status read_entry(vise_piece *piece, const uint8_t *file, int64_t size, int64_t at,
                              int64_t id, int32_t longest, vise_error *err) {
    if (size - at < ENTRY) {
        return vise_fail(err, VISE_EFORMAT, "E-TK-01",
                         "piece %lld starts at byte %lld, but the file ends at %lld",
                         (long long)id, (long long)at, (long long)size);
    }
    *piece = (vise_piece){
        .score = read_f32(file + at), .size = read_i32(file + at + 4), .at = at + ENTRY};
    if (piece->size < 0 || piece->size > longest) {
        return vise_fail(err, VISE_EFORMAT, "E-TK-02",
                         "piece %lld has a length of %d, expected 0 to %d, the longest by the "
                         "file's first number",
                         (long long)id, piece->size, longest);
    }
    if (piece->size > size - piece->at) {
        return vise_fail(err, VISE_EFORMAT, "E-TK-01",
                         "piece %lld has %d bytes from byte %lld, but the file ends at %lld",
                         (long long)id, piece->size, (long long)piece->at, (long long)size);
    }
    if (!isfinite(piece->score)) {
        return vise_fail(err, VISE_EFORMAT, "E-TK-03", "the score of piece %lld is not finite",
                         (long long)id);
    }
    return VISE_OK;
}

static bool is_byte_piece(const vise_piece *piece, const uint8_t *file, int byte) {
    char want[8];
    snprintf(want, sizeof want, "<0x%02X>", byte);
    return piece->size == 6 && memcmp(file + piece->at, want, 6) == 0;
}

// First pass: checks every entry, counts them.
static vise_status check_file(int32_t *count, int32_t *longest, const uint8_t *file,
                              int64_t size, vise_error *err) {
    if (size > MAX_FILE) {
        return vise_fail(err, VISE_EFORMAT, "E-TK-04",
                         "the file has %lld bytes, expected at most %d", (long long)size,
                         MAX_FILE);
    }
    if (size < 4) {
        return vise_fail(err, VISE_EFORMAT, "E-TK-01",
                         "the file has %lld bytes, too few for a tokenizer", (long long)size);
    }
    *longest = read_i32(file);
    if (*longest < 1 || *longest > MAX_PIECE) {
        return vise_fail(err, VISE_EFORMAT, "E-TK-02",
                         "the longest piece is said to have %d bytes, expected 1 to %d",
                         *longest, MAX_PIECE);
    }
    int32_t id = 0;
    vise_piece piece = {0};
    for (int64_t at = 4; at < size; at = piece.at + piece.size, id++) {
        if (id == MAX_PIECES) {
            return vise_fail(err, VISE_EFORMAT, "E-TK-04", "more than %d pieces", MAX_PIECES);
        }
        vise_status st = read_entry(&piece, file, size, at, id, *longest, err);
        if (st) return st;
        int byte = id - VISE_TOKEN_BYTE;
        if (byte >= 0 && byte < 256 && !is_byte_piece(&piece, file, byte)) {
            return vise_fail(err, VISE_EFORMAT, "E-TK-05", "piece %d is not <0x%02X>", id,
                             byte);
        }
    }
    *count = id;
    if (id >= VISE_TOKEN_TEXT) return VISE_OK;
    return vise_fail(err, VISE_EFORMAT, "E-TK-05",
                     "%d pieces, expected at least %d: three marks and every byte", id,
                     VISE_TOKEN_TEXT);
}

static int compare_bytes(const char *a, int64_t na, const char *b, int64_t nb) {
    int order = memcmp(a, b, (size_t)(na < nb ? na : nb));
    return order ? order : na < nb ? -1 : na > nb;
}

static int compare_pieces(const void *a, const void *b, void *tokenizer) {
    const vise_tokenizer *t = tokenizer;
    int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;
    const vise_piece *p = &t->pieces[i], *q = &t->pieces[j];
    int order = compare_bytes(t->text + p->at, p->size, t->text + q->at, q->size);
    return order ? order : i < j ? -1 : i > j;
}

// Second pass, over a file that was checked.
static void fill(vise_tokenizer *t, const uint8_t *file) {
    int64_t at = 4, end = 0;
    for (int32_t id = 0; id < t->count; id++) {
        vise_piece *p = &t->pieces[id];
        *p = (vise_piece){
            .score = read_f32(file + at), .size = read_i32(file + at + 4), .at = end};
        const uint8_t *text = file + at + ENTRY;
        at += ENTRY + p->size;
        if (id < VISE_TOKEN_BYTE) {
            p->size = 0;
        } else if (id < VISE_TOKEN_TEXT) {
            p->size = 1;
            t->text[end] = (char)(id - VISE_TOKEN_BYTE);
        } else {
            memcpy(t->text + end, text, (size_t)p->size);
            t->sorted[id - VISE_TOKEN_TEXT] = id;
        }
        end += p->size;
    }
    qsort_r(t->sorted, (size_t)(t->count - VISE_TOKEN_TEXT), sizeof *t->sorted, compare_pieces,
            t);
}

vise_status vise_tokenizer_read(vise_tokenizer *out, const void *bytes, int64_t size,
                                vise_error *err) {
    vise_tokenizer t = {0};
    vise_status st = check_file(&t.count, &t.longest, bytes, size, err);
    if (st) return st;
    t.pieces = vise_calloc((size_t)t.count * sizeof *t.pieces);
    t.sorted = vise_calloc((size_t)t.count * sizeof *t.sorted);
    t.text = vise_calloc((size_t)size); // more than all pieces together
    if (!t.pieces || !t.sorted || !t.text) {
        vise_tokenizer_release(&t);
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a tokenizer of %d pieces",
                         t.count);
    }
    fill(&t, bytes);
    *out = t;
    return VISE_OK;
}

void vise_tokenizer_release(vise_tokenizer *t) {
    vise_free(t->pieces);
    vise_free(t->sorted);
    vise_free(t->text);
    *t = (vise_tokenizer){0};
}

int32_t vise_tokenizer_find(const vise_tokenizer *t, const char *text, int64_t size) {
    if (size > t->longest) return -1;
    int32_t low = 0, high = t->count - VISE_TOKEN_TEXT; // the first not below lies in between
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        const vise_piece *p = &t->pieces[t->sorted[middle]];
        if (compare_bytes(t->text + p->at, p->size, text, size) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == t->count - VISE_TOKEN_TEXT) return -1;
    const vise_piece *p = &t->pieces[t->sorted[low]];
    return compare_bytes(t->text + p->at, p->size, text, size) == 0 ? t->sorted[low] : -1;
}

vise_status vise_tokenizer_decode(const vise_tokenizer *t, const char **text, int64_t *size,
                                  int64_t id, bool first, vise_error *err) {
    if (id < 0 || id >= t->count) {
        return vise_fail(err, VISE_EINVAL, "E-TK-07", "no id %lld: they go from 0 to %d",
                         (long long)id, t->count - 1);
    }
    const vise_piece *p = &t->pieces[id];
    bool drop = first && p->size > 0 && t->text[p->at] == ' ';
    *text = t->text + p->at + drop;
    *size = p->size - drop;
    return VISE_OK;
}
