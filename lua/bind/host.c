// What the program stands on, as far as Lua cannot see it itself.

#include <sys/ioctl.h>
#include <unistd.h>

#include "lua/bind/bind.h"

// core.terminal("stdin" | "stdout" | "stderr") -> columns of that terminal, nil if it is none
static int host_terminal(lua_State *L) {
    static const char *const names[] = {"stdin", "stdout", "stderr", NULL};
    int fd = luaL_checkoption(L, 1, NULL, names);
    if (!isatty(fd)) {
        luaL_pushfail(L);
        return 1;
    }
    struct winsize size = {0};
    bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    lua_pushinteger(L, known ? size.ws_col : 80);
    return 1;
}

static const luaL_Reg host[] = {
    {"terminal", host_terminal},
    {NULL,       NULL         },
};

void viseL_open_host(lua_State *L) {
    luaL_setfuncs(L, host, 0);
}
