#include "engine/files/json_write.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/files/text.h"

// How many bytes the hidden character at `s` has, if it is one; all of them are below 0x10000.
static int hidden_bytes(uint32_t *code, const uint8_t *s, int64_t left) {
    int n = s[0] < 0x7f ? 0 : vise_utf8_next(code, s, left);
    return n > 0 && vise_is_hidden(*code) ? n : 0;
}

vise_status vise_json_string(vise_bytes *b, const char *s, int64_t size, vise_error *err) {
    vise_status st = vise_bytes_text(b, "\"", err);
    int64_t plain = 0; // start of the run not yet added
    for (int64_t i = 0; i < size && !st; i++) {
        char escape[8];
        uint8_t c = (uint8_t)s[i];
        uint32_t code;
        int hidden = hidden_bytes(&code, (const uint8_t *)s + i, size - i);
        if (c == '"' || c == '\\') {
            snprintf(escape, sizeof escape, "\\%c", c);
        } else if (c == '\n' || c == '\t') {
            snprintf(escape, sizeof escape, "\\%c", c == '\n' ? 'n' : 't');
        } else if (c < 0x20) {
            snprintf(escape, sizeof escape, "\\u%04x", c);
        } else if (hidden > 0) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code & 0xffff);
        } else {
            continue;
        }
        st = vise_bytes_add(b, s + plain, i - plain, err);
        if (!st) st = vise_bytes_text(b, escape, err);
        if (hidden > 0) i += hidden - 1;
        plain = i + 1;
    }
    if (!st) st = vise_bytes_add(b, s + plain, size - plain, err);
    return st ? st : vise_bytes_text(b, "\"", err);
}

vise_status vise_json_number(vise_bytes *b, double x, vise_error *err) {
    char text[40];
    // Every normal double that 15 digits describe prints in its shortest form with 15; the
    // subnormals have fewer digits to give.
    for (int digits = fabs(x) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    char *comma = strchr(text, ','); // of a locale that somebody set
    if (comma) *comma = '.';
    return vise_bytes_text(b, text, err);
}
