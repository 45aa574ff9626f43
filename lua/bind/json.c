// JSON <-> Lua.  null is core.null; arrays carry the metatable of core.array(), so that an
// empty one stays an array; integral numbers below 2^53 are Lua integers.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/files/json.h"
#include "engine/files/json_write.h"
#include "engine/files/text.h"
#include "lua/bind/files.h"

#define VISEL_JSON "vise.json"
#define VISEL_ARRAY "vise.array"

// --- decode

static int tree_gc(lua_State *L) {
    vise_json **tree = luaL_checkudata(L, 1, VISEL_JSON);
    vise_json_release(*tree);
    *tree = NULL;
    return 0;
}

static void push_number(lua_State *L, double x) {
    bool whole = x == floor(x) && fabs(x) < 0x1p53 && !(x == 0 && signbit(x));
    if (whole) {
        lua_pushinteger(L, (lua_Integer)x);
    } else {
        lua_pushnumber(L, x);
    }
}

// The check has bounded the depth, so recursion is safe.
static void push_value(lua_State *L, const vise_json *v) {
    luaL_checkstack(L, 4, "JSON");
    vise_json_kind kind = vise_json_kind_of(v);
    switch (kind) {
    case VISE_JSON_NULL: lua_pushlightuserdata(L, NULL); return;
    case VISE_JSON_FALSE:
    case VISE_JSON_TRUE: lua_pushboolean(L, kind == VISE_JSON_TRUE); return;
    case VISE_JSON_NUMBER: push_number(L, vise_json_value(v)); return;
    case VISE_JSON_STRING: lua_pushstring(L, vise_json_text(v)); return;
    case VISE_JSON_ARRAY: {
        lua_newtable(L);
        luaL_setmetatable(L, VISEL_ARRAY);
        lua_Integer i = 0;
        for (const vise_json *e = vise_json_first(v); e; e = vise_json_next(e)) {
            push_value(L, e);
            lua_rawseti(L, -2, ++i);
        }
        return;
    }
    case VISE_JSON_OBJECT:
        lua_newtable(L);
        for (const vise_json *e = vise_json_first(v); e; e = vise_json_next(e)) {
            lua_pushstring(L, vise_json_key(e));
            push_value(L, e);
            lua_rawset(L, -3);
        }
        return;
    }
}

// core.json_decode(text [, what]) -> value
static int json_decode(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    const char *what = luaL_optstring(L, 2, "JSON");
    vise_error err;
    vise_json **tree = lua_newuserdatauv(L, sizeof(vise_json *), 0);
    *tree = NULL;
    luaL_setmetatable(L, VISEL_JSON);
    if (vise_json_parse(tree, text, (int64_t)size, what, &err)) return viseL_fail(L, &err);
    push_value(L, *tree);
    vise_json_release(*tree);
    *tree = NULL;
    return 1;
}

// --- encode

typedef struct encoder {
    lua_State *L;
    vise_bytes *out;
    int64_t indent; // spaces a level, 0: one line
    int depth;
    // Where we are, for messages: a key, or NULL and an index.
    struct {
        const char *key;
        lua_Integer index;
    } path[VISE_JSON_DEEPEST];
    vise_error err;
} encoder;

static vise_status add(encoder *e, const char *text) {
    return vise_bytes_text(e->out, text, &e->err);
}

static vise_status refuse(encoder *e, const char *id, const char *why) {
    char at[200] = "value";
    size_t n = strlen(at);
    for (int i = 0; i < e->depth && n < sizeof at - 1; i++) {
        int len =
            e->path[i].key
                ? snprintf(at + n, sizeof at - n, ".%.60s", vise_show_path(e->path[i].key).text)
                : snprintf(at + n, sizeof at - n, "[%lld]", (long long)e->path[i].index);
        n += (size_t)len;
    }
    return vise_fail(&e->err, VISE_EINVAL, id, "%s: %s", at, why);
}

static vise_status new_line(encoder *e) {
    vise_status st = VISE_OK;
    if (e->indent == 0) return st;
    st = add(e, "\n");
    for (int64_t i = 0; i < e->indent * e->depth && !st; i++) st = add(e, " ");
    return st;
}

static vise_status encode(encoder *e);

static vise_status encode_string(encoder *e, int index) {
    size_t size;
    const char *s = lua_tolstring(e->L, index, &size);
    if (vise_utf8_check((const uint8_t *)s, (int64_t)size) >= 0) {
        return refuse(e, "E-JS-12", "a string that is not UTF-8");
    }
    if (memchr(s, 0, size)) return refuse(e, "E-JS-05", "a string with a NUL");
    return vise_json_string(e->out, s, (int64_t)size, &e->err);
}

static vise_status encode_number(encoder *e) {
    char text[32];
    if (lua_isinteger(e->L, -1)) {
        snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(e->L, -1));
        return add(e, text);
    }
    double x = lua_tonumber(e->L, -1);
    if (!isfinite(x)) {
        return refuse(e, "E-JS-11", isnan(x) ? "NaN is not JSON" : "infinity is not JSON");
    }
    return vise_json_number(e->out, x, &e->err);
}

static vise_status encode_array(encoder *e, lua_Integer count) {
    if (count == 0) return add(e, "[]");
    vise_status st = add(e, "[");
    e->depth++;
    for (lua_Integer i = 1; i <= count && !st; i++) {
        e->path[e->depth - 1].key = NULL;
        e->path[e->depth - 1].index = i;
        if (i > 1) st = add(e, ",");
        if (!st) st = new_line(e);
        if (st) break;
        lua_rawgeti(e->L, -1, i);
        st = encode(e);
        lua_pop(e->L, 1);
    }
    e->depth--;
    if (!st) st = new_line(e);
    return st ? st : add(e, "]");
}

// Order by bytes, so that the text does not depend on the locale.
static int by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The table at the top has `count` keys, all of them strings.
static vise_status encode_object(encoder *e, lua_Integer count) {
    if (count == 0) return add(e, "{}");
    lua_State *L = e->L;
    const char **keys = lua_newuserdatauv(L, (size_t)count * sizeof *keys, 0); // t keys
    lua_Integer n = 0;
    for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) {
        // The block can run a finalizer that changes the table.
        if (n == count || lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "E-US-14: the table changed");
        keys[n++] = lua_tostring(L, -2);
    }
    qsort(keys, (size_t)n, sizeof *keys, by_bytes);
    vise_status st = add(e, "{");
    e->depth++;
    for (lua_Integer i = 0; i < n && !st; i++) {
        e->path[e->depth - 1].key = keys[i];
        if (i > 0) st = add(e, ",");
        if (!st) st = new_line(e);
        lua_pushstring(L, keys[i]);
        if (!st) st = encode_string(e, -1);
        if (!st) st = add(e, e->indent ? ": " : ":");
        lua_rawget(L, -3);
        if (!st) st = encode(e);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    e->depth--;
    if (!st) st = new_line(e);
    return st ? st : add(e, "}");
}

static vise_status encode_table(encoder *e) {
    lua_State *L = e->L;
    if (e->depth == VISE_JSON_DEEPEST) {
        return refuse(e, "E-JS-08", "nests deeper than 64, or holds itself");
    }
    bool array = luaL_getmetafield(L, -1, "__name") != LUA_TNIL;
    if (array) {
        array = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), VISEL_ARRAY) == 0;
        lua_pop(L, 1);
    }
    lua_Integer strings = 0, others = 0, length = (lua_Integer)lua_rawlen(L, -1);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        bool string = lua_type(L, -2) == LUA_TSTRING;
        size_t size = 0;
        const char *key = string ? lua_tolstring(L, -2, &size) : "";
        if (strlen(key) != size) {
            lua_pop(L, 2);
            return refuse(e, "E-JS-05", "a key with a NUL");
        }
        strings += string;
        others += !string;
    }
    if (strings == 0 && (array || others > 0)) {
        // Keys 1 to length are all of them, or it is not a list.
        return others == length ? encode_array(e, length)
                                : refuse(e, "E-JS-13", "a list with holes or with other keys");
    }
    if (array || others > 0)
        return refuse(e, "E-JS-13", "keys are neither all strings nor 1, 2, ...");
    return encode_object(e, strings);
}

// The value at the top of the stack, which stays.
static vise_status encode(encoder *e) {
    if (!lua_checkstack(e->L, 8)) {
        return vise_fail(&e->err, VISE_ENOMEM, "E-MM-01", "no memory to write JSON");
    }
    switch (lua_type(e->L, -1)) {
    case LUA_TBOOLEAN: return add(e, lua_toboolean(e->L, -1) ? "true" : "false");
    case LUA_TNUMBER: return encode_number(e);
    case LUA_TSTRING: return encode_string(e, -1);
    case LUA_TTABLE: return encode_table(e);
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(e->L, -1)) return add(e, "null");
        break;
    default: break;
    }
    return refuse(e, "E-JS-14", lua_typename(e->L, lua_type(e->L, -1)));
}

// core.json_encode(value [, indent]) -> text
static int json_encode(lua_State *L) {
    luaL_checkany(L, 1);
    lua_Integer indent = luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, indent >= 0 && indent <= 16, 2, "an indent is 0 to 16 spaces");
    vise_bytes *out = viseL_pushbytes(L);
    encoder e = {.L = L, .out = out, .indent = indent};
    lua_pushvalue(L, 1);
    if (encode(&e)) return viseL_fail(L, &e.err);
    viseL_bytesresult(L, out);
    return 1;
}

// core.array([t]) -> t, marked as an array
static int json_array(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        lua_newtable(L);
    } else {
        luaL_checktype(L, 1, LUA_TTABLE);
        lua_settop(L, 1);
    }
    luaL_setmetatable(L, VISEL_ARRAY);
    return 1;
}

static const luaL_Reg tree_class[] = {
    {"__gc", tree_gc},
    {NULL,   NULL   },
};

static const luaL_Reg json[] = {
    {"array",       json_array },
    {"json_decode", json_decode},
    {"json_encode", json_encode},
    {NULL,          NULL       },
};

void viseL_open_json(lua_State *L) {
    viseL_class(L, VISEL_JSON, tree_class);
    luaL_newmetatable(L, VISEL_ARRAY);
    lua_pop(L, 1);
    luaL_setfuncs(L, json, 0);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
}
