// The header of a safetensors file: parsed by schema, in one pass over the text, with
// no tree.  A header is accepted only if its tensors tile the data area exactly.
//
// Errors: E-ST-nn, one for each rule (lua/vise/errors.lua has the list).

#ifndef VISE_FILES_SAFETENSORS_HEADER_H
#define VISE_FILES_SAFETENSORS_HEADER_H

#include <stdint.h>

#include "engine/error.h"
#include "engine/files/scan.h"
#include "engine/tensor.h"

enum {
    VISE_ST_MAX_HEADER = 100000000, // bytes
    VISE_ST_MAX_TENSORS = 1000000,  // unless told otherwise
    VISE_ST_MAX_NAME = 4096,        // decoded bytes
    VISE_ST_MAX_RANK = 16,          // in a file; tensors of ours have VISE_MAX_RANK
};

typedef struct vise_st_type {
    const char *name; // "F8_E4M3"
    int bits;
    vise_dtype dtype; // VISE_DTYPE_COUNT: no dtype of ours, its bytes come as u8
} vise_st_type;

typedef struct vise_st_record {
    int64_t begin, end; // in the data area
    uint32_t shape_at;  // of '[' in the header
    uint8_t type;       // index for vise_st_type_of()
    uint8_t rank;
} vise_st_record;

typedef struct vise_st_header {
    const uint8_t *text; // the caller's, alive as long as this is
    int64_t size;
    vise_keys names;         // tensor i is key i
    vise_st_record *records; // in the order of the header
    uint32_t *order;         // by place in the data area
    int64_t count;
    int64_t data_size;
    int64_t metadata_at; // of '{', -1 if there is none
} vise_st_header;

// Parses `size` bytes of header for a data area of `data_size` bytes.  `file` is for messages.
vise_status vise_st_parse(vise_st_header *out, const char *file, const uint8_t *text,
                          int64_t size, int64_t data_size, int64_t max_tensors,
                          vise_error *err);
void vise_st_release(vise_st_header *h);

int64_t vise_st_type_count(void);
const vise_st_type *vise_st_type_of(const vise_st_record *r);
const char *vise_st_type_name(vise_dtype dtype); // our dtype's name in a file
// The shape of tensor `i`; returns its rank.
int vise_st_shape(const vise_st_header *h, int64_t i, int64_t shape[VISE_ST_MAX_RANK]);

// Steps through the metadata: `*at` starts at 0; false at the end.
bool vise_st_metadata(const vise_st_header *h, int64_t *at, vise_span *key, vise_span *value);

#endif
