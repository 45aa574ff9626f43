#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <stddef.h>
#include <string.h>

#include "backends/backends.h"

static bool any_cpu(void) {
    return true;
}

#ifdef __x86_64__
// The builtin takes a literal, so each feature is a function.
static bool cpu_avx2(void) {
    return __builtin_cpu_supports("avx2");
}

static bool cpu_fma(void) {
    return __builtin_cpu_supports("fma");
}

static bool cpu_f16c(void) { // clang's builtin does not know this one
    unsigned a, b, c = 0, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

static bool cpu_avx_vnni(void) { // nor this one
    unsigned a = 0, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & bit_AVXVNNI);
}

static bool cpu_avx512f(void) {
    return __builtin_cpu_supports("avx512f");
}

static bool cpu_avx512bw(void) {
    return __builtin_cpu_supports("avx512bw");
}

static bool cpu_avx512vl(void) {
    return __builtin_cpu_supports("avx512vl");
}

static bool cpu_avx512dq(void) {
    return __builtin_cpu_supports("avx512dq");
}

static bool cpu_avx512vnni(void) {
    return __builtin_cpu_supports("avx512vnni");
}

static bool cpu_avx512bf16(void) {
    return __builtin_cpu_supports("avx512bf16");
}

static const struct {
    const char *name;
    bool (*present)(void);
} features[VISE_CPU_FEATURES] = {
    {"avx2",       cpu_avx2      },
    {"fma",        cpu_fma       },
    {"f16c",       cpu_f16c      },
    {"avx_vnni",   cpu_avx_vnni  },
    {"avx512f",    cpu_avx512f   },
    {"avx512bw",   cpu_avx512bw  },
    {"avx512vl",   cpu_avx512vl  },
    {"avx512dq",   cpu_avx512dq  },
    {"avx512vnni", cpu_avx512vnni},
    {"avx512bf16", cpu_avx512bf16},
};

static bool has_avx2(void) {
    return cpu_avx2() && cpu_fma() && cpu_f16c();
}

static void avx2_init(vise_kernels *k) {
    vise_avx2_rows_init(k);
    vise_avx2_groups_init(k);
    vise_avx2_strips_init(k);
    vise_avx2_errors_init(k);
    vise_avx2_functions_init(k);
    vise_avx2_norms_init(k);
    vise_avx2_products_init(k);
    vise_avx2_few_init(k);
    vise_avx2_int8_init(k);
    vise_avx2_grouped_init(k);
    vise_avx2_panels_init(k);
    vise_avx2_solvers_init(k);
    vise_avx2_attention_init(k);
}

static bool has_avxvnni(void) {
    return has_avx2() && cpu_avx_vnni();
}

static void avxvnni_init(vise_kernels *k) {
    vise_avxvnni_integer_init(k);
}

static bool has_avx512(void) {
    return has_avx2() && cpu_avx512f() && cpu_avx512bw() && cpu_avx512vl() && cpu_avx512dq() &&
           cpu_avx512vnni();
}

static void avx512_init(vise_kernels *k) {
    vise_avx512_rows_init(k);
    vise_avx512_groups_init(k);
    vise_avx512_errors_init(k);
    vise_avx512_functions_init(k);
    vise_avx512_norms_init(k);
    vise_avx512_products_init(k);
    vise_avx512_few_init(k);
    vise_avx512_panels_init(k);
    vise_avx512_int8_init(k);
    vise_avx512_grouped_init(k);
    vise_avx512_float8_init(k);
    if (cpu_avx512bf16()) vise_avx512bf16_panels_init(k);
    vise_avx512_solvers_init(k);
    vise_avx512_attention_init(k);
}

size_t vise_cpu_features(const char *names[VISE_CPU_FEATURES]) {
    size_t count = 0;
    for (size_t i = 0; i < VISE_CPU_FEATURES; i++) {
        if (features[i].present()) names[count++] = features[i].name;
    }
    return count;
}
#else
size_t vise_cpu_features(const char *names[VISE_CPU_FEATURES]) {
    (void)names;
    return 0;
}
#endif

// Worst first: each backend overwrites the slots it improves.
static const struct {
    const char *name;
    bool (*runs_here)(void);
    void (*init)(vise_kernels *k);
} backends[] = {
    {"ref",     any_cpu,     vise_ref_init},
#ifdef __x86_64__
    {"avx2",    has_avx2,    avx2_init    },
    {"avxvnni", has_avxvnni, avxvnni_init },
    {"avx512",  has_avx512,  avx512_init  },
#endif
};

enum { BACKENDS = sizeof backends / sizeof backends[0] };

size_t vise_backend_count(void) {
    return BACKENDS;
}

const char *vise_backend_name(size_t i) {
    return backends[i].name;
}

bool vise_backend_runs_here(size_t i) {
    return backends[i].runs_here();
}

vise_status vise_kernels_select(vise_kernels *out, const char *want, bool use_blas,
                                vise_error *err) {
    bool found = false;
    for (size_t i = 0; i < BACKENDS && !found; i++) {
        bool wanted = want && strcmp(want, backends[i].name) == 0;
        if (backends[i].runs_here()) {
            backends[i].init(out);
            out->name = backends[i].name;
        } else if (wanted) {
            return vise_fail(err, VISE_EHOST, "E-HW-02", "this CPU cannot run backend '%s'",
                             want);
        }
        found = wanted;
    }
    if (want && !found) {
        return vise_fail(err, VISE_EINVAL, "E-HW-01",
                         "no backend '%s', expected ref, avx2, avxvnni or avx512", want);
    }
    vise_blas_one_thread();
    out->gemm_tiles = out->gemm;
    if (use_blas) vise_blas_init(out);
    if (strcmp(out->name, "avx512") != 0) out->gemm_tiles = out->gemm;
    return VISE_OK;
}
