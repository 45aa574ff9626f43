// Timings of the kernels in use, for `vise bench`.

#include "backends/timing.h"
#include "lua/bind/bind.h"

static void set_number(lua_State *L, const char *name, double value) {
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

// core.bench_products{ m, k, n, group, repeats } -> seconds and rates, see backends/timing.h
static int bench_products(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_product_shape, m, 1, 65536),
        VISEL_INT(vise_product_shape, k, 8, 65536),
        VISEL_INT(vise_product_shape, n, 32, 65536),
        VISEL_INT(vise_product_shape, group, 8, 65536),
        VISEL_INT(vise_product_shape, repeats, 1, 1000),
        {0},
    };
    vise_product_shape s = {.m = 1, .k = 4096, .n = 4096, .group = 64, .repeats = 5};
    viseL_options(L, 1, fields, &s);
    luaL_argcheck(L, s.group % 8 == 0 && s.k % s.group == 0, 1,
                  "group must be a multiple of 8 and k a multiple of group");
    luaL_argcheck(L, s.n % VISE_PANEL == 0, 1, "n must be a multiple of 32");
    vise_error err;
    vise_product_times t;
    if (vise_time_products(&viseL_context(L)->kernels, &s, &t, &err)) {
        return viseL_fail(L, &err);
    }
    lua_createtable(L, 0, 7);
    set_number(L, "w8a8", t.w8a8);
    set_number(L, "w4a8", t.w4a8);
    set_number(L, "gemm", t.gemm);
    set_number(L, "gemm_few", t.few);
    set_number(L, "int8_peak", t.int8_peak);
    set_number(L, "f32_peak", t.f32_peak);
    set_number(L, "read", t.read);
    return 1;
}

typedef struct rows_options {
    int64_t n, repeats;
} rows_options;

// core.bench_rows{ n, repeats } -> list of { kernel, seconds }
static int bench_rows(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(rows_options, n, 1, 1 << 26),
        VISEL_INT(rows_options, repeats, 1, 100000),
        {0},
    };
    rows_options o = {.n = 1 << 15, .repeats = 50};
    viseL_options(L, 1, fields, &o);
    vise_error err;
    vise_row_time rows[VISE_ROW_KERNELS];
    if (vise_time_rows(&viseL_context(L)->kernels, o.n, o.repeats, rows, &err)) {
        return viseL_fail(L, &err);
    }
    lua_createtable(L, VISE_ROW_KERNELS, 0);
    for (int i = 0; i < VISE_ROW_KERNELS; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, rows[i].kernel);
        lua_setfield(L, -2, "kernel");
        set_number(L, "seconds", rows[i].seconds);
        lua_seti(L, -2, i + 1);
    }
    return 1;
}

static const luaL_Reg bench[] = {
    {"bench_products", bench_products},
    {"bench_rows",     bench_rows    },
    {NULL,             NULL          },
};

void viseL_open_bench(lua_State *L) {
    luaL_setfuncs(L, bench, 0);
}
