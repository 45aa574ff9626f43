// vise.coded: the Lua face of engine/coded.h.

#include "engine/coded.h"

#include <string.h>

#include "lua/bind/bind.h"

#define VISEL_CODED "vise.coded"

vise_coded *viseL_pushcoded(lua_State *L) {
    vise_coded *c = lua_newuserdatauv(L, sizeof *c, 0);
    memset(c, 0, sizeof *c); // closed, so __gc is safe whatever happens next
    luaL_setmetatable(L, VISEL_CODED);
    return c;
}

const vise_coded *viseL_checkcoded(lua_State *L, int arg) {
    const vise_coded *c = luaL_checkudata(L, arg, VISEL_CODED);
    luaL_argcheck(L, c->part[VISE_PART_CODES].buf, arg, "coded tensor is closed");
    return c;
}

static int coded_close(lua_State *L) {
    vise_coded_release(luaL_checkudata(L, 1, VISEL_CODED));
    return 0;
}

void viseL_readsearch(lua_State *L, const char *name, void *at) {
    static const viseL_field fields[] = {
        VISEL_NUM(vise_search, shrink, 0, 1),
        VISEL_INT(vise_search, grid, 1, 10000),
        VISEL_NUM(vise_search, norm, 1, 4),
        {0},
    };
    vise_search found = {0};
    if (lua_isboolean(L, -1)) {
        found.on = lua_toboolean(L, -1);
    } else if (lua_istable(L, -1)) {
        found = (vise_search){.on = true, .shrink = 0.2, .grid = 100, .norm = 2.4};
        viseL_options(L, lua_gettop(L), fields, &found);
    } else {
        luaL_error(L, "E-US-14: option '%s' must be true, false or a table, got a %s", name,
                   luaL_typename(L, -1));
    }
    *(vise_search *)at = found;
}

// The tensor stays alive: the table of options holds it.
static void read_tensor(lua_State *L, const char *name, void *at) {
    const vise_tensor *t = luaL_testudata(L, -1, VISEL_TENSOR);
    if (!t || !t->buf) luaL_error(L, "E-US-14: option '%s' must be a tensor", name);
    *(const vise_tensor **)at = t;
}

// core.encode(scheme, x [, { search = false | { shrink = 0.2, grid = 100, norm = 2.4 },
// importance = nil } or { scale = [, zero =, second =] }]) -> coded
static int coded_encode(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_READ(vise_encode_options, search, "search", viseL_readsearch),
        VISEL_READ(vise_encode_options, importance, "importance", read_tensor),
        VISEL_READ(vise_encode_options, given[VISE_PART_SCALE], "scale", read_tensor),
        VISEL_READ(vise_encode_options, given[VISE_PART_ZERO], "zero", read_tensor),
        VISEL_READ(vise_encode_options, given[VISE_PART_SECOND], "second", read_tensor),
        {0},
    };
    vise_encode_options opt = {0};
    lua_settop(L, 3);
    vise_error err;
    vise_coded *c = viseL_pushcoded(L);
    viseL_options(L, 3, fields, &opt); // after the push, which can run a finalizer
    const vise_scheme *s = viseL_checkscheme(L, 1);
    const vise_tensor *x = viseL_checktensor(L, 2);
    if (vise_encode(viseL_context(L), c, s, &opt, x, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_coded_bytes(c));
    return 1;
}

// core.coded(scheme, {rows, cols}, { codes =, scale = [, zero =, second =] }) -> coded
static int coded_new(lua_State *L) {
    int64_t shape[2];
    viseL_checkmatrix(L, 2, shape);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    vise_error err;
    vise_coded *c = viseL_pushcoded(L); // 4
    for (int i = 0; i < VISE_PART_COUNT; i++) {
        lua_getfield(L, 3, vise_part_name((vise_part)i));
    }
    const vise_tensor *part[VISE_PART_COUNT];
    for (int i = 0; i < VISE_PART_COUNT; i++) {
        part[i] = lua_isnil(L, 5 + i) ? NULL : luaL_testudata(L, 5 + i, VISEL_TENSOR);
        if (!lua_isnil(L, 5 + i) && !part[i]) {
            return luaL_error(L, "E-SC-06: tensor '%s' is a %s, expected a tensor",
                              vise_part_name((vise_part)i), luaL_typename(L, 5 + i));
        }
        luaL_argcheck(L, !part[i] || part[i]->buf, 3, "tensor is closed");
    }
    const vise_scheme *s = viseL_checkscheme(L, 1);
    if (vise_coded_build(c, s, shape[0], shape[1], part, &err)) return viseL_fail(L, &err);
    lua_settop(L, 4);
    return 1;
}

// c:decode([out]) -> f32 [rows, cols]
static int coded_decode(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 2);
    const vise_coded *c = viseL_checkcoded(L, 1);
    if (vise_decode(viseL_context(L), out, c, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(out));
    return 1;
}

// c:tensors() -> { codes =, scale = [, zero =, second =] }, which share its memory
static int coded_tensors(lua_State *L) {
    lua_createtable(L, 0, VISE_PART_COUNT);
    for (int i = 0; i < VISE_PART_COUNT; i++) {
        if (!viseL_checkcoded(L, 1)->part[i].buf) continue;
        vise_tensor *view = viseL_pushtensor(L);
        // Fetched again: a push can run a finalizer that closes the coded tensor.
        vise_tensor_share(view, &viseL_checkcoded(L, 1)->part[i]);
        lua_setfield(L, -2, vise_part_name((vise_part)i));
    }
    return 1;
}

static int push_shape(lua_State *L, int64_t rows, int64_t cols) {
    lua_pushinteger(L, rows);
    lua_pushinteger(L, cols);
    return 2;
}

static int coded_shape(lua_State *L) {
    const vise_coded *c = viseL_checkcoded(L, 1);
    return push_shape(L, c->rows, c->cols);
}

static int coded_bytes(lua_State *L) {
    lua_pushinteger(L, vise_coded_bytes(viseL_checkcoded(L, 1)));
    return 1;
}

static int coded_scheme(lua_State *L) {
    vise_scheme s = viseL_checkcoded(L, 1)->scheme; // to push can run a finalizer
    viseL_pushscheme(L, &s);
    return 1;
}

static int push_text(lua_State *L, const char *noun, const vise_scheme *s, int64_t rows,
                     int64_t cols) {
    char text[VISE_SCHEME_TEXT];
    lua_pushfstring(L, "%s %Ix%I, %s", noun, (lua_Integer)rows, (lua_Integer)cols,
                    vise_scheme_describe(text, sizeof text, s));
    return 1;
}

static int coded_tostring(lua_State *L) {
    const vise_coded *c = luaL_checkudata(L, 1, VISEL_CODED);
    if (c->part[VISE_PART_CODES].buf)
        return push_text(L, "coded", &c->scheme, c->rows, c->cols);
    lua_pushliteral(L, "coded (closed)");
    return 1;
}

// The scale of activations that is given at `arg`: NULL if none is.
static const float *opt_scale(lua_State *L, int arg, float *scale) {
    if (lua_isnoneornil(L, arg)) return NULL;
    *scale = (float)luaL_checknumber(L, arg);
    return scale;
}

// core.simulate(scheme, x [, out [, scale]]) -> f32 of the shape of x
static int coded_simulate(lua_State *L) {
    float given;
    const float *scale = opt_scale(L, 4, &given);
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_scheme *s = viseL_checkscheme(L, 1);
    const vise_tensor *x = viseL_checktensor(L, 2);
    if (vise_simulate(viseL_context(L), out, s, x, scale, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(out));
    return 1;
}

static const luaL_Reg coded_class[] = {
    {"__close",    coded_close   },
    {"__gc",       coded_close   },
    {"__tostring", coded_tostring},
    {"bytes",      coded_bytes   },
    {"close",      coded_close   },
    {"decode",     coded_decode  },
    {"scheme",     coded_scheme  },
    {"shape",      coded_shape   },
    {"tensors",    coded_tensors },
    {NULL,         NULL          },
};

static const luaL_Reg coded_functions[] = {
    {"coded",    coded_new     },
    {"encode",   coded_encode  },
    {"simulate", coded_simulate},
    {NULL,       NULL          },
};

void viseL_open_coded(lua_State *L) {
    viseL_class(L, VISEL_CODED, coded_class);
    viseL_functions(L, coded_functions);
}
