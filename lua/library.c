// libvise: the modules of vise for a program that has Lua.

#include "lua/vise.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/embedded.h"
#include "lua/modules.h"

int luaopen_vise(lua_State *L) {
    viseL_modules_open(L, NULL);
    // require() is at work on "vise" itself, so its chunk is run here.
    const vise_embedded *m = vise_embedded_modules;
    while (strcmp(m->module, "vise") != 0) m++;
    lua_pushfstring(L, "@%s", m->path);
    if (luaL_loadbufferx(L, (const char *)m->source, m->size, lua_tostring(L, -1), "t") !=
        LUA_OK) {
        return lua_error(L);
    }
    lua_call(L, 0, 1);
    return 1;
}
