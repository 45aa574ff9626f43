// vise in a program with Lua 5.4: the modules of vise, to be opened as any other C library of
// Lua.
//
//   lua_State *L = luaL_newstate();
//   luaL_openlibs(L);
//   luaL_requiref(L, "vise", luaopen_vise, 0);
//   lua_pop(L, 1);
//   luaL_dostring(L, "local vise = require 'vise'  print(vise.version)");
//
// Lua itself is the program's: link as `pkg-config --libs vise` says.  A state is used by one
// thread at a time; several states may compute at the same time, and share the counters of
// memory.

#ifndef VISE_H
#define VISE_H

#include <lua.h>

#define VISE_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

// Opens vise and returns its public module.  The standard libraries must be open.  Raises if
// the environment asks for what this machine does not have (VISE_BACKEND, VISE_THREADS,
// VISE_BLAS), on the first use of the engine.
VISE_API int luaopen_vise(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
