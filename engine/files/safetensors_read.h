// Safetensors files: the header is checked, the tensors are views of the mapped file.

#ifndef VISE_FILES_SAFETENSORS_READ_H
#define VISE_FILES_SAFETENSORS_READ_H

#include "engine/files/map.h"
#include "engine/files/safetensors_header.h"

// All-zero bytes is the closed file.
typedef struct vise_safetensors {
    vise_map *map;
    uint8_t *text; // the header, copied: what is checked stays so if the file is written to
    vise_st_header header;
    int64_t data_at; // where the data area begins in the file
} vise_safetensors;

// Errors: E-ST-nn for the header, E-HF-07 to E-HF-12 and E-FS-nn for the file itself.
vise_status vise_safetensors_open(vise_safetensors *out, const char *path, int64_t max_tensors,
                                  vise_error *err);
// Tensors that are in use keep the file mapped.
void vise_safetensors_close(vise_safetensors *f);

int64_t vise_safetensors_find(const vise_safetensors *f, const char *name, int64_t size);

// What vise_safetensors_tensor() gives for tensor `i`: a type that vise does not have comes as
// u8, in the file's shape when an element is one byte, else as one dimension of bytes.
typedef struct vise_st_view {
    vise_dtype dtype;
    int ndim;
    int64_t shape[VISE_ST_MAX_RANK];
} vise_st_view;
vise_st_view vise_safetensors_view(const vise_safetensors *f, int64_t i);

// A read-only view of the file; a copy if the file does not align the elements.  E-HF-12 if
// the file has changed since it was opened.
vise_status vise_safetensors_tensor(vise_tensor *out, const vise_safetensors *f, int64_t i,
                                    vise_error *err);

#endif
