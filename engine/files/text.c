#include "engine/files/text.h"

#include <stdio.h>
#include <string.h>

// The lengths and smallest code points of multi-byte characters: anything smaller is an
// overlong form.
int vise_utf8_next(uint32_t *code, const uint8_t *s, int64_t left) {
    if (left < 1) return 0;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    int n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || left < n) return 0;
    uint32_t c = s[0] & (0xffu >> (n + 1));
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 0;
    *code = c;
    return n;
}

int64_t vise_utf8_check(const uint8_t *s, int64_t size) {
    uint32_t code;
    for (int64_t i = 0; i < size;) {
        uint64_t eight;
        if (size - i >= 8 && (memcpy(&eight, s + i, 8), !(eight & 0x8080808080808080u))) {
            i += 8;
            continue;
        }
        int n = vise_utf8_next(&code, s + i, size - i);
        if (n == 0) return i;
        i += n;
    }
    return -1;
}

bool vise_is_hidden(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           c == 0x61c;
}

vise_shown vise_show(const void *bytes, int64_t size) {
    const uint8_t *s = bytes;
    vise_shown out;
    size_t at = 0;
    for (int64_t i = 0; i < size;) {
        char piece[16];
        uint32_t c;
        int n = vise_utf8_next(&c, s + i, size - i);
        if (n == 0) {
            n = 1;
            snprintf(piece, sizeof piece, "\\x%02x", s[i]);
        } else if (c == '\n') {
            snprintf(piece, sizeof piece, "\\n");
        } else if (vise_is_hidden(c)) {
            snprintf(piece, sizeof piece, c < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
        } else {
            bool quoted = c == '"' || c == '\\';
            snprintf(piece, sizeof piece, "%s%.*s", quoted ? "\\" : "", n, (const char *)s + i);
        }
        size_t len = strlen(piece);
        if (at + len + sizeof "..." > sizeof out.text) {
            memcpy(out.text + at, "...", 3);
            at += 3;
            break;
        }
        memcpy(out.text + at, piece, len);
        at += len;
        i += n;
    }
    out.text[at] = 0;
    return out;
}

vise_shown vise_show_path(const char *path) {
    return vise_show(path, (int64_t)strlen(path));
}

vise_digits vise_digits_of(uint64_t n) {
    vise_digits out;
    char *p = out.text + sizeof out.text;
    *--p = 0;
    int count = 0;
    do {
        if (count > 0 && count % 3 == 0) *--p = ',';
        *--p = (char)('0' + n % 10);
        n /= 10;
        count++;
    } while (n);
    memmove(out.text, p, strlen(p) + 1);
    return out;
}
