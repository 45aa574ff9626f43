// Steps that come from outside: those that a solver found, or another program.

#ifndef VISE_GIVEN_STEPS_H
#define VISE_GIVEN_STEPS_H

#include "engine/coded.h"
#include "engine/row_encoder.h"

// Rounds the given steps into the parts of `c`, which are made, and makes an encoding that
// reads them there.  E-SC-13 (VISE_EINVAL) as vise_encode() says; E-SC-05 (VISE_ENUMERIC) if a
// step does not fit its dtype, or a code would decode to infinity.
vise_status vise_given_encoding(const vise_context *ctx, vise_encoding *out, vise_coded *c,
                                const vise_tensor *const given[VISE_PART_COUNT],
                                vise_error *err);

// Steps `at` and the `count` (<= VISE_RUNS) that follow, of the parts as they are stored.
bool vise_given_load(vise_steps *out, const vise_scheme *s, const vise_tensor *parts,
                     int64_t at, int64_t count, vise_upper upper);

#endif
