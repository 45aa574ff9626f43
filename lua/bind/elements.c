// t:abs(), t:power() and their kin, t:fold(): the Lua face of engine/ops/unary.h and fold.h.

#include "engine/ops/fold.h"
#include "engine/ops/unary.h"
#include "lua/bind/bind.h"

static int unary(lua_State *L, vise_unary_op op, double exponent, int out_at) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, out_at);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *t = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_unary(ctx, out, op, t, exponent, &err), out, &err);
}

// t:abs([out])
static int tensor_abs(lua_State *L) {
    return unary(L, VISE_ABS, 1, 2);
}

// t:sign([out])
static int tensor_sign(lua_State *L) {
    return unary(L, VISE_SIGN, 1, 2);
}

// t:round([out])
static int tensor_round(lua_State *L) {
    return unary(L, VISE_ROUND, 1, 2);
}

// t:power(exponent [, out])
static int tensor_power(lua_State *L) {
    return unary(L, VISE_POWER, luaL_checknumber(L, 2), 3);
}

// t:fold(what [, out]): [..., n] -> [n]
static int tensor_fold(lua_State *L) {
    static const char *const names[] = {"sum", "mean", "min", "max", "norm", NULL};
    static const vise_reduction what[] = {VISE_SUM, VISE_MEAN, VISE_MIN, VISE_MAX, VISE_NORM};
    vise_reduction which = what[luaL_checkoption(L, 2, NULL, names)];
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *t = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_fold(ctx, out, which, t, &err), out, &err);
}

static const luaL_Reg methods[] = {
    {"abs",   tensor_abs  },
    {"fold",  tensor_fold },
    {"power", tensor_power},
    {"round", tensor_round},
    {"sign",  tensor_sign },
    {NULL,    NULL        },
};

void viseL_open_elements(lua_State *L) {
    viseL_methods(L, VISEL_TENSOR, methods);
}
