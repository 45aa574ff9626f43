// Byte-pair encoding: of all neighbours that together are a piece, merge the pair with the best
// score, the leftmost among equals, until none is left.
//
// The symbols are a linked list over the text, the candidate pairs a heap.  A merge leaves the
// candidates it outdates in the heap; they are known by their length when they come up.

#include <string.h>

#include "engine/mem.h"
#include "engine/text/tokenizer.h"

typedef struct symbol {
    int32_t at, size;       // in the text; size 0: merged into the one before
    int32_t previous, next; // -1: none
    int32_t id;
} symbol;

typedef struct pair {
    float score;
    int32_t left; // symbol
    int32_t size; // bytes of both together
    int32_t id;   // of the piece they make
} pair;

typedef struct encoder {
    const vise_tokenizer *tokenizer;
    char *text; // a space, then the text
    int32_t size;
    symbol *symbols;
    int32_t count;
    pair *heap;
    int32_t pairs;
} encoder;

static bool before(const pair *a, const pair *b) {
    return a->score != b->score ? a->score > b->score : a->left < b->left;
}

static void heap_push(encoder *e, pair p) {
    int32_t i = e->pairs++;
    for (int32_t parent; i > 0 && before(&p, &e->heap[parent = (i - 1) / 2]); i = parent) {
        e->heap[i] = e->heap[parent];
    }
    e->heap[i] = p;
}

static pair heap_pop(encoder *e) {
    pair top = e->heap[0], last = e->heap[--e->pairs];
    int32_t i = 0;
    for (int32_t child; (child = 2 * i + 1) < e->pairs; i = child) {
        if (child + 1 < e->pairs && before(&e->heap[child + 1], &e->heap[child])) child++;
        if (!before(&e->heap[child], &last)) break;
        e->heap[i] = e->heap[child];
    }
    e->heap[i] = last;
    return top;
}

// Adds the pair of `left` and what follows it, if the two are a piece.  Bytes without a piece
// are no text and stay alone.
static void consider(encoder *e, int32_t left) {
    if (left < 0 || e->symbols[left].next < 0) return;
    const symbol *a = &e->symbols[left], *b = &e->symbols[a->next];
    if (a->id < VISE_TOKEN_TEXT || b->id < VISE_TOKEN_TEXT) return;
    int32_t id = vise_tokenizer_find(e->tokenizer, e->text + a->at, a->size + b->size);
    if (id < 0) return;
    heap_push(e, (pair){.score = e->tokenizer->pieces[id].score,
                        .left = left,
                        .size = a->size + b->size,
                        .id = id});
}

static void merge(encoder *e, const pair *p) {
    symbol *a = &e->symbols[p->left];
    if (a->size == 0 || a->next < 0) return;
    symbol *b = &e->symbols[a->next];
    if (a->size + b->size != p->size) return; // one of them has grown since
    a->size = p->size;
    a->id = p->id;
    a->next = b->next;
    if (b->next >= 0) e->symbols[b->next].previous = p->left;
    b->size = 0;
    consider(e, a->previous);
    consider(e, p->left);
}

static void add_symbol(encoder *e, int32_t at, int32_t size, int32_t id) {
    int32_t i = e->count++;
    e->symbols[i] =
        (symbol){.at = at, .size = size, .previous = i - 1, .next = i + 1, .id = id};
}

// Bytes of the character at `at`: a first byte and at most three that continue it.
static int32_t character(const encoder *e, int32_t at) {
    int32_t n = 1;
    while (n < 4 && at + n < e->size && (e->text[at + n] & 0xC0) == 0x80) n++;
    return n;
}

static void split(encoder *e) {
    for (int32_t at = 0, n; at < e->size; at += n) {
        n = character(e, at);
        int32_t id = vise_tokenizer_find(e->tokenizer, e->text + at, n);
        if (id >= 0) {
            add_symbol(e, at, n, id);
            continue;
        }
        for (int32_t i = at; i < at + n; i++) {
            add_symbol(e, i, 1, VISE_TOKEN_BYTE + (uint8_t)e->text[i]);
        }
    }
    e->symbols[e->count - 1].next = -1;
}

static void run(encoder *e) {
    split(e);
    for (int32_t i = 0; i + 1 < e->count; i++) consider(e, i);
    while (e->pairs > 0) {
        pair p = heap_pop(e);
        merge(e, &p);
    }
}

static vise_status make_ids(vise_tensor *ids, const encoder *e, vise_error *err) {
    int64_t n = 0;
    for (int32_t i = 0; i < e->count; i++) n += e->symbols[i].size > 0;
    vise_status st = vise_tensor_new(ids, VISE_I32, 1, &n, err);
    if (st) return st;
    int32_t *out = ids->data;
    for (int32_t i = 0; i < e->count; i++) {
        if (e->symbols[i].size > 0) *out++ = e->symbols[i].id;
    }
    return VISE_OK;
}

vise_status vise_tokenizer_encode(const vise_tokenizer *t, vise_tensor *ids, const char *text,
                                  int64_t size, vise_error *err) {
    if (size == 0) return vise_tensor_new(ids, VISE_I32, 1, &size, err);
    if (size > VISE_TOKENIZER_MAX_TEXT) {
        return vise_fail(err, VISE_EINVAL, "E-TK-06",
                         "a text of %lld bytes, expected at most %d at once", (long long)size,
                         VISE_TOKENIZER_MAX_TEXT);
    }
    encoder e = {.tokenizer = t, .size = (int32_t)size + 1};
    size_t most = (size_t)size + 1; // symbols
    e.text = vise_calloc(most);
    e.symbols = vise_calloc(most * sizeof *e.symbols);
    // Every merge takes one pair off and adds at most two: never twice as many as symbols.
    e.heap = vise_calloc(2 * most * sizeof *e.heap);
    vise_status st = VISE_OK;
    if (!e.text || !e.symbols || !e.heap) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to encode %lld bytes",
                       (long long)size);
        goto done;
    }
    e.text[0] = ' ';
    memcpy(e.text + 1, text, (size_t)size);
    run(&e);
    st = make_ids(ids, &e, err);

done:
    vise_free(e.text);
    vise_free(e.symbols);
    vise_free(e.heap);
    return st;
}
