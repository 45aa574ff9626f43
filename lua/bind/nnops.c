// The operators of networks: the Lua face of the rest of engine/ops/.

#include <float.h>

#include "engine/ops/activation.h"
#include "engine/ops/attention.h"
#include "engine/ops/embed.h"
#include "engine/ops/loss.h"
#include "engine/ops/norm.h"
#include "engine/ops/patch.h"
#include "engine/ops/position.h"
#include "lua/bind/bind.h"

enum { MOST = 1 << 20 }; // heads, sizes of images and embeddings

// core.softmax(x [, out]): over the last dimension
static int core_softmax(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 2);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_softmax(ctx, out, x, &err), out, &err);
}

// core.silu(x [, out])
static int core_silu(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 2);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_silu(ctx, out, x, &err), out, &err);
}

// core.silu_mul(gate, up [, out]): silu(gate) up
static int core_silu_mul(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *gate = viseL_checktensor(L, 1), *up = viseL_checktensor(L, 2);
    return viseL_finish(L, vise_silu_mul(ctx, out, gate, up, &err), out, &err);
}

// core.gelu(x, "tanh" or "erf" [, out])
static int core_gelu(lua_State *L) {
    static const char *const kinds[] = {"tanh", "erf", NULL};
    vise_gelu_kind kind =
        luaL_checkoption(L, 2, NULL, kinds) == 0 ? VISE_GELU_TANH : VISE_GELU_ERF;
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_gelu(ctx, out, x, kind, &err), out, &err);
}

static double check_eps(lua_State *L, int arg) {
    double eps = luaL_checknumber(L, arg);
    luaL_argcheck(L, eps >= 0, arg, "eps is a number >= 0");
    return eps;
}

// core.layer_norm(x, eps [, weight [, bias [, out]]])
static int core_layer_norm(lua_State *L) {
    double eps = check_eps(L, 2);
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 5);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    const vise_tensor *weight = viseL_opttensor(L, 3), *bias = viseL_opttensor(L, 4);
    return viseL_finish(L, vise_layer_norm(ctx, out, x, eps, weight, bias, &err), out, &err);
}

// core.rms_norm(x, weight, eps [, out])
static int core_rms_norm(lua_State *L) {
    double eps = check_eps(L, 3);
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1), *weight = viseL_checktensor(L, 2);
    return viseL_finish(L, vise_rms_norm(ctx, out, x, weight, eps, &err), out, &err);
}

// core.modulate(x, shift, scale [, out]): x (1 + scale) + shift
static int core_modulate(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    const vise_tensor *shift = viseL_checktensor(L, 2), *scale = viseL_checktensor(L, 3);
    return viseL_finish(L, vise_modulate(ctx, out, x, shift, scale, &err), out, &err);
}

// core.gated_add(x, y, gate [, out]): x + gate y
static int core_gated_add(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    const vise_tensor *y = viseL_checktensor(L, 2), *gate = viseL_checktensor(L, 3);
    return viseL_finish(L, vise_gated_add(ctx, out, x, y, gate, &err), out, &err);
}

// core.attention(q, k, v, { heads = n, kv_heads = heads, causal = false, position = 0 } [,
// out])
static int core_attention(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_attention_options, heads, 1, MOST),
        VISEL_INT(vise_attention_options, kv_heads, 1, MOST),
        VISEL_BOOL(vise_attention_options, causal),
        VISEL_INT(vise_attention_options, position, 0, 1LL << 40),
        {0},
    };
    vise_attention_options opt = {0};
    viseL_options(L, 4, fields, &opt);
    luaL_argcheck(L, opt.heads > 0, 4, "the number of heads is missing");
    if (opt.kv_heads == 0) opt.kv_heads = opt.heads;

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 5);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *q = viseL_checktensor(L, 1);
    const vise_tensor *k = viseL_checktensor(L, 2), *v = viseL_checktensor(L, 3);
    return viseL_finish(L, vise_attention(ctx, out, q, k, v, &opt, &err), out, &err);
}

// core.rope(x, { heads = n, theta = 10000, position = 0 } [, out])
static int core_rope(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_rope_options, heads, 1, MOST),
        VISEL_NUM(vise_rope_options, theta, 1, FLT_MAX),
        VISEL_INT(vise_rope_options, position, 0, 1LL << 40),
        {0},
    };
    vise_rope_options opt = {.theta = 10000};
    viseL_options(L, 2, fields, &opt);
    luaL_argcheck(L, opt.heads > 0, 2, "the number of heads is missing");

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_rope(ctx, out, x, &opt, &err), out, &err);
}

// core.add_positions(x, table, { position = 0 } [, out])
static int core_add_positions(lua_State *L) {
    typedef struct options {
        int64_t position;
    } options;
    static const viseL_field fields[] = {VISEL_INT(options, position, 0, 1LL << 40), {0}};
    options opt = {0};
    viseL_options(L, 3, fields, &opt);

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 4);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *x = viseL_checktensor(L, 1), *table = viseL_checktensor(L, 2);
    return viseL_finish(L, vise_add_positions(ctx, out, x, table, opt.position, &err), out,
                        &err);
}

// core.sinusoid(values, { dim = n, cos_first = false, shift = 0, max_period = 10000 } [, out])
static int core_sinusoid(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_sinusoid_options, dim, 2, MOST),
        VISEL_BOOL(vise_sinusoid_options, cos_first),
        VISEL_NUM(vise_sinusoid_options, shift, 0, MOST),
        VISEL_NUM(vise_sinusoid_options, max_period, FLT_MIN, FLT_MAX),
        {0},
    };
    vise_sinusoid_options opt = {.max_period = 10000};
    viseL_options(L, 2, fields, &opt);

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_tensor *values = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_sinusoid(out, values, &opt, &err), out, &err);
}

// core.embedding(table, ids [, out]): ids count from 0
static int core_embedding(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *table = viseL_checktensor(L, 1), *ids = viseL_checktensor(L, 2);
    return viseL_finish(L, vise_embedding(ctx, out, table, ids, &err), out, &err);
}

// core.patchify(x, patch [, out])
static int core_patchify(lua_State *L) {
    lua_Integer patch = luaL_checkinteger(L, 2);
    luaL_argcheck(L, patch >= 1 && patch <= MOST, 2, "a patch size from 1 to 2^20");
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_patchify(out, x, patch, &err), out, &err);
}

// core.unpatchify(x, { channels, height, width, patch } by name [, out])
static int core_unpatchify(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_INT(vise_image_size, channels, 1, MOST),
        VISEL_INT(vise_image_size, height, 1, MOST),
        VISEL_INT(vise_image_size, width, 1, MOST),
        VISEL_INT(vise_image_size, patch, 1, MOST),
        {0},
    };
    vise_image_size size = {0};
    viseL_options(L, 2, fields, &size);

    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_tensor *x = viseL_checktensor(L, 1);
    return viseL_finish(L, vise_unpatchify(out, x, &size, &err), out, &err);
}

// core.cross_entropy(logits, targets) -> sum in nats, rows
static int core_cross_entropy(lua_State *L) {
    vise_error err;
    double nats;
    const vise_tensor *logits = viseL_checktensor(L, 1), *targets = viseL_checktensor(L, 2);
    if (vise_cross_entropy(viseL_context(L), &nats, logits, targets, &err)) {
        return viseL_fail(L, &err);
    }
    lua_pushnumber(L, nats);
    lua_pushinteger(L, logits->shape[0]);
    return 2;
}

// core.top_p(logits, { temperature = 1, top_p = 1, u = 0 }) -> id, from 0
static int core_top_p(lua_State *L) {
    static const viseL_field fields[] = {
        VISEL_NUM(vise_top_p_options, temperature, 0, FLT_MAX),
        VISEL_NUM(vise_top_p_options, top_p, DBL_MIN, 1),
        VISEL_NUM(vise_top_p_options, u, 0, 1 - DBL_EPSILON / 2),
        {0},
    };
    vise_top_p_options opt = {.temperature = 1, .top_p = 1};
    viseL_options(L, 2, fields, &opt);

    vise_error err;
    int64_t id;
    if (vise_top_p(&id, viseL_checktensor(L, 1), &opt, &err)) return viseL_fail(L, &err);
    lua_pushinteger(L, id);
    return 1;
}

static const luaL_Reg functions[] = {
    {"add_positions", core_add_positions},
    {"attention",     core_attention    },
    {"cross_entropy", core_cross_entropy},
    {"embedding",     core_embedding    },
    {"gated_add",     core_gated_add    },
    {"gelu",          core_gelu         },
    {"layer_norm",    core_layer_norm   },
    {"modulate",      core_modulate     },
    {"patchify",      core_patchify     },
    {"rms_norm",      core_rms_norm     },
    {"rope",          core_rope         },
    {"silu",          core_silu         },
    {"silu_mul",      core_silu_mul     },
    {"sinusoid",      core_sinusoid     },
    {"softmax",       core_softmax      },
    {"top_p",         core_top_p        },
    {"unpatchify",    core_unpatchify   },
    {NULL,            NULL              },
};

void viseL_open_nnops(lua_State *L) {
    viseL_functions(L, functions);
}
