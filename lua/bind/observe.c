// vise.observer: the Lua face of engine/observe/observe.h.

#include "engine/observe/observe.h"
#include "engine/observe/ranges.h"

#include <string.h>

#include "lua/bind/bind.h"

#define VISEL_OBSERVER "vise.observer"

static vise_observer *check_observer(lua_State *L, int arg) {
    vise_observer *o = luaL_checkudata(L, arg, VISEL_OBSERVER);
    luaL_argcheck(L, o->state.buf, arg, "observer is closed");
    return o;
}

static int observer_close(lua_State *L) {
    vise_observer_release(luaL_checkudata(L, 1, VISEL_OBSERVER));
    return 0;
}

static const char *check_options(lua_State *L, vise_observer_options *opt) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_observer_options, channels, 1, 1LL << 40),
        VISEL_INT(vise_observer_options, keep, 1, 1024),
        VISEL_NUM(vise_observer_options, rate, 0x1p-149, 1),
        {0},
    };
    *opt = VISE_OBSERVER_DEFAULTS;
    viseL_options(L, 2, fields, opt);
    return luaL_checkstring(L, 1);
}

// core.observer(kind, { channels = n, keep = 16, rate = 0.01 })
static int observer_new(lua_State *L) {
    vise_observer_options opt;
    const char *statistic = check_options(L, &opt);

    vise_error err;
    vise_observer *o = lua_newuserdatauv(L, sizeof *o, 0);
    memset(o, 0, sizeof *o);
    luaL_setmetatable(L, VISEL_OBSERVER);
    if (vise_observer_new(o, statistic, &opt, &err)) return viseL_fail(L, &err);
    return 1;
}

// core.observer_layout(kind, options) -> elements and dtype of the state
static int observer_layout(lua_State *L) {
    vise_observer_options opt;
    const char *statistic = check_options(L, &opt);

    vise_error err;
    int64_t elements;
    vise_dtype dtype;
    if (vise_observer_layout(&elements, &dtype, statistic, &opt, &err)) {
        return viseL_fail(L, &err);
    }
    lua_pushinteger(L, elements);
    lua_pushstring(L, vise_dtype_name(dtype));
    return 2;
}

// o:update(x) -> o; x is f32 [..., channels]
static int observer_update(lua_State *L) {
    vise_error err;
    vise_observer *o = check_observer(L, 1);
    const vise_tensor *x = viseL_checktensor(L, 2);
    if (vise_observer_update(viseL_context(L), o, x, &err)) return viseL_fail(L, &err);
    lua_settop(L, 1);
    return 1;
}

// o:merge(other) -> o
static int observer_merge(lua_State *L) {
    vise_error err;
    vise_observer *o = check_observer(L, 1);
    if (vise_observer_merge(viseL_context(L), o, check_observer(L, 2), &err))
        return viseL_fail(L, &err);
    lua_settop(L, 1);
    return 1;
}

// o:result() -> tensor, as engine/observe/observe.h says, and of a histogram the width of a bin
static int observer_result(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushtensor(L);
    const vise_observer *o = check_observer(L, 1);
    if (vise_observer_result(viseL_context(L), out, o, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(out));
    double width = vise_observer_width(o);
    if (width == 0) return 1;
    lua_pushnumber(L, width);
    return 2;
}

// o:state() -> tensor, to go on with elsewhere
static int observer_state(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushtensor(L);
    const vise_observer *o = check_observer(L, 1);
    return viseL_finish(L, vise_observer_state(viseL_context(L), out, o, &err), out, &err);
}

// o:restore(state, rows) -> o
static int observer_restore(lua_State *L) {
    vise_error err;
    lua_Integer rows = luaL_checkinteger(L, 3);
    vise_observer *o = check_observer(L, 1);
    const vise_tensor *state = viseL_checktensor(L, 2);
    if (vise_observer_restore(o, state, rows, &err)) return viseL_fail(L, &err);
    lua_settop(L, 1);
    return 1;
}

// o:count() -> rows seen
static int observer_count(lua_State *L) {
    lua_pushinteger(L, check_observer(L, 1)->count);
    return 1;
}

// o:width() -> the width of a histogram's bins, 0 of others
static int observer_width(lua_State *L) {
    lua_pushnumber(L, vise_observer_width(check_observer(L, 1)));
    return 1;
}

static int observer_tostring(lua_State *L) {
    const vise_observer *o = luaL_checkudata(L, 1, VISEL_OBSERVER);
    if (!o->state.buf) {
        lua_pushliteral(L, "observer (closed)");
        return 1;
    }
    lua_pushfstring(L, "observer %s of %I channels, %I rows seen", vise_observer_name(o),
                    (lua_Integer)o->channels, (lua_Integer)o->count);
    return 1;
}

static const luaL_Reg observer_class[] = {
    {"__close",    observer_close   },
    {"__gc",       observer_close   },
    {"__tostring", observer_tostring},
    {"close",      observer_close   },
    {"count",      observer_count   },
    {"merge",      observer_merge   },
    {"restore",    observer_restore },
    {"result",     observer_result  },
    {"state",      observer_state   },
    {"update",     observer_update  },
    {"width",      observer_width   },
    {NULL,         NULL             },
};

typedef struct range_options {
    double percentile;
    int64_t bits;
    bool is_signed;
} range_options;

// core.range_of(counts, width, "percentile" | "mse" | "entropy",
//               { percentile = 99.99, bits = 8, is_signed = true }) -> largest |x| to keep
static int range_of(lua_State *L) {
    static const char *const rules[] = {"percentile", "mse", "entropy", NULL};
    static const viseL_field fields[] = {
        VISEL_NUM(range_options, percentile, 0, 100),
        VISEL_INT(range_options, bits, 2, 8),
        VISEL_BOOL(range_options, is_signed),
        {0},
    };
    range_options opt = {.percentile = 99.99, .bits = 8, .is_signed = true};
    double width = luaL_checknumber(L, 2);
    int rule = luaL_checkoption(L, 3, NULL, rules);
    viseL_options(L, 4, fields, &opt);

    vise_error err;
    double range = 0;
    vise_histogram h;
    const vise_tensor *counts = viseL_checktensor(L, 1);
    vise_status st = vise_histogram_of(&h, counts, width, &err);
    if (!st && rule == 0) range = vise_histogram_percentile(&h, opt.percentile);
    if (!st && rule == 1) {
        range = vise_histogram_mse(&h, vise_histogram_levels((int)opt.bits, opt.is_signed));
    } else if (!st && rule == 2) {
        int64_t cells = vise_histogram_cells((int)opt.bits, opt.is_signed);
        st = vise_histogram_entropy(viseL_context(L), &range, &h, cells, &err);
    }
    if (st) return viseL_fail(L, &err);
    lua_pushnumber(L, range);
    return 1;
}

static const luaL_Reg functions[] = {
    {"observer",        observer_new   },
    {"observer_layout", observer_layout},
    {"range_of",        range_of       },
    {NULL,              NULL           },
};

void viseL_open_observe(lua_State *L) {
    viseL_class(L, VISEL_OBSERVER, observer_class);
    luaL_setfuncs(L, functions, 0);
}
