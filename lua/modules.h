// The Lua modules that the program and the library carry.

#ifndef VISE_LUA_MODULES_H
#define VISE_LUA_MODULES_H

#include <lua.h>

// Makes require() find "vise.core", and "vise" and "vise.*" among the embedded sources.
// `cancel` is the flag that stops the engine's work (atomic_int *), or NULL.  Raises.
void viseL_modules_open(lua_State *L, void *cancel);

#endif
