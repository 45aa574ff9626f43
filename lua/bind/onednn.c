// oneDNN's products as Lua sees them: problems like those of core.bench_problem().

#include "backends/onednn.h"
#include "lua/bind/bind.h"

#define VISEL_ONEDNN "vise.onednn"

static const vise_onednn *check_onednn(lua_State *L) {
    vise_onednn *const *o = luaL_checkudata(L, 1, VISEL_ONEDNN);
    luaL_argcheck(L, *o, 1, "problem is closed");
    return *o;
}

static int onednn_close(lua_State *L) {
    vise_onednn **o = luaL_checkudata(L, 1, VISEL_ONEDNN);
    vise_onednn_release(*o);
    *o = NULL;
    return 0;
}

typedef struct shape {
    int64_t m, k, n, cold;
} shape;

// core.onednn("int8" | "bf16" | "f32", { m, k, n, cold }) -> problem
static int onednn_new(lua_State *L) {
    static const char *const kinds[VISE_ONEDNN_KINDS + 1] = {"int8", "bf16", "f32", NULL};
    static const viseL_field fields[] = {
        VISEL_INT(shape, m, 1, 1 << 20),
        VISEL_INT(shape, k, 1, 65536),
        VISEL_INT(shape, n, 1, 1 << 20),
        VISEL_INT(shape, cold, 0, 1ll << 40),
        {0},
    };
    shape s = {1, 64, 32, 0};
    vise_onednn_kind kind = (vise_onednn_kind)luaL_checkoption(L, 1, NULL, kinds);
    viseL_options(L, 2, fields, &s);
    vise_error err;
    vise_onednn **o = lua_newuserdatauv(L, sizeof *o, 0);
    *o = NULL; // closed, so __gc is safe whatever happens next
    luaL_setmetatable(L, VISEL_ONEDNN);
    if (vise_onednn_new(o, kind, s.m, s.k, s.n, s.cold, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_onednn_copies(*o) * vise_onednn_weights(*o));
    return 1;
}

static int settle(lua_State *L, vise_status st, const vise_error *err) {
    if (st) return viseL_fail(L, err);
    lua_pushboolean(L, true);
    return 1;
}

// p:run(): the product, with every copy of the weights, on as many threads as we use
static int onednn_run(lua_State *L) {
    vise_error err;
    int threads = vise_pool_threads(viseL_context(L)->pool);
    return settle(L, vise_onednn_run(check_onednn(L), threads, &err), &err);
}

// p:check() -> true, or nil, message, id
static int onednn_check(lua_State *L) {
    vise_error err;
    return settle(L, vise_onednn_check(check_onednn(L), &err), &err);
}

static int onednn_copies(lua_State *L) {
    lua_pushinteger(L, vise_onednn_copies(check_onednn(L)));
    return 1;
}

static int onednn_weights(lua_State *L) {
    lua_pushinteger(L, vise_onednn_weights(check_onednn(L)));
    return 1;
}

static const luaL_Reg onednn_class[] = {
    {"__close", onednn_close  },
    {"__gc",    onednn_close  },
    {"check",   onednn_check  },
    {"close",   onednn_close  },
    {"copies",  onednn_copies },
    {"run",     onednn_run    },
    {"weights", onednn_weights},
    {NULL,      NULL          },
};

void viseL_open_onednn(lua_State *L) {
    viseL_class(L, VISEL_ONEDNN, onednn_class);
    lua_pushcfunction(L, onednn_new);
    lua_setfield(L, -2, "onednn");
}
