// core.safetensors_open, _write and _size: the Lua face of engine/files/safetensors_*.h.

#include <string.h>

#include "engine/files/safetensors_read.h"
#include "engine/files/safetensors_write.h"
#include "engine/files/text.h"
#include "lua/bind/files.h"

#define VISEL_SAFETENSORS "vise.safetensors"

static vise_safetensors *check_file(lua_State *L, int arg) {
    vise_safetensors *f = luaL_checkudata(L, arg, VISEL_SAFETENSORS);
    luaL_argcheck(L, f->map, arg, "file is closed");
    return f;
}

static int file_close(lua_State *L) {
    vise_safetensors_close(luaL_checkudata(L, 1, VISEL_SAFETENSORS));
    return 0;
}

typedef struct open_options {
    int64_t max_tensors;
} open_options;

// core.safetensors_open(path [, { max_tensors = n }]) -> file
static int safetensors_open(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(open_options, max_tensors, 1, 2000000),
        {0},
    };
    open_options opt = {.max_tensors = VISE_ST_MAX_TENSORS};
    const char *path = viseL_checkpath(L, 1);
    viseL_options(L, 2, fields, &opt);
    vise_error err;
    vise_safetensors *f = lua_newuserdatauv(L, sizeof *f, 0);
    memset(f, 0, sizeof *f);
    luaL_setmetatable(L, VISEL_SAFETENSORS);
    if (vise_safetensors_open(f, path, opt.max_tensors, &err)) return viseL_fail(L, &err);
    return 1;
}

// Pushes a span of the header of the file at 1, which a finalizer may close meanwhile.
static void push_span(lua_State *L, const uint8_t *text, const vise_span *span) {
    luaL_Buffer b;
    char *at = luaL_buffinitsize(L, &b, (size_t)span->size);
    check_file(L, 1);
    luaL_pushresultsize(&b, (size_t)vise_span_decode(at, text, span));
}

// f:names() -> names by place in the file
static int file_names(lua_State *L) {
    const vise_safetensors *f = check_file(L, 1);
    const vise_st_header *h = &f->header;
    lua_createtable(L, (int)h->count, 0);
    check_file(L, 1); // the table can run a finalizer that closes it
    for (int64_t i = 0; i < h->count; i++) {
        vise_span span = vise_keys_span(&h->names, h->order[i]);
        push_span(L, h->text, &span);
        lua_rawseti(L, -2, i + 1);
        check_file(L, 1);
    }
    return 1;
}

// The number of the tensor that argument 2 names, -1 if there is none.
static int64_t find_tensor(lua_State *L, const vise_safetensors *f) {
    size_t size;
    const char *name = luaL_checklstring(L, 2, &size);
    return vise_safetensors_find(f, name, (int64_t)size);
}

// f:info(name) -> { dtype, shape, bytes }, nil if there is no such tensor
static int file_info(lua_State *L) {
    const vise_safetensors *f = check_file(L, 1);
    int64_t i = find_tensor(L, f), shape[VISE_ST_MAX_RANK];
    if (i < 0) {
        luaL_pushfail(L);
        return 1;
    }
    const vise_st_record *r = &f->header.records[i];
    const vise_st_type *type = vise_st_type_of(r);
    bool known = type->dtype != VISE_DTYPE_COUNT;
    int rank = vise_st_shape(&f->header, i, shape);
    int64_t bytes = r->end - r->begin; // before what can run a finalizer
    lua_createtable(L, 0, 3);
    lua_pushstring(L, known ? vise_dtype_name(type->dtype) : type->name);
    lua_setfield(L, -2, "dtype");
    lua_pushinteger(L, bytes);
    lua_setfield(L, -2, "bytes");
    lua_createtable(L, rank, 0);
    for (int d = 0; d < rank; d++) {
        lua_pushinteger(L, shape[d]);
        lua_rawseti(L, -2, d + 1);
    }
    lua_setfield(L, -2, "shape");
    return 1;
}

// f:tensor(name) -> read-only tensor
static int file_tensor(lua_State *L) {
    luaL_checkstring(L, 2);
    vise_error err;
    vise_tensor *t = viseL_pushtensor(L);
    const vise_safetensors *f = check_file(L, 1);
    int64_t i = find_tensor(L, f);
    luaL_argcheck(L, i >= 0, 2, "no tensor of that name in the file");
    if (vise_safetensors_tensor(t, f, i, &err)) return viseL_fail(L, &err);
    if (!t->readonly) viseL_account(L, vise_tensor_bytes(t)); // a copy
    return 1;
}

// f:metadata() -> table of strings
static int file_metadata(lua_State *L) {
    const vise_safetensors *f = check_file(L, 1);
    vise_span key, value;
    lua_newtable(L);
    for (int64_t at = 0; vise_st_metadata(&f->header, &at, &key, &value);) {
        push_span(L, f->header.text, &key);
        push_span(L, f->header.text, &value);
        lua_rawset(L, -3);
    }
    return 1;
}

static int file_size(lua_State *L) {
    lua_pushinteger(L, vise_map_size(check_file(L, 1)->map));
    return 1;
}

// --- writing

static vise_st_text check_text(lua_State *L, int index, const char *what) {
    vise_st_text t;
    size_t size = 0;
    if (lua_type(L, index) != LUA_TSTRING) luaL_error(L, "E-US-14: %s must be a string", what);
    t.text = lua_tolstring(L, index, &size);
    t.size = (int64_t)size;
    return t;
}

// One { name, tensor } or, where only the size is asked for, { name, dtype, shape }; it is at
// the top of the stack.
static void check_entry(lua_State *L, vise_st_entry *e, bool sizes) {
    if (!lua_istable(L, -1)) luaL_error(L, "E-US-14: each entry is a table { name, tensor }");
    lua_rawgeti(L, -1, 1);
    e->name = check_text(L, -1, "the name of an entry"); // anchored by its table
    lua_pop(L, 1);
    lua_rawgeti(L, -1, 2);
    if (sizes && lua_type(L, -1) == LUA_TSTRING) {
        e->dtype = viseL_checkdtype(L, lua_gettop(L));
        lua_pop(L, 1);
        lua_rawgeti(L, -1, 3);
        e->ndim = viseL_checkshape(L, lua_gettop(L), e->shape);
    } else {
        const vise_tensor *t = luaL_testudata(L, -1, VISEL_TENSOR);
        if (!t || !t->buf)
            luaL_error(L, "E-US-14: tensor \"%s\": not an open tensor",
                       vise_show(e->name.text, e->name.size).text);
        e->dtype = t->dtype;
        e->ndim = t->ndim;
        memcpy(e->shape, t->shape, sizeof e->shape);
        e->tensor = t;
    }
    lua_pop(L, 1);
}

// The metadata at `arg`, nil if there are none.  Pushes the block that holds them.
static void check_metadata(lua_State *L, int arg, vise_st_contents *c) {
    if (lua_isnoneornil(L, arg)) return;
    luaL_checktype(L, arg, LUA_TTABLE);
    int64_t pairs = 0;
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) pairs++;
    c->metadata = lua_newuserdatauv(L, (size_t)pairs * sizeof *c->metadata, 0);
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        if (c->pairs == pairs)
            luaL_error(L, "E-US-14: the metadata changed while they were read");
        c->metadata[c->pairs].key = check_text(L, -2, "a metadata key");
        c->metadata[c->pairs++].value = check_text(L, -1, "a metadata value");
    }
}

// Entries at `arg`, metadata or nil at `arg + 1`.  Pushes the blocks that hold them.
static vise_st_contents check_contents(lua_State *L, int arg, bool sizes) {
    luaL_checktype(L, arg, LUA_TTABLE);
    vise_st_contents c = {.count = (int64_t)lua_rawlen(L, arg)};
    luaL_argcheck(L, c.count <= 2000000, arg, "too many entries");
    vise_st_entry *entries = lua_newuserdatauv(L, (size_t)c.count * sizeof *entries, 0);
    memset(entries, 0, (size_t)c.count * sizeof *entries);
    c.entries = entries;
    check_metadata(L, arg + 1, &c);
    // Last, and nothing here allocates: a finalizer could close a tensor.
    for (int64_t i = 0; i < c.count; i++) {
        lua_rawgeti(L, arg, i + 1);
        check_entry(L, &entries[i], sizes);
        lua_pop(L, 1);
    }
    return c;
}

// core.safetensors_write(path, { { name, tensor }, ... } [, metadata]) -> its SHA-256
static int safetensors_write(lua_State *L) {
    const char *path = viseL_checkpath(L, 1);
    vise_error err;
    lua_settop(L, 3);
    vise_st_contents c = check_contents(L, 2, false);
    vise_sha256_text hash;
    if (vise_safetensors_write(&hash, path, &c, &err)) return viseL_fail(L, &err);
    lua_pushstring(L, hash.hex);
    return 1;
}

// core.safetensors_size({ { name, tensor } or { name, dtype, shape }, ... } [, metadata])
// -> bytes the file would have
static int safetensors_size(lua_State *L) {
    vise_error err;
    lua_settop(L, 2);
    vise_bytes *header = viseL_pushbytes(L);
    vise_st_contents c = check_contents(L, 1, true);
    int64_t size = 0;
    if (vise_safetensors_layout(header, &size, &c, &err)) return viseL_fail(L, &err);
    vise_bytes_release(header);
    lua_pushinteger(L, size);
    return 1;
}

static const luaL_Reg file_class[] = {
    {"__close",  file_close   },
    {"__gc",     file_close   },
    {"close",    file_close   },
    {"info",     file_info    },
    {"metadata", file_metadata},
    {"names",    file_names   },
    {"size",     file_size    },
    {"tensor",   file_tensor  },
    {NULL,       NULL         },
};

static const luaL_Reg safetensors[] = {
    {"safetensors_open",  safetensors_open },
    {"safetensors_size",  safetensors_size },
    {"safetensors_write", safetensors_write},
    {NULL,                NULL             },
};

void viseL_open_safetensors(lua_State *L) {
    viseL_class(L, VISEL_SAFETENSORS, file_class);
    viseL_functions(L, safetensors);
}
