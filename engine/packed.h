// Packed weights: a coded weight in the layout that one family of integer kernels reads
// (engine/kernels.h).  Derived from a coded tensor at load, never saved.
//
// Output channels lie in panels of 32; channels past the last, and inputs past the end of a
// row or of a group, have code 0.
//
//   8 bits  codes [panels][k / 4][32][4] i8, k = cols rounded up to 4
//           wsum  [panels][32] i32, the sums of the codes
//           scale [panels][32] f32
//   4 bits  codes [panels][groups][pitch / 8][32][4] u8 (nibble = code + 8), pitch = the
//           group rounded up to 8; a scheme without groups has one group, the row
//           scale [panels][groups][32] f32

#ifndef VISE_PACKED_H
#define VISE_PACKED_H

#include "engine/coded.h"

// All-zero bytes is the closed value.
typedef struct vise_packed {
    vise_scheme scheme;
    int64_t rows, cols;
    int64_t panels;
    int64_t group;  // columns a group: those of the scheme, or the whole row
    int64_t groups; // a row
    int64_t pitch;  // codes from one group to the next
    void *codes;
    int32_t *wsum; // NULL with 4 bits
    float *scale;
} vise_packed;

void vise_packed_release(vise_packed *p);

// E-SC-08 (VISE_EINVAL) if no integer kernel takes weights of this scheme, E-SC-09 if the sum
// of a row could overflow: more than 65,536 inputs.  Also fails as vise_scheme_plan().
vise_status vise_pack(const vise_context *ctx, vise_packed *out, const vise_coded *c,
                      vise_error *err);

// What vise_pack() would take, exactly, without doing it.  Fails as vise_pack().
vise_status vise_packed_bytes(int64_t *out, const vise_scheme *s, int64_t rows, int64_t cols,
                              vise_error *err);

// Bytes it holds: what vise_packed_bytes() says.
int64_t vise_packed_size(const vise_packed *p);
// Bytes of one panel's codes.
int64_t vise_packed_panel(const vise_packed *p);

#endif
