// One tensor of a safetensors header: dtype, shape and offsets, and whether they agree.

#include <stdio.h>
#include <string.h>

#include "engine/files/safetensors_parser.h"

// Reads a shape.  `*count` gets the product of the sizes, with those that are 0 taken as 1 so
// that strides fit as well; `*empty` says whether there were any.
static vise_status read_shape(vise_stp *p, vise_st_record *r, uint64_t *count, bool *empty) {
    vise_scan_space(&p->s);
    r->shape_at = (uint32_t)p->s.at;
    r->rank = 0;
    *count = 1;
    *empty = false;
    if (!vise_scan_accept(&p->s, '[')) {
        return vise_stp_wrong_kind(p, 2, "E-ST-17",
                                   "shape must be an array of non-negative integers");
    }
    vise_scan_space(&p->s);
    bool more = !vise_scan_accept(&p->s, ']');
    while (more) {
        uint64_t v = 0;
        char what[80];
        if (r->rank == VISE_ST_MAX_RANK) {
            snprintf(what, sizeof what, "shape has more than %d dimensions", VISE_ST_MAX_RANK);
            return vise_stp_wrong_kind(p, 3, "E-ST-17", what);
        }
        vise_scan_space(&p->s);
        vise_stp_number n = vise_stp_read_integer(&p->s, &v);
        if (n == VISE_STP_NONE) {
            snprintf(what, sizeof what, "shape[%d] must be a non-negative integer", r->rank);
            return vise_stp_wrong_kind(p, 3, "E-ST-17", what);
        }
        if (n == VISE_STP_BIG || v > INT64_MAX ||
            __builtin_mul_overflow(*count, v ? v : 1, count)) {
            return vise_stp_bad(p, "E-ST-18",
                                "tensor \"%s\": element count does not fit in 64 bits",
                                vise_stp_show(p, &p->tensor).text);
        }
        *empty |= v == 0;
        r->rank++;
        vise_status st = vise_stp_next(p, ']', &more);
        if (st) return st;
    }
    return VISE_OK;
}

static vise_status read_offsets(vise_stp *p, uint64_t offsets[2]) {
    static const char what[] = "data_offsets must be two non-negative integers";
    vise_scan_space(&p->s);
    if (!vise_scan_accept(&p->s, '[')) return vise_stp_wrong_kind(p, 2, "E-ST-15", what);
    for (int i = 0; i < 2; i++) {
        vise_scan_space(&p->s);
        vise_stp_number n = vise_stp_read_integer(&p->s, &offsets[i]);
        if (n == VISE_STP_NONE) return vise_stp_wrong_kind(p, 3, "E-ST-15", what);
        if (n == VISE_STP_BIG) offsets[i] = UINT64_MAX;
        vise_scan_space(&p->s);
        if (vise_scan_peek(&p->s) < 0) return vise_stp_cut(p);
        if (!vise_scan_accept(&p->s, i ? ']' : ','))
            return vise_stp_wrong_kind(p, 3, "E-ST-15", what);
    }
    return VISE_OK;
}

static vise_status read_type(vise_stp *p, vise_st_record *r) {
    vise_span span;
    vise_scan_space(&p->s);
    if (vise_scan_peek(&p->s) != '"') {
        return vise_stp_wrong_kind(p, 2, "E-ST-16", "dtype must be a string");
    }
    vise_status st = vise_stp_read_string(p, &span);
    if (st) return st;
    int64_t n = vise_st_type_count();
    for (r->type = 0; r->type < n; r->type++) {
        const char *name = vise_st_type_of(r)->name;
        if (vise_span_is(p->s.text, &span, name, (int64_t)strlen(name))) return VISE_OK;
    }
    return vise_stp_bad(
        p, "E-ST-16",
        "tensor \"%s\": unknown dtype %.40s (known: BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_* "
        "I16 U16 F16 BF16 I32 U32 F32 C64 F64 I64 U64)",
        vise_stp_show(p, &p->tensor).text, vise_stp_show(p, &span).text);
}

static void shape_text(const vise_stp *p, const vise_st_record *r, char *out, int size) {
    int64_t end = r->shape_at, n = 0;
    while (p->s.text[end] != ']') end++;
    for (int64_t i = r->shape_at; i <= end && n < size - 1; i++) {
        if (p->s.text[i] > ' ') out[n++] = (char)p->s.text[i];
    }
    out[n] = 0;
}

// Says in which way dtype, shape and offsets do not agree, or do not lie in the data.
static vise_status refuse_record(vise_stp *p, const vise_st_record *r, unsigned __int128 bits,
                                 bool empty, const uint64_t at[2]) {
    const vise_st_type *type = vise_st_type_of(r);
    char shape[64];
    shape_text(p, r, shape, sizeof shape);
    vise_shown name = vise_stp_show(p, &p->tensor);
    if (bits / 8 > INT64_MAX) {
        return vise_stp_bad(p, "E-ST-19", "tensor \"%s\": byte size does not fit in 64 bits",
                            name.text);
    }
    if (!empty && bits % 8 != 0) {
        return vise_stp_bad(p, "E-ST-25", "tensor \"%s\": %s %s is not a whole number of bytes",
                            name.text, type->name, shape);
    }
    if (at[0] > at[1]) {
        return vise_stp_bad(p, "E-ST-21",
                            "tensor \"%s\": data_offsets [%llu,%llu] run backwards", name.text,
                            (unsigned long long)at[0], (unsigned long long)at[1]);
    }
    uint64_t need = empty ? 0 : (uint64_t)(bits / 8);
    if (at[1] - at[0] != need) {
        return vise_stp_bad(
            p, "E-ST-20", "tensor \"%s\": %s %s needs %s bytes, offsets give %s", name.text,
            type->name, shape, vise_digits_of(need).text, vise_digits_of(at[1] - at[0]).text);
    }
    return vise_stp_bad(
        p, "E-ST-22", "tensor \"%s\": ends at %s but the data area has %s bytes: truncated?",
        name.text, vise_digits_of(at[1]).text, vise_digits_of((uint64_t)p->h.data_size).text);
}

// Do dtype, shape and offsets agree, and do the offsets lie in the data?
static vise_status check_record(vise_stp *p, vise_st_record *r, uint64_t count, bool empty,
                                const uint64_t at[2]) {
    unsigned __int128 bits = (unsigned __int128)count * (unsigned)vise_st_type_of(r)->bits;
    bool whole = bits / 8 <= INT64_MAX && (empty || bits % 8 == 0);
    uint64_t need = empty ? 0 : (uint64_t)(bits / 8);
    if (!whole || at[0] > at[1] || at[1] - at[0] != need || at[1] > (uint64_t)p->h.data_size) {
        return refuse_record(p, r, bits, empty, at);
    }
    r->begin = (int64_t)at[0];
    r->end = (int64_t)at[1];
    return VISE_OK;
}

static const char *const fields[] = {"dtype", "shape", "data_offsets"};

vise_status vise_stp_tensor(vise_stp *p, vise_st_record *r) {
    uint64_t at[2] = {0, 0}, count = 1;
    bool more, empty = false;
    unsigned seen = 0;
    vise_scan_space(&p->s);
    if (!vise_scan_accept(&p->s, '{')) {
        return vise_stp_wrong_kind(p, 1, "E-ST-15",
                                   "must be an object with dtype, shape and data_offsets");
    }
    vise_scan_space(&p->s);
    more = !vise_scan_accept(&p->s, '}');
    while (more) {
        vise_span key;
        vise_status st = vise_stp_read_name(p, &key);
        if (!st) st = vise_stp_expect(p, ':');
        if (st) return st;
        unsigned f = 0;
        while (f < 3 && !vise_span_is(p->s.text, &key, fields[f], (int64_t)strlen(fields[f]))) {
            f++;
        }
        if (f == 3) {
            char what[VISE_SHOWN + 24];
            snprintf(what, sizeof what, "unknown field \"%.80s\"", vise_stp_show(p, &key).text);
            vise_scan_space(&p->s);
            return vise_stp_wrong_kind(p, 2, "E-ST-30", what);
        }
        if (seen & 1u << f) {
            return vise_stp_bad(p, "E-ST-13", "tensor \"%s\": field \"%s\" appears twice",
                                vise_stp_show(p, &p->tensor).text, fields[f]);
        }
        seen |= 1u << f;
        st = f == 0   ? read_type(p, r)
             : f == 1 ? read_shape(p, r, &count, &empty)
                      : read_offsets(p, at);
        if (!st) st = vise_stp_next(p, '}', &more);
        if (st) return st;
    }
    for (unsigned f = 0; f < 3; f++) {
        if (!(seen & 1u << f)) {
            return vise_stp_bad(p, "E-ST-15", "tensor \"%s\": field \"%s\" is missing",
                                vise_stp_show(p, &p->tensor).text, fields[f]);
        }
    }
    return check_record(p, r, count, empty, at);
}
