// vise: the program.  A Lua state with the workbench inside; everything a person can ask for
// is decided in lua/vise/cli.

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/bind/core.h"
#include "lua/embedded.h"
#include "lua/signals.h"

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

static void open_modules(lua_State *L) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open_embedded);
    lua_setfield(L, -2, "vise.embedded");
    lua_pushlightuserdata(L, viseL_signals_flag());
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

static int traceback(lua_State *L) {
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

// Runs under lua_pcall, so every error below unwinds to main().
static int run(lua_State *L) {
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);
    luaL_openlibs(L);
    viseL_signals_open(L);
    open_modules(L);
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
    lua_getglobal(L, "require");
    lua_pushliteral(L, "vise.cli");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "main");
    lua_getglobal(L, "arg");
    lua_pushcfunction(L, viseL_interrupted);
    lua_call(L, 2, 1);
    return 1;
}

// What was printed has arrived: a full disk behind `>` must not look like success.
static int check_output(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    fprintf(stderr, "vise: E-FS-08: the output could not be written: %s\n", strerror(errno));
    return status ? status : 74;
}

int main(int argc, char **argv) {
    lua_State *L = luaL_newstate();
    if (!L) {
        fprintf(stderr, "vise: no memory\n");
        return 71;
    }
    // Forwards free and take the same megabytes over and over: keep them instead of returning
    // them to the system, which would hand out fresh pages to clear each time.
    mallopt(M_MMAP_THRESHOLD, 32 << 20); // the most that glibc takes
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    viseL_signals_start(L);
    lua_pushcfunction(L, traceback);
    lua_pushcfunction(L, run);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    int status = 70;
    if (lua_pcall(L, 2, 1, 1) != LUA_OK) {
        fprintf(stderr, "vise: %s\n", lua_tostring(L, -1));
    } else {
        status = (int)lua_tointeger(L, -1);
    }
    viseL_signals_stop();
    lua_close(L);
    return check_output(status);
}
