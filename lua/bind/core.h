// The one entry of lua/bind/ that the program needs.

#ifndef VISEL_CORE_H
#define VISEL_CORE_H

#include <lua.h>

// The loader of "vise.core": push a light userdata (atomic_int *, set to stop the work) or
// nil, then lua_pushcclosure(L, viseL_open_core, 1).
int viseL_open_core(lua_State *L);

#endif
