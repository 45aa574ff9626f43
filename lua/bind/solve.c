// core.inverse_factor, core.gptq, core.hadamard, core.eigh, ...: the Lua face of the solvers of
// engine/linalg/.

#include <string.h>

#include "engine/linalg/gptq.h"
#include "engine/linalg/hadamard.h"
#include "engine/linalg/inverse_factor.h"
#include "engine/linalg/moments.h"
#include "engine/linalg/order.h"
#include "engine/linalg/symmetric.h"
#include "lua/bind/bind.h"

// Replaces the options at `arg`, a table or nothing, by a copy, and takes fields out of it that
// viseL_options() does not know: field i is pushed at last + 1 + i, behind the last argument.
static void take_fields(lua_State *L, int arg, int last, const char *const names[]) {
    if (!lua_isnoneornil(L, arg)) luaL_checktype(L, arg, LUA_TTABLE);
    lua_settop(L, last);
    lua_newtable(L); // options copy
    if (!lua_isnil(L, arg)) {
        lua_pushnil(L);                 // options copy key
        while (lua_next(L, arg) != 0) { // options copy key value
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_settable(L, -4); // options copy key
        }
    }
    lua_replace(L, arg);
    for (int i = 0; names[i]; i++) {
        lua_getfield(L, arg, names[i]);
        lua_pushnil(L);
        lua_setfield(L, arg, names[i]);
    }
}

static bool take_f64(lua_State *L, int arg) {
    const char *precision = luaL_optstring(L, arg, "f32");
    bool f64 = strcmp(precision, "f64") == 0;
    if (!f64 && strcmp(precision, "f32") != 0) {
        luaL_error(L, "E-US-14: option 'precision' must be \"f32\" or \"f64\"");
    }
    return f64;
}

// core.inverse_factor(h [, { damping = 0.01, order = i32 tensor, precision = "f32" } [, out]])
// -> upper
static int core_inverse_factor(lua_State *L) {
    static const char *const taken[] = {"order", "precision", NULL};
    static const viseL_field fields[] = {
        VISEL_NUM(vise_factor_options, damping, 0, 1e6),
        {0},
    };
    vise_factor_options opt = {.damping = 0.01};
    take_fields(L, 2, 3, taken); // order 4, precision 5
    viseL_options(L, 2, fields, &opt);
    opt.f64 = take_f64(L, 5);

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    opt.order = viseL_opttensor(L, 4);
    const vise_tensor *h = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_inverse_factor(viseL_context(L), out, h, &opt, &err), out,
                        &err);
}

// core.gptq(scheme, weight, factor [, { order = i32 tensor, static_groups = false,
// reference_groups = false, search = false, block = 128 }]) -> coded, loss
static int core_gptq(lua_State *L) {
    static const char *const taken[] = {"order", NULL};
    static const viseL_field fields[] = {
        VISEL_BOOL(vise_gptq_options, static_groups),
        VISEL_BOOL(vise_gptq_options, reference_groups),
        VISEL_READ(vise_gptq_options, search, "search", viseL_readsearch),
        VISEL_INT(vise_gptq_options, block, 1, 1 << 20),
        {0},
    };
    vise_gptq_options opt = {.block = 128};
    take_fields(L, 4, 4, taken); // order 5
    viseL_options(L, 4, fields, &opt);

    vise_error err;
    double loss;
    vise_coded *c = viseL_pushcoded(L);
    opt.order = viseL_opttensor(L, 5);
    const vise_scheme *s = viseL_checkscheme(L, 1);
    const vise_tensor *weight = viseL_checktensor(L, 2), *factor = viseL_checktensor(L, 3);
    if (vise_gptq(viseL_context(L), c, &loss, s, weight, factor, &opt, &err)) {
        return viseL_fail(L, &err);
    }
    viseL_account(L, vise_coded_bytes(c));
    lua_pushnumber(L, loss);
    return 2;
}

// core.column_order(h [, group = 0]) -> i32: columns by falling diagonal, groups kept together
static int core_column_order(lua_State *L) {
    lua_Integer group = luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, group >= 0, 2, "a group has at least one column");
    vise_error err;
    vise_tensor *out = viseL_pushtensor(L);
    const vise_tensor *h = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_order_make(out, h, group, &err), out, &err);
}

typedef struct hadamard_options {
    bool transpose;
} hadamard_options;

// core.hadamard(x, n [, { transpose = false }] [, out]) -> f32 of the shape of x
static int core_hadamard(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_BOOL(hadamard_options, transpose),
        {0},
    };
    hadamard_options opt = {0};
    lua_Integer n = luaL_checkinteger(L, 2);
    int given = lua_type(L, 3) == LUA_TUSERDATA ? 3 : 4; // `out` may come without options
    if (given == 4) viseL_options(L, 3, fields, &opt);
    vise_error err;
    vise_tensor *out = viseL_pushout(L, given);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_hadamard(viseL_context(L), out, x, n, opt.transpose, &err), out,
                        &err);
}

// core.hadamard_size(inputs) -> the largest block that divides them
static int core_hadamard_size(lua_State *L) {
    lua_Integer inputs = luaL_checkinteger(L, 1);
    luaL_argcheck(L, inputs >= 1, 1, "a row has at least one input");
    lua_pushinteger(L, vise_hadamard_size(inputs));
    return 1;
}

// core.eigh(a) -> values, ascending; vectors, a column for each
static int core_eigh(lua_State *L) {
    vise_error err;
    vise_tensor *values = viseL_pushtensor(L), *vectors = viseL_pushtensor(L);
    const vise_tensor *a = viseL_checktensor(L, 1);
    if (vise_eigh(viseL_context(L), values, vectors, a, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(vectors));
    return 2;
}

// core.quadratic(delta, m) -> tr(delta m delta')
static int core_quadratic(lua_State *L) {
    vise_error err;
    double sum;
    const vise_tensor *delta = viseL_checktensor(L, 1), *m = viseL_checktensor(L, 2);
    if (vise_quadratic(viseL_context(L), &sum, delta, m, &err)) return viseL_fail(L, &err);
    lua_pushnumber(L, sum);
    return 1;
}

// core.moments(x [, by = 1]) -> f32 [n, n]: x' x times `by`
static int core_moments(lua_State *L) {
    double by = luaL_optnumber(L, 2, 1);
    vise_error err;
    vise_tensor *out = viseL_pushtensor(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_moments(viseL_context(L), out, x, by, &err), out, &err);
}

static const luaL_Reg functions[] = {
    {"column_order",   core_column_order  },
    {"eigh",           core_eigh          },
    {"gptq",           core_gptq          },
    {"hadamard",       core_hadamard      },
    {"hadamard_size",  core_hadamard_size },
    {"inverse_factor", core_inverse_factor},
    {"moments",        core_moments       },
    {"quadratic",      core_quadratic     },
    {NULL,             NULL               },
};

void viseL_open_solve(lua_State *L) {
    viseL_functions(L, functions);
}
