// What the program does with signals: Ctrl-C, a mapped file that shrinks, closed pipes, limits.

#ifndef VISE_LUA_SIGNALS_H
#define VISE_LUA_SIGNALS_H

#include <lua.h>

// Catches the signals for the main state `L`, whose libraries are not open yet.
void viseL_signals_start(lua_State *L);

// Makes the coroutine library tell which coroutine runs, so that Ctrl-C stops it too.  Raises.
void viseL_signals_open(lua_State *L);

// Ctrl-C kills from here on: the state is about to go.
void viseL_signals_stop(void);

// The flag that Ctrl-C sets and the engine polls; not NULL.
void *viseL_signals_flag(void);

// interrupted([clear]) -> was Ctrl-C pressed?  With `clear` it counts as answered.
int viseL_interrupted(lua_State *L);

#endif
