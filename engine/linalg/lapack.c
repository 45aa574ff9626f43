// The only file that includes lapacke.h.  The _work functions are called with workspaces of
// our own: counted memory, and sizes that do not go through a float (a query of a
// single-precision routine rounds sizes past 2^24).

#include "engine/linalg/lapack.h"

#include <lapacke.h>
#include <limits.h>

#include "engine/mem.h"

static vise_status fail_size(int64_t m, int64_t n, vise_error *err) {
    return vise_fail(err, VISE_EINVAL, "E-NU-04", "a matrix of %lld x %lld is too large",
                     (long long)m, (long long)n);
}

// Elements of workspace to use: what the query named, a little more for its rounding, and at
// least what the documentation asks for.  0 if that passes 32 bits.
static lapack_int work_size(double asked, double least) {
    double size = asked * (1 + 0x1p-22) + 1;
    if (size < least) size = least;
    return size < (double)INT_MAX ? (lapack_int)size : 0;
}

static lapack_int gesdd(vise_dtype dtype, lapack_int m, lapack_int n, void *a, void *s, void *u,
                        void *vt, void *work, lapack_int lwork, lapack_int *iwork) {
    lapack_int k = m < n ? m : n;
    if (dtype == VISE_F64) {
        return LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, a, m, s, u, m, vt, k, work,
                                   lwork, iwork);
    }
    return LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, a, m, s, u, m, vt, k, work, lwork,
                               iwork);
}

vise_status vise_lapack_svd(vise_dtype dtype, int64_t m, int64_t n, void *a, void *u, void *s,
                            void *vt, vise_error *err) {
    if (m > INT_MAX || n > INT_MAX) return fail_size(m, n, err);
    int64_t k = m < n ? m : n;
    double asked = 0, most = (double)(m < n ? n : m), d = (double)k;
    float asked_f32 = 0;
    lapack_int none;
    // The transpose of a row-major a = u s vt is a column-major vt' s u'.
    lapack_int info = gesdd(dtype, (lapack_int)n, (lapack_int)m, a, s, vt, u,
                            dtype == VISE_F64 ? (void *)&asked : &asked_f32, -1, &none);
    if (dtype != VISE_F64) asked = (double)asked_f32;
    lapack_int lwork = work_size(asked, 4 * d * d + 7 * d + most);
    if (info || lwork == 0) return fail_size(m, n, err);
    void *work = vise_calloc((size_t)lwork * (size_t)vise_dtype_size(dtype));
    lapack_int *iwork = vise_calloc((size_t)k * 8 * sizeof *iwork);
    vise_status st = VISE_OK;
    if (!work || !iwork) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01",
                       "no memory for the workspace of a %lld x %lld decomposition",
                       (long long)m, (long long)n);
        goto done;
    }
    info = gesdd(dtype, (lapack_int)n, (lapack_int)m, a, s, vt, u, work, lwork, iwork);
    if (info) {
        st = vise_fail(err, VISE_ENUMERIC, "E-NU-02",
                       "the decomposition of a %lld x %lld matrix did not converge (info %d)",
                       (long long)m, (long long)n, (int)info);
    }

done:
    vise_free(work);
    vise_free(iwork);
    return st;
}

vise_status vise_lapack_orthonormal(int64_t q, int64_t m, float *y, vise_error *err) {
    if (m > INT_MAX) return fail_size(q, m, err);
    lapack_int rows = (lapack_int)m, cols = (lapack_int)q; // column-major: y is [m, q]
    float factor = 0, form = 0, none = 0;
    lapack_int info =
        LAPACKE_sgeqrf_work(LAPACK_COL_MAJOR, rows, cols, y, rows, &none, &factor, -1);
    if (!info) {
        info =
            LAPACKE_sorgqr_work(LAPACK_COL_MAJOR, rows, cols, cols, y, rows, &none, &form, -1);
    }
    lapack_int lwork = work_size((double)(factor > form ? factor : form), (double)q);
    if (info || lwork == 0) return fail_size(q, m, err);
    float *work = vise_calloc(((size_t)lwork + (size_t)q) * sizeof *work);
    if (!work) {
        return vise_fail(err, VISE_ENOMEM, "E-MM-01",
                         "no memory to orthogonalise %lld rows of %lld", (long long)q,
                         (long long)m);
    }
    float *tau = work + lwork;
    info = LAPACKE_sgeqrf_work(LAPACK_COL_MAJOR, rows, cols, y, rows, tau, work, lwork);
    if (!info) {
        info =
            LAPACKE_sorgqr_work(LAPACK_COL_MAJOR, rows, cols, cols, y, rows, tau, work, lwork);
    }
    vise_free(work);
    return info ? fail_size(q, m, err) : VISE_OK;
}

// The lower triangle of a row-major matrix is the upper one of a column-major matrix.
bool vise_lapack_inverse_factor(int64_t q, float *g) {
    lapack_int n = (lapack_int)q;
    if (q > INT_MAX || LAPACKE_spotrf_work(LAPACK_COL_MAJOR, 'U', n, g, n)) return false;
    if (LAPACKE_strtri_work(LAPACK_COL_MAJOR, 'U', 'N', n, g, n)) return false;
    for (int64_t i = 0; i < q; i++) {
        for (int64_t j = i + 1; j < q; j++) g[i * q + j] = 0;
    }
    return true;
}

// The lower triangle is the upper one of the transpose, as above.
int64_t vise_lapack_cholesky(vise_dtype dtype, int64_t n, void *a, int64_t stride) {
    if (n > INT_MAX || stride > INT_MAX) return -1;
    lapack_int size = (lapack_int)n, lda = (lapack_int)stride;
    return dtype == VISE_F64 ? LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', size, a, lda)
                             : LAPACKE_spotrf_work(LAPACK_COL_MAJOR, 'U', size, a, lda);
}

bool vise_lapack_invert_lower(vise_dtype dtype, int64_t n, void *l, int64_t stride) {
    if (n > INT_MAX || stride > INT_MAX) return false;
    lapack_int size = (lapack_int)n, lda = (lapack_int)stride;
    return 0 == (dtype == VISE_F64
                     ? LAPACKE_dtrtri_work(LAPACK_COL_MAJOR, 'U', 'N', size, l, lda)
                     : LAPACKE_strtri_work(LAPACK_COL_MAJOR, 'U', 'N', size, l, lda));
}

bool vise_lapack_inverse_of_factor(int64_t n, float *l) {
    lapack_int size = (lapack_int)n;
    return n <= INT_MAX && !LAPACKE_spotri_work(LAPACK_COL_MAJOR, 'U', size, l, size);
}

vise_status vise_lapack_eigh(vise_dtype dtype, int64_t n, void *a, void *values,
                             vise_error *err) {
    double d = (double)n, least = 2 * d * d + 6 * d + 1;
    if (n == 0) return VISE_OK;
    if (least >= (double)INT_MAX) return fail_size(n, n, err);
    lapack_int size = (lapack_int)n, lwork = (lapack_int)least, liwork = 5 * size + 3;
    void *work = vise_calloc((size_t)lwork * (size_t)vise_dtype_size(dtype));
    lapack_int *iwork = vise_calloc((size_t)liwork * sizeof *iwork);
    vise_status st = VISE_OK;
    if (!work || !iwork) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01",
                       "no memory for the workspace of a %lld x %lld decomposition",
                       (long long)n, (long long)n);
        goto done;
    }
    lapack_int info = dtype == VISE_F64
                          ? LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', size, a, size,
                                                values, work, lwork, iwork, liwork)
                          : LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, 'V', 'U', size, a, size,
                                                values, work, lwork, iwork, liwork);
    if (info) {
        st = vise_fail(err, VISE_ENUMERIC, "E-NU-02",
                       "the decomposition of a %lld x %lld matrix did not converge (info %d)",
                       (long long)n, (long long)n, (int)info);
    }

done:
    vise_free(work);
    vise_free(iwork);
    return st;
}
