// Images to rows of square patches and back.

#ifndef VISE_OPS_PATCH_H
#define VISE_OPS_PATCH_H

#include "engine/tensor.h"

// x[B, C, H, W] -> out[B, (H/p)(W/p), C p p], each row in the order of a convolution's
// weight: channel, row in the patch, column in the patch.
vise_status vise_patchify(vise_tensor *out, const vise_tensor *x, int64_t patch,
                          vise_error *err);

typedef struct vise_image_size {
    int64_t channels, height, width, patch;
} vise_image_size;

// x[B, (H/p)(W/p), p p C] -> out[B, C, H, W]; here each row is in the order row in the patch,
// column in the patch, channel, as diffusion transformers give it.
vise_status vise_unpatchify(vise_tensor *out, const vise_tensor *x, const vise_image_size *size,
                            vise_error *err);

#endif
