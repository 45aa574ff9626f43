// t:statistics(), t:histogram(), t:blocks(): the Lua face of engine/statistics.h.

#include "engine/statistics.h"

#include <math.h>

#include "lua/bind/bind.h"

static void set_number(lua_State *L, const char *name, double v) {
    lua_pushnumber(L, v);
    lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, int64_t v) {
    lua_pushinteger(L, v);
    lua_setfield(L, -2, name);
}

// t:statistics() -> { count, finite, nans, infinities, zeros, min, max, mean, std }
static int tensor_statistics(lua_State *L) {
    vise_error err;
    vise_statistics s;
    lua_createtable(L, 0, 9);
    const vise_tensor *t = viseL_checktensor(L, 1);
    int64_t count = vise_tensor_count(t);
    if (vise_tensor_statistics(viseL_context(L), &s, t, &err)) return viseL_fail(L, &err);
    set_integer(L, "count", count);
    set_integer(L, "finite", s.finite);
    set_integer(L, "nans", s.nans);
    set_integer(L, "infinities", s.infinities);
    set_integer(L, "zeros", s.zeros);
    set_number(L, "min", s.min);
    set_number(L, "max", s.max);
    set_number(L, "mean", s.mean);
    set_number(L, "std", s.finite > 0 ? sqrt(s.m2 / (double)s.finite) : 0);
    return 1;
}

// t:histogram(lo, hi [, bins = 32]) -> counts
static int tensor_histogram(lua_State *L) {
    double lo = luaL_checknumber(L, 2), hi = luaL_checknumber(L, 3);
    lua_Integer bins = luaL_optinteger(L, 4, 32);
    luaL_argcheck(L, bins >= 1 && bins <= VISE_MAX_BINS, 4, "expected 1 to 256 bins");
    int64_t counts[VISE_MAX_BINS];

    vise_error err;
    lua_createtable(L, (int)bins, 0);
    const vise_tensor *t = viseL_checktensor(L, 1);
    if (vise_tensor_histogram(viseL_context(L), counts, (int)bins, lo, hi, t, &err)) {
        return viseL_fail(L, &err);
    }
    for (int i = 0; i < (int)bins; i++) {
        lua_pushinteger(L, counts[i]);
        lua_seti(L, -2, i + 1);
    }
    return 1;
}

// t:blocks(rows, columns [, what = "absmax"]) -> f64 [rows, columns]
static int tensor_blocks(lua_State *L) {
    static const char *const values[] = {"absmax", "max", "mean", "min", NULL};
    enum { MOST = 4096 };
    lua_Integer rows = luaL_checkinteger(L, 2), columns = luaL_checkinteger(L, 3);
    luaL_argcheck(L, rows >= 1 && rows <= MOST, 2, "expected 1 to 4096 rows");
    luaL_argcheck(L, columns >= 1 && columns <= MOST, 3, "expected 1 to 4096 columns");
    vise_block_value what = (vise_block_value)luaL_checkoption(L, 4, "absmax", values);

    vise_error err;
    vise_tensor *out = viseL_pushtensor(L);
    const vise_tensor *t = viseL_checktensor(L, 1);
    if (vise_tensor_blocks(viseL_context(L), out, t, rows, columns, what, &err)) {
        return viseL_fail(L, &err);
    }
    viseL_account(L, vise_tensor_bytes(out));
    return 1;
}

static const luaL_Reg statistics[] = {
    {"blocks",     tensor_blocks    },
    {"histogram",  tensor_histogram },
    {"statistics", tensor_statistics},
    {NULL,         NULL             },
};

void viseL_open_statistics(lua_State *L) {
    viseL_methods(L, VISEL_TENSOR, statistics);
}
