// vise.observer: the Lua face of engine/observe/observe.h.

#include "engine/observe/observe.h"

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

typedef struct observer_options {
    int64_t channels;
} observer_options;

// core.observer(kind, { channels = n })
static int observer_new(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(observer_options, channels, 1, 1LL << 40),
        {0},
    };
    const char *statistic = luaL_checkstring(L, 1);
    observer_options opt = {0};
    viseL_options(L, 2, fields, &opt);

    vise_error err;
    vise_observer *o = lua_newuserdatauv(L, sizeof *o, 0);
    memset(o, 0, sizeof *o);
    luaL_setmetatable(L, VISEL_OBSERVER);
    if (vise_observer_new(o, statistic, opt.channels, &err)) return viseL_fail(L, &err);
    return 1;
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

// o:result() -> tensor, as engine/observe/observe.h says
static int observer_result(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushtensor(L);
    const vise_observer *o = check_observer(L, 1);
    return viseL_finish(L, vise_observer_result(viseL_context(L), out, o, &err), out, &err);
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
    {NULL,         NULL             },
};

void viseL_open_observe(lua_State *L) {
    viseL_class(L, VISEL_OBSERVER, observer_class);
    lua_pushcfunction(L, observer_new);
    lua_setfield(L, -2, "observer");
}
