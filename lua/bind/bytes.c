// Growable bytes under the collector, the hash, the picture and the escape of names.

#include "engine/files/hash.h"
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
    {"xxh3",   bytes_xxh3  },
    {NULL,     NULL        },
};

void viseL_open_bytes(lua_State *L) {
    viseL_class(L, VISEL_BYTES, bytes_class);
    viseL_functions(L, bytes_functions);
}
