#include "lua/bind/bind.h"

#include <limits.h>
#include <string.h>

// mt methods -> mt methods.  The class is "vise.NAME".
static void add_methods(lua_State *L, const char *tname, const luaL_Reg *reg) {
    for (; reg->name; reg++) {
        if (strncmp(reg->name, "__", 2) == 0) {
            lua_pushcfunction(L, reg->func); // mt methods f
            lua_setfield(L, -3, reg->name);
        } else {
            const char *name = lua_pushfstring(L, "%s:%s", strchr(tname, '.') + 1, reg->name);
            viseL_pushwatched(L, reg->func, name); // mt methods name f
            lua_setfield(L, -3, reg->name);
            lua_pop(L, 1);
        }
    }
}

void viseL_class(lua_State *L, const char *tname, const luaL_Reg *reg) {
    luaL_newmetatable(L, tname); // mt
    lua_newtable(L);             // mt methods
    add_methods(L, tname, reg);
    lua_setfield(L, -2, "__index"); // mt
    lua_pop(L, 1);                  //
}

void viseL_methods(lua_State *L, const char *tname, const luaL_Reg *reg) {
    luaL_getmetatable(L, tname);    // mt
    lua_getfield(L, -1, "__index"); // mt methods
    add_methods(L, tname, reg);
    lua_pop(L, 2); //
}

int viseL_fail(lua_State *L, const vise_error *err) {
    if (err->status == VISE_EINVAL) return luaL_error(L, "%s: %s", err->id, err->msg);
    luaL_pushfail(L);
    lua_pushstring(L, err->msg);
    lua_pushstring(L, err->id);
    return 3;
}

void viseL_account(lua_State *L, int64_t bytes) {
    int64_t kb = bytes >> 10;
    if (kb > 0) lua_gc(L, LUA_GCSTEP, (int)(kb < INT_MAX ? kb : INT_MAX));
}

int viseL_finish(lua_State *L, vise_status st, const vise_tensor *out, const vise_error *err) {
    if (st) return viseL_fail(L, err);
    bool given = false;
    for (int i = lua_gettop(L) - 1; i > 0 && !given; i--) given = lua_rawequal(L, i, -1);
    if (!given) viseL_account(L, vise_tensor_bytes(out));
    return 1;
}

static const viseL_field *find_field(const viseL_field *fields, const char *name) {
    while (fields->kind != VISEL_END && strcmp(fields->name, name) != 0) fields++;
    return fields->kind == VISEL_END ? NULL : fields;
}

static void read_field(lua_State *L, const viseL_field *f, void *out) {
    char *at = (char *)out + f->offset;
    if (f->kind == VISEL_OTHER) {
        f->read(L, f->name, at);
    } else if (f->kind == VISEL_BOOLEAN) {
        if (!lua_isboolean(L, -1))
            luaL_error(L, "E-US-14: option '%s' must be true or false", f->name);
        *(bool *)at = lua_toboolean(L, -1);
    } else if (f->kind == VISEL_INTEGER) {
        int isint;
        lua_Integer v = lua_tointegerx(L, -1, &isint);
        if (!isint || lua_type(L, -1) != LUA_TNUMBER || (double)v < f->min ||
            (double)v > f->max) {
            luaL_error(L, "E-US-14: option '%s' must be an integer from %I to %I", f->name,
                       (lua_Integer)f->min, (lua_Integer)f->max);
        }
        *(int64_t *)at = v;
    } else {
        double v = lua_tonumber(L, -1);
        if (lua_type(L, -1) != LUA_TNUMBER || !(v >= f->min && v <= f->max)) {
            luaL_error(L, "E-US-14: option '%s' must be a number from %f to %f", f->name,
                       f->min, f->max);
        }
        *(double *)at = v;
    }
}

void viseL_options(lua_State *L, int arg, const viseL_field *fields, void *out) {
    if (lua_isnoneornil(L, arg)) return;
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_pushnil(L);                 // key
    while (lua_next(L, arg) != 0) { // key value
        if (lua_type(L, -2) != LUA_TSTRING) luaL_argerror(L, arg, "option names are strings");
        const char *name = lua_tostring(L, -2);
        const viseL_field *f = find_field(fields, name);
        if (!f) luaL_error(L, "E-US-14: unknown option '%s'", name);
        read_field(L, f, out);
        lua_pop(L, 1); // key
    }
}
