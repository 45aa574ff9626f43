// vise.packed: the Lua face of engine/packed.h.

#include "engine/rows.h"

#include <string.h>

#include "lua/bind/bind.h"

static vise_packed *push_packed(lua_State *L) {
    vise_packed *p = lua_newuserdatauv(L, sizeof *p, 0);
    memset(p, 0, sizeof *p); // closed, so __gc is safe whatever happens next
    luaL_setmetatable(L, VISEL_PACKED);
    return p;
}

const vise_packed *viseL_checkpacked(lua_State *L, int arg) {
    const vise_packed *p = luaL_checkudata(L, arg, VISEL_PACKED);
    luaL_argcheck(L, p->codes, arg, "packed tensor is closed");
    return p;
}

static int packed_close(lua_State *L) {
    vise_packed_release(luaL_checkudata(L, 1, VISEL_PACKED));
    return 0;
}

// core.pack(coded) -> packed
static int packed_new(lua_State *L) {
    vise_error err;
    vise_packed *p = push_packed(L);
    const vise_coded *c = viseL_checkcoded(L, 1);
    if (vise_pack(viseL_context(L), p, c, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_packed_size(p));
    return 1;
}

// core.pack_floats(w) -> packed: f32, f16 or bf16 [outputs, inputs]
static int packed_floats(lua_State *L) {
    vise_error err;
    vise_packed *p = push_packed(L);
    const vise_tensor *w = viseL_checktensor(L, 1);
    if (vise_pack_floats(viseL_context(L), p, w, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_packed_size(p));
    return 1;
}

// core.packed_bytes(scheme or float dtype, {rows, cols}): what packing would take
static int packed_plan(lua_State *L) {
    vise_error err;
    vise_packed p;
    int64_t shape[2];
    viseL_checkmatrix(L, 2, shape);
    vise_status st;
    if (lua_type(L, 1) == LUA_TSTRING) {
        vise_dtype dtype = viseL_checkdtype(L, 1);
        luaL_argcheck(L, dtype == VISE_F32 || dtype == VISE_F16 || dtype == VISE_BF16, 1,
                      "expected f32, f16 or bf16");
        st = vise_packed_plan_floats(&p, dtype, shape[0], shape[1], &err);
    } else {
        st = vise_packed_plan(&p, viseL_checkscheme(L, 1), shape[0], shape[1], &err);
    }
    if (st) return viseL_fail(L, &err);
    lua_pushinteger(L, vise_packed_size(&p));
    return 1;
}

static int packed_bytes(lua_State *L) {
    lua_pushinteger(L, vise_packed_size(viseL_checkpacked(L, 1)));
    return 1;
}

static int packed_kind(lua_State *L) {
    lua_pushstring(L, vise_packed_kind(viseL_checkpacked(L, 1)));
    return 1;
}

static int packed_shape(lua_State *L) {
    const vise_packed *p = viseL_checkpacked(L, 1);
    lua_pushinteger(L, p->rows);
    lua_pushinteger(L, p->cols);
    return 2;
}

// nil for packed floats
static int packed_scheme(lua_State *L) {
    const vise_packed *p = viseL_checkpacked(L, 1);
    if (p->kind <= VISE_PANEL_BF16) return 0;
    vise_scheme s = p->scheme; // to push can run a finalizer
    viseL_pushscheme(L, &s);
    return 1;
}

// p:workspace(rows [, activation scheme [, rank]]): bytes of the rows that core.rows() makes
static int packed_workspace(lua_State *L) {
    lua_Integer m = luaL_checkinteger(L, 2), rank = luaL_optinteger(L, 4, 0);
    luaL_argcheck(L, m >= 0, 2, "rows are 0 or more");
    luaL_argcheck(L, rank >= 0, 4, "a rank is 0 or more");
    const vise_scheme *a = lua_isnoneornil(L, 3) ? NULL : viseL_checkscheme(L, 3);
    vise_error err;
    vise_rows r;
    if (vise_rows_plan(&r, viseL_checkpacked(L, 1), a, m, rank, &err))
        return viseL_fail(L, &err);
    lua_pushinteger(L, r.bytes);
    return 1;
}

static int packed_tostring(lua_State *L) {
    char text[VISE_SCHEME_TEXT];
    const vise_packed *p = luaL_checkudata(L, 1, VISEL_PACKED);
    if (!p->codes) {
        lua_pushliteral(L, "packed (closed)");
        return 1;
    }
    bool floats = p->kind <= VISE_PANEL_BF16;
    lua_pushfstring(L, "packed %Ix%I, %s", (lua_Integer)p->rows, (lua_Integer)p->cols,
                    floats ? vise_packed_kind(p)
                           : vise_scheme_describe(text, sizeof text, &p->scheme));
    return 1;
}

static const luaL_Reg packed_class[] = {
    {"__close",    packed_close    },
    {"__gc",       packed_close    },
    {"__tostring", packed_tostring },
    {"bytes",      packed_bytes    },
    {"close",      packed_close    },
    {"kind",       packed_kind     },
    {"scheme",     packed_scheme   },
    {"shape",      packed_shape    },
    {"workspace",  packed_workspace},
    {NULL,         NULL            },
};

static const luaL_Reg packed_functions[] = {
    {"pack",         packed_new   },
    {"pack_floats",  packed_floats},
    {"packed_bytes", packed_plan  },
    {NULL,           NULL         },
};

void viseL_open_packed(lua_State *L) {
    viseL_class(L, VISEL_PACKED, packed_class);
    viseL_functions(L, packed_functions);
}
