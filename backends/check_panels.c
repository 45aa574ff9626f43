// Checks of the float products of engine/products.h.

#include "backends/check_case.h"

void vise_check_float8_product(vise_case *c) {
    (void)c;
}

void vise_check_panel_product(vise_case *c) {
    (void)c;
}
