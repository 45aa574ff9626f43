#include "engine/linalg/hadamard_base.h"

const int vise_hadamard_orders[VISE_HADAMARD_BASES] = {1,  12, 20,  28,  36,  40,
                                                       52, 60, 108, 140, 156, 172};

enum { MOST = VISE_HADAMARD_BASE };

// --- fields.  An element of the field of 25 is a + 5 b for a + b r with r^2 = 2.

static int minus(int x, int y, int q) {
    if (q != 25) return (x - y + q) % q;
    return (x % 5 - y % 5 + 5) % 5 + (x / 5 - y / 5 + 5) % 5 * 5;
}

static int times(int x, int y, int q) {
    if (q != 25) return x * y % q;
    int a = x % 5, b = x / 5, c = y % 5, d = y / 5;
    return (a * c + 2 * b * d) % 5 + (a * d + b * c) % 5 * 5;
}

// chi[x]: 0 for 0, 1 for squares, -1 for the rest.
static void find_squares(int chi[MOST], int q) {
    for (int x = 0; x < q; x++) chi[x] = x == 0 ? 0 : -1;
    for (int x = 1; x < q; x++) chi[times(x, x, q)] = 1;
}

// The matrix of Jacobsthal with a border: 0 1 ... 1 above, `side` down the left.
static int bordered(const int *chi, int q, int i, int j, int side) {
    if (i == 0) return j > 0;
    if (j == 0) return side;
    return chi[minus(i - 1, j - 1, q)];
}

static void paley_1(float *h, int q) {
    int chi[MOST];
    find_squares(chi, q);
    for (int i = 0; i <= q; i++) {
        for (int j = 0; j <= q; j++) {
            *h++ = (float)((i == j) + bordered(chi, q, i, j, -1));
        }
    }
}

// Every sign of a symmetric conference matrix becomes a block, its zeros another one.
static void paley_2(float *h, int q) {
    static const int sign[2][2] = {
        {1, 1 },
        {1, -1}
    };
    static const int zero[2][2] = {
        {1,  -1},
        {-1, -1}
    };
    int chi[MOST];
    find_squares(chi, q);
    for (int i = 0; i < 2 * (q + 1); i++) {
        for (int j = 0; j < 2 * (q + 1); j++) {
            int c = bordered(chi, q, i / 2, j / 2, 1);
            *h++ = (float)(c ? c * sign[i % 2][j % 2] : zero[i % 2][j % 2]);
        }
    }
}

static void doubled_20(float *h) {
    enum { HALF = 20 };
    float base[HALF * HALF];
    paley_1(base, HALF - 1);
    for (int i = 0; i < 2 * HALF; i++) {
        for (int j = 0; j < 2 * HALF; j++) {
            float v = base[i % HALF * HALF + j % HALF];
            *h++ = i >= HALF && j >= HALF ? -v : v;
        }
    }
}

// Bit i of a mask says that sign i is -1.  The four blocks are circulants x[j - i], turned over
// left to right (R) and transposed as below.
static int circulant(uint64_t mask, int n, int i, int j) {
    return mask >> ((j - i + 2 * n) % n) & 1 ? -1 : 1;
}

static void goethals_seidel(float *h, int n, const uint64_t mask[4]) {
    //  A    B R   C R   D R
    // -B R  A    D' R -C' R
    // -C R -D' R  A    B' R
    // -D R  C' R -B' R  A
    static const int which[4][4] = {
        {0, 1, 2, 3},
        {1, 0, 3, 2},
        {2, 3, 0, 1},
        {3, 2, 1, 0}
    };
    static const int sign[4][4] = {
        {1,  1,  1,  1 },
        {-1, 1,  1,  -1},
        {-1, -1, 1,  1 },
        {-1, 1,  -1, 1 }
    };
    for (int i = 0; i < 4 * n; i++) {
        for (int j = 0; j < 4 * n; j++) {
            int p = i / n, q = j / n, row = i % n, col = j % n;
            int turned = n - 1 - col;
            int v = p == q             ? circulant(mask[0], n, row, col)
                    : p == 0 || q == 0 ? circulant(mask[which[p][q]], n, row, turned)
                                       : circulant(mask[which[p][q]], n, turned, row);
            *h++ = (float)(sign[p][q] * v);
        }
    }
}

void vise_hadamard_base(float *h, int order) {
    static const uint64_t of_39[4] = {0x7c6a825698, 0x2fbf2cc6fc, 0x640ed30f9a, 0x0a2734ed50};
    static const uint64_t of_43[4] = {0x36a81b91c7a, 0x7cdfde50dd6, 0x6ab0879193e,
                                      0x6ab0879193e};
    switch (order) {
    case 1: h[0] = 1; break;
    case 28:
    case 36:
    case 52: paley_2(h, order / 2 - 1); break;
    case 40: doubled_20(h); break;
    case 156: goethals_seidel(h, 39, of_39); break;
    case 172: goethals_seidel(h, 43, of_43); break;
    default: paley_1(h, order - 1); break;
    }
}
