#include "engine/power.h"

#include <math.h>

enum { POLY = VISE_POWER_POLY };

// The polynomial through (x[i], y[i]), by Newton's divided differences.
static void interpolate(double poly[POLY], const double x[POLY], double y[POLY]) {
    for (int order = 1; order < POLY; order++) {
        for (int i = POLY - 1; i >= order; i--) {
            y[i] = (y[i] - y[i - 1]) / (x[i] - x[i - order]);
        }
    }
    for (int i = 0; i < POLY; i++) poly[i] = 0;
    for (int i = POLY - 1; i >= 0; i--) { // poly = poly * (x - x[i]) + y[i]
        for (int k = POLY - 1; k > 0; k--) poly[k] = poly[k - 1] - x[i] * poly[k];
        poly[0] = y[i] - x[i] * poly[0];
    }
}

void vise_power_make(vise_power *out, double power) {
    const double pi = 3.14159265358979323846;
    double x[POLY], y[POLY], poly[POLY];
    for (int i = 0; i < POLY; i++) {
        x[i] = cos(pi * (2 * i + 1) / (2 * POLY)) / 2;
        y[i] = pow(1.5 + x[i], power);
    }
    interpolate(poly, x, y);
    out->power = (float)power;
    for (int i = 0; i < POLY; i++) out->poly[i] = (float)poly[i];
    out->scale[0] = 0;
    for (int i = 1; i < VISE_POWER_SCALES; i++) {
        out->scale[i] = (float)pow(2, power * (i + VISE_POWER_LEAST - 127));
    }
}
