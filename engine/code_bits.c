#include "engine/code_bits.h"

enum { EIGHT = 8 }; // codes of b bits fill b bytes

int64_t vise_bits_bytes(int bits, int64_t cols) {
    return cols / EIGHT * bits + (cols % EIGHT * bits + 7) / 8;
}

static void get_one(int8_t *q, const uint8_t *row, int64_t i, int bits) {
    int64_t bit = i % EIGHT * bits, at = i / EIGHT * bits + bit / 8;
    int shift = (int)(bit % 8), code = row[at] >> shift;
    if (shift + bits > 8) code |= row[at + 1] << (8 - shift);
    *q = (int8_t)((code & ((1 << bits) - 1)) - (1 << (bits - 1)));
}

static void put_one(uint8_t *row, int64_t i, int8_t q, int bits) {
    int64_t bit = i % EIGHT * bits, at = i / EIGHT * bits + bit / 8;
    int shift = (int)(bit % 8), code = (q + (1 << (bits - 1))) << shift;
    row[at] = (uint8_t)(shift ? row[at] | code : code);
    if (shift + bits > 8) row[at + 1] = (uint8_t)(code >> 8);
}

static void get_eight(int8_t *q, const uint8_t *from, int bits) {
    uint32_t word = 0;
    for (int i = 0; i < bits; i++) word |= (uint32_t)from[i] << 8 * i;
    const uint32_t mask = (1u << bits) - 1;
    const int half = 1 << (bits - 1);
    for (int i = 0; i < EIGHT; i++) q[i] = (int8_t)((int)(word >> bits * i & mask) - half);
}

static void put_eight(uint8_t *to, const int8_t *q, int bits) {
    uint32_t word = 0;
    const int half = 1 << (bits - 1);
    for (int i = 0; i < EIGHT; i++) word |= (uint32_t)(q[i] + half) << bits * i;
    for (int i = 0; i < bits; i++) to[i] = (uint8_t)(word >> 8 * i);
}

void vise_bits_get(int8_t *q, const uint8_t *row, int64_t first, int64_t n, int bits) {
    int64_t i = 0;
    for (; i < n && (first + i) % EIGHT; i++) get_one(q + i, row, first + i, bits);
    for (; i + EIGHT <= n; i += EIGHT) get_eight(q + i, row + (first + i) / EIGHT * bits, bits);
    for (; i < n; i++) get_one(q + i, row, first + i, bits);
}

void vise_bits_put(uint8_t *row, int64_t first, const int8_t *q, int64_t n, int bits) {
    int64_t i = 0;
    for (; i < n && (first + i) % EIGHT; i++) put_one(row, first + i, q[i], bits);
    for (; i + EIGHT <= n; i += EIGHT) put_eight(row + (first + i) / EIGHT * bits, q + i, bits);
    for (; i < n; i++) put_one(row, first + i, q[i], bits);
}
