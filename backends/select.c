#include <stddef.h>
#include <string.h>

#include "backends/backends.h"

static bool any_cpu(void) {
    return true;
}

// Worst first: each backend overwrites the slots it improves.
static const struct {
    const char *name;
    bool (*runs_here)(void);
    void (*init)(vise_kernels *k);
} backends[] = {
    {"ref", any_cpu, vise_ref_init},
};

vise_status vise_kernels_select(vise_kernels *out, const char *want, bool use_blas,
                                vise_error *err) {
    bool found = false;
    for (size_t i = 0; i < sizeof backends / sizeof backends[0] && !found; i++) {
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
    if (want && !found) return vise_fail(err, VISE_EINVAL, "E-HW-01", "no backend '%s'", want);
    vise_blas_one_thread();
    if (use_blas) vise_blas_init(out);
    return VISE_OK;
}
