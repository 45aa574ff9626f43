// What is kept of a base's predictions, and the divergence from it: the Lua face of
// engine/ops/divergence.h and of the losses of single tokens.

#include "engine/ops/divergence.h"

#include "engine/ops/loss.h"
#include "lua/bind/bind.h"

// core.token_losses(logits, targets [, out]): f64 [n], in nats
static int core_token_losses(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 3);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *logits = viseL_checktensor(L, 1), *targets = viseL_checktensor(L, 2);
    return viseL_finish(L, vise_token_losses(ctx, out, logits, targets, &err), out, &err);
}

// core.likeliest(logits, k) -> ids, log_probs, rest
static int core_likeliest(lua_State *L) {
    lua_Integer k = luaL_checkinteger(L, 2);
    vise_error err;
    vise_tensor *ids = viseL_pushtensor(L);
    vise_tensor *log_probs = viseL_pushtensor(L);
    vise_tensor *rest = viseL_pushtensor(L);
    const vise_context *ctx = viseL_context(L);
    vise_likeliest made = {0};
    if (vise_likeliest_of(ctx, &made, viseL_checktensor(L, 1), k, &err)) {
        return viseL_fail(L, &err);
    }
    *ids = made.ids;
    *log_probs = made.log_probs;
    *rest = made.rest;
    viseL_account(L, vise_tensor_bytes(ids) + vise_tensor_bytes(log_probs));
    return 3;
}

// core.divergence(logits, ids, log_probs, rest [, out]): f64 [n, 3]
static int core_divergence(lua_State *L) {
    vise_error err;
    vise_tensor *out = viseL_pushout(L, 5);
    const vise_context *ctx = viseL_context(L);
    const vise_tensor *logits = viseL_checktensor(L, 1);
    const vise_likeliest base = {
        .ids = *viseL_checktensor(L, 2),
        .log_probs = *viseL_checktensor(L, 3),
        .rest = *viseL_checktensor(L, 4),
    };
    return viseL_finish(L, vise_divergence(ctx, out, &base, logits, &err), out, &err);
}

static const luaL_Reg functions[] = {
    {"divergence",   core_divergence  },
    {"likeliest",    core_likeliest   },
    {"token_losses", core_token_losses},
    {NULL,           NULL             },
};

void viseL_open_divergence(lua_State *L) {
    viseL_functions(L, functions);
}
