// The key set of scan.h: open addressing over places in the text.

#include <string.h>

#include "engine/files/scan.h"
#include "engine/mem.h"

static vise_status no_memory(int64_t room, vise_error *err) {
    return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for the names of %lld entries",
                     (long long)room);
}

vise_status vise_keys_open(vise_keys *keys, const uint8_t *text, int64_t room,
                           vise_error *err) {
    vise_keys k = {.text = text, .room = room < 16 ? 16 : room, .slot_count = 16};
    while (k.slot_count < k.room * 3 / 2) k.slot_count *= 2;
    k.keys = vise_calloc((size_t)k.room * sizeof *k.keys);
    k.slots = vise_calloc((size_t)k.slot_count * sizeof *k.slots);
    if (!k.keys || !k.slots) {
        vise_keys_release(&k);
        return no_memory(room, err);
    }
    // Not the same from run to run, so a file cannot be made whose names all collide.  Which
    // slot a name is in changes nothing that can be seen.
    k.seed = (uint64_t)(uintptr_t)k.slots * 0x9e3779b97f4a7c15u;
    *keys = k;
    return VISE_OK;
}

void vise_keys_release(vise_keys *keys) {
    vise_free(keys->keys);
    vise_free(keys->slots);
    memset(keys, 0, sizeof *keys);
}

static uint64_t mix(uint64_t h, uint8_t byte) {
    h = (h ^ byte) * 0x9fb21c651e98df25u;
    return h ^ h >> 29;
}

static uint64_t hash_bytes(const vise_keys *k, const char *s, int64_t size, uint32_t scope) {
    uint64_t h = k->seed ^ scope * 0x2545f4914f6cdd1du;
    for (int64_t i = 0; i < size; i++) h = mix(h, (uint8_t)s[i]);
    return h;
}

static uint64_t hash_span(const vise_keys *k, const vise_span *span, uint32_t scope) {
    if (!span->escaped) {
        return hash_bytes(k, (const char *)k->text + span->at, span->size, scope);
    }
    uint64_t h = k->seed ^ scope * 0x2545f4914f6cdd1du;
    int64_t at = span->at;
    char piece[4];
    for (int len; (len = vise_span_next(piece, k->text, span, &at)) > 0;) {
        for (int i = 0; i < len; i++) h = mix(h, (uint8_t)piece[i]);
    }
    return h;
}

vise_span vise_keys_span(const vise_keys *keys, int64_t number) {
    const vise_key *k = &keys->keys[number];
    return (vise_span){.at = k->at, .size = k->size, .escaped = k->escaped};
}

static bool spans_equal(const uint8_t *text, const vise_span *a, const vise_span *b) {
    if (!a->escaped) return vise_span_is(text, b, (const char *)text + a->at, a->size);
    if (!b->escaped) return vise_span_is(text, a, (const char *)text + b->at, b->size);
    char p[4], q[4];
    int64_t i = a->at, j = b->at;
    // Both decode to UTF-8: step by bytes, for one may spell a character that the other
    // escapes.
    for (int n = 0, m = 0, pi = 0, qi = 0;;) {
        if (pi == n) n = vise_span_next(p, text, a, &i), pi = 0;
        if (qi == m) m = vise_span_next(q, text, b, &j), qi = 0;
        if (n == 0 || m == 0) return n == m;
        if (p[pi++] != q[qi++]) return false;
    }
}

static void put(vise_keys *k, uint64_t hash, uint32_t number) {
    uint64_t mask = (uint64_t)k->slot_count - 1, i = hash & mask;
    while (k->slots[i]) i = (i + 1) & mask;
    k->slots[i] = number + 1;
}

static vise_status grow(vise_keys *k, vise_error *err) {
    vise_keys bigger;
    vise_status st = vise_keys_open(&bigger, k->text, k->room * 2, err);
    if (st) return st;
    memcpy(bigger.keys, k->keys, (size_t)k->count * sizeof *k->keys);
    bigger.count = k->count;
    for (int64_t i = 0; i < k->count; i++) {
        vise_span span = vise_keys_span(k, i);
        put(&bigger, hash_span(&bigger, &span, k->keys[i].scope), (uint32_t)i);
    }
    vise_keys_release(k);
    *k = bigger;
    return VISE_OK;
}

vise_status vise_keys_add(vise_keys *k, const vise_span *span, uint32_t scope, int64_t *first,
                          vise_error *err) {
    if (k->count == k->room) {
        vise_status st = grow(k, err);
        if (st) return st;
    }
    uint64_t hash = hash_span(k, span, scope), mask = (uint64_t)k->slot_count - 1;
    for (uint64_t i = hash & mask; k->slots[i]; i = (i + 1) & mask) {
        int64_t number = k->slots[i] - 1;
        vise_span other = vise_keys_span(k, number);
        if (k->keys[number].scope == scope && spans_equal(k->text, &other, span)) {
            *first = number;
            return VISE_OK;
        }
    }
    *first = k->count;
    k->keys[k->count] = (vise_key){.at = (uint32_t)span->at,
                                   .size = (uint32_t)span->size,
                                   .scope = scope,
                                   .escaped = span->escaped};
    put(k, hash, (uint32_t)k->count++);
    return VISE_OK;
}

int64_t vise_keys_find(const vise_keys *k, const char *name, int64_t size, uint32_t scope) {
    uint64_t mask = (uint64_t)k->slot_count - 1;
    for (uint64_t i = hash_bytes(k, name, size, scope) & mask; k->slots[i];
         i = (i + 1) & mask) {
        int64_t number = k->slots[i] - 1;
        vise_span span = vise_keys_span(k, number);
        if (k->keys[number].scope == scope && vise_span_is(k->text, &span, name, size)) {
            return number;
        }
    }
    return -1;
}
