// Writes safetensors files: header, then the tensors in the order given, straight from where
// they lie.  The same tensors give the same bytes.

#ifndef VISE_FILES_SAFETENSORS_WRITE_H
#define VISE_FILES_SAFETENSORS_WRITE_H

#include "engine/files/bytes.h"
#include "engine/files/hash_sha256.h"
#include "engine/tensor.h"

typedef struct vise_st_text {
    const char *text;
    int64_t size;
} vise_st_text;

typedef struct vise_st_entry {
    vise_st_text name;
    vise_dtype dtype;
    int ndim;
    int64_t shape[VISE_MAX_RANK];
    const vise_tensor *tensor; // may be NULL where only the size is asked for
} vise_st_entry;

typedef struct vise_st_pair {
    vise_st_text key, value;
} vise_st_pair;

typedef struct vise_st_contents {
    const vise_st_entry *entries;
    int64_t count;
    vise_st_pair *metadata; // is put into the order of its keys
    int64_t pairs;
} vise_st_contents;

// The 8-byte length and the header, padded with spaces to a multiple of 8, and the size of the
// file.  Names and metadata are held to the reader's rules: VISE_EINVAL with its E-ST-nn.
vise_status vise_safetensors_layout(vise_bytes *header, int64_t *file_size,
                                    const vise_st_contents *c, vise_error *err);

// Writes and fsyncs the file, and gives the SHA-256 of what was written; on failure there is
// no file.
vise_status vise_safetensors_write(vise_sha256_text *hash, const char *path,
                                   const vise_st_contents *c, vise_error *err);

#endif
