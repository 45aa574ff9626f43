// Checks of the integer products of engine/products.h.

#include "backends/check_case.h"

void vise_check_int8_product(vise_case *c) {
    (void)c;
}

void vise_check_grouped_product(vise_case *c) {
    (void)c;
}
