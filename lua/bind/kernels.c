// The kernel table as Lua sees it: which backends this CPU runs, and whether they are right.

#include <stdlib.h>
#include <string.h>

#include "backends/backends.h"
#include "backends/check.h"
#include "lua/bind/bind.h"

static bool blas_wanted(void) {
    const char *value = getenv("VISE_BLAS");
    return !value || strcmp(value, "0") != 0;
}

static void push_check(lua_State *L, const vise_check *c) {
    lua_createtable(L, 0, 4);
    lua_pushstring(L, c->kernel);
    lua_setfield(L, -2, "kernel");
    lua_pushboolean(L, c->ok);
    lua_setfield(L, -2, "ok");
    lua_pushinteger(L, c->n);
    lua_setfield(L, -2, "n");
    lua_pushnumber(L, c->worst);
    lua_setfield(L, -2, "worst");
}

// core.selftest(backend, seed [, blas [, kernel]]) -> list of { kernel, ok, n, worst }: every
// kernel of a backend, or this one, against ref.  `blas`: OpenBLAS behind gemm; default as
// VISE_BLAS says.
static int kernels_selftest(lua_State *L) {
    const char *backend = luaL_checkstring(L, 1);
    uint64_t seed = (uint64_t)luaL_checkinteger(L, 2);
    bool blas = lua_isnoneornil(L, 3) ? blas_wanted() : lua_toboolean(L, 3);
    vise_error err;
    vise_kernels k;
    const char *only = luaL_optstring(L, 4, NULL);
    vise_check results[VISE_KERNEL_COUNT];
    size_t count;
    if (vise_kernels_select(&k, backend, blas, &err) ||
        vise_kernels_check(&k, seed, only, results, &count, &err)) {
        return viseL_fail(L, &err);
    }
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_check(L, &results[i]);
        lua_seti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

// core.cpu() -> { backends = { { name, runs }, ... worst first }, features = { names } }
static int kernels_cpu(lua_State *L) {
    lua_createtable(L, 0, 2);
    lua_newtable(L);
    for (size_t i = 0; i < vise_backend_count(); i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, vise_backend_name(i));
        lua_setfield(L, -2, "name");
        lua_pushboolean(L, vise_backend_runs_here(i));
        lua_setfield(L, -2, "runs");
        lua_seti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "backends");
    const char *names[VISE_CPU_FEATURES];
    size_t count = vise_cpu_features(names);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, names[i]);
        lua_seti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "features");
    return 1;
}

static const luaL_Reg kernels[] = {
    {"cpu",      kernels_cpu     },
    {"selftest", kernels_selftest},
    {NULL,       NULL            },
};

void viseL_open_kernels(lua_State *L) {
    luaL_setfuncs(L, kernels, 0);
}
