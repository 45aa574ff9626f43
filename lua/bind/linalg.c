// vise.random and core.svd: the Lua face of engine/linalg/.

#include <string.h>

#include "engine/linalg/random.h"
#include "engine/linalg/svd.h"
#include "lua/bind/bind.h"

#define VISEL_RANDOM "vise.random"

static vise_random *check_random(lua_State *L) {
    return luaL_checkudata(L, 1, VISEL_RANDOM);
}

// core.random(seed): a generator; the seed is an integer from 0 to 2^32 - 1
static int core_random(lua_State *L) {
    lua_Integer seed = luaL_checkinteger(L, 1);
    luaL_argcheck(L, seed >= 0 && seed <= UINT32_MAX, 1, "a seed is from 0 to 2^32 - 1");
    vise_random *r = lua_newuserdatauv(L, sizeof *r, 0);
    vise_random_seed(r, (uint32_t)seed);
    luaL_setmetatable(L, VISEL_RANDOM);
    return 1;
}

static int draw(lua_State *L, void (*fill)(vise_random *, float *, int64_t)) {
    vise_random *r = check_random(L);
    int64_t shape[VISE_MAX_RANK];
    int ndim = viseL_checkshape(L, 2, shape);
    vise_error err;
    vise_tensor *t = viseL_pushtensor(L);
    if (vise_tensor_new(t, VISE_F32, ndim, shape, &err)) return viseL_fail(L, &err);
    fill(r, t->data, vise_tensor_count(t));
    viseL_account(L, vise_tensor_bytes(t));
    return 1;
}

// g:normal(shape), g:uniform(shape): f32 tensors
static int random_normal(lua_State *L) {
    return draw(L, vise_random_normal);
}

static int random_uniform(lua_State *L) {
    return draw(L, vise_random_uniform);
}

// g:u32(): 32 bits.  g:real(): [0, 1) in steps of 2^-53.
static int random_u32(lua_State *L) {
    lua_pushinteger(L, vise_random_u32(check_random(L)));
    return 1;
}

static int random_real(lua_State *L) {
    lua_pushnumber(L, vise_random_real(check_random(L)));
    return 1;
}

// Takes the option `method` out of the table at `arg`, which becomes a copy without it.
static bool take_randomized(lua_State *L, int arg) {
    if (lua_isnoneornil(L, arg)) return false;
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_getfield(L, arg, "method");
    const char *method = luaL_optstring(L, -1, "full");
    bool randomized = strcmp(method, "randomized") == 0;
    if (!randomized && strcmp(method, "full") != 0) {
        luaL_error(L, "E-US-14: option 'method' must be \"full\" or \"randomized\"");
    }
    lua_newtable(L);                // method copy
    lua_pushnil(L);                 // method copy key
    while (lua_next(L, arg) != 0) { // method copy key value
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_settable(L, -4); // method copy key
    }
    lua_pushnil(L);
    lua_setfield(L, -2, "method");
    lua_replace(L, arg);
    lua_pop(L, 1);
    return randomized;
}

// core.svd(a [, { rank = min(m, n), method = "full", seed = 0, oversample = 10,
// iterations = 4 }]) -> u, s, vt
static int core_svd(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_svd_options, rank, 0, 1LL << 40),
        VISEL_INT(vise_svd_options, seed, 0, UINT32_MAX),
        VISEL_INT(vise_svd_options, oversample, 0, 1LL << 40),
        VISEL_INT(vise_svd_options, iterations, 0, 1000),
        {0},
    };
    vise_svd_options opt = {.rank = -1, .oversample = 10, .iterations = 4};
    opt.randomized = take_randomized(L, 2);
    viseL_options(L, 2, fields, &opt);

    vise_error err;
    vise_tensor *u = viseL_pushtensor(L), *s = viseL_pushtensor(L), *vt = viseL_pushtensor(L);
    const vise_tensor *a = viseL_checktensor(L, 1);
    if (opt.rank < 0) opt.rank = a->shape[0] < a->shape[1] ? a->shape[0] : a->shape[1];
    if (vise_svd(viseL_context(L), u, s, vt, a, &opt, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(u) + vise_tensor_bytes(vt));
    return 3;
}

static const luaL_Reg random_class[] = {
    {"normal",  random_normal },
    {"real",    random_real   },
    {"u32",     random_u32    },
    {"uniform", random_uniform},
    {NULL,      NULL          },
};

static const luaL_Reg functions[] = {
    {"random", core_random},
    {"svd",    core_svd   },
    {NULL,     NULL       },
};

void viseL_open_linalg(lua_State *L) {
    viseL_class(L, VISEL_RANDOM, random_class);
    viseL_functions(L, functions);
}
