// OpenBLAS behind the `gemm` slot: the only file that includes cblas.h.  One thread per call;
// the engine's pool runs the tiles, so results depend on shapes alone.

#include <cblas.h>

#include "backends/backends.h"

static void gemm(const vise_gemm *g) {
    if (g->m == 0 || g->n == 0) return;
    cblas_sgemm(CblasRowMajor, g->trans_a ? CblasTrans : CblasNoTrans,
                g->trans_b ? CblasTrans : CblasNoTrans, (blasint)g->m, (blasint)g->n,
                (blasint)g->k, 1.0f, g->a, (blasint)g->lda, g->b, (blasint)g->ldb,
                g->add ? 1.0f : 0.0f, g->c, (blasint)g->ldc);
}

void vise_blas_threads(int threads) {
    openblas_set_num_threads(threads);
}

void vise_blas_one_thread(void) {
    vise_blas_threads(1);
}

void vise_blas_syrk(float *c, const float *x, int64_t n, int64_t rows) {
    cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, (blasint)n, (blasint)rows, 1.0f, x,
                (blasint)n, 0.0f, c, (blasint)n);
}

void vise_blas_init(vise_kernels *k) {
    k->gemm = gemm;
    k->blas = "openblas";
}
