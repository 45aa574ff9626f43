// require "vise.core": the composition root.  Picks a backend, starts the pool, opens each
// class.

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/mem.h"
#include "lua/bind/bind.h"
#include "lua/bind/core.h"

static const char context_key = 0; // its address is the registry key

const vise_context *viseL_context(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &context_key);
    const vise_context *ctx = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return ctx;
}

static int context_gc(lua_State *L) {
    vise_context *ctx = lua_touserdata(L, 1);
    vise_pool_release(ctx->pool);
    ctx->pool = NULL;
    return 0;
}

// VISE_BLAS: 0 or 1; on when it is not set.
static vise_status read_blas_switch(bool *on, vise_error *err) {
    const char *value = getenv("VISE_BLAS");
    *on = !value || strcmp(value, "0") != 0;
    if (!value || !*value || !*on || strcmp(value, "1") == 0) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-HW-07", "VISE_BLAS is '%.32s', expected 0 or 1",
                     value);
}

static int cpus_allowed(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set)) return 1;
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n > 256 ? 256 : n;
}

// VISE_THREADS, or all CPUs that this process may use.
static vise_status threads_wanted(int *threads, vise_error *err) {
    const char *text = getenv("VISE_THREADS");
    char *end;
    *threads = cpus_allowed();
    if (!text || !*text) return VISE_OK;
    long n = strtol(text, &end, 10);
    if (*end || n < 1 || n > 256) {
        return vise_fail(err, VISE_EINVAL, "E-HW-03",
                         "VISE_THREADS is '%.32s', expected a number from 1 to 256", text);
    }
    *threads = (int)n;
    return VISE_OK;
}

// Makes the context every later call computes with.  `backend` NULL: the best there is.
static vise_status use_context(lua_State *L, const char *backend, int threads,
                               const atomic_int *cancel, vise_error *err) {
    vise_context *ctx = lua_newuserdatauv(L, sizeof *ctx, 0);
    memset(ctx, 0, sizeof *ctx);
    luaL_setmetatable(L, "vise.context");
    ctx->cancel = cancel;
    bool use_blas;
    vise_status st = read_blas_switch(&use_blas, err);
    if (!st) st = vise_kernels_select(&ctx->kernels, backend, use_blas, err);
    if (!st) st = vise_pool_new(&ctx->pool, threads, err);
    if (st) {
        lua_pop(L, 1);
        return st;
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &context_key);
    return VISE_OK;
}

// core.backend([name]) -> backend in use, library behind gemm or nil; switches if a name is
// given
static int core_backend(lua_State *L) {
    const char *want = luaL_optstring(L, 1, NULL);
    const vise_context *ctx = viseL_context(L);
    vise_error err;
    if (want && use_context(L, want, vise_pool_threads(ctx->pool), ctx->cancel, &err)) {
        return viseL_fail(L, &err);
    }
    ctx = viseL_context(L);
    lua_pushstring(L, ctx->kernels.name);
    lua_pushstring(L, ctx->kernels.blas);
    return 2;
}

// core.threads([n]) -> threads in use, after switching to `n` if given
static int core_threads(lua_State *L) {
    lua_Integer want = luaL_optinteger(L, 1, 0);
    const vise_context *ctx = viseL_context(L);
    vise_error err;
    if (!lua_isnoneornil(L, 1)) {
        int n = want < 0 || want > 1 << 20 ? -1 : (int)want;
        if (use_context(L, ctx->kernels.name, n, ctx->cancel, &err)) return viseL_fail(L, &err);
    }
    lua_pushinteger(L, vise_pool_threads(viseL_context(L)->pool));
    return 1;
}

// core.memory() -> { blocks, bytes, peak, total }
static int core_memory(lua_State *L) {
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, vise_mem_total());
    lua_setfield(L, -2, "total");
    lua_pushinteger(L, vise_mem_blocks());
    lua_setfield(L, -2, "blocks");
    lua_pushinteger(L, vise_mem_bytes());
    lua_setfield(L, -2, "bytes");
    lua_pushinteger(L, vise_mem_peak());
    lua_setfield(L, -2, "peak");
    return 1;
}

static int core_reset_peak(lua_State *L) {
    (void)L;
    vise_mem_reset_peak();
    return 0;
}

// core.memory_limit(bytes or -1)
static int core_memory_limit(lua_State *L) {
    vise_mem_limit(luaL_checkinteger(L, 1));
    return 0;
}

// core.clock() -> seconds of a clock that only goes forward
static int core_clock(lua_State *L) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    lua_pushnumber(L, (double)t.tv_sec + (double)t.tv_nsec * 1e-9);
    return 1;
}

static int core_fail_after(lua_State *L) {
    vise_mem_fail_after(luaL_checkinteger(L, 1));
    return 0;
}

static const luaL_Reg core[] = {
    {"backend",      core_backend     },
    {"clock",        core_clock       },
    {"fail_after",   core_fail_after  },
    {"memory",       core_memory      },
    {"memory_limit", core_memory_limit},
    {"reset_peak",   core_reset_peak  },
    {"threads",      core_threads     },
    {NULL,           NULL             },
};

static const luaL_Reg context_class[] = {
    {"__gc", context_gc},
    {NULL,   NULL      },
};

// The upvalue is the cancel flag, or nil.
int viseL_open_core(lua_State *L) {
    const atomic_int *cancel = lua_touserdata(L, lua_upvalueindex(1));
    viseL_class(L, "vise.context", context_class);
    vise_error err;
    int threads;
    if (threads_wanted(&threads, &err) ||
        use_context(L, getenv("VISE_BACKEND"), threads, cancel, &err)) {
        return luaL_error(L, "%s: %s", err.id, err.msg);
    }
    luaL_newlib(L, core);
    viseL_open_tensor(L);
    viseL_open_bench(L);
    viseL_open_bench_solvers(L);
    viseL_open_bytes(L);
    viseL_open_coded(L);
    viseL_open_divergence(L);
    viseL_open_disk(L);
    viseL_open_json(L);
    viseL_open_kernels(L);
    viseL_open_linalg(L);
    viseL_open_nnops(L);
    viseL_open_observe(L);
    viseL_open_onednn(L);
    viseL_open_elements(L);
    viseL_open_ops(L);
    viseL_open_packed(L);
    viseL_open_permute(L);
    viseL_open_rotate(L);
    viseL_open_rows(L);
    viseL_open_safetensors(L);
    viseL_open_scheme(L);
    viseL_open_solve(L);
    viseL_open_statistics(L);
    viseL_open_terminal(L);
    viseL_open_tokenizer(L);
    viseL_open_watch(L);
    viseL_open_workspace(L);
    return 1;
}
