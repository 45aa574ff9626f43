#include "engine/files/safetensors_parser.h"

#include <stdarg.h>
#include <stdio.h>

enum { DEEPEST = 8 };

vise_status vise_stp_bad(const vise_stp *p, const char *id, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return vise_fail(p->err, VISE_EFORMAT, id, "%s: %s", vise_show_path(p->file).text, text);
}

vise_shown vise_stp_show(const vise_stp *p, const vise_span *span) {
    char text[VISE_SHOWN + 4];
    int64_t n = 0, at = span->at;
    for (int len = 1; len > 0 && n < VISE_SHOWN; n += len) {
        len = vise_span_next(text + n, p->s.text, span, &at);
    }
    return vise_show(text, n);
}

vise_status vise_stp_cut(const vise_stp *p) {
    long long at = (long long)p->s.size;
    if (p->tensor.size < 0) return vise_stp_bad(p, "E-ST-10", "JSON ends at byte %lld", at);
    return vise_stp_bad(p, "E-ST-10", "JSON ends inside tensor \"%s\" at byte %lld",
                        vise_stp_show(p, &p->tensor).text, at);
}

// What stands at the cursor is not what the grammar asks for.
vise_status vise_stp_unexpected(const vise_stp *p, const char *wanted) {
    int c = vise_scan_peek(&p->s);
    if (c < 0) return vise_stp_cut(p);
    uint8_t byte = (uint8_t)c;
    return vise_stp_bad(p, "E-ST-29", "byte %lld is '%s', expected %s", (long long)p->s.at,
                        vise_show(&byte, 1).text, wanted);
}

vise_status vise_stp_expect(vise_stp *p, char c) {
    vise_scan_space(&p->s);
    if (vise_scan_accept(&p->s, c)) return VISE_OK;
    return vise_stp_unexpected(p, (char[]){'\'', c, '\'', 0});
}

// Moves past a separator: `*more` tells a comma from the closing bracket.
vise_status vise_stp_next(vise_stp *p, char closing, bool *more) {
    vise_scan_space(&p->s);
    *more = vise_scan_accept(&p->s, ',');
    if (*more || vise_scan_accept(&p->s, closing)) return VISE_OK;
    return vise_stp_unexpected(p, closing == ']' ? "',' or ']'" : "',' or '}'");
}

vise_status vise_stp_read_string(vise_stp *p, vise_span *out) {
    vise_scan_space(&p->s);
    switch (vise_scan_string(&p->s, out)) {
    case VISE_SCAN_OK: return VISE_OK;
    case VISE_SCAN_CUT: return vise_stp_cut(p);
    case VISE_SCAN_QUOTE: return vise_stp_unexpected(p, "a string");
    case VISE_SCAN_CONTROL: return vise_stp_unexpected(p, "no control character in a string");
    case VISE_SCAN_ESCAPE: break;
    }
    return vise_stp_bad(p, "E-ST-29", "byte %lld starts an escape that JSON does not have",
                        (long long)p->s.at);
}

vise_status vise_stp_read_name(vise_stp *p, vise_span *out) {
    vise_status st = vise_stp_read_string(p, out);
    if (!st && out->nul) {
        return vise_stp_bad(p, "E-ST-14", "NUL in a tensor name at byte %lld",
                            (long long)out->at);
    }
    return st;
}

// The value at the cursor is of the wrong kind.  If it nests too deeply that is said instead.
vise_status vise_stp_wrong_kind(vise_stp *p, int depth, const char *id, const char *what) {
    vise_scan s = p->s;
    vise_span span;
    for (int base = depth; s.at < s.size;) {
        int c = vise_scan_peek(&s);
        if (c == '"') {
            if (vise_scan_string(&s, &span)) break;
            continue;
        }
        if ((c == '[' || c == '{') && ++depth > DEEPEST) {
            return vise_stp_bad(p, "E-ST-12", "nesting deeper than %d at byte %lld", DEEPEST,
                                (long long)s.at);
        }
        if ((c == ']' || c == '}') && --depth <= base) break;
        if (depth == base) break;
        s.at++;
    }
    if (vise_scan_peek(&p->s) < 0) return vise_stp_cut(p);
    if (p->tensor.size < 0) return vise_stp_bad(p, id, "%s", what);
    return vise_stp_bad(p, id, "tensor \"%s\": %s", vise_stp_show(p, &p->tensor).text, what);
}

// A plain non-negative integer; the cursor moves past it only when there is one.
vise_stp_number vise_stp_read_integer(vise_scan *s, uint64_t *out) {
    int64_t start = s->at;
    uint64_t v = 0;
    vise_stp_number result = VISE_STP_OK;
    int c;
    for (; (c = vise_scan_peek(s)) >= '0' && c <= '9'; s->at++) {
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(c - '0'), &v)) {
            result = VISE_STP_BIG;
        }
    }
    int64_t digits = s->at - start;
    bool plain = digits > 0 && (digits == 1 || s->text[start] != '0') && c != '.' && c != 'e' &&
                 c != 'E';
    if (!plain) {
        s->at = start;
        return VISE_STP_NONE;
    }
    *out = v;
    return result;
}
