// core.rotate: the Lua face of engine/linalg/rotate.h.

#include "engine/linalg/rotate.h"

#include "lua/bind/bind.h"

// core.rotate(w, { block =, center = false, transpose = false, columns = false } [, diagonal
// [, matrix]]) -> w, rotated in place
static int core_rotate(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_rotation, block, 1, 1LL << 40),
        VISEL_BOOL(vise_rotation, center),
        VISEL_BOOL(vise_rotation, transpose),
        VISEL_BOOL(vise_rotation, columns),
        {0},
    };
    vise_rotation r = {0};
    viseL_options(L, 2, fields, &r);

    vise_error err;
    vise_tensor *w = viseL_checktensor(L, 1);
    r.diagonal = viseL_opttensor(L, 3);
    r.matrix = viseL_opttensor(L, 4);
    if (vise_rotate(viseL_context(L), w, &r, &err)) return viseL_fail(L, &err);
    lua_pushvalue(L, 1);
    return 1;
}

static const luaL_Reg functions[] = {
    {"rotate", core_rotate},
    {NULL,     NULL       },
};

void viseL_open_rotate(lua_State *L) {
    viseL_functions(L, functions);
}
