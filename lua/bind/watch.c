// What a recorder sees of the functions of vise.core: every call of those that take or make
// tensors goes through one place.

#include "lua/bind/bind.h"

static const char recorder_key = 0; // its address is the registry key

// The call itself.  Upvalues: the function, the name a recorder knows it by.
static int watched(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &recorder_key) == LUA_TNIL) {
        lua_pop(L, 1);
        return lua_tocfunction(L, lua_upvalueindex(1))(L);
    }
    lua_insert(L, 1);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 3); // recorder name f ...
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

void viseL_pushwatched(lua_State *L, lua_CFunction f, const char *name) {
    lua_pushcfunction(L, f);
    lua_pushstring(L, name);
    lua_pushcclosure(L, watched, 2);
}

void viseL_functions(lua_State *L, const luaL_Reg *reg) {
    for (; reg->name; reg++) {
        viseL_pushwatched(L, reg->func, reg->name);
        lua_setfield(L, -2, reg->name);
    }
}

// core.record(f|nil): from now on every watched call is f(name, function, ...), which gives its
// results; "NAME" is a function of vise.core, "CLASS:NAME" a method.  The function that `f`
// gets is not watched itself.
static int core_record(lua_State *L) {
    if (!lua_isnoneornil(L, 1)) luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &recorder_key);
    return 0;
}

static const luaL_Reg functions[] = {
    {"record", core_record},
    {NULL,     NULL       },
};

void viseL_open_watch(lua_State *L) {
    luaL_setfuncs(L, functions, 0);
}
