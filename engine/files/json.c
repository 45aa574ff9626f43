#include "engine/files/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/files/scan.h"
#include "engine/files/text.h"
#include "engine/mem.h"

typedef struct check {
    vise_scan s;
    const char *what;
    vise_keys keys;
    // What is open: the scope of an object, 0 for an array.
    uint32_t open[VISE_JSON_DEEPEST];
    int depth;
    uint32_t scopes;
    int64_t values;
    vise_error *err;
} check;

// Fails at byte `at`: "what line L column C: ...".  Columns count characters.
static vise_status bad(const check *c, int64_t at, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static vise_status bad(const check *c, int64_t at, const char *id, const char *fmt, ...) {
    long long line = 1, column = 1;
    for (int64_t i = 0; i < at; i++) {
        if (c->s.text[i] == '\n') {
            line++;
            column = 1;
        } else if ((c->s.text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    char text[320];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return vise_fail(c->err, VISE_EFORMAT, id, "%s line %lld column %lld: %s",
                     vise_show_path(c->what).text, line, column, text);
}

static vise_status unexpected(const check *c, const char *wanted) {
    if (c->s.at >= c->s.size) {
        return bad(c, c->s.size, "E-JS-02", "the text ends here, expected %s", wanted);
    }
    uint32_t code;
    int n = vise_utf8_next(&code, c->s.text + c->s.at, c->s.size - c->s.at);
    return bad(c, c->s.at, "E-JS-01", "found '%s', expected %s",
               vise_show(c->s.text + c->s.at, n).text, wanted);
}

static vise_status check_string(check *c, vise_span *span) {
    int64_t start = c->s.at;
    switch (vise_scan_string(&c->s, span)) {
    case VISE_SCAN_OK:
        if (!span->nul) return VISE_OK;
        return bad(c, start, "E-JS-05", "the string holds \\u0000");
    case VISE_SCAN_CUT:
        return bad(c, start, "E-JS-02", "the string that starts here never ends");
    case VISE_SCAN_QUOTE: return unexpected(c, "a string");
    case VISE_SCAN_CONTROL:
        return bad(c, c->s.at, "E-JS-04", "a raw control character in a string, write \\u%04x",
                   c->s.text[c->s.at]);
    case VISE_SCAN_ESCAPE: break;
    }
    return bad(c, c->s.at, "E-JS-04", "an escape that JSON does not have");
}

static bool digits(vise_scan *s) {
    int64_t start = s->at;
    while (vise_scan_peek(s) >= '0' && vise_scan_peek(s) <= '9') s->at++;
    return s->at > start;
}

static vise_status check_number(check *c) {
    vise_scan *s = &c->s;
    int64_t start = s->at;
    vise_scan_accept(s, '-');
    bool zero = vise_scan_peek(s) == '0', ok = digits(s);
    if (ok && zero && s->at - start - (s->text[start] == '-') > 1) {
        return bad(c, start, "E-JS-06", "a number starts with a 0 too many");
    }
    if (ok && vise_scan_accept(s, '.')) ok = digits(s);
    if (ok && (vise_scan_accept(s, 'e') || vise_scan_accept(s, 'E'))) {
        if (!vise_scan_accept(s, '+')) vise_scan_accept(s, '-');
        ok = digits(s);
    }
    if (!ok) return bad(c, start, "E-JS-06", "not a number that JSON has");
    // cJSON reads at most 63 characters of a number.
    char text[64];
    int64_t length = s->at - start;
    if (length > (int64_t)sizeof text - 1) {
        return bad(c, start, "E-JS-06", "a number of %lld characters, at most 63",
                   (long long)length);
    }
    memcpy(text, s->text + start, (size_t)length);
    text[length] = 0;
    if (!isfinite(strtod(text, NULL))) {
        return bad(c, start, "E-JS-06", "%s does not fit in a double", text);
    }
    return VISE_OK;
}

static bool word(vise_scan *s, const char *text) {
    int64_t n = (int64_t)strlen(text);
    if (n > s->size - s->at || memcmp(s->text + s->at, text, (size_t)n) != 0) return false;
    s->at += n;
    return true;
}

// The key of a member, and its colon.
static vise_status check_key(check *c) {
    vise_span span;
    int64_t first, start;
    vise_scan_space(&c->s);
    start = c->s.at;
    vise_status st = check_string(c, &span);
    if (st) return st;
    int64_t count = c->keys.count;
    st = vise_keys_add(&c->keys, &span, c->open[c->depth - 1], &first, c->err);
    if (st) return st;
    if (first != count) {
        char name[VISE_SHOWN + 4];
        int64_t n = 0, at = span.at;
        for (int len = 1; len > 0 && n < VISE_SHOWN; n += len) {
            len = vise_span_next(name + n, c->s.text, &span, &at);
        }
        return bad(c, start, "E-JS-07", "\"%s\" appears twice", vise_show(name, n).text);
    }
    vise_scan_space(&c->s);
    return vise_scan_accept(&c->s, ':') ? VISE_OK : unexpected(c, "':'");
}

// A value up to its first bracket; `*opened` says that a container began and is not empty.
static vise_status check_value(check *c, bool *opened) {
    *opened = false;
    vise_scan_space(&c->s);
    if (c->values++ == VISE_JSON_MOST) {
        return bad(c, c->s.at, "E-JS-10", "more than %s values",
                   vise_digits_of(VISE_JSON_MOST).text);
    }
    int ch = vise_scan_peek(&c->s);
    vise_span span;
    if (ch == '"') return check_string(c, &span);
    if (ch == '-' || (ch >= '0' && ch <= '9')) return check_number(c);
    if (ch != '{' && ch != '[') {
        if (word(&c->s, "true") || word(&c->s, "false") || word(&c->s, "null")) return VISE_OK;
        return unexpected(c, "a value");
    }
    if (c->depth == VISE_JSON_DEEPEST) {
        return bad(c, c->s.at, "E-JS-08", "nests deeper than %d", VISE_JSON_DEEPEST);
    }
    c->s.at++;
    vise_scan_space(&c->s);
    if (vise_scan_accept(&c->s, ch == '{' ? '}' : ']')) return VISE_OK;
    c->open[c->depth++] = ch == '{' ? ++c->scopes : 0;
    *opened = true;
    return ch == '{' ? check_key(c) : VISE_OK;
}

static vise_status check_document(check *c) {
    bool opened;
    vise_status st = check_value(c, &opened);
    while (!st && c->depth > 0) {
        if (!opened) {
            bool object = c->open[c->depth - 1] != 0;
            vise_scan_space(&c->s);
            if (vise_scan_accept(&c->s, object ? '}' : ']')) {
                c->depth--;
                continue;
            }
            if (!vise_scan_accept(&c->s, ',')) {
                return unexpected(c, object ? "',' or '}'" : "',' or ']'");
            }
            if (object) st = check_key(c);
        }
        if (!st) st = check_value(c, &opened);
    }
    if (st) return st;
    vise_scan_space(&c->s);
    if (c->s.at < c->s.size) return bad(c, c->s.at, "E-JS-09", "something follows the value");
    return VISE_OK;
}

static vise_status check_text(const char *text, int64_t size, const char *what,
                              vise_error *err) {
    check c = {
        .s = {.text = (const uint8_t *)text, .size = size},
          .what = what, .err = err
    };
    if (size > VISE_JSON_LARGEST) {
        return vise_fail(err, VISE_EFORMAT, "E-JS-10", "%s: %s bytes, larger than 64 MiB",
                         vise_show_path(what).text, vise_digits_of((uint64_t)size).text);
    }
    int64_t wrong = vise_utf8_check(c.s.text, size);
    if (wrong >= 0) return bad(&c, wrong, "E-JS-03", "not UTF-8");
    vise_status st = vise_keys_open(&c.keys, c.s.text, 64, err);
    if (!st) st = check_document(&c);
    vise_keys_release(&c.keys);
    return st;
}

vise_status vise_json_parse(cJSON **out, const char *text, int64_t size, const char *what,
                            vise_error *err) {
    vise_status st = check_text(text, size, what, err);
    if (st) return st;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = vise_calloc, .free_fn = vise_free});
    cJSON *tree = cJSON_ParseWithLengthOpts(text, (size_t)size + 1, NULL, 1);
    if (!tree) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to read %s", what);
    *out = tree;
    return VISE_OK;
}

void vise_json_release(cJSON *tree) {
    cJSON_Delete(tree);
}

vise_json_kind vise_json_kind_of(const cJSON *v) {
    switch (v->type & 0xff) {
    case cJSON_False: return VISE_JSON_FALSE;
    case cJSON_True: return VISE_JSON_TRUE;
    case cJSON_Number: return VISE_JSON_NUMBER;
    case cJSON_String: return VISE_JSON_STRING;
    case cJSON_Array: return VISE_JSON_ARRAY;
    case cJSON_Object: return VISE_JSON_OBJECT;
    default: return VISE_JSON_NULL;
    }
}

const cJSON *vise_json_first(const cJSON *v) {
    return v->child;
}

const cJSON *vise_json_next(const cJSON *v) {
    return v->next;
}

const char *vise_json_key(const cJSON *v) {
    return v->string;
}

const char *vise_json_text(const cJSON *v) {
    return v->valuestring;
}

double vise_json_value(const cJSON *v) {
    return v->valuedouble;
}
