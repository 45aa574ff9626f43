// vise.tensor: the Lua face of engine/tensor.h.  Lua counts from 1 and includes both ends.

#include <string.h>

#include "engine/ops/convert.h"
#include "lua/bind/bind.h"

vise_tensor *viseL_pushtensor(lua_State *L) {
    vise_tensor *t = lua_newuserdatauv(L, sizeof *t, 0);
    memset(t, 0, sizeof *t); // closed, so __gc is safe whatever happens next
    luaL_setmetatable(L, VISEL_TENSOR);
    return t;
}

vise_tensor *viseL_checktensor(lua_State *L, int arg) {
    vise_tensor *t = luaL_checkudata(L, arg, VISEL_TENSOR);
    luaL_argcheck(L, t->buf, arg, "tensor is closed");
    return t;
}

const vise_tensor *viseL_opttensor(lua_State *L, int arg) {
    return lua_isnoneornil(L, arg) ? NULL : viseL_checktensor(L, arg);
}

vise_tensor *viseL_pushout(lua_State *L, int arg) {
    // What is pushed must not be taken for an argument that was left out.
    if (lua_gettop(L) < arg) lua_settop(L, arg);
    if (lua_isnil(L, arg)) return viseL_pushtensor(L);
    vise_tensor *t = viseL_checktensor(L, arg);
    lua_pushvalue(L, arg);
    return t;
}

vise_dtype viseL_checkdtype(lua_State *L, int arg) {
    const char *name = luaL_checkstring(L, arg);
    vise_dtype dtype = VISE_F32;
    if (!vise_dtype_parse(&dtype, name)) {
        luaL_argerror(L, arg, lua_pushfstring(L, "no dtype '%s'", name));
    }
    return dtype;
}

int viseL_checkshape(lua_State *L, int arg, int64_t shape[VISE_MAX_RANK]) {
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_Integer n = luaL_len(L, arg);
    luaL_argcheck(L, n <= VISE_MAX_RANK, arg, "at most 8 dimensions");
    for (int i = 0; i < (int)n; i++) {
        int isint;
        lua_geti(L, arg, i + 1);
        shape[i] = lua_tointegerx(L, -1, &isint);
        luaL_argcheck(L, isint && lua_type(L, -1) == LUA_TNUMBER, arg,
                      "a shape is a table of integers");
        lua_pop(L, 1);
    }
    return (int)n;
}

// __gc, __close and :close() are one idempotent function.
static int tensor_close(lua_State *L) {
    vise_tensor_release(luaL_checkudata(L, 1, VISEL_TENSOR));
    return 0;
}

// core.tensor(dtype, shape): zeros
static int tensor_new(lua_State *L) {
    vise_dtype dtype = viseL_checkdtype(L, 1);
    int64_t shape[VISE_MAX_RANK];
    int ndim = viseL_checkshape(L, 2, shape);

    vise_error err;
    vise_tensor *t = viseL_pushtensor(L);
    if (vise_tensor_new(t, dtype, ndim, shape, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(t));
    return 1;
}

// Integers that a double cannot hold stay whole in an i64.
static void set_element(lua_State *L, vise_tensor *t, int64_t i, int arg) {
    if (t->dtype == VISE_I64 && lua_isinteger(L, arg)) {
        *(int64_t *)vise_tensor_at(t, i) = lua_tointeger(L, arg);
    } else {
        vise_tensor_set(t, i, luaL_checknumber(L, arg));
    }
}

// core.tensor_of(dtype, shape, values): values is a flat table of numbers, or the raw bytes
static int tensor_of(lua_State *L) {
    vise_dtype dtype = viseL_checkdtype(L, 1);
    int64_t shape[VISE_MAX_RANK];
    int ndim = viseL_checkshape(L, 2, shape);
    bool raw = lua_type(L, 3) == LUA_TSTRING;
    if (!raw) luaL_checktype(L, 3, LUA_TTABLE);

    vise_error err;
    vise_tensor *t = viseL_pushtensor(L);
    if (vise_tensor_new(t, dtype, ndim, shape, &err)) return viseL_fail(L, &err);
    viseL_account(L, vise_tensor_bytes(t));
    int64_t count = vise_tensor_count(t);
    if (raw) {
        size_t len;
        const char *bytes = lua_tolstring(L, 3, &len);
        luaL_argcheck(L, (int64_t)len == vise_tensor_bytes(t), 3, "wrong number of bytes");
        memcpy(t->data, bytes, len);
        return 1;
    }
    luaL_argcheck(L, luaL_len(L, 3) == count, 3, "wrong number of values");
    for (int64_t i = 0; i < count; i++) {
        lua_geti(L, 3, i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TNUMBER, 3, "values are numbers");
        set_element(L, t, i, -1);
        lua_pop(L, 1);
    }
    return 1;
}

// t:rows(first [, last]), t:columns(first [, last]): views
static int tensor_slice(lua_State *L, vise_status (*slice)(vise_tensor *, const vise_tensor *,
                                                           int64_t, int64_t, vise_error *)) {
    lua_Integer first = luaL_checkinteger(L, 2);
    lua_Integer last = luaL_optinteger(L, 3, first);
    luaL_argcheck(L, first >= 1 && last >= first - 1, 2, "no such range");

    vise_error err;
    vise_tensor *view = viseL_pushtensor(L);
    const vise_tensor *t = viseL_checktensor(L, 1); // last: a push can run a finalizer
    if (slice(view, t, first - 1, last - first + 1, &err)) return viseL_fail(L, &err);
    return 1;
}

static int tensor_rows(lua_State *L) {
    return tensor_slice(L, vise_tensor_rows);
}

static int tensor_columns(lua_State *L) {
    return tensor_slice(L, vise_tensor_columns);
}

// t:reshape(shape): the same elements; one dimension may be -1
static int tensor_reshape(lua_State *L) {
    int64_t shape[VISE_MAX_RANK];
    int ndim = viseL_checkshape(L, 2, shape);
    vise_error err;
    vise_tensor *view = viseL_pushtensor(L);
    const vise_tensor *t = viseL_checktensor(L, 1);
    if (vise_tensor_reshape(view, t, ndim, shape, &err)) return viseL_fail(L, &err);
    return 1;
}

// t:cast(dtype, shape): the same bytes as elements of another dtype
static int tensor_cast(lua_State *L) {
    vise_dtype dtype = viseL_checkdtype(L, 2);
    int64_t shape[VISE_MAX_RANK];
    int ndim = viseL_checkshape(L, 3, shape);
    vise_error err;
    vise_tensor *view = viseL_pushtensor(L);
    const vise_tensor *t = viseL_checktensor(L, 1);
    if (vise_tensor_cast(view, t, dtype, ndim, shape, &err)) return viseL_fail(L, &err);
    return 1;
}

static int convert(lua_State *L, vise_dtype dtype, int out_arg) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, out_arg);
    const vise_tensor *t = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_convert(viseL_context(L), out, t, dtype, &err), out, &err);
}

// t:to(dtype [, out]): converted copy
static int tensor_to(lua_State *L) {
    return convert(L, viseL_checkdtype(L, 2), 3);
}

// t:copy([out]): contiguous copy
static int tensor_copy(lua_State *L) {
    return convert(L, viseL_checktensor(L, 1)->dtype, 2);
}

typedef struct put_options {
    int64_t position;
} put_options;

// Copies rows x[..., width] into t[rows, width] from row `position` on.
static vise_status put_rows(const vise_context *ctx, const vise_tensor *t, const vise_tensor *x,
                            int64_t position, vise_error *err) {
    vise_tensor place = {0}, rows = {0};
    int64_t shape[2] = {vise_tensor_matrix_rows(x), vise_tensor_cols(x)};
    vise_status st = vise_tensor_reshape(&rows, x, 2, shape, err);
    if (!st) st = vise_tensor_rows(&place, t, position, shape[0], err);
    if (!st) st = vise_convert(ctx, &place, &rows, t->dtype, err);
    vise_tensor_release(&place);
    vise_tensor_release(&rows);
    return st;
}

// t:put(x, { position = 0 }) -> t: the rows of x, into those of the matrix t from `position`
// on, which counts from 0
static int tensor_put(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(put_options, position, 0, 1LL << 40),
        {0},
    };
    put_options opt = {0};
    viseL_options(L, 3, fields, &opt);
    vise_error err;
    const vise_tensor *t = viseL_checktensor(L, 1), *x = viseL_checktensor(L, 2);
    if (put_rows(viseL_context(L), t, x, opt.position, &err)) return viseL_fail(L, &err);
    lua_settop(L, 1);
    return 1;
}

// #t: rows.  t:shape(): every dimension, as multiple results.
static int tensor_len(lua_State *L) {
    const vise_tensor *t = viseL_checktensor(L, 1);
    lua_pushinteger(L, t->ndim ? t->shape[0] : 1);
    return 1;
}

static int tensor_shape(lua_State *L) {
    const vise_tensor *t = viseL_checktensor(L, 1);
    for (int i = 0; i < t->ndim; i++) lua_pushinteger(L, t->shape[i]);
    return t->ndim;
}

static int tensor_dtype(lua_State *L) {
    lua_pushstring(L, vise_dtype_name(viseL_checktensor(L, 1)->dtype));
    return 1;
}

static int tensor_count(lua_State *L) {
    lua_pushinteger(L, vise_tensor_count(viseL_checktensor(L, 1)));
    return 1;
}

static int tensor_bytes(lua_State *L) {
    lua_pushinteger(L, vise_tensor_bytes(viseL_checktensor(L, 1)));
    return 1;
}

static int64_t check_index(lua_State *L, const vise_tensor *t, int arg) {
    lua_Integer i = luaL_checkinteger(L, arg);
    luaL_argcheck(L, i >= 1 && i <= vise_tensor_count(t), arg, "index out of range");
    return i - 1;
}

static void push_element(lua_State *L, const vise_tensor *t, int64_t i) {
    if (t->dtype == VISE_I64) {
        lua_pushinteger(L, *(const int64_t *)vise_tensor_at(t, i));
    } else if (vise_dtype_is_float(t->dtype)) {
        lua_pushnumber(L, vise_tensor_get(t, i));
    } else {
        lua_pushinteger(L, (lua_Integer)vise_tensor_get(t, i));
    }
}

// Slow element access, for tests and the prompt.
static int tensor_get(lua_State *L) {
    const vise_tensor *t = viseL_checktensor(L, 1);
    push_element(L, t, check_index(L, t, 2));
    return 1;
}

static int tensor_set(lua_State *L) {
    vise_tensor *t = viseL_checktensor(L, 1);
    luaL_argcheck(L, !t->readonly, 1, "tensor is part of a mapped file and cannot be written");
    int64_t i = check_index(L, t, 2);
    set_element(L, t, i, 3);
    return 0;
}

// t:totable(): every element in row-major order
static int tensor_totable(lua_State *L) {
    const vise_tensor *t = viseL_checktensor(L, 1);
    int64_t n = vise_tensor_count(t);
    luaL_argcheck(L, n <= 1 << 26, 1, "too many elements for a table");
    lua_createtable(L, (int)n, 0);
    t = viseL_checktensor(L, 1); // the table can run a finalizer that closes it
    for (int64_t i = 0; i < n; i++) {
        push_element(L, t, i);
        lua_seti(L, -2, i + 1);
    }
    return 1;
}

// t:tobytes(): the elements as they lie in memory
static int tensor_tobytes(lua_State *L) {
    const vise_tensor *t = viseL_checktensor(L, 1);
    luaL_argcheck(L, vise_tensor_contiguous(t), 1, "strided view: copy it first");
    lua_pushlstring(L, t->data, (size_t)vise_tensor_bytes(t));
    return 1;
}

// t:nonfinite(): the 1-based index of the first NaN or infinity, nil if there is none
static int tensor_nonfinite(lua_State *L) {
    int64_t i = vise_tensor_nonfinite(viseL_checktensor(L, 1));
    if (i < 0) {
        luaL_pushfail(L);
    } else {
        lua_pushinteger(L, i + 1);
    }
    return 1;
}

static int tensor_closed(lua_State *L) {
    const vise_tensor *t = luaL_checkudata(L, 1, VISEL_TENSOR);
    lua_pushboolean(L, !t->buf);
    return 1;
}

static int tensor_tostring(lua_State *L) {
    const vise_tensor *t = luaL_checkudata(L, 1, VISEL_TENSOR);
    char text[160];
    if (!t->buf) {
        lua_pushliteral(L, "tensor (closed)");
    } else {
        lua_pushfstring(L, "tensor %s", vise_tensor_describe(text, sizeof text, t));
    }
    return 1;
}

static const luaL_Reg tensor_class[] = {
    {"__close",    tensor_close    },
    {"__gc",       tensor_close    },
    {"__len",      tensor_len      },
    {"__tostring", tensor_tostring },
    {"bytes",      tensor_bytes    },
    {"cast",       tensor_cast     },
    {"close",      tensor_close    },
    {"closed",     tensor_closed   },
    {"columns",    tensor_columns  },
    {"copy",       tensor_copy     },
    {"count",      tensor_count    },
    {"dtype",      tensor_dtype    },
    {"get",        tensor_get      },
    {"nonfinite",  tensor_nonfinite},
    {"put",        tensor_put      },
    {"reshape",    tensor_reshape  },
    {"rows",       tensor_rows     },
    {"set",        tensor_set      },
    {"shape",      tensor_shape    },
    {"to",         tensor_to       },
    {"tobytes",    tensor_tobytes  },
    {"totable",    tensor_totable  },
    {NULL,         NULL            },
};

static const luaL_Reg tensor_functions[] = {
    {"tensor",    tensor_new},
    {"tensor_of", tensor_of },
    {NULL,        NULL      },
};

void viseL_open_tensor(lua_State *L) {
    viseL_class(L, VISEL_TENSOR, tensor_class);
    viseL_functions(L, tensor_functions);
}
