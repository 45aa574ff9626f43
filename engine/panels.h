// Fills packed weights: the way from rows of codes to panels.  Private to engine/packed.h.

#ifndef VISE_PANELS_H
#define VISE_PANELS_H

#include "engine/packed.h"

// Fills the memory of `p` from a coded matrix, or from a matrix of floats.  VISE_ECANCEL only.
vise_status vise_panels_of_coded(const vise_context *ctx, vise_packed *p, const vise_coded *c,
                                 vise_error *err);
vise_status vise_panels_of_floats(const vise_context *ctx, vise_packed *p, const vise_tensor *w,
                                  vise_error *err);

#endif
