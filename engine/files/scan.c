#include "engine/files/scan.h"

#include <string.h>

int vise_scan_peek(const vise_scan *s) {
    return s->at < s->size ? s->text[s->at] : -1;
}

void vise_scan_space(vise_scan *s) {
    while (s->at < s->size && (s->text[s->at] == ' ' || s->text[s->at] == '\n' ||
                               s->text[s->at] == '\r' || s->text[s->at] == '\t')) {
        s->at++;
    }
}

bool vise_scan_accept(vise_scan *s, char c) {
    if (vise_scan_peek(s) != (uint8_t)c) return false;
    s->at++;
    return true;
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Four hex digits at `at`, -1 if they are not there.
static int32_t hex4(const uint8_t *text, int64_t at, int64_t end) {
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int d = at + i < end ? hex_digit(text[at + i]) : -1;
        if (d < 0) return -1;
        v = v << 4 | d;
    }
    return v;
}

static bool high_half(int32_t c) {
    return c >= 0xd800 && c <= 0xdbff;
}

static bool low_half(int32_t c) {
    return c >= 0xdc00 && c <= 0xdfff;
}

// The code point of the \u escape at `at`, surrogate pairs joined; `*len` gets its bytes.
static int32_t unicode_escape(const uint8_t *text, int64_t at, int64_t end, int *len) {
    int32_t c = hex4(text, at + 2, end);
    *len = 6;
    if (c < 0 || low_half(c)) return -1;
    if (!high_half(c)) return c;
    if (at + 12 > end || text[at + 6] != '\\' || text[at + 7] != 'u') return -1;
    int32_t low = hex4(text, at + 8, end);
    *len = 12;
    return low_half(low) ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : -1;
}

vise_scan_result vise_scan_string(vise_scan *s, vise_span *out) {
    if (s->at >= s->size) return VISE_SCAN_CUT;
    if (s->text[s->at] != '"') return VISE_SCAN_QUOTE;
    vise_span span = {.at = s->at + 1};
    for (s->at++; s->at < s->size;) {
        uint8_t c = s->text[s->at];
        if (c == '"') {
            span.size = s->at - span.at;
            s->at++;
            *out = span;
            return VISE_SCAN_OK;
        }
        if (c < 0x20) return VISE_SCAN_CONTROL;
        if (c != '\\') {
            s->at++;
            continue;
        }
        span.escaped = true;
        int len = 2;
        if (s->at + 1 >= s->size) break;
        if (s->text[s->at + 1] == 'u') {
            int32_t code = unicode_escape(s->text, s->at, s->size, &len);
            if (code < 0) return VISE_SCAN_ESCAPE;
            if (code == 0) span.nul = true;
        } else if (!memchr("\"\\/bfnrt", s->text[s->at + 1], 8)) {
            return VISE_SCAN_ESCAPE;
        }
        s->at += len;
    }
    s->at = s->size;
    return VISE_SCAN_CUT;
}

static int encode(char out[4], uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    int n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[n] | c);
    return n;
}

int vise_span_next(char out[4], const uint8_t *text, const vise_span *span, int64_t *at) {
    int64_t end = span->at + span->size;
    if (*at >= end) return 0;
    if (text[*at] != '\\') {
        out[0] = (char)text[(*at)++];
        return 1;
    }
    uint8_t c = text[*at + 1];
    if (c == 'u') {
        int len;
        int32_t code = unicode_escape(text, *at, end, &len);
        *at += len;
        return encode(out, (uint32_t)code);
    }
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *p = strchr(from, c);
    out[0] = to[p - from];
    *at += 2;
    return 1;
}

int64_t vise_span_decode(char *out, const uint8_t *text, const vise_span *span) {
    if (!span->escaped) {
        memcpy(out, text + span->at, (size_t)span->size);
        return span->size;
    }
    int64_t n = 0, at = span->at;
    char piece[4];
    for (int len; (len = vise_span_next(piece, text, span, &at)) > 0; n += len) {
        memcpy(out + n, piece, (size_t)len);
    }
    return n;
}

int64_t vise_span_length(const uint8_t *text, const vise_span *span) {
    if (!span->escaped) return span->size;
    int64_t n = 0, at = span->at;
    char piece[4];
    for (int len; (len = vise_span_next(piece, text, span, &at)) > 0;) n += len;
    return n;
}

bool vise_span_is(const uint8_t *text, const vise_span *span, const char *s, int64_t size) {
    if (!span->escaped) {
        return span->size == size && memcmp(text + span->at, s, (size_t)size) == 0;
    }
    int64_t n = 0, at = span->at;
    char piece[4];
    for (int len; (len = vise_span_next(piece, text, span, &at)) > 0; n += len) {
        if (n + len > size || memcmp(s + n, piece, (size_t)len) != 0) return false;
    }
    return n == size;
}
