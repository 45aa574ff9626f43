#include "engine/ops/attention.h"

#include <math.h>
#include <string.h>

#include "engine/ops/argument.h"
#include "engine/ops/scratch.h"

enum {
    FEW = 8,            // rows that kernels.gemm_few takes
    MOST_ROWS = 64,     // query rows of a block
    LEAST_ROWS = 16,    // the same when there are very many keys
    BLOCK_SIZE = 262144 // scores of a block, about
};

typedef struct attention {
    const vise_kernels *kernels;
    const vise_attention_options *opt;
    const float *q, *k, *v;
    float *out;
    int64_t queries, keys, dh;      // dh: size of a head
    int64_t q_step, kv_step;        // elements from one token to the next
    int64_t block, blocks_per_head; // query rows of a block
    float scale;
    vise_scratch scratch;
} attention;

// Keys that query row `row` sees.
static int64_t seen_by(const attention *a, int64_t row) {
    if (!a->opt->causal) return a->keys;
    int64_t n = a->opt->position + row + 1;
    return n < a->keys ? n : a->keys;
}

static void score_block(const attention *a, float *scores, const float *q, const float *k,
                        int64_t rows, int64_t keys) {
    vise_gemm g = {.trans_b = true, .m = rows, .n = keys, .k = a->dh};
    g.a = q;
    g.lda = a->q_step;
    g.b = k;
    g.ldb = a->kv_step;
    g.c = scores;
    g.ldc = keys;
    if (rows <= FEW) {
        a->kernels->gemm_few(&g);
    } else {
        a->kernels->gemm(&g);
    }
}

static void softmax_block(const attention *a, float *scores, int64_t first, int64_t rows,
                          int64_t keys) {
    for (int64_t r = 0; r < rows; r++) {
        float *s = scores + r * keys;
        int64_t seen = seen_by(a, first + r);
        for (int64_t i = 0; i < seen; i++) s[i] *= a->scale;
        a->kernels->softmax(s, s, seen);
        memset(s + seen, 0, (size_t)(keys - seen) * sizeof *s);
    }
}

static void attention_tile(void *job, int64_t tile) {
    attention *a = job;
    const vise_attention_options *opt = a->opt;
    int64_t batch_head = tile / a->blocks_per_head;
    int64_t b = batch_head / opt->heads, h = batch_head % opt->heads;
    int64_t kv = h / (opt->heads / opt->kv_heads);
    int64_t first = tile % a->blocks_per_head * a->block;
    int64_t rows = a->queries - first < a->block ? a->queries - first : a->block;
    int64_t keys = seen_by(a, first + rows - 1);
    int64_t q_at = (b * a->queries + first) * a->q_step + h * a->dh;
    int64_t kv_at = b * a->keys * a->kv_step + kv * a->dh;

    float *scores = vise_scratch_take(&a->scratch);
    score_block(a, scores, a->q + q_at, a->k + kv_at, rows, keys);
    softmax_block(a, scores, first, rows, keys);
    vise_gemm g = {.m = rows, .n = a->dh, .k = keys, .a = scores, .lda = keys};
    g.b = a->v + kv_at;
    g.ldb = a->kv_step;
    g.c = a->out + q_at;
    g.ldc = a->q_step;
    a->kernels->gemm(&g);
    vise_scratch_give(&a->scratch, scores);
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
    attention a = {.kernels = &ctx->kernels, .opt = opt};
    vise_status st = check(out, q, k, v, opt, err);
    if (st) return st;
    a.queries = q->shape[1];
    a.keys = k->shape[1];
    a.q_step = q->shape[2];
    a.kv_step = k->shape[2];
    a.dh = a.q_step / opt->heads;
    a.scale = (float)(1 / sqrt((double)a.dh));
    a.block = a.keys > BLOCK_SIZE / MOST_ROWS ? BLOCK_SIZE / a.keys : MOST_ROWS;
    if (a.block < LEAST_ROWS) a.block = LEAST_ROWS;
    if (a.block > a.queries) a.block = a.queries;
    a.blocks_per_head = a.queries > 0 ? (a.queries + a.block - 1) / a.block : 0;
    int64_t tiles = q->shape[0] * opt->heads * a.blocks_per_head;

    if (tiles > 0 && a.keys > 0) {
        int64_t bytes = a.block * a.keys * (int64_t)sizeof(float);
        st = vise_scratch_new(&a.scratch, ctx, tiles, bytes, err);
        if (st) return st;
    }
    st = vise_tensor_output(out, VISE_F32, 3, q->shape, err);
    if (st) goto done;
    a.q = q->data;
    a.k = k->data;
    a.v = v->data;
    a.out = out->data;
    if (a.keys == 0) {
        memset(out->data, 0, (size_t)vise_tensor_bytes(out)); // a sum of nothing
    } else {
        st = vise_parallel(ctx, tiles, attention_tile, &a, err);
    }

done:
    vise_scratch_release(&a.scratch);
    return st;
}
