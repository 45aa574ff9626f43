#include "backends/check.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/backends.h"
#include "backends/check_case.h"
#include "engine/mem.h"

uint32_t vise_case_bits(vise_case *c) { // xorshift64*
    c->seed ^= c->seed >> 12;
    c->seed ^= c->seed << 25;
    c->seed ^= c->seed >> 27;
    return (uint32_t)(c->seed * 0x2545f4914f6cdd1dull >> 32);
}

int64_t vise_case_below(vise_case *c, int64_t n) {
    return (int64_t)vise_case_bits(c) % n;
}

float vise_case_uniform(vise_case *c) {
    return (float)(vise_case_bits(c) >> 8) * 0x1p-23f - 1.0f;
}

float vise_case_finite(vise_case *c) {
    static const float edge[] = {0.0f,    -0.0f,    0.5f,        -0.5f,  1.5f,
                                 -2.5f,   FLT_MIN,  1e30f,       -1e30f, 1e-30f,
                                 FLT_MAX, -FLT_MAX, FLT_MIN / 4, -1e-45f};
    if (vise_case_below(c, 10) > 0) return 4 * vise_case_uniform(c);
    return edge[vise_case_below(c, sizeof edge / sizeof edge[0])];
}

void vise_case_poison(vise_case *c) {
    memset(c->want, 0xff, sizeof c->want); // NaN as a float: it must not leak into a result
    memset(c->got, 0xff, sizeof c->got);
}

void *vise_case_want(vise_case *c, size_t size) {
    return c->want + CASE_GUARD + size;
}

void *vise_case_got(vise_case *c, size_t size) {
    return c->got + CASE_GUARD + size;
}

bool vise_case_same(const vise_case *c) {
    return memcmp(c->want, c->got, sizeof c->want) == 0;
}

bool vise_case_verdict(vise_case *c, bool ok, int64_t n) {
    if (!ok) {
        c->result->ok = false;
        c->result->n = n;
    }
    return ok;
}

bool vise_case_near(vise_case *c, const double *allowed, int64_t count) {
    float *want = vise_case_want(c, sizeof *want);
    float *got = vise_case_got(c, sizeof *got);
    for (int64_t i = 0; i < count; i++) {
        if (isnan(want[i]) || isnan(got[i])) {
            if (!isnan(want[i]) || !isnan(got[i])) return false;
        } else if (want[i] != got[i]) {
            double error = fabs((double)got[i] - (double)want[i]);
            if (allowed[i] > 0) c->result->worst = fmax(c->result->worst, error / allowed[i]);
            if (!(error <= allowed[i])) return false;
        }
        got[i] = want[i]; // what is left must be equal
    }
    return vise_case_same(c);
}

// In the order of the table in engine/kernels.h.
static const struct {
    const char *kernel;
    void (*run)(vise_case *c);
} checks[] = {
    {"gemm",            vise_check_gemm           },
    {"gemm_tiles",      vise_check_gemm_tiles     },
    {"gemm_few",        vise_check_gemm_few       },
    {"gemm_few16",      vise_check_gemm_few16     },
    {"f16_to_f32",      vise_check_f16_to_f32     },
    {"f32_to_f16",      vise_check_f32_to_f16     },
    {"bf16_to_f32",     vise_check_bf16_to_f32    },
    {"f32_to_bf16",     vise_check_f32_to_bf16    },
    {"absmax",          vise_check_absmax         },
    {"minmax",          vise_check_minmax         },
    {"column_absmax",   vise_check_column_absmax  },
    {"column_abs_sum",  vise_check_column_abs_sum },
    {"column_squares",  vise_check_column_squares },
    {"group_absmax",    vise_check_group_absmax   },
    {"group_minmax",    vise_check_group_minmax   },
    {"group_codes",     vise_check_group_codes    },
    {"interleave",      vise_check_interleave     },
    {"group_sums",      vise_check_group_sums     },
    {"divide",          vise_check_divide         },
    {"int_errors",      vise_check_int_errors     },
    {"f4_errors",       vise_check_f4_errors      },
    {"power_errors",    vise_check_power_errors   },
    {"walsh",           vise_check_walsh          },
    {"sweep_columns",   vise_check_sweep_columns  },
    {"dequant",         vise_check_dequant        },
    {"unpack4",         vise_check_unpack4        },
    {"pack4",           vise_check_pack4          },
    {"sum_i8",          vise_check_sum_i8         },
    {"softmax",         vise_check_softmax        },
    {"silu",            vise_check_silu           },
    {"silu_mul",        vise_check_silu_mul       },
    {"gelu_tanh",       vise_check_gelu_tanh      },
    {"gelu_erf",        vise_check_gelu_erf       },
    {"exp_sum",         vise_check_exp_sum        },
    {"norm",            vise_check_norm           },
    {"modulate",        vise_check_modulate       },
    {"gated_add",       vise_check_gated_add      },
    {"attention",       vise_check_attention      },
    {"int8_product",    vise_check_int8_product   },
    {"grouped_product", vise_check_grouped_product},
    {"float8_product",  vise_check_float8_product },
    {"panel_product",   vise_check_panel_product  },
};

_Static_assert(sizeof checks / sizeof checks[0] == VISE_KERNEL_COUNT,
               "every kernel needs a check against ref");

vise_status vise_kernels_check(const vise_kernels *k, uint64_t seed, const char *only,
                               vise_check out[VISE_KERNEL_COUNT], size_t *count,
                               vise_error *err) {
    vise_case *c = vise_calloc(sizeof *c);
    if (!c) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to check the kernels");
    vise_kernels ref = {.name = "ref"};
    vise_ref_init(&ref);
    c->ref = &ref;
    c->k = k;
    size_t n = 0;
    for (size_t i = 0; i < VISE_KERNEL_COUNT; i++) {
        if (only && strcmp(only, checks[i].kernel) != 0) continue;
        c->result = &out[n++];
        *c->result = (vise_check){.kernel = checks[i].kernel, .ok = true, .n = -1};
        c->seed = seed | 1; // never 0, where the generator would stay
        checks[i].run(c);
    }
    vise_free(c);
    *count = n;
    return VISE_OK;
}
