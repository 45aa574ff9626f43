#include "backends/peak.h"

#include <string.h>

vise_peak vise_peak_of(const char *backend) {
#ifdef __x86_64__
    if (strcmp(backend, "avx2") == 0) return vise_avx2_peak();
    if (strcmp(backend, "avxvnni") == 0) return vise_avxvnni_peak();
    if (strcmp(backend, "avx512") == 0) return vise_avx512_peak();
#endif
    (void)backend;
    return (vise_peak){0};
}
