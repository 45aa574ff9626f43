#include "engine/ops/embed.h"

#include <string.h>

#include "engine/ops/argument.h"

static int64_t id_at(const vise_tensor *ids, int64_t i) {
    return ids->dtype == VISE_I64 ? ((const int64_t *)ids->data)[i]
                                  : ((const int32_t *)ids->data)[i];
}

static vise_status check(const vise_tensor *out, const vise_tensor *table,
                         const vise_tensor *ids, vise_error *err) {
    vise_status st = vise_argument_rank(table, 2, "the table", err);
    if (!st) st = vise_argument_float(table, "the table", err);
    vise_dtype id_type = ids->dtype == VISE_I32 ? VISE_I32 : VISE_I64;
    if (!st) st = vise_tensor_expect(ids, id_type, "the id tensor", err);
    if (!st) st = vise_argument_apart(out, table, false, "the table", err);
    if (!st) st = vise_argument_apart(out, ids, false, "the id tensor", err);
    if (st) return st;
    if (ids->ndim == VISE_MAX_RANK) {
        return vise_fail(err, VISE_EINVAL, "E-TN-08", "the ids have %d dimensions, at most %d",
                         ids->ndim, VISE_MAX_RANK - 1);
    }
    for (int64_t i = 0; i < vise_tensor_count(ids); i++) {
        if (id_at(ids, i) < 0 || id_at(ids, i) >= table->shape[0]) {
            return vise_fail(
                err, VISE_EINVAL, "E-TN-11", "id %lld at place %lld, expected 0 to %lld",
                (long long)id_at(ids, i), (long long)(i + 1), (long long)table->shape[0] - 1);
        }
    }
    return VISE_OK;
}

vise_status vise_embedding(const vise_context *ctx, vise_tensor *out, const vise_tensor *table,
                           const vise_tensor *ids, vise_error *err) {
    vise_status st = check(out, table, ids, err);
    if (st) return st;
    int64_t shape[VISE_MAX_RANK], d = table->shape[1];
    memcpy(shape, ids->shape, sizeof shape);
    shape[ids->ndim] = d;
    st = vise_tensor_output(out, VISE_F32, ids->ndim + 1, shape, err);
    if (st) return st;
    float *y = out->data;
    for (int64_t i = 0; i < vise_tensor_count(ids); i++) {
        vise_argument_load(&ctx->kernels, y + i * d, table, id_at(ids, i), 0, d);
    }
    return VISE_OK;
}
