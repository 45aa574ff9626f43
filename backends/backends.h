// Private to backends/: one init function per backend, each overwriting the slots it does
// better than the ones before it.

#ifndef VISE_BACKENDS_H
#define VISE_BACKENDS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/kernels.h"

// The levels this program knows, worst first, and whether this CPU runs them.
size_t vise_backend_count(void);
const char *vise_backend_name(size_t i);
bool vise_backend_runs_here(size_t i);

// The instruction sets that decide it, those of them that this CPU has.  Returns how many.
enum { VISE_CPU_FEATURES = 10 };
size_t vise_cpu_features(const char *names[VISE_CPU_FEATURES]);

void vise_ref_init(vise_kernels *k);           // fills every slot
void vise_ref_groups_init(vise_kernels *k);    // called by it
void vise_ref_functions_init(vise_kernels *k); // called by it
void vise_ref_products_init(vise_kernels *k);  // called by it
void vise_ref_attention_init(vise_kernels *k); // called by it
void vise_ref_strips_init(vise_kernels *k);    // called by it
void vise_ref_solvers_init(vise_kernels *k);   // called by it
void vise_ref_errors_init(vise_kernels *k);    // called by it

#ifdef __x86_64__
// Each level by subject.  Only for CPUs that select.c found able.
void vise_avx2_rows_init(vise_kernels *k);      // conversions, ranges, codes
void vise_avx2_groups_init(vise_kernels *k);    // ranges and codes of groups
void vise_avx2_strips_init(vise_kernels *k);    // rows into strips
void vise_avx2_errors_init(vise_kernels *k);    // int_errors, f4_errors, power_errors
void vise_avx2_functions_init(vise_kernels *k); // softmax, silu, gelu
void vise_avx2_norms_init(vise_kernels *k);
void vise_avx2_products_init(vise_kernels *k); // gemm
void vise_avx2_int8_init(vise_kernels *k);     // int8_product
void vise_avx2_grouped_init(vise_kernels *k);  // grouped_product
void vise_avx2_panels_init(vise_kernels *k);   // float8_product, panel_product
void vise_avx2_solvers_init(vise_kernels *k);  // walsh, sweep_columns
void vise_avx2_attention_init(vise_kernels *k);
void vise_avxvnni_integer_init(vise_kernels *k); // int8_product, grouped_product
void vise_avx2_few_init(vise_kernels *k);        // gemm_few, gemm_few16
void vise_avx512_rows_init(vise_kernels *k);
void vise_avx512_groups_init(vise_kernels *k);
void vise_avx512_errors_init(vise_kernels *k);
void vise_avx512_functions_init(vise_kernels *k);
void vise_avx512_norms_init(vise_kernels *k);
void vise_avx512_products_init(vise_kernels *k); // gemm
void vise_avx512_few_init(vise_kernels *k);      // gemm_few
void vise_avx512_int8_init(vise_kernels *k);     // int8_product
void vise_avx512_grouped_init(vise_kernels *k);  // grouped_product
void vise_avx512_panels_init(vise_kernels *k);   // panel_product
void vise_avx512_float8_init(vise_kernels *k);   // float8_product
void vise_avx512bf16_panels_init(vise_kernels *k);
void vise_avx512_solvers_init(vise_kernels *k); // walsh
void vise_avx512_attention_init(vise_kernels *k);
#endif

void vise_blas_init(vise_kernels *k); // not a level: a switch for `gemm`
// LAPACK runs on OpenBLAS too, whatever computes `gemm`: one thread, or the bits would
// depend on how many there are.
void vise_blas_one_thread(void);

// For `vise bench` and bench/ alone, which compare with what OpenBLAS does by itself.
void vise_blas_threads(int threads);
void vise_blas_syrk(float *c, const float *x, int64_t n, int64_t rows); // c = x' x, lower

#endif
