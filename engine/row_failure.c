#include "engine/row_failure.h"

#include <math.h>

// The first NaN or infinity of a row, counted from 0.
static int64_t find_nonfinite(const vise_matrix *m, int64_t row, float *value) {
    float buffer[VISE_PIECE];
    for (int64_t i = 0; i < m->cols; i++) {
        *value = vise_matrix_read(m, row, i, 1, buffer)[0];
        if (!isfinite(*value)) return i;
    }
    return -1;
}

static vise_run whole_row(const vise_matrix *m, int64_t row) {
    return (vise_run){row, 1, 0, m->cols};
}

bool vise_row_upper(vise_upper *out, const vise_encoding *e, const vise_matrix *m,
                    int64_t row) {
    *out = e->upper;
    if (e->scheme->second != VISE_SECOND_ROW) return true;
    if (e->parts) {
        const vise_tensor *second = &e->parts[VISE_PART_SECOND];
        out->exact = out->stored = vise_step_load(second->dtype, second->data, row);
        return true;
    }
    vise_run run = whole_row(m, row);
    vise_range r = vise_range_of(e->scheme, m, &run);
    return vise_range_finite(r) && vise_upper_make(out, e->scheme, r);
}

vise_status vise_row_failure(const vise_encoding *e, const vise_matrix *m, int64_t row,
                             vise_error *err) {
    const vise_scheme *s = e->scheme;
    int64_t end = row + s->block_rows < m->rows ? row + s->block_rows : m->rows;
    for (int64_t i = row; i < end; i++) {
        float value = 0;
        int64_t col = find_nonfinite(m, i, &value);
        if (col < 0) continue;
        return vise_fail(err, VISE_ENUMERIC, "E-SC-04",
                         "row %lld, column %lld is %s, expected a finite number",
                         (long long)i + 1, (long long)col + 1,
                         isnan(value) ? "NaN"
                         : value > 0  ? "infinity"
                                      : "-infinity");
    }
    vise_upper upper;
    vise_run run = whole_row(m, row);
    vise_range r = vise_range_of(s, m, &run);
    const char *dtype = vise_dtype_name(s->second_dtype);
    if (vise_row_upper(&upper, e, m, row)) {
        int64_t width = vise_scheme_run(s, m->cols);
        dtype = vise_dtype_name(s->scale_dtype);
        run.rows = end - row;
        for (run.first = 0; run.first < m->cols; run.first += width) {
            vise_step step;
            run.count = width < m->cols - run.first ? width : m->cols - run.first;
            r = vise_range_of(s, m, &run);
            if (!vise_step_make(m->kernels, &step, s, r, upper)) break;
        }
    }
    return vise_fail(err, VISE_ENUMERIC, "E-SC-05",
                     "row %lld, columns %lld to %lld reach %g: the step does not fit %s scales",
                     (long long)row + 1, (long long)run.first + 1,
                     (long long)(run.first + run.count), (double)(-r.lo > r.hi ? r.lo : r.hi),
                     dtype);
}
