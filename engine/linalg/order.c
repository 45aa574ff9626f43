#include "engine/linalg/order.h"

#include <stdlib.h>

#include "engine/mem.h"
#include "engine/ops/argument.h"

vise_status vise_order_read(int32_t *index, const vise_tensor *order, int64_t n,
                            vise_error *err) {
    for (int64_t i = 0; i < n; i++) index[i] = order ? -1 : (int32_t)i;
    if (!order) return VISE_OK;
    vise_status st = vise_tensor_expect(order, VISE_I32, "the order", err);
    if (!st) st = vise_argument_shape(order, 1, (int64_t[]){n}, "the order", err);
    if (st) return st;
    const int32_t *from = order->data;
    for (int64_t i = 0; i < n; i++) { // a first pass marks the columns that are there
        if (from[i] >= 1 && from[i] <= n) index[from[i] - 1] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        if (index[i] == 0) continue;
        return vise_fail(err, VISE_EINVAL, "E-NU-12",
                         "the order lacks column %lld, expected each of 1 to %lld once",
                         (long long)i + 1, (long long)n);
    }
    for (int64_t i = 0; i < n; i++) index[i] = from[i] - 1;
    return VISE_OK;
}

typedef struct entry {
    double group, value; // what the group is sorted by, and the column
    int64_t first, col;  // ties: the first group, the first column
} entry;

static int falling(const void *left, const void *right) {
    const entry *a = left, *b = right;
    if (a->group != b->group) return a->group > b->group ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    if (a->value != b->value) return a->value > b->value ? -1 : 1;
    return a->col < b->col ? -1 : 1;
}

vise_status vise_order_make(vise_tensor *out, const vise_tensor *h, int64_t group,
                            vise_error *err) {
    vise_dtype dtype = h->dtype == VISE_F64 ? VISE_F64 : VISE_F32;
    vise_status st = vise_tensor_expect(h, dtype, "the matrix", err);
    if (!st) st = vise_argument_rank(h, 2, "the matrix", err);
    if (!st) {
        st =
            vise_argument_shape(h, 2, (int64_t[]){h->shape[0], h->shape[0]}, "the matrix", err);
    }
    if (st) return st;
    int64_t n = h->shape[0];
    entry *all = vise_calloc((size_t)n * sizeof *all);
    vise_tensor made = {0};
    st = all ? vise_tensor_raw(&made, VISE_I32, 1, (int64_t[]){n}, err)
             : vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to order %lld columns",
                         (long long)n);
    if (st) goto done;
    for (int64_t i = 0; i < n; i++) {
        double v = vise_tensor_get(h, i * n + i);
        all[i] = (entry){.value = v, .col = i, .first = group > 0 ? i / group : 0};
        if (group > 0 && (i % group == 0 || v > all[i / group * group].group)) {
            all[i / group * group].group = v;
        }
    }
    for (int64_t i = 0; group > 0 && i < n; i++) all[i].group = all[i / group * group].group;
    qsort(all, (size_t)n, sizeof *all, falling);
    for (int64_t i = 0; i < n; i++) ((int32_t *)made.data)[i] = (int32_t)(all[i].col + 1);
    *out = made;

done:
    vise_free(all);
    return st;
}
