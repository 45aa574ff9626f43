// Private to backends/onednn*.c: what is used of the C interface of oneDNN 2, as its
// documentation gives it.

#ifndef VISE_ONEDNN_API_H
#define VISE_ONEDNN_API_H

#include <stddef.h>
#include <stdint.h>

#include "engine/error.h"

typedef void *handle;
typedef int64_t dims[12];
typedef struct exec_arg {
    int arg;
    handle memory;
} exec_arg;
// Descriptors are larger structs that only oneDNN looks into: 696 and 2,800 bytes in 2.6.
typedef struct memory_desc {
    _Alignas(16) unsigned char bytes[2048];
} memory_desc;
typedef struct matmul_desc {
    _Alignas(16) unsigned char bytes[8192];
} matmul_desc;

enum { TAG_ANY = 1, TAG_AB = 3, TAG_BA = 22 };
enum { TYPE_BF16 = 2, TYPE_F32 = 3, TYPE_S8 = 5 };
enum { ARG_SRC = 1, ARG_DST = 17, ARG_WEIGHTS = 33, QUERY_WEIGHTS = 131, CPU = 1 };

typedef struct vise_onednn_api {
    int (*engine_create)(handle *, int kind, size_t index);
    int (*engine_destroy)(handle);
    int (*stream_create)(handle *, handle engine, unsigned flags);
    int (*stream_destroy)(handle);
    int (*stream_wait)(handle);
    int (*memory_desc_init_by_tag)(memory_desc *, int ndims, const dims, int type, int tag);
    size_t (*memory_desc_get_size)(const memory_desc *);
    int (*memory_create)(handle *, const memory_desc *, handle engine, void *data);
    int (*memory_destroy)(handle);
    int (*matmul_desc_init)(matmul_desc *, const memory_desc *src, const memory_desc *weights,
                            const memory_desc *bias, const memory_desc *dst);
    int (*primitive_attr_create)(handle *);
    int (*primitive_attr_destroy)(handle);
    int (*primitive_attr_set_output_scales)(handle, int64_t count, int mask, const float *);
    int (*primitive_desc_create)(handle *, const matmul_desc *, handle attr, handle engine,
                                 handle hint);
    int (*primitive_desc_destroy)(handle);
    const memory_desc *(*primitive_desc_query_md)(handle, int what, int index);
    int (*reorder_primitive_desc_create)(handle *, const memory_desc *, handle,
                                         const memory_desc *, handle, handle attr);
    int (*primitive_create)(handle *, handle desc);
    int (*primitive_destroy)(handle);
    int (*primitive_execute)(handle, handle stream, int count, const exec_arg *);
    void (*set_threads)(int);
} vise_onednn_api;

// Opens the library, for good: its threads may not lose their code.
vise_status vise_onednn_open(vise_onednn_api *f, vise_error *err);

#endif
