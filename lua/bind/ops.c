// Arithmetic, reductions and products of tensors: the Lua face of engine/ops/elementwise.h,
// reduce.h and matmul.h.

#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reduce.h"
#include "engine/ops/transpose.h"
#include "lua/bind/bind.h"

// t:add(b [, out]) and its kin: b is a number or a tensor
static int binary(lua_State *L, vise_binary_op op) {
    bool scalar = lua_type(L, 2) == LUA_TNUMBER;
    float number = scalar ? (float)lua_tonumber(L, 2) : 0;

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *a = viseL_checktensor(L, 1);
    if (scalar)
        return viseL_finish(L, vise_binary_scalar(ctx, out, op, a, number, &err), out, &err);
    const vise_tensor *b = viseL_checktensor(L, 2);
    return viseL_finish(L, vise_binary(ctx, out, op, a, b, &err), out, &err);
}

static int tensor_add(lua_State *L) {
    return binary(L, VISE_ADD);
}

static int tensor_sub(lua_State *L) {
    return binary(L, VISE_SUB);
}

static int tensor_mul(lua_State *L) {
    return binary(L, VISE_MUL);
}

static int tensor_div(lua_State *L) {
    return binary(L, VISE_DIV);
}

// t:axpy(alpha, x [, out]): t + alpha x
static int tensor_axpy(lua_State *L) {
    float alpha = (float)luaL_checknumber(L, 2);
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *t = viseL_checktensor(L, 1), *x = viseL_checktensor(L, 3);
    return viseL_finish(L, vise_axpy(ctx, out, t, alpha, x, &err), out, &err);
}

// t:clamp(lo, hi [, out])
static int tensor_clamp(lua_State *L) {
    float lo = (float)luaL_checknumber(L, 2), hi = (float)luaL_checknumber(L, 3);
    luaL_argcheck(L, lo <= hi, 3, "the upper bound is below the lower one");
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *t = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_clamp(ctx, out, t, lo, hi, &err), out, &err);
}

static int reduce(lua_State *L, vise_reduction what) {
    vise_error err;
    double value;
    const vise_context *ctx = viseL_context(L);
    if (vise_reduce(ctx, &value, what, viseL_checktensor(L, 1), &err)) {
        return viseL_fail(L, &err);
    }
    lua_pushnumber(L, value);
    return 1;
}

static int tensor_sum(lua_State *L) {
    return reduce(L, VISE_SUM);
}

static int tensor_mean(lua_State *L) {
    return reduce(L, VISE_MEAN);
}

static int tensor_min(lua_State *L) {
    return reduce(L, VISE_MIN);
}

static int tensor_max(lua_State *L) {
    return reduce(L, VISE_MAX);
}

static int tensor_norm(lua_State *L) {
    return reduce(L, VISE_NORM);
}

// t:argmax(): 1-based index of the first largest element
static int tensor_argmax(lua_State *L) {
    vise_error err;
    int64_t i;
    if (vise_argmax(&i, viseL_checktensor(L, 1), &err)) return viseL_fail(L, &err);
    lua_pushinteger(L, i + 1);
    return 1;
}

// core.compare(a, b) -> { mae, rmse, max_abs, rel_l2, cosine, sqnr }
static int core_compare(lua_State *L) {
    vise_error err;
    vise_comparison c;
    const vise_tensor *a = viseL_checktensor(L, 1), *b = viseL_checktensor(L, 2);
    if (vise_compare(viseL_context(L), &c, a, b, &err)) return viseL_fail(L, &err);
    const struct {
        const char *name;
        double value;
    } field[] = {
        {"mae",     c.mae    },
        {"rmse",    c.rmse   },
        {"max_abs", c.max_abs},
        {"rel_l2",  c.rel_l2 },
        {"cosine",  c.cosine },
        {"sqnr",    c.sqnr   },
    };
    lua_createtable(L, 0, 6);
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        lua_pushnumber(L, field[i].value);
        lua_setfield(L, -2, field[i].name);
    }
    return 1;
}

// t:transpose([out]): of a matrix
static int tensor_transpose(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 2);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *t = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_transpose(ctx, out, t, &err), out, &err);
}

// core.matmul(a, b [, { trans_a = false, trans_b = false } [, out]])
static int core_matmul(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_BOOL(vise_matmul_options, trans_a),
        VISEL_BOOL(vise_matmul_options, trans_b),
        {0},
    };
    vise_matmul_options opt = {0};
    viseL_options(L, 3, fields, &opt);

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *a = viseL_checktensor(L, 1), *b = viseL_checktensor(L, 2);
    return viseL_finish(L, vise_matmul(ctx, out, a, b, &opt, &err), out, &err);
}

// core.linear(x, w [, bias [, out]]): x w' + bias
static int core_linear(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1), *w = viseL_checktensor(L, 2);
    const vise_tensor *bias = viseL_opttensor(L, 3);
    return viseL_finish(L, vise_linear(ctx, out, x, w, bias, &err), out, &err);
}

// core.matmul_rule(): how products are cut, for manifests
static int core_matmul_rule(lua_State *L) {
    lua_pushstring(L, vise_matmul_rule());
    return 1;
}

static const luaL_Reg methods[] = {
    {"add",       tensor_add      },
    {"argmax",    tensor_argmax   },
    {"axpy",      tensor_axpy     },
    {"clamp",     tensor_clamp    },
    {"div",       tensor_div      },
    {"max",       tensor_max      },
    {"mean",      tensor_mean     },
    {"min",       tensor_min      },
    {"mul",       tensor_mul      },
    {"norm",      tensor_norm     },
    {"sub",       tensor_sub      },
    {"sum",       tensor_sum      },
    {"transpose", tensor_transpose},
    {NULL,        NULL            },
};

static const luaL_Reg functions[] = {
    {"compare",     core_compare    },
    {"linear",      core_linear     },
    {"matmul",      core_matmul     },
    {"matmul_rule", core_matmul_rule},
    {NULL,          NULL            },
};

void viseL_open_ops(lua_State *L) {
    viseL_methods(L, VISEL_TENSOR, methods);
    viseL_functions(L, functions);
}
