#include "engine/ops/attention.h"

#include <math.h>
#include <string.h>

#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

enum { ROWS = 96 }; // of a tile, about: query rows of the heads that share keys

typedef struct attention {
    const vise_kernels *kernels;
    vise_attention_tile whole; // what the tiles of a head have in common
    bool causal;
    int64_t position;
    int64_t kv_heads, queries; // of a batch
    int64_t block, blocks;     // queries of a tile, tiles of a key-value head
    vise_scratch scratch;
} attention;

static void attention_tile(void *job, int64_t tile) {
    attention *a = job;
    vise_attention_tile t = a->whole;
    int64_t first = tile % a->blocks * a->block, head = tile / a->blocks;
    int64_t batch = head / a->kv_heads;
    head %= a->kv_heads;
    int64_t q_at = (batch * a->queries + first) * t.q_step + head * t.group * t.dh;
    int64_t kv_at = batch * t.keys * t.kv_step + head * t.dh;
    t.queries = a->queries - first < a->block ? a->queries - first : a->block;
    t.seen = a->causal ? a->position + first + 1 : t.keys;
    t.q += q_at;
    t.out += q_at;
    t.k += kv_at;
    t.v += kv_at;
    t.scratch = vise_scratch_take(&a->scratch);
    a->kernels->attention(&t);
    vise_scratch_give(&a->scratch, t.scratch);
}

static vise_status check_heads(const vise_tensor *q, const vise_attention_options *opt,
                               vise_error *err) {
    char text[96];
    if (opt->heads < 1 || opt->kv_heads < 1 || opt->heads % opt->kv_heads ||
        q->shape[2] % opt->heads || q->shape[2] == 0) {
        return vise_fail(err, VISE_EINVAL, "E-TN-10",
                         "%lld heads with %lld key-value heads do not fit queries of %s",
                         (long long)opt->heads, (long long)opt->kv_heads,
                         vise_tensor_describe(text, sizeof text, q));
    }
    return VISE_OK;
}

static vise_status check(const vise_tensor *out, const vise_tensor *q, const vise_tensor *k,
                         const vise_tensor *v, const vise_attention_options *opt,
                         vise_error *err) {
    vise_status st = vise_tensor_expect(q, VISE_F32, "the query", err);
    if (!st) st = vise_tensor_expect(k, VISE_F32, "the key", err);
    if (!st) st = vise_tensor_expect(v, VISE_F32, "the value", err);
    if (!st) st = vise_argument_rank(q, 3, "the query", err);
    if (!st) st = vise_argument_rank(k, 3, "the key", err);
    if (!st) st = check_heads(q, opt, err);
    if (st) return st;
    int64_t want[3] = {q->shape[0], k->shape[1], q->shape[2] / opt->heads * opt->kv_heads};
    st = vise_argument_shape(k, 3, want, "the key", err);
    if (!st) st = vise_argument_shape(v, 3, want, "the value", err);
    if (!st) st = vise_argument_apart(out, q, false, "the query", err);
    if (!st) st = vise_argument_apart(out, k, false, "the key", err);
    if (!st) st = vise_argument_apart(out, v, false, "the value", err);
    if (st) return st;
    if (opt->causal && (opt->position < 0 || opt->position > k->shape[1] - q->shape[1])) {
        return vise_fail(err, VISE_EINVAL, "E-TN-10",
                         "%lld causal queries from position %lld need more than %lld keys",
                         (long long)q->shape[1], (long long)opt->position,
                         (long long)k->shape[1]);
    }
    return VISE_OK;
}

vise_status vise_attention(const vise_context *ctx, vise_tensor *out, const vise_tensor *q,
                           const vise_tensor *k, const vise_tensor *v,
                           const vise_attention_options *opt, vise_error *err) {
    vise_status st = check(out, q, k, v, opt, err);
    if (st) return st;
    attention a = {.kernels = &ctx->kernels, .causal = opt->causal, .position = opt->position};
    vise_attention_tile *t = &a.whole;
    a.queries = q->shape[1];
    a.kv_heads = opt->kv_heads;
    t->group = opt->heads / opt->kv_heads;
    t->dh = q->shape[2] / opt->heads;
    t->keys = k->shape[1];
    t->scale = (float)(1 / sqrt((double)t->dh));
    t->q_step = q->shape[2];
    t->kv_step = k->shape[2];
    a.block = t->group < ROWS ? ROWS / t->group : 1;
    a.blocks = (a.queries + a.block - 1) / a.block;
    int64_t tiles = q->shape[0] * a.kv_heads * a.blocks;

    if (tiles > 0 && t->keys > 0) {
        int64_t rows = (a.queries < a.block ? a.queries : a.block) * t->group;
        int64_t floats = vise_attention_scratch(rows, t->dh);
        st = vise_scratch_new(&a.scratch, ctx, tiles, floats * (int64_t)sizeof(float), err);
        if (st) return st;
    }
    st = vise_tensor_output(out, VISE_F32, 3, q->shape, err);
    if (st) goto done;
    t->q = q->data;
    t->k = k->data;
    t->v = v->data;
    t->out = out->data;
    if (t->keys == 0) {
        memset(out->data, 0, (size_t)vise_tensor_bytes(out)); // a sum of nothing
    } else {
        st = vise_parallel(ctx, tiles, attention_tile, &a, err);
    }

done:
    vise_scratch_release(&a.scratch);
    return st;
}
