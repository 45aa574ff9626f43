// vise.scheme: the Lua face of engine/scheme.h.

#include <string.h>

#include "lua/bind/bind.h"

const vise_scheme *viseL_checkscheme(lua_State *L, int arg) {
    return luaL_checkudata(L, arg, VISEL_SCHEME);
}

void viseL_pushscheme(lua_State *L, const vise_scheme *s) {
    memcpy(lua_newuserdatauv(L, sizeof *s, 0), s, sizeof *s);
    luaL_setmetatable(L, VISEL_SCHEME);
}

static int wrong_type(lua_State *L, const char *field, const char *expected) {
    return luaL_error(L, "E-SC-01: scheme field '%s' is a %s, expected %s", field,
                      luaL_typename(L, -1), expected);
}

static int64_t integer_field(lua_State *L, const char *field) {
    int isint;
    lua_Integer v = lua_tointegerx(L, -1, &isint);
    if (!isint || lua_type(L, -1) != LUA_TNUMBER) wrong_type(L, field, "an integer");
    return v;
}

// The text stays alive: the table at argument 1 holds it.
static const char *text_field(lua_State *L, const char *field) {
    if (lua_type(L, -1) != LUA_TSTRING) wrong_type(L, field, "a string");
    return lua_tostring(L, -1);
}

static void block_field(lua_State *L, int64_t block[2]) {
    if (!lua_istable(L, -1)) wrong_type(L, "block", "{rows, columns}");
    for (int i = 0; i < 2; i++) {
        lua_geti(L, -1, i + 1);
        block[i] = integer_field(L, "block");
        lua_pop(L, 1);
    }
    if (lua_rawlen(L, -1) != 2) {
        luaL_error(L, "E-SC-01: scheme field 'block' has %d numbers, expected {rows, columns}",
                   (int)lua_rawlen(L, -1));
    }
}

// The fields that are texts, by name.
static const char **find_text(vise_scheme_fields *f, const char *name) {
    const struct {
        const char *name, **at;
    } texts[] = {
        {"convention",   &f->convention  },
        {"element",      &f->element     },
        {"granularity",  &f->granularity },
        {"scale_dtype",  &f->scale_dtype },
        {"second",       &f->second      },
        {"second_dtype", &f->second_dtype},
        {"zero",         &f->zero        },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0) return texts[i].at;
    }
    return NULL;
}

static void read_field(lua_State *L, vise_scheme_fields *f, const char *name) {
    const char **text = find_text(f, name);
    if (text) {
        *text = text_field(L, name);
    } else if (strcmp(name, "bits") == 0) {
        f->bits = integer_field(L, name);
    } else if (strcmp(name, "group") == 0) {
        f->group = integer_field(L, name);
    } else if (strcmp(name, "block") == 0) {
        block_field(L, f->block);
    } else if (strcmp(name, "symmetric") == 0) {
        if (!lua_isboolean(L, -1)) wrong_type(L, name, "true or false");
        f->symmetric = lua_toboolean(L, -1);
    } else {
        luaL_error(L,
                   "E-SC-01: unknown scheme field '%s', allowed: bits, granularity, group, "
                   "block, element, symmetric, zero, convention, scale_dtype, second, "
                   "second_dtype",
                   name);
    }
}

// core.scheme{ bits =, granularity =, convention = [, element = "int", group =, block =,
// symmetric =, zero =, scale_dtype = "f32", second =, second_dtype = "f32"] }
static int scheme_new(lua_State *L) {
    vise_scheme_fields f = {.symmetric = -1};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushnil(L);               // key
    while (lua_next(L, 1) != 0) { // key value
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 1, "field names are strings");
        read_field(L, &f, lua_tostring(L, -2));
        lua_pop(L, 1); // key
    }
    vise_error err;
    vise_scheme s;
    if (vise_scheme_make(&s, &f, &err)) return viseL_fail(L, &err);
    viseL_pushscheme(L, &s);
    return 1;
}

static void set_text(lua_State *L, const char *key, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, lua_Integer value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

static void push_fields(lua_State *L, const vise_scheme *s) {
    lua_createtable(L, 0, 18);
    set_text(L, "element", vise_element_name(s->element));
    set_integer(L, "bits", s->bits);
    set_text(L, "granularity", vise_granularity_name(s->granularity));
    if (s->granularity == VISE_PER_GROUP) set_integer(L, "group", s->group);
    if (s->granularity == VISE_PER_BLOCK) {
        lua_createtable(L, 2, 0);
        lua_pushinteger(L, s->block_rows);
        lua_seti(L, -2, 1);
        lua_pushinteger(L, s->group);
        lua_seti(L, -2, 2);
        lua_setfield(L, -2, "block");
    }
    lua_pushboolean(L, s->symmetric);
    lua_setfield(L, -2, "symmetric");
    set_text(L, "zero", vise_zero_name(s->zero));
    set_text(L, "convention", vise_convention_name(s->convention));
    set_text(L, "scale_dtype", vise_dtype_name(s->scale_dtype));
    set_text(L, "second", vise_second_name(s->second));
    if (s->second) set_text(L, "second_dtype", vise_dtype_name(s->second_dtype));
}

// s:fields(): every field, as core.scheme() takes them
static int scheme_fields(lua_State *L) {
    push_fields(L, viseL_checkscheme(L, 1));
    return 1;
}

// s:describe(): the fields, and what follows from them: signed, lo, hi, formula, source, text
static int scheme_describe(lua_State *L) {
    const vise_scheme *s = viseL_checkscheme(L, 1);
    bool whole = s->element == VISE_ELEMENT_INT;
    int most = (int)vise_scheme_most(s);
    char text[VISE_SCHEME_TEXT];
    push_fields(L, s);
    lua_pushboolean(L, s->lo < 0);
    lua_setfield(L, -2, "signed");
    set_integer(L, "lo", whole ? s->lo : -most);
    set_integer(L, "hi", whole ? s->hi : most);
    set_text(L, "formula", vise_convention_formula(s->convention));
    set_text(L, "source", vise_convention_source(s->convention));
    set_text(L, "text", vise_scheme_describe(text, sizeof text, s));
    return 1;
}

void viseL_checkmatrix(lua_State *L, int arg, int64_t shape[2]) {
    int64_t dims[VISE_MAX_RANK];
    int ndim = viseL_checkshape(L, arg, dims);
    luaL_argcheck(L, ndim == 2, arg, "the shape of a coded tensor is {rows, cols}");
    shape[0] = dims[0];
    shape[1] = dims[1];
}

// s:layout{rows, cols}: { {name =, dtype =, shape =, bytes =}, ... }, bytes of all of them
static int scheme_layout(lua_State *L) {
    const vise_scheme *s = viseL_checkscheme(L, 1);
    int64_t shape[2];
    viseL_checkmatrix(L, 2, shape);
    vise_error err;
    vise_scheme_layout plan;
    if (vise_scheme_plan(&plan, s, shape[0], shape[1], &err)) return viseL_fail(L, &err);
    lua_createtable(L, plan.count, 0);
    for (int i = 0; i < plan.count; i++) {
        const vise_scheme_part *p = &plan.part[i];
        lua_createtable(L, 0, 4);
        set_text(L, "name", vise_part_name(p->part));
        set_text(L, "dtype", vise_dtype_name(p->dtype));
        set_integer(L, "bytes", p->bytes);
        lua_createtable(L, p->ndim, 0);
        for (int d = 0; d < p->ndim; d++) {
            lua_pushinteger(L, p->shape[d]);
            lua_seti(L, -2, d + 1);
        }
        lua_setfield(L, -2, "shape");
        lua_seti(L, -2, i + 1);
    }
    lua_pushinteger(L, plan.bytes);
    return 2;
}

static int scheme_tostring(lua_State *L) {
    char text[VISE_SCHEME_TEXT];
    vise_scheme_describe(text, sizeof text, viseL_checkscheme(L, 1));
    lua_pushfstring(L, "scheme %s", text);
    return 1;
}

static const luaL_Reg scheme_class[] = {
    {"__tostring", scheme_tostring},
    {"describe",   scheme_describe},
    {"fields",     scheme_fields  },
    {"layout",     scheme_layout  },
    {NULL,         NULL           },
};

void viseL_open_scheme(lua_State *L) {
    viseL_class(L, VISEL_SCHEME, scheme_class);
    lua_pushcfunction(L, scheme_new);
    lua_setfield(L, -2, "scheme");
}
