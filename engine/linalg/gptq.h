// The column sweep of GPTQ (Frantar et al. 2022): each column is rounded, and the error it
// makes is taken out by the columns that are still to come.
//
//   for each column j in order:  q_j = round(w_j),  e_j = (w_j - q_j) / U_jj,
//                                w_k -= e_j U_jk for k > j
//
// with the factor U of engine/linalg/inverse_factor.h.  The sum of all e^2, which is returned,
// is tr((W - Q) (H + damping) (W - Q)'); the reference prints half of it.  A column with U_jj =
// 0 is dead: it is rounded from 0, and its error goes nowhere.
//
// Steps are made as vise_encode() makes them, from these values:
//
//   per tensor or row   those of the weight as it is given
//   per group           those of the weight when the sweep comes to the group, all errors of
//   the
//                       columns before it taken out, those of its own block too; as the
//                       published code does, which leaves out errors of the block (128 columns)
//                       that the group begins in, with `reference_groups`
//   static_groups       those of the weight as it is given, dead columns 0
//
// An order that leaves groups together (engine/linalg/order.h) may come with any of them; one
// that mixes groups needs static ones, for what is stored has groups of neighbours.
//
// Where steps allow it, the errors of 16 columns go to the next 16, those of these 32 to the
// next 32 and so on: products as large as can be, with the same result up to rounding.  Else
// errors go to the rest of a block of `block` columns, and at its end to all columns after it.
//
// A band of rows goes through on one thread, from the first column to the last; bands are cut
// by shape, so that the bits are the same for any number of threads.

#ifndef VISE_LINALG_GPTQ_H
#define VISE_LINALG_GPTQ_H

#include "engine/coded.h"

typedef struct vise_gptq_options {
    const vise_tensor *order; // of the columns, that of the factor; NULL: as they stand
    bool static_groups, reference_groups;
    vise_search search; // without importance
    int64_t block;      // columns whose errors are taken out together, >= 1
} vise_gptq_options;

// Sweeps `weight`, f32, f16 or bf16 [rows, n], with `factor`, f32 [n, n].  E-NU-13
// (VISE_EINVAL): a scheme, or an order with a scheme, that cannot be swept.  E-NU-14
// (VISE_ENUMERIC): values grew past what a step can hold.  E-NU-01, E-NU-12, E-SC-04, E-SC-05,
// E-SC-11, E-TN-08, E-MM-01, E-RN-01.
vise_status vise_gptq(const vise_context *ctx, vise_coded *out, double *loss,
                      const vise_scheme *s, const vise_tensor *weight,
                      const vise_tensor *factor, const vise_gptq_options *opt, vise_error *err);

#endif
