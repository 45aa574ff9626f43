// Growable bytes under the collector, the hashes, the picture and the escape of names.

#include "engine/files/hash.h"
#include "engine/files/hash_sha256.h"
#include "engine/files/png.h"
#include "engine/files/text.h"
#include "lua/bind/files.h"

#define VISEL_BYTES "vise.bytes"

static int bytes_gc(lua_State *L) {
    vise_bytes_release(luaL_checkudata(L, 1, VISEL_BYTES));
    return 0;
}

vise_bytes *viseL_pushbytes(lua_State *L) {
    vise_bytes *b = lua_newuserdatauv(L, sizeof *b, 0);
    *b = (vise_bytes){0};
    luaL_setmetatable(L, VISEL_BYTES);
    return b;
}

void viseL_bytesresult(lua_State *L, vise_bytes *b) {
    lua_pushlstring(L, b->data ? b->data : "", (size_t)b->size);
    vise_bytes_release(b);
}

// core.xxh3(tensor or string) -> 32 hex digits
static int bytes_xxh3(lua_State *L) {
    vise_hash hash;
    if (lua_type(L, 1) == LUA_TSTRING) {
        size_t size;
        const char *s = lua_tolstring(L, 1, &size);
        hash = vise_hash_bytes(s, (int64_t)size);
    } else {
        hash = vise_hash_tensor(viseL_checktensor(L, 1));
    }
    lua_pushstring(L, hash.hex);
    return 1;
}

// core.sha256(string) -> 64 hex digits
static int bytes_sha256(lua_State *L) {
    size_t size;
    const char *s = luaL_checklstring(L, 1, &size);
    vise_error err;
    vise_sha256 h = {0}; // nothing below raises before it is closed
    vise_sha256_text hash;
    vise_status st = vise_sha256_open(&h, &err);
    if (!st) {
        vise_sha256_add(&h, s, (int64_t)size);
        st = vise_sha256_finish(&hash, &h, &err);
    }
    vise_sha256_close(&h);
    if (st) return viseL_fail(L, &err);
    lua_pushstring(L, hash.hex);
    return 1;
}

// core.png(tensor) -> the bytes of a PNG file
static int bytes_png(lua_State *L) {
    vise_error err;
    vise_bytes *b = viseL_pushbytes(L);
    if (vise_png(b, viseL_checktensor(L, 1), &err)) return viseL_fail(L, &err);
    viseL_bytesresult(L, b);
    return 1;
}

// core.escape(name) -> how the name stands in a message
static int bytes_escape(lua_State *L) {
    size_t size;
    const char *s = luaL_checklstring(L, 1, &size);
    vise_shown shown = vise_show(s, (int64_t)size);
    lua_pushstring(L, shown.text);
    return 1;
}

static const luaL_Reg bytes_class[] = {
    {"__gc", bytes_gc},
    {NULL,   NULL    },
};

static const luaL_Reg bytes_functions[] = {
    {"escape", bytes_escape},
    {"png",    bytes_png   },
    {"sha256", bytes_sha256},
    {"xxh3",   bytes_xxh3  },
    {NULL,     NULL        },
};

void viseL_open_bytes(lua_State *L) {
    viseL_class(L, VISEL_BYTES, bytes_class);
    viseL_functions(L, bytes_functions);
}
