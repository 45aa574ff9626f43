#include "lua/modules.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/bind/core.h"
#include "lua/embedded.h"

// The searcher for "vise" and "vise.*": $VISE_LUA if set, else what the program carries, and
// never the current folder.
static int find_module(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    if (strcmp(name, "vise") != 0 && strncmp(name, "vise.", 5) != 0) return 0;
    const char *folder = getenv("VISE_LUA");
    if (folder) {
        luaL_gsub(L, name, ".", "/");
        const char *path = lua_pushfstring(L, "%s/%s.lua", folder, lua_tostring(L, -1));
        FILE *f = fopen(path, "r");
        if (!f) path = lua_pushfstring(L, "%s/%s/init.lua", folder, lua_tostring(L, -2));
        if (f) fclose(f);
        if (luaL_loadfilex(L, path, "t") != LUA_OK) return lua_error(L);
        lua_pushstring(L, path);
        return 2;
    }
    for (const vise_embedded *m = vise_embedded_modules; m->module; m++) {
        if (strcmp(m->module, name) != 0) continue;
        lua_pushfstring(L, "@%s", m->path);
        if (luaL_loadbufferx(L, (const char *)m->source, m->size, lua_tostring(L, -1), "t") !=
            LUA_OK) {
            return lua_error(L);
        }
        lua_pushstring(L, m->path);
        return 2;
    }
    return luaL_error(L, "no module '%s' in this program", name);
}

// embedded(path) -> the source of one of our files as the program carries it, nil if it is none
static int embedded_source(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    for (const vise_embedded *m = vise_embedded_modules; m->module; m++) {
        if (strcmp(m->path, path) != 0) continue;
        lua_pushlstring(L, (const char *)m->source, m->size);
        return 1;
    }
    luaL_pushfail(L);
    return 1;
}

// The loader of "vise.embedded".
static int open_embedded(lua_State *L) {
    lua_pushcfunction(L, embedded_source);
    return 1;
}

void viseL_modules_open(lua_State *L, void *cancel) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open_embedded);
    lua_setfield(L, -2, "vise.embedded");
    if (cancel) {
        lua_pushlightuserdata(L, cancel);
    } else {
        lua_pushnil(L);
    }
    lua_pushcclosure(L, viseL_open_core, 1);
    lua_setfield(L, -2, "vise.core");
    lua_pop(L, 1);

    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers"); // 1 is the preload searcher; ours comes second
    for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
        lua_geti(L, -1, i);
        lua_seti(L, -2, i + 1);
    }
    lua_pushcfunction(L, find_module);
    lua_seti(L, -2, 2);
    lua_pop(L, 2);
}
