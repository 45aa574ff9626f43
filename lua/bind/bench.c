// What Lua cannot do itself for `vise bench`: loops at the machine's limits and bare kernels,
// on the threads of the pool.  Lua holds the clock.

#include <string.h>

#include "backends/peak.h"
#include "backends/timing.h"
#include "lua/bind/bind.h"

#define VISEL_TIMING "vise.timing"

enum { SHARES = 4 }; // tiles a thread: one that is late leaves some to the others

static int64_t shares(const vise_context *ctx) {
    int threads = vise_pool_threads(ctx->pool);
    return threads == 1 ? 1 : (int64_t)threads * SHARES;
}

static const char *const peaks[] = {"int8", "bf16", "f32", NULL};

typedef struct peak_job {
    void (*loop)(int64_t steps);
    int64_t steps;
} peak_job;

static void peak_tile(void *job, int64_t tile) {
    (void)tile;
    peak_job *p = job;
    p->loop(p->steps);
}

// core.bench_peak("int8" | "bf16" | "f32" [, backend]) -> operations that were done; nil where
// that backend's instruction set has no such loop
static int bench_peak(lua_State *L) {
    int kind = luaL_checkoption(L, 1, NULL, peaks);
    const vise_context *ctx = viseL_context(L);
    vise_peak peak = vise_peak_of(luaL_optstring(L, 2, ctx->kernels.name));
    void (*loop[])(int64_t) = {peak.int8, peak.bf16, peak.f32};
    double per_step[] = {peak.int8_per_step, peak.bf16_per_step, peak.f32_per_step};
    if (!loop[kind]) {
        luaL_pushfail(L);
        return 1;
    }
    peak_job job = {loop[kind], (1 << 20) / (shares(ctx) == 1 ? 1 : SHARES)};
    vise_error err;
    if (vise_parallel(ctx, shares(ctx), peak_tile, &job, &err)) return viseL_fail(L, &err);
    lua_pushnumber(L, per_step[kind] * (double)job.steps * (double)shares(ctx));
    return 1;
}

typedef struct memory_job {
    void (*read)(const void *, int64_t); // NULL: copy
    unsigned char *to;
    const unsigned char *from;
    int64_t bytes, slice, passes;
} memory_job;

static void memory_tile(void *job, int64_t tile) {
    memory_job *m = job;
    int64_t at = tile * m->slice, n = m->bytes - at < m->slice ? m->bytes - at : m->slice;
    for (int64_t pass = 0; pass < m->passes; pass++) {
        if (m->read) {
            m->read(m->from + at, n);
        } else {
            memcpy(m->to + at, m->from + at, (size_t)n);
        }
    }
}

// core.bench_memory(from, slice, passes [, to]) -> bytes that were read, or copied: each slice
// of `from` that often by one thread.  nil where the backend has no loop that reads.
static int bench_memory(lua_State *L) {
    lua_Integer slice = luaL_checkinteger(L, 2), passes = luaL_checkinteger(L, 3);
    luaL_argcheck(L, slice > 0, 2, "a slice has at least one byte");
    luaL_argcheck(L, passes > 0 && passes <= 1 << 20, 3, "there are 1 to 2^20 passes");
    const vise_tensor *from = viseL_checktensor(L, 1), *to = viseL_opttensor(L, 4);
    luaL_argcheck(L, !to || vise_tensor_bytes(to) == vise_tensor_bytes(from), 4,
                  "both tensors have the same size");
    luaL_argcheck(L, !to || (!to->readonly && to->buf != from->buf), 4,
                  "the copy goes to memory of its own");
    const vise_context *ctx = viseL_context(L);
    memory_job job = {.from = from->data, .bytes = vise_tensor_bytes(from)};
    job.slice = slice;
    job.passes = passes;
    if (to) {
        job.to = to->data;
    } else {
        job.read = vise_peak_of(ctx->kernels.name).read;
    }
    if (!to && !job.read) {
        luaL_pushfail(L);
        return 1;
    }
    vise_error err;
    int64_t tiles = job.bytes / slice + (job.bytes % slice > 0);
    if (vise_parallel(ctx, tiles, memory_tile, &job, &err)) return viseL_fail(L, &err);
    lua_pushinteger(L, job.bytes * passes);
    return 1;
}

static void no_work(void *job, int64_t tile) {
    (void)job;
    (void)tile;
}

// core.bench_handoff(n): hands the pool n jobs of nothing, one tile a thread
static int bench_handoff(lua_State *L) {
    lua_Integer n = luaL_checkinteger(L, 1);
    const vise_context *ctx = viseL_context(L);
    vise_error err;
    for (lua_Integer i = 0; i < n; i++) {
        if (vise_parallel(ctx, vise_pool_threads(ctx->pool), no_work, NULL, &err)) {
            return viseL_fail(L, &err);
        }
    }
    return 0;
}

static const vise_timing *check_timing(lua_State *L) {
    vise_timing *const *t = luaL_checkudata(L, 1, VISEL_TIMING);
    luaL_argcheck(L, *t, 1, "problem is closed");
    return *t;
}

static int timing_close(lua_State *L) {
    vise_timing **t = luaL_checkudata(L, 1, VISEL_TIMING);
    vise_timing_release(*t);
    *t = NULL;
    return 0;
}

static vise_timed check_kernel(lua_State *L, int arg) {
    const char *names[VISE_TIMED_COUNT + 1] = {NULL};
    for (int i = 0; i < VISE_TIMED_COUNT; i++) names[i] = vise_timed_name((vise_timed)i);
    return (vise_timed)luaL_checkoption(L, arg, NULL, names);
}

// core.bench_problem(kernel, { m, k, n, group, cold, blocks } [, scale dtype])
static int timing_new(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_timing_shape, m, 1, 1 << 20),
        VISEL_INT(vise_timing_shape, k, 8, 65536),
        VISEL_INT(vise_timing_shape, n, 1, 1 << 20),
        VISEL_INT(vise_timing_shape, group, 8, 65536),
        VISEL_INT(vise_timing_shape, cold, 0, 1ll << 40),
        VISEL_BOOL(vise_timing_shape, blocks),
        {0},
    };
    vise_timing_shape s = {.m = 1, .k = 64, .n = 32, .group = 64};
    s.what = check_kernel(L, 1);
    viseL_options(L, 2, fields, &s);
    s.scale_dtype = lua_isnoneornil(L, 3) ? VISE_F32 : viseL_checkdtype(L, 3);
    luaL_argcheck(L, s.scale_dtype >= VISE_F32 && s.scale_dtype <= VISE_F8E4M3, 3,
                  "scales are f32, f16, bf16 or f8e4m3");
    vise_error err;
    vise_timing **t = lua_newuserdatauv(L, sizeof *t, 0);
    *t = NULL; // closed, so __gc is safe whatever happens next
    luaL_setmetatable(L, VISEL_TIMING);
    if (vise_timing_new(t, &s, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_timing_bytes(*t));
    return 1;
}

typedef struct timing_job {
    const vise_timing *t;
    const vise_kernels *k;
    int threads;
} timing_job;

static void timing_tile(void *job, int64_t tile) {
    timing_job *j = job;
    vise_timing_run(j->t, j->k, j->threads, tile);
}

// p:run(): the product, with every copy of the weights
static int timing_run(lua_State *L) {
    const vise_context *ctx = viseL_context(L);
    timing_job job = {check_timing(L), &ctx->kernels, vise_pool_threads(ctx->pool)};
    vise_error err;
    int64_t tiles = vise_timing_tiles(job.t, job.threads);
    if (vise_parallel(ctx, tiles, timing_tile, &job, &err)) return viseL_fail(L, &err);
    lua_pushboolean(L, true);
    return 1;
}

// p:check() -> true, or nil, message, id if the kernel differs from ref
static int timing_check(lua_State *L) {
    vise_error err;
    const vise_timing *t = check_timing(L);
    if (vise_timing_check(t, &viseL_context(L)->kernels, &err)) return viseL_fail(L, &err);
    lua_pushboolean(L, true);
    return 1;
}

// p:copies() of the weights
static int timing_copies(lua_State *L) {
    lua_pushinteger(L, vise_timing_copies(check_timing(L)));
    return 1;
}

// p:weights(): bytes of one copy
static int timing_weights(lua_State *L) {
    lua_pushinteger(L, vise_timing_weights(check_timing(L)));
    return 1;
}

static const luaL_Reg timing_class[] = {
    {"__close", timing_close  },
    {"__gc",    timing_close  },
    {"check",   timing_check  },
    {"close",   timing_close  },
    {"copies",  timing_copies },
    {"run",     timing_run    },
    {"weights", timing_weights},
    {NULL,      NULL          },
};

static const luaL_Reg bench[] = {
    {"bench_handoff", bench_handoff},
    {"bench_memory",  bench_memory },
    {"bench_peak",    bench_peak   },
    {"bench_problem", timing_new   },
    {NULL,            NULL         },
};

void viseL_open_bench(lua_State *L) {
    viseL_class(L, VISEL_TIMING, timing_class);
    luaL_setfuncs(L, bench, 0);
}
