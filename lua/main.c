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
#include <unistd.h>

#include "engine/linalg/apart.h"
#include "lua/modules.h"
#include "lua/signals.h"

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
    viseL_modules_open(L, viseL_signals_flag());
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

// The last that exit() calls before it closes the libraries.
static void leave_early(int status, void *unused) {
    (void)unused;
    if (!vise_apart_unattended()) return;
    fflush(NULL);
    _exit(status);
}

int main(int argc, char **argv) {
    lua_State *L = luaL_newstate();
    if (!L) {
        fprintf(stderr, "vise: no memory\n");
        return 71;
    }
    on_exit(leave_early, NULL);
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
