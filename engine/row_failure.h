// Why a row could not be encoded: the slow path, taken once.

#ifndef VISE_ROW_FAILURE_H
#define VISE_ROW_FAILURE_H

#include "engine/row_encoder.h"

// The upper level of a row; those of a tensor are known.  False if the row is not finite or the
// level does not fit its dtype.
bool vise_row_upper(vise_upper *out, const vise_encoding *e, const vise_matrix *m, int64_t row);

// E-SC-04 or E-SC-05 (VISE_ENUMERIC), as vise_encode_rows() says.  `row` is the first one of
// the first band that failed.
vise_status vise_row_failure(const vise_encoding *e, const vise_matrix *m, int64_t row,
                             vise_error *err);

#endif
