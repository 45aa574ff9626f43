// vise.rows: the Lua face of engine/rows.h and packed_linear.h.

#include "engine/packed_linear.h"

#include <float.h>
#include <string.h>

#include "lua/bind/bind.h"

#define VISEL_ROWS "vise.rows"

static const vise_rows *check_rows(lua_State *L, int arg) {
    const vise_rows *r = luaL_checkudata(L, arg, VISEL_ROWS);
    luaL_argcheck(L, r->block, arg, "rows are closed");
    return r;
}

static int rows_close(lua_State *L) {
    vise_rows_release(luaL_checkudata(L, 1, VISEL_ROWS));
    return 0;
}

static const char *const row_options[] = {"scheme",    "scale",    "smooth", "down", "norm",
                                          "eps",       "weight",   "bias",   "gelu", "shift",
                                          "mod_scale", "silu_mul", NULL};

// Puts a copy in the place of the options, from which they are read without running any code
// of Lua: that could close what has been read before.
static void take_options(lua_State *L, int arg, const char *const names[]) {
    if (lua_isnil(L, arg)) return;
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_newtable(L);                // copy
    lua_pushnil(L);                 // copy key
    while (lua_next(L, arg) != 0) { // copy key value
        if (lua_type(L, -2) != LUA_TSTRING) luaL_argerror(L, arg, "option names are strings");
        const char *name = lua_tostring(L, -2);
        int i = 0;
        while (names[i] && strcmp(names[i], name) != 0) i++;
        if (!names[i]) luaL_error(L, "E-US-14: unknown option '%s'", name);
        lua_setfield(L, -3, name); // copy key
    }
    lua_replace(L, arg);
}

// Pushes an option; false if it is not given.
static bool get_option(lua_State *L, int arg, const char *name) {
    if (lua_isnil(L, arg)) {
        lua_pushnil(L);
    } else {
        lua_getfield(L, arg, name);
    }
    return !lua_isnil(L, -1);
}

// The tensor or packed weight of an option, which stays on the stack; NULL if it is not given.
static const vise_tensor *tensor_option(lua_State *L, int arg, const char *name) {
    if (!get_option(L, arg, name)) return NULL;
    const vise_tensor *t = luaL_testudata(L, -1, VISEL_TENSOR);
    if (!t || !t->buf) luaL_error(L, "E-US-14: option '%s' must be an open tensor", name);
    return t;
}

static const vise_packed *packed_option(lua_State *L, int arg, const char *name) {
    if (!get_option(L, arg, name)) return NULL;
    const vise_packed *p = luaL_testudata(L, -1, VISEL_PACKED);
    if (!p || !p->codes)
        luaL_error(L, "E-US-14: option '%s' must be an open packed weight", name);
    return p;
}

static const char *word_option(lua_State *L, int arg, const char *name) {
    if (!get_option(L, arg, name)) return NULL;
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "E-US-14: option '%s' must be a string", name);
    return lua_tostring(L, -1);
}

static bool number_option(lua_State *L, int arg, const char *name, double *out) {
    if (!get_option(L, arg, name)) return false;
    if (lua_type(L, -1) != LUA_TNUMBER)
        luaL_error(L, "E-US-14: option '%s' must be a number", name);
    *out = lua_tonumber(L, -1);
    return true;
}

// What is fused in front of a product, at most one of norm, gelu and silu_mul.
static void read_prologue(lua_State *L, int arg, vise_prologue *p) {
    static const struct {
        const char *option, *word;
        vise_prologue_kind kind;
    } kinds[] = {
        {"norm", "layer", VISE_PROLOGUE_LAYER_NORM},
        {"norm", "rms",   VISE_PROLOGUE_RMS_NORM  },
        {"gelu", "tanh",  VISE_PROLOGUE_GELU_TANH },
        {"gelu", "erf",   VISE_PROLOGUE_GELU_ERF  },
    };
    const char *words[2] = {word_option(L, arg, "norm"), word_option(L, arg, "gelu")};
    int given = (words[0] != NULL) + (words[1] != NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *word = words[i / 2];
        if (word && strcmp(word, kinds[i].word) == 0) p->kind = kinds[i].kind;
    }
    if (given && p->kind == VISE_PROLOGUE_NONE) {
        luaL_error(
            L, "E-US-14: option 'norm' is \"layer\" or \"rms\", 'gelu' is \"tanh\" or \"erf\"");
    }
    p->up = tensor_option(L, arg, "silu_mul");
    if (p->up) p->kind = VISE_PROLOGUE_SILU_MUL;
    if (given + (p->up != NULL) > 1)
        luaL_error(L, "E-US-14: give one of norm, gelu and silu_mul");
    p->weight = tensor_option(L, arg, "weight");
    p->bias = tensor_option(L, arg, "bias");
    p->shift = tensor_option(L, arg, "shift");
    p->mod_scale = tensor_option(L, arg, "mod_scale");
    bool eps = number_option(L, arg, "eps", &p->eps);
    if (!words[0] && (p->weight || p->bias || eps)) {
        luaL_error(L, "E-US-14: eps, weight and bias belong to a norm");
    }
    if (words[0] && !(p->eps >= 0 && p->eps <= DBL_MAX)) {
        luaL_error(L, "E-US-14: option 'eps' must be 0 or more");
    }
}

static vise_rows *push_rows(lua_State *L, int arg) {
    if (!lua_isnil(L, arg)) {
        vise_rows *r = luaL_checkudata(L, arg, VISEL_ROWS);
        lua_pushvalue(L, arg);
        return r;
    }
    vise_rows *r = lua_newuserdatauv(L, sizeof *r, 0);
    memset(r, 0, sizeof *r);
    luaL_setmetatable(L, VISEL_ROWS);
    return r;
}

// core.rows(x, packed [, options [, out]]) -> rows.  Options: scheme of the activations, their
// one `scale`, `smooth`, `down`; what is fused: norm = "layer"|"rms" with eps, weight, bias;
// gelu = "tanh"|"erf"; silu_mul = tensor; then shift and mod_scale.
static int rows_new(lua_State *L) {
    lua_settop(L, 4);
    luaL_checkstack(L, 24, NULL);
    take_options(L, 3, row_options);
    vise_error err;
    vise_rows *r = push_rows(L, 4);
    const int result = lua_gettop(L);
    vise_rows_options opt = {0};
    double given;
    float scale;
    if (number_option(L, 3, "scale", &given)) {
        scale = (float)given;
        opt.scale = &scale;
    }
    opt.smooth = tensor_option(L, 3, "smooth");
    opt.down = packed_option(L, 3, "down");
    read_prologue(L, 3, &opt.prologue);
    if (get_option(L, 3, "scheme")) {
        opt.scheme = luaL_testudata(L, -1, VISEL_SCHEME);
        if (!opt.scheme) return luaL_error(L, "E-US-14: option 'scheme' must be a scheme");
    }
    const vise_tensor *x = viseL_checktensor(L, 1);
    const vise_packed *w = viseL_checkpacked(L, 2);
    int64_t before = r->capacity;
    if (vise_rows_make(viseL_context(L), r, x, w, &opt, &err)) return viseL_fail(L, &err);
    if (r->capacity > before) viseL_account(L, r->capacity);
    lua_settop(L, result);
    return 1;
}

static int rows_bytes(lua_State *L) {
    lua_pushinteger(L, check_rows(L, 1)->bytes);
    return 1;
}

static int rows_kind(lua_State *L) {
    lua_pushstring(L, vise_rows_kind(check_rows(L, 1)));
    return 1;
}

// The shape of what they were made from.
static int rows_shape(lua_State *L) {
    const vise_rows *r = check_rows(L, 1);
    for (int i = 0; i < r->ndim; i++) lua_pushinteger(L, r->shape[i]);
    return r->ndim;
}

static int rows_tostring(lua_State *L) {
    const vise_rows *r = luaL_checkudata(L, 1, VISEL_ROWS);
    if (r->block) {
        lua_pushfstring(L, "rows %Ix%I, %s", (lua_Integer)r->m, (lua_Integer)r->cols,
                        vise_rows_kind(r));
    } else {
        lua_pushliteral(L, "rows (closed)");
    }
    return 1;
}

// core.product(rows, packed [, { up =, bias = } [, out]]) -> f32 [..., outputs]
static int rows_product(lua_State *L) {
    static const char *const names[] = {"up", "bias", NULL};
    lua_settop(L, 4);
    take_options(L, 3, names);
    vise_error err;
    vise_tensor *y = viseL_pushout(L, 4);
    const int result = lua_gettop(L);
    vise_linear_options opt = {0};
    opt.up = packed_option(L, 3, "up");
    opt.bias = tensor_option(L, 3, "bias");
    const vise_rows *r = check_rows(L, 1);
    const vise_packed *w = viseL_checkpacked(L, 2);
    if (vise_product_linear(viseL_context(L), y, r, w, &opt, &err)) return viseL_fail(L, &err);
    if (lua_isnil(L, 4)) viseL_account(L, vise_tensor_bytes(y));
    lua_settop(L, result);
    return 1;
}

static const luaL_Reg rows_class[] = {
    {"__close",    rows_close   },
    {"__gc",       rows_close   },
    {"__tostring", rows_tostring},
    {"bytes",      rows_bytes   },
    {"close",      rows_close   },
    {"kind",       rows_kind    },
    {"shape",      rows_shape   },
    {NULL,         NULL         },
};

static const luaL_Reg rows_functions[] = {
    {"product", rows_product},
    {"rows",    rows_new    },
    {NULL,      NULL        },
};

void viseL_open_rows(lua_State *L) {
    viseL_class(L, VISEL_ROWS, rows_class);
    viseL_functions(L, rows_functions);
}
