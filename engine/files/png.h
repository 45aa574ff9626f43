// Pictures out: 8-bit grey or RGB.

#ifndef VISE_FILES_PNG_H
#define VISE_FILES_PNG_H

#include "engine/files/bytes.h"
#include "engine/tensor.h"

// Encodes a u8 tensor [height, width] or [height, width, 3].  E-TN-04 for another dtype,
// E-TN-01 for another shape or a size that PNG does not have.
vise_status vise_png(vise_bytes *out, const vise_tensor *t, vise_error *err);

#endif
