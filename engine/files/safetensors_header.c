#include "engine/files/safetensors_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/files/safetensors_parser.h"
#include "engine/mem.h"

static const vise_st_type types[] = {
    {"BOOL",        8,  VISE_DTYPE_COUNT},
    {"F4",          4,  VISE_DTYPE_COUNT},
    {"F6_E2M3",     6,  VISE_DTYPE_COUNT},
    {"F6_E3M2",     6,  VISE_DTYPE_COUNT},
    {"U8",          8,  VISE_U8         },
    {"I8",          8,  VISE_I8         },
    {"F8_E5M2",     8,  VISE_F8E5M2     },
    {"F8_E4M3",     8,  VISE_F8E4M3     },
    {"F8_E8M0",     8,  VISE_DTYPE_COUNT},
    {"F8_E4M3FNUZ", 8,  VISE_DTYPE_COUNT},
    {"F8_E5M2FNUZ", 8,  VISE_DTYPE_COUNT},
    {"I16",         16, VISE_DTYPE_COUNT},
    {"U16",         16, VISE_DTYPE_COUNT},
    {"F16",         16, VISE_F16        },
    {"BF16",        16, VISE_BF16       },
    {"I32",         32, VISE_I32        },
    {"U32",         32, VISE_DTYPE_COUNT},
    {"F32",         32, VISE_F32        },
    {"C64",         64, VISE_DTYPE_COUNT},
    {"F64",         64, VISE_F64        },
    {"I64",         64, VISE_I64        },
    {"U64",         64, VISE_DTYPE_COUNT},
};
enum { TYPES = sizeof types / sizeof types[0] };

const vise_st_type *vise_st_type_of(const vise_st_record *r) {
    return &types[r->type];
}

const char *vise_st_type_name(vise_dtype dtype) {
    for (int i = 0; i < TYPES; i++) {
        if (types[i].dtype == dtype) return types[i].name;
    }
    return NULL;
}

int64_t vise_st_type_count(void) {
    return TYPES;
}

static vise_status too_many(const vise_stp *p, const char *what) {
    return vise_stp_bad(p, "E-ST-27", "more than %s %s (the limit, see max_tensors)",
                        vise_digits_of((uint64_t)p->max).text, what);
}

static vise_status read_metadata(vise_stp *p) {
    vise_keys seen = {0};
    vise_status st = vise_stp_expect(p, '{');
    if (st) return st;
    p->h.metadata_at = p->s.at - 1;
    st = vise_keys_open(&seen, p->s.text, 16, p->err);
    if (st) return st;
    vise_scan_space(&p->s);
    bool more = !vise_scan_accept(&p->s, '}');
    while (more) {
        vise_span key, value;
        int64_t first = 0;
        st = vise_stp_read_name(p, &key);
        if (!st && seen.count >= p->max) st = too_many(p, "metadata entries");
        if (!st) st = vise_keys_add(&seen, &key, 0, &first, p->err);
        if (!st && first != seen.count - 1) {
            st = vise_stp_bad(p, "E-ST-13", "__metadata__: \"%s\" appears twice",
                              vise_stp_show(p, &key).text);
        }
        if (!st) st = vise_stp_expect(p, ':');
        if (st) goto done;
        vise_scan_space(&p->s);
        if (vise_scan_peek(&p->s) >= 0 && vise_scan_peek(&p->s) != '"') {
            char what[VISE_SHOWN + 64];
            snprintf(what, sizeof what, "__metadata__: value of \"%s\" must be a string",
                     vise_stp_show(p, &key).text);
            st = vise_stp_wrong_kind(p, 2, "E-ST-26", what);
            goto done;
        }
        st = vise_stp_read_string(p, &value);
        if (!st) st = vise_stp_next(p, '}', &more);
        if (st) goto done;
    }

done:
    vise_keys_release(&seen);
    return st;
}

// Finds a place for one more tensor.
static vise_status add_tensor(vise_stp *p, const vise_span *name, vise_st_record **out) {
    vise_st_header *h = &p->h;
    int64_t first, length = vise_span_length(p->s.text, name);
    if (length > VISE_ST_MAX_NAME) {
        return vise_stp_bad(p, "E-ST-28",
                            "a tensor name has %s bytes, at most %s: \"%.60s...\"",
                            vise_digits_of((uint64_t)length).text,
                            vise_digits_of(VISE_ST_MAX_NAME).text, vise_stp_show(p, name).text);
    }
    if (h->count >= p->max) return too_many(p, "tensors");
    vise_status st = vise_keys_add(&h->names, name, 0, &first, p->err);
    if (st) return st;
    if (first != h->count) {
        return vise_stp_bad(p, "E-ST-13", "tensor \"%s\" appears twice",
                            vise_stp_show(p, name).text);
    }
    *out = &h->records[h->count++];
    return VISE_OK;
}

static vise_status read_entries(vise_stp *p) {
    static const char metadata[] = "__metadata__";
    bool more;
    p->s.at = 1;
    vise_scan_space(&p->s);
    more = !vise_scan_accept(&p->s, '}');
    while (more) {
        vise_span name;
        vise_status st = vise_stp_read_name(p, &name);
        if (st) return st;
        if (vise_span_is(p->s.text, &name, metadata, sizeof metadata - 1)) {
            if (p->h.metadata_at >= 0) {
                return vise_stp_bad(p, "E-ST-13", "\"__metadata__\" appears twice");
            }
            st = vise_stp_expect(p, ':');
            if (!st) st = read_metadata(p);
        } else {
            vise_st_record *r = NULL;
            st = add_tensor(p, &name, &r);
            if (st) return st;
            p->tensor = name;
            st = vise_stp_expect(p, ':');
            if (!st) st = vise_stp_tensor(p, r);
            p->tensor.size = st ? p->tensor.size : -1;
        }
        if (!st) st = vise_stp_next(p, '}', &more);
        if (st) return st;
    }
    for (; p->s.at < p->s.size; p->s.at++) {
        if (p->s.text[p->s.at] != ' ') {
            return vise_stp_bad(p, "E-ST-11",
                                "byte %lld follows the header object, only spaces may",
                                (long long)p->s.at);
        }
    }
    return VISE_OK;
}

static int by_place(const void *a, const void *b, void *records) {
    const vise_st_record *all = records;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const vise_st_record *x = &all[i], *y = &all[j];
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return i < j ? -1 : 1;
}

static vise_shown name_of(const vise_stp *p, int64_t i) {
    vise_span span = vise_keys_span(&p->h.names, i);
    return vise_stp_show(p, &span);
}

// The tensors must tile the data area: no overlap, no hole, nothing after the last.
static vise_status check_tiling(vise_stp *p) {
    vise_st_header *h = &p->h;
    int64_t end = 0, last = -1;
    for (int64_t i = 0; i < h->count; i++) h->order[i] = (uint32_t)i;
    if (h->count > 1) {
        qsort_r(h->order, (size_t)h->count, sizeof *h->order, by_place, h->records);
    }
    int64_t i = 0;
    for (; i < h->count; i++) {
        const vise_st_record *r = &h->records[h->order[i]];
        if (r->begin < end) {
            return vise_stp_bad(p, "E-ST-23", "tensors \"%s\" and \"%s\" overlap at byte %lld",
                                name_of(p, last).text, name_of(p, h->order[i]).text,
                                (long long)r->begin);
        }
        if (r->begin > end) break;
        end = r->end;
        last = h->order[i];
    }
    int64_t hole = (i < h->count ? h->records[h->order[i]].begin : h->data_size) - end;
    if (hole == 0) return VISE_OK;
    vise_digits unclaimed = vise_digits_of((uint64_t)hole);
    if (last < 0) {
        return vise_stp_bad(p, "E-ST-24",
                            "%s unclaimed bytes after the header (polyglot files are refused)",
                            unclaimed.text);
    }
    return vise_stp_bad(p, "E-ST-24",
                        "%s unclaimed bytes after tensor \"%s\" (polyglot files are refused)",
                        unclaimed.text, name_of(p, last).text);
}

static vise_status check_start(const vise_stp *p) {
    int64_t wrong = vise_utf8_check(p->s.text, p->s.size);
    if (wrong >= 0) {
        return vise_stp_bad(p, "E-ST-07", "header byte %lld is not UTF-8", (long long)wrong);
    }
    uint8_t first = p->s.text[0];
    if (first == '{') return VISE_OK;
    if (memchr("[\"-0123456789tfn", first, 16)) {
        return vise_stp_bad(p, "E-ST-09", "the header must be an object, it starts with '%s'",
                            vise_show(&first, 1).text);
    }
    return vise_stp_bad(p, "E-ST-08", "the header must begin with '{', it begins with '%s'",
                        vise_show(p->s.text, 1).text);
}

vise_status vise_st_parse(vise_st_header *out, const char *file, const uint8_t *text,
                          int64_t size, int64_t data_size, int64_t max_tensors,
                          vise_error *err) {
    vise_stp p = {
        .s = {.text = text,  .size = size},
        .file = file,
        .h = {.text = text,             .size = size, .data_size = data_size, .metadata_at = -1},
        .max = max_tensors,
        .tensor = {.size = -1},
        .err = err
    };
    vise_status st = check_start(&p);
    if (st) return st;
    // "":{"dtype":"U8","shape":[],"data_offsets":[0,0]} is the shortest entry.
    int64_t room = size / 49 + 1;
    if (room > max_tensors) room = max_tensors;
    p.h.records = vise_calloc((size_t)room * sizeof *p.h.records);
    p.h.order = vise_calloc((size_t)room * sizeof *p.h.order);
    if (!p.h.records || !p.h.order) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld tensors",
                       (long long)room);
        goto done;
    }
    st = vise_keys_open(&p.h.names, text, room, err);
    if (!st) st = read_entries(&p);
    if (!st) st = check_tiling(&p);
    if (st) goto done;
    *out = p.h;
    return VISE_OK;

done:
    vise_st_release(&p.h);
    return st;
}

void vise_st_release(vise_st_header *h) {
    vise_keys_release(&h->names);
    vise_free(h->records);
    vise_free(h->order);
    memset(h, 0, sizeof *h);
}

int vise_st_shape(const vise_st_header *h, int64_t i, int64_t shape[VISE_ST_MAX_RANK]) {
    const vise_st_record *r = &h->records[i];
    vise_scan s = {.text = h->text, .size = h->size, .at = r->shape_at};
    for (int d = 0; d < r->rank; d++) {
        uint64_t v = 0;
        s.at++; // '[' or ','
        vise_scan_space(&s);
        vise_stp_read_integer(&s, &v);
        vise_scan_space(&s);
        shape[d] = (int64_t)v;
    }
    return r->rank;
}

bool vise_st_metadata(const vise_st_header *h, int64_t *at, vise_span *key, vise_span *value) {
    if (h->metadata_at < 0) return false;
    vise_scan s = {.text = h->text, .size = h->size, .at = *at ? *at : h->metadata_at + 1};
    vise_scan_space(&s);
    if (vise_scan_string(&s, key)) return false;
    vise_scan_space(&s);
    s.at++; // ':'
    vise_scan_space(&s);
    if (vise_scan_string(&s, value)) return false;
    vise_scan_space(&s);
    s.at += vise_scan_peek(&s) == ','; // a '}' stays, and ends the next step
    *at = s.at;
    return true;
}
