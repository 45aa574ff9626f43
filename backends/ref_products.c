// The plain versions of the products of engine/products.h, which define them.

#include <math.h>

#include "backends/backends.h"
#include "engine/floats.h"

static float load_scale(vise_dtype dtype, const void *data, int64_t i) {
    switch (dtype) {
    case VISE_F16: return vise_f16_to_f32(((const uint16_t *)data)[i]);
    case VISE_BF16: return vise_bf16_to_f32(((const uint16_t *)data)[i]);
    case VISE_F8E4M3: return vise_f8e4m3_to_f32(((const uint8_t *)data)[i]);
    default: return ((const float *)data)[i];
    }
}

static void store(const vise_product *to, int64_t i, int j, float acc) {
    if (to->add) acc += to->add[i * to->ldadd + j];
    if (to->bias) acc += to->bias[j];
    to->y[i * to->ldy + j] = acc;
}

// Where a row of activations lies: element k of it, of `size` to a piece, is at
// base[(k / size * rows) * size + k % size].
typedef struct strip_row {
    int64_t base, rows;
} strip_row;

static strip_row find_row(const vise_product *to, int64_t strip, int64_t row, int64_t k,
                          int64_t size) {
    int64_t first = vise_strip_row(to->m, strip);
    return (strip_row){first * k + (row - first) * size,
                       vise_strip_row(to->m, strip + 1) - first};
}

static int64_t at(strip_row r, int64_t k, int64_t size) {
    return r.base + k / size * r.rows * size + k % size;
}

// The rows of a product one after the other, each with its strip.
#define FOR_ROWS(to, s, i)                                                                     \
    for (int64_t s = (to)->first; s < (to)->end; s++)                                          \
        for (int64_t i = vise_strip_row((to)->m, s); i < vise_strip_row((to)->m, s + 1); i++)

static void int8_product(const vise_int8_product *p) {
    FOR_ROWS(&p->to, s, i) {
        strip_row row = find_row(&p->to, s, i, p->k, 4);
        for (int j = 0; j < p->to.n; j++) {
            int32_t sum = 0;
            for (int64_t k = 0; k < p->k; k++) {
                int32_t w = p->w[(k / 4 * VISE_PANEL + j) * 4 + k % 4];
                sum += (p->x[at(row, k, 4)] - 128) * w;
            }
            float scale = p->xscale[i] * p->wscale[j];
            store(&p->to, i, j, (float)sum * scale);
        }
    }
}

// The nibble of input k within its group, lane j.
static int nibble_of(const uint8_t *group, int64_t k, int j) {
    uint8_t byte = group[(k / 8 * VISE_PANEL + j) * 4 + k % 4];
    return k % 8 < 4 ? byte & 15 : byte >> 4;
}

static void grouped_product(const vise_grouped_product *p) {
    int64_t group_bytes = p->group / 8 * VISE_PANEL * 4;
    FOR_ROWS(&p->to, s, i) {
        strip_row row = find_row(&p->to, s, i, p->groups * p->group, 4);
        for (int j = 0; j < p->to.n; j++) {
            float acc = 0;
            for (int64_t g = 0; g < p->groups; g++) {
                int zero = p->zeros ? p->zeros[g * VISE_PANEL + j] : p->zero;
                int32_t sum = 0;
                for (int64_t k = 0; k < p->group; k++) {
                    int w = nibble_of(p->w + g * group_bytes, k, j);
                    sum += p->x[at(row, g * p->group + k, 4)] *
                           ((p->table ? p->table[w] : w) - zero);
                }
                float scale = load_scale(p->scale_dtype, p->wscale, g * VISE_PANEL + j);
                if (p->xscale) scale *= p->xscale[i * p->groups + g];
                acc = fmaf((float)sum, scale, acc);
            }
            if (p->xrow) acc *= p->xrow[i];
            if (p->wupper) acc *= p->wupper[j];
            store(&p->to, i, j, acc);
        }
    }
}

static void float8_product(const vise_float8_product *p) {
    FOR_ROWS(&p->to, s, i) {
        strip_row row = find_row(&p->to, s, i, p->groups * p->group, 2);
        for (int j = 0; j < p->to.n; j++) {
            float acc = 0;
            for (int64_t g = 0; g < p->groups; g++) {
                float part = 0;
                for (int64_t k = g * p->group; k < (g + 1) * p->group; k++) {
                    float w = vise_f8e4m3_to_f32(p->w[(k / 2 * VISE_PANEL + j) * 2 + k % 2]);
                    part += vise_bf16_to_f32(p->x[at(row, k, 2)]) * w;
                }
                float scale = p->xscale[i * p->groups + g] * p->wscale[g * VISE_PANEL + j];
                acc = fmaf(part, scale, acc);
            }
            store(&p->to, i, j, acc);
        }
    }
}

// What the weight of input k, lane j stands for before scale and zero.
static float panel_value(const vise_panel_product *p, int64_t k, int j) {
    const uint16_t *halves = p->w;
    const uint8_t *bytes = p->w;
    switch (p->kind) {
    case VISE_PANEL_F16: return vise_f16_to_f32(halves[k * VISE_PANEL + j]);
    case VISE_PANEL_BF16: return vise_bf16_to_f32(halves[k * VISE_PANEL + j]);
    case VISE_PANEL_INT8: return (float)(int8_t)bytes[(k / 4 * VISE_PANEL + j) * 4 + k % 4];
    case VISE_PANEL_FLOAT8:
        return vise_f8e4m3_to_f32(bytes[(k / 2 * VISE_PANEL + j) * 2 + k % 2]);
    case VISE_PANEL_NIBBLE:
        bytes += k / p->group * (p->group / 8 * VISE_PANEL * 4);
        return p->table[nibble_of(bytes, k % p->group, j)];
    default: return ((const float *)p->w)[k * VISE_PANEL + j];
    }
}

static void panel_product(const vise_panel_product *p) {
    int64_t inputs = p->groups * p->group;
    FOR_ROWS(&p->to, s, i) {
        strip_row row = find_row(&p->to, s, i, inputs, 1);
        for (int j = 0; j < p->to.n; j++) {
            float acc = 0;
            for (int64_t k = 0; k < inputs; k++) {
                int64_t g = k / p->group * VISE_PANEL + j;
                float w = panel_value(p, k, j);
                if (p->wscale) w *= load_scale(p->scale_dtype, p->wscale, g);
                if (p->wzero) w += load_scale(p->scale_dtype, p->wzero, g);
                acc += p->x[at(row, k, 1)] * w;
            }
            if (p->wupper) acc *= p->wupper[j];
            store(&p->to, i, j, acc);
        }
    }
}

void vise_ref_products_init(vise_kernels *k) {
    k->int8_product = int8_product;
    k->grouped_product = grouped_product;
    k->float8_product = float8_product;
    k->panel_product = panel_product;
}
