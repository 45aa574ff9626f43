// core.permute and core.unpermute: the Lua face of engine/permute.h.

#include "engine/permute.h"

#include <string.h>

#include "lua/bind/bind.h"

static int64_t field_integer(lua_State *L, int table, const char *name, int64_t otherwise) {
    lua_getfield(L, table, name);
    int isint = 1;
    lua_Integer v = lua_isnil(L, -1) ? otherwise : lua_tointegerx(L, -1, &isint);
    if (!isint || v < 0)
        luaL_error(L, "E-US-14: permutation: '%s' must be an integer from 0 on", name);
    lua_pop(L, 1);
    return v;
}

// One digit, { "row" | "column", unit [, size] }, at the top of the stack.
static vise_digit check_digit(lua_State *L) {
    if (!lua_istable(L, -1))
        luaL_error(L, "E-US-14: a digit is { \"row\" or \"column\", unit, size }");
    vise_digit d = {0};
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    lua_rawgeti(L, -3, 3);
    const char *axis = lua_type(L, -3) == LUA_TSTRING ? lua_tostring(L, -3) : "";
    d.column = strcmp(axis, "column") == 0;
    int unit = 0, size = 1;
    d.unit = lua_tointegerx(L, -2, &unit);
    if (!lua_isnil(L, -1)) d.size = lua_tointegerx(L, -1, &size);
    if (!unit || !size || (!d.column && strcmp(axis, "row") != 0)) {
        luaL_error(L, "E-US-14: a digit is { \"row\" or \"column\", unit, size }");
    }
    lua_pop(L, 3);
    return d;
}

// { digits = {...}, padded = { rows, cols } [, bits] [, fill = 0] [, flip = 0] }
static vise_permutation check_permutation(lua_State *L, int arg, vise_dtype dtype) {
    luaL_checktype(L, arg, LUA_TTABLE);
    vise_permutation p = {
        .bits = (int)field_integer(L, arg, "bits", 8 * vise_dtype_size(dtype)),
        .fill = (uint32_t)field_integer(L, arg, "fill", 0),
        .flip = (uint32_t)field_integer(L, arg, "flip", 0),
    };
    luaL_argcheck(L, p.bits == 4 || p.bits == 8 || p.bits == 16, arg,
                  "elements have 4, 8 or 16 bits");
    luaL_argcheck(L, p.fill >> p.bits == 0 && p.flip >> p.bits == 0, arg,
                  "'fill' and 'flip' must fit an element");
    int64_t padded[VISE_MAX_RANK];
    lua_getfield(L, arg, "padded");
    luaL_argcheck(L, lua_istable(L, -1) && viseL_checkshape(L, lua_gettop(L), padded) == 2, arg,
                  "'padded' must be { rows, columns }");
    p.rows = padded[0], p.cols = padded[1];
    lua_pop(L, 1);
    lua_getfield(L, arg, "digits");
    luaL_argcheck(L, lua_istable(L, -1) && lua_rawlen(L, -1) <= VISE_MAX_DIGITS, arg,
                  "'digits' must be a list of at most 16");
    p.count = (int)lua_rawlen(L, -1);
    for (int i = 0; i < p.count; i++) {
        lua_rawgeti(L, -1, i + 1);
        p.digit[i] = check_digit(L);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return p;
}

typedef vise_status permute_fn(vise_tensor *, const vise_permutation *, const vise_tensor *,
                               vise_error *);

// f(tensor, permutation, dtype, shape) -> a tensor of that dtype and shape
static int permute_with(lua_State *L, permute_fn *f) {
    vise_error err;
    int64_t shape[VISE_MAX_RANK];
    vise_dtype dtype = viseL_checkdtype(L, 3);
    int ndim = viseL_checkshape(L, 4, shape);
    vise_permutation p = check_permutation(L, 2, dtype);
    vise_tensor *out = viseL_pushtensor(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    if (vise_tensor_new(out, dtype, ndim, shape, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(out));
    if (f(out, &p, x, &err)) return viseL_fail(L, &err);
    return 1;
}

// core.permute(matrix, permutation, dtype, shape) -> packed
static int tensor_permute(lua_State *L) {
    return permute_with(L, vise_permute);
}

// core.unpermute(packed, permutation, dtype, shape) -> matrix
static int tensor_unpermute(lua_State *L) {
    return permute_with(L, vise_unpermute);
}

static const luaL_Reg permute[] = {
    {"permute",   tensor_permute  },
    {"unpermute", tensor_unpermute},
    {NULL,        NULL            },
};

void viseL_open_permute(lua_State *L) {
    viseL_functions(L, permute);
}
