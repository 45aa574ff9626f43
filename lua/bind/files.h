// What the bindings of engine/files/ share.

#ifndef VISEL_FILES_H
#define VISEL_FILES_H

#include "engine/files/bytes.h"
#include "lua/bind/bind.h"

// A path: not empty, and without a NUL that would cut it.
const char *viseL_checkpath(lua_State *L, int arg);

// Pushes an empty one; it is released with its userdata, or before by viseL_bytesresult().
vise_bytes *viseL_pushbytes(lua_State *L);
// Pushes the contents as a string and releases them.
void viseL_bytesresult(lua_State *L, vise_bytes *b);

#endif
