#include "backends/onednn_api.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
#define SYMBOL(member)                                                                         \
    { "dnnl_" #member, offsetof(vise_onednn_api, member) }
    SYMBOL(engine_create),
    SYMBOL(engine_destroy),
    SYMBOL(stream_create),
    SYMBOL(stream_destroy),
    SYMBOL(stream_wait),
    SYMBOL(memory_desc_init_by_tag),
    SYMBOL(memory_desc_get_size),
    SYMBOL(memory_create),
    SYMBOL(memory_destroy),
    SYMBOL(matmul_desc_init),
    SYMBOL(primitive_attr_create),
    SYMBOL(primitive_attr_destroy),
    SYMBOL(primitive_attr_set_output_scales),
    SYMBOL(primitive_desc_create),
    SYMBOL(primitive_desc_destroy),
    SYMBOL(primitive_desc_query_md),
    SYMBOL(reorder_primitive_desc_create),
    SYMBOL(primitive_create),
    SYMBOL(primitive_destroy),
    SYMBOL(primitive_execute),
#undef SYMBOL
    {"omp_set_num_threads", offsetof(vise_onednn_api, set_threads)},
};

// The leak check at the end of a sanitized program dies of the memory that the threads of a
// library opened late have for themselves.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

vise_status vise_onednn_open(vise_onednn_api *f, vise_error *err) {
    if (SANITIZED) {
        return vise_fail(err, VISE_EHOST, "E-HW-09",
                         "a sanitized program does not open oneDNN");
    }
    void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        return vise_fail(err, VISE_EHOST, "E-HW-09", "oneDNN 2 is not installed: %s",
                         dlerror());
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *found = dlsym(library, symbols[i].name);
        if (!found) {
            return vise_fail(err, VISE_EHOST, "E-HW-09", "this oneDNN has no %s",
                             symbols[i].name);
        }
        memcpy((char *)f + symbols[i].offset, &found, sizeof found);
    }
    return VISE_OK;
}
