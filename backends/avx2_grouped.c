// grouped_product with AVX2.

#include "backends/backends.h"
#include "backends/ymm_grouped.h"

static void run(const grouped_block *b, const grouped_rows *t) {
    if (b->span) {
        grouped_strip(b, t, true);
    } else {
        grouped_strip(b, t, false);
    }
}

static void grouped_product(const vise_grouped_product *p) {
    grouped_product_with(p, run);
}

void vise_avx2_grouped_init(vise_kernels *k) {
    k->grouped_product = grouped_product;
}
