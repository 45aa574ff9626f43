// vise/core.so: require "vise.core" from a Lua of its own, whose sources of vise lie in its
// path.

#include "lua/bind/core.h"
#include "lua/vise.h"

VISE_API int luaopen_vise_core(lua_State *L);

int luaopen_vise_core(lua_State *L) {
    lua_pushnil(L); // nobody cancels
    lua_pushcclosure(L, viseL_open_core, 1);
    lua_call(L, 0, 1);
    return 1;
}
