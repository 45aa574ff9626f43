#include "backends/onednn.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/onednn_api.h"
#include "engine/floats.h"
#include "engine/mem.h"

struct vise_onednn {
    vise_onednn_kind kind;
    int64_t m, k, n, copies, bytes; // bytes of one copy of the weights
    vise_onednn_api f;
    handle engine, stream, matmul, src, dst;
    handle *weights; // [copies]
    uint8_t *x, *w, *packed;
    float *scale, *y;
};

static int64_t size_of(vise_onednn_kind kind) {
    return kind == VISE_ONEDNN_INT8 ? 1 : kind == VISE_ONEDNN_BF16 ? 2 : 4;
}

static int type_of(vise_onednn_kind kind) {
    return kind == VISE_ONEDNN_INT8 ? TYPE_S8 : kind == VISE_ONEDNN_BF16 ? TYPE_BF16 : TYPE_F32;
}

static float value(const vise_onednn *o, const uint8_t *data, int64_t i) {
    switch (o->kind) {
    case VISE_ONEDNN_INT8: return (float)((const int8_t *)data)[i];
    case VISE_ONEDNN_BF16: return vise_bf16_to_f32(((const uint16_t *)(const void *)data)[i]);
    default: return ((const float *)(const void *)data)[i];
    }
}

static void fill(const vise_onednn *o, uint8_t *out, int64_t n, uint64_t seed) {
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        float v = (float)(int32_t)(seed >> 32) * 0x1p-31f;
        switch (o->kind) {
        case VISE_ONEDNN_INT8: out[i] = (uint8_t)(seed >> 56); break;
        case VISE_ONEDNN_BF16: ((uint16_t *)(void *)out)[i] = vise_f32_to_bf16(v); break;
        default: ((float *)(void *)out)[i] = v; break;
        }
    }
}

// The product and the layout that its weights want.
static bool make_matmul(vise_onednn *o, handle *desc, const memory_desc **layout) {
    const vise_onednn_api *f = &o->f;
    memory_desc src, weights, dst;
    matmul_desc matmul;
    handle attr = NULL;
    int type = type_of(o->kind);
    bool ok = !f->memory_desc_init_by_tag(&src, 2, (dims){o->m, o->k}, type, TAG_AB) &&
              !f->memory_desc_init_by_tag(&weights, 2, (dims){o->k, o->n}, type, TAG_ANY) &&
              !f->memory_desc_init_by_tag(&dst, 2, (dims){o->m, o->n}, TYPE_F32, TAG_AB) &&
              !f->matmul_desc_init(&matmul, &src, &weights, NULL, &dst) &&
              !f->primitive_attr_create(&attr) &&
              (o->kind != VISE_ONEDNN_INT8 ||
               !f->primitive_attr_set_output_scales(attr, o->n, 1 << 1, o->scale)) &&
              !f->primitive_desc_create(desc, &matmul, attr, o->engine, NULL) &&
              !f->primitive_create(&o->matmul, *desc) &&
              !f->memory_create(&o->src, &src, o->engine, o->x) &&
              !f->memory_create(&o->dst, &dst, o->engine, o->y);
    if (attr) f->primitive_attr_destroy(attr);
    *layout = ok ? f->primitive_desc_query_md(*desc, QUERY_WEIGHTS, 0) : NULL;
    return *layout;
}

// Puts the weights [n][k] into `layout`, once, and copies what came out.
static bool reorder(vise_onednn *o, const memory_desc *layout) {
    const vise_onednn_api *f = &o->f;
    memory_desc plain;
    handle desc = NULL, primitive = NULL, from = NULL;
    int type = type_of(o->kind);
    bool ok =
        !f->memory_desc_init_by_tag(&plain, 2,
                                    (dims){
                                        o->k, o->n
    },
                                    type, TAG_BA) &&
        !f->memory_create(&from, &plain, o->engine, o->w) &&
        !f->memory_create(&o->weights[0], layout, o->engine, o->packed) &&
        !f->reorder_primitive_desc_create(&desc, &plain, o->engine, layout, o->engine, NULL) &&
        !f->primitive_create(&primitive, desc) &&
        !f->primitive_execute(primitive, o->stream, 2,
                              (exec_arg[]){{ARG_SRC, from}, {ARG_DST, o->weights[0]}}) &&
        !f->stream_wait(o->stream);
    for (int64_t c = 1; ok && c < o->copies; c++) {
        uint8_t *copy = o->packed + c * o->bytes;
        memcpy(copy, o->packed, (size_t)o->bytes);
        ok = !f->memory_create(&o->weights[c], layout, o->engine, copy);
    }
    if (primitive) f->primitive_destroy(primitive);
    if (desc) f->primitive_desc_destroy(desc);
    if (from) f->memory_destroy(from);
    return ok;
}

static bool allocate_operands(vise_onednn *o) {
    size_t m = (size_t)o->m, k = (size_t)o->k, n = (size_t)o->n,
           size = (size_t)size_of(o->kind);
    o->x = vise_calloc(m * k * size);
    o->w = vise_calloc(n * k * size);
    o->scale = vise_calloc(n * sizeof(float));
    o->y = vise_calloc(m * n * sizeof(float));
    if (!o->x || !o->w || !o->scale || !o->y) return false;
    fill(o, o->x, o->m * o->k, 1);
    fill(o, o->w, o->n * o->k, 2);
    for (int64_t i = 0; i < o->n; i++) o->scale[i] = 0x1p-8f * (float)(1 + i % 7);
    return true;
}

static bool allocate_copies(vise_onednn *o, const memory_desc *layout, int64_t cold) {
    o->bytes = ((int64_t)o->f.memory_desc_get_size(layout) + 63) / 64 * 64;
    o->copies = cold > o->bytes ? (cold + o->bytes - 1) / o->bytes : 1;
    o->packed = vise_calloc((size_t)(o->copies * o->bytes));
    o->weights = vise_calloc((size_t)o->copies * sizeof(handle));
    return o->packed && o->weights;
}

vise_status vise_onednn_new(vise_onednn **out, vise_onednn_kind kind, int64_t m, int64_t k,
                            int64_t n, int64_t cold, vise_error *err) {
    vise_onednn *o = vise_calloc(sizeof *o);
    handle desc = NULL;
    const memory_desc *layout;
    vise_status st = VISE_OK;
    if (!o) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a product");
    *o = (vise_onednn){.kind = kind, .m = m, .k = k, .n = n};
    st = vise_onednn_open(&o->f, err);
    if (st) {
        vise_free(o); // it has nothing that the library would have to release
        return st;
    }
    if (!allocate_operands(o)) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a product of this shape");
        goto done;
    }
    if (o->f.engine_create(&o->engine, CPU, 0) ||
        o->f.stream_create(&o->stream, o->engine, 1) || !make_matmul(o, &desc, &layout)) {
        st = vise_fail(err, VISE_EHOST, "E-HW-09", "this oneDNN has no such product");
        goto done;
    }
    if (!allocate_copies(o, layout, cold)) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for the copies of the weights");
        goto done;
    }
    if (!reorder(o, layout)) {
        st = vise_fail(err, VISE_EHOST, "E-HW-09", "oneDNN did not lay out the weights");
    }
done:
    if (desc) o->f.primitive_desc_destroy(desc);
    if (st) {
        vise_onednn_release(o);
    } else {
        *out = o;
    }
    return st;
}

void vise_onednn_release(vise_onednn *o) {
    if (!o) return;
    for (int64_t c = 0; o->weights && c < o->copies; c++) {
        if (o->weights[c]) o->f.memory_destroy(o->weights[c]);
    }
    if (o->src) o->f.memory_destroy(o->src);
    if (o->dst) o->f.memory_destroy(o->dst);
    if (o->matmul) o->f.primitive_destroy(o->matmul);
    if (o->stream) o->f.stream_destroy(o->stream);
    if (o->engine) o->f.engine_destroy(o->engine);
    void *parts[] = {o->weights, o->x, o->w, o->packed, o->scale, o->y};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) vise_free(parts[i]);
    vise_free(o);
}

int64_t vise_onednn_copies(const vise_onednn *o) {
    return o->copies;
}

int64_t vise_onednn_weights(const vise_onednn *o) {
    return o->bytes;
}

vise_status vise_onednn_run(const vise_onednn *o, int threads, vise_error *err) {
    o->f.set_threads(threads);
    for (int64_t c = 0; c < o->copies; c++) {
        exec_arg args[] = {
            {ARG_SRC,     o->src       },
            {ARG_WEIGHTS, o->weights[c]},
            {ARG_DST,     o->dst       }
        };
        if (o->f.primitive_execute(o->matmul, o->stream, 3, args) ||
            o->f.stream_wait(o->stream)) {
            return vise_fail(err, VISE_EHOST, "E-HW-09", "oneDNN refuses to run");
        }
    }
    return VISE_OK;
}

vise_status vise_onednn_check(const vise_onednn *o, vise_error *err) {
    vise_status st = vise_onednn_run(o, 1, err);
    for (int64_t at = 0; !st && at < 9; at++) {
        int64_t i = (o->m - 1) * (at / 3) / 2, j = (o->n - 1) * (at % 3) / 2;
        double sum = 0, size = 0, scale = o->kind == VISE_ONEDNN_INT8 ? o->scale[j] : 1;
        for (int64_t c = 0; c < o->k; c++) {
            double term = (double)value(o, o->x, i * o->k + c) * value(o, o->w, j * o->k + c);
            sum += term * scale;
            size += fabs(term * scale);
        }
        double got = o->y[i * o->n + j];
        if (fabs(got - sum) > (double)(o->k + 1) * FLT_EPSILON * size) {
            st = vise_fail(err, VISE_ENUMERIC, "E-HW-05", "oneDNN is wrong: %g, expected %g",
                           got, sum);
        }
    }
    return st;
}
