// vise.tokenizer: the Lua face of engine/text/tokenizer.h.  Ids count from 0, as models do.

#include "engine/text/tokenizer.h"

#include <string.h>

#include "engine/files/map.h"
#include "engine/files/text.h"
#include "lua/bind/files.h"

#define TOKENIZER "vise.tokenizer"

static vise_tokenizer *check_tokenizer(lua_State *L, int arg) {
    vise_tokenizer *t = luaL_checkudata(L, arg, TOKENIZER);
    luaL_argcheck(L, t->pieces, arg, "tokenizer is closed");
    return t;
}

static int tokenizer_close(lua_State *L) {
    vise_tokenizer_release(luaL_checkudata(L, 1, TOKENIZER));
    return 0;
}

// core.tokenizer_open(path)
static int tokenizer_open(lua_State *L) {
    const char *path = viseL_checkpath(L, 1);
    vise_tokenizer *t = lua_newuserdatauv(L, sizeof *t, 0);
    memset(t, 0, sizeof *t);
    luaL_setmetatable(L, TOKENIZER);

    vise_error err;
    vise_map *map = NULL;
    if (vise_map_open(&map, path, &err)) return viseL_fail(L, &err);
    vise_error why;
    vise_status st = vise_tokenizer_read(t, vise_map_data(map), vise_map_size(map), &why);
    vise_map_drop(map);
    if (st) {
        vise_fail(&err, st, why.id, "tokenizer %s: %s", vise_show_path(path).text, why.msg);
        return viseL_fail(L, &err);
    }
    return 1;
}

static int tokenizer_size(lua_State *L) {
    lua_pushinteger(L, check_tokenizer(L, 1)->count);
    return 1;
}

typedef struct encode_options {
    bool bos, eos;
} encode_options;

static const viseL_field encode_fields[] = {
    VISEL_BOOL(encode_options, bos),
    VISEL_BOOL(encode_options, eos),
    {0},
};

// t:encode(text [, { bos = true, eos = false }]): a list of ids
static int tokenizer_encode(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 2, &size);
    encode_options options = {.bos = true};
    viseL_options(L, 3, encode_fields, &options);

    vise_error err;
    vise_tensor *ids = viseL_pushtensor(L);
    const vise_tokenizer *t = check_tokenizer(L, 1);
    if (vise_tokenizer_encode(t, ids, text, (int64_t)size, &err)) return viseL_fail(L, &err);
    int64_t count = vise_tensor_count(ids);
    const int32_t *id = ids->data;
    lua_createtable(L, (int)count + 2, 0);
    lua_Integer n = 0;
    if (options.bos) {
        lua_pushinteger(L, VISE_TOKEN_BEGIN);
        lua_rawseti(L, -2, ++n);
    }
    for (int64_t i = 0; i < count; i++) {
        lua_pushinteger(L, id[i]);
        lua_rawseti(L, -2, ++n);
    }
    if (options.eos) {
        lua_pushinteger(L, VISE_TOKEN_END);
        lua_rawseti(L, -2, ++n);
    }
    vise_tensor_release(ids);
    return 1;
}

typedef struct decode_options {
    bool start;
} decode_options;

static const viseL_field decode_fields[] = {
    VISEL_BOOL(decode_options, start),
    {0},
};

// t:decode(ids [, { start = true }]): the text; start = false: the ids continue one
static int tokenizer_decode(lua_State *L) {
    luaL_checktype(L, 2, LUA_TTABLE);
    decode_options options = {.start = true};
    viseL_options(L, 3, decode_fields, &options);
    lua_Integer count = luaL_len(L, 2);
    bool first = options.start;

    luaL_Buffer text;
    luaL_buffinit(L, &text);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, 2, i);
        int isint;
        lua_Integer id = lua_tointegerx(L, -1, &isint);
        luaL_argcheck(L, isint, 2, "ids are integers");
        lua_pop(L, 1);
        vise_error err;
        const char *piece;
        int64_t size;
        // First the room, which can run a finalizer, then the piece.
        char *to = luaL_prepbuffsize(&text, (size_t)check_tokenizer(L, 1)->longest);
        const vise_tokenizer *t = check_tokenizer(L, 1);
        if (vise_tokenizer_decode(t, &piece, &size, id, first, &err)) {
            return viseL_fail(L, &err);
        }
        memcpy(to, piece, (size_t)size);
        luaL_addsize(&text, (size_t)size);
        first = id == VISE_TOKEN_BEGIN || (first && id < VISE_TOKEN_BYTE);
    }
    luaL_pushresult(&text);
    return 1;
}

static const luaL_Reg tokenizer_class[] = {
    {"__close", tokenizer_close },
    {"__gc",    tokenizer_close },
    {"__len",   tokenizer_size  },
    {"close",   tokenizer_close },
    {"decode",  tokenizer_decode},
    {"encode",  tokenizer_encode},
    {"size",    tokenizer_size  },
    {NULL,      NULL            },
};

void viseL_open_tokenizer(lua_State *L) {
    viseL_class(L, TOKENIZER, tokenizer_class);
    lua_pushcfunction(L, tokenizer_open);
    lua_setfield(L, -2, "tokenizer_open");
}
