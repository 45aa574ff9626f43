#include "engine/packed.h"

#include <string.h>

#include "engine/codec.h"
#include "engine/mem.h"

enum { MOST_INPUTS = 65536, ZERO_NIBBLES = 0x88 };

void vise_packed_release(vise_packed *p) {
    vise_free(p->codes);
    vise_free(p->wsum);
    vise_free(p->scale);
    memset(p, 0, sizeof *p);
}

static vise_status check_scheme(const vise_scheme *s, int64_t cols, vise_error *err) {
    char text[VISE_SCHEME_TEXT];
    vise_scheme_describe(text, sizeof text, s);
    if (s->element != VISE_ELEMENT_INT || !s->symmetric || s->granularity == VISE_PER_BLOCK ||
        s->granularity == VISE_PER_TOKEN ||
        (s->bits == 8 && s->granularity == VISE_PER_GROUP)) {
        return vise_fail(err, VISE_EINVAL, "E-SC-08",
                         "no integer kernel takes weights in %s; allowed: symmetric, int8 per "
                         "tensor or row, int4 per tensor, row or group",
                         text);
    }
    if (cols > MOST_INPUTS) {
        return vise_fail(err, VISE_EINVAL, "E-SC-09",
                         "%lld inputs in %s, the integer kernels take at most %d",
                         (long long)cols, text, MOST_INPUTS);
    }
    return VISE_OK;
}

static int64_t round_up(int64_t n, int64_t to) {
    return (n + to - 1) / to * to;
}

int64_t vise_packed_panel(const vise_packed *p) {
    int64_t codes = VISE_PANEL * p->groups * p->pitch;
    return p->scheme.bits == 4 ? codes / 2 : codes;
}

// Bytes of the codes, the sums and the scales.
typedef struct packed_sizes {
    int64_t codes, wsum, scale;
} packed_sizes;

static packed_sizes sizes_of(const vise_packed *p) {
    int64_t lane = VISE_PANEL * (int64_t)sizeof(float);
    return (packed_sizes){
        .codes = p->panels * vise_packed_panel(p),
        .wsum = p->scheme.bits == 8 ? p->panels * lane : 0,
        .scale = p->panels * p->groups * lane,
    };
}

int64_t vise_packed_size(const vise_packed *p) {
    packed_sizes size = sizes_of(p);
    return size.codes + size.wsum + size.scale;
}

// Fills everything but the storage.
static vise_status plan(vise_packed *p, packed_sizes *size, const vise_scheme *s, int64_t rows,
                        int64_t cols, vise_error *err) {
    vise_scheme_layout layout;
    vise_status st = vise_scheme_plan(&layout, s, rows, cols, err);
    if (!st) st = check_scheme(s, cols, err);
    if (st) return st;
    bool grouped = s->granularity == VISE_PER_GROUP;
    *p = (vise_packed){
        .scheme = *s,
        .rows = rows,
        .cols = cols,
        .panels = rows / VISE_PANEL + (rows % VISE_PANEL > 0),
        .group = grouped ? s->group : cols,
        .groups = vise_scheme_runs(s, cols),
    };
    p->pitch = round_up(p->group, s->bits == 4 ? 8 : 4);
    // At most 65,536 inputs: a panel is below 2^26 bytes, so only the panels can overflow.
    if (p->panels > INT64_MAX >> 28) {
        return vise_fail(err, VISE_EINVAL, "E-TN-01", "%lld rows are too many",
                         (long long)rows);
    }
    *size = sizes_of(p);
    return VISE_OK;
}

vise_status vise_packed_bytes(int64_t *out, const vise_scheme *s, int64_t rows, int64_t cols,
                              vise_error *err) {
    vise_packed p;
    packed_sizes size;
    vise_status st = plan(&p, &size, s, rows, cols, err);
    if (!st) *out = vise_packed_size(&p);
    return st;
}

typedef struct pack_job {
    const vise_kernels *kernels;
    const vise_coded *c;
    vise_packed *p;
} pack_job;

// Puts the codes of inputs [first, first + n) into lane `lane` of a panel; `first` is a
// multiple of 4, so that whole fours can be moved at once.
static void put_bytes(uint8_t *panel, int lane, int64_t first, const int8_t *q, int64_t n) {
    uint8_t *to = panel + (first / 4 * VISE_PANEL + lane) * 4;
    for (; n >= 4; n -= 4, q += 4, to += VISE_PANEL * 4) memcpy(to, q, 4);
    memcpy(to, q, (size_t)n);
}

// The same for nibbles of one group, any `first`; the panel holds zero codes.
static void put_nibbles(uint8_t *group, int lane, int64_t first, const int8_t *q, int64_t n) {
    for (int64_t k = first, end = first + n; k < end;) {
        uint8_t *to = group + (k / 8 * VISE_PANEL + lane) * 4;
        if (k % 8 == 0 && end - k >= 8) {
            for (int b = 0; b < 4; b++) to[b] = (uint8_t)((q[b] + 8) | (q[4 + b] + 8) << 4);
            k += 8;
            q += 8;
        } else {
            int nibble = *q++ + 8, high = k % 8 >= 4;
            uint8_t *byte = to + k++ % 4;
            *byte = (uint8_t)(high ? (*byte & 0x0f) | nibble << 4 : (*byte & 0xf0) | nibble);
        }
    }
}

static void pack_row(const pack_job *j, uint8_t *panel, int64_t number, int lane) {
    const vise_packed *p = j->p;
    int64_t row = number * VISE_PANEL + lane;
    int8_t q[VISE_PIECE];
    int32_t sum = 0;
    for (int64_t col = 0; col < p->cols; col += VISE_PIECE) {
        int64_t n = p->cols - col < VISE_PIECE ? p->cols - col : VISE_PIECE;
        vise_coded_codes(j->kernels, q, j->c, row, col, n);
        sum += j->kernels->sum_i8(q, n);
        if (p->scheme.bits == 8) {
            put_bytes(panel, lane, col, q, n);
            continue;
        }
        for (int64_t done = 0, step; done < n; done += step) {
            int64_t g = (col + done) / p->group, first = (col + done) % p->group;
            step = p->group - first < n - done ? p->group - first : n - done;
            put_nibbles(panel + g * (p->pitch / 2) * VISE_PANEL, lane, first, q + done, step);
        }
    }
    if (p->wsum) p->wsum[row] = sum;
    for (int64_t g = 0; g < p->groups; g++) {
        p->scale[(number * p->groups + g) * VISE_PANEL + lane] = vise_coded_scale(j->c, row, g);
    }
}

static void pack_tile(void *job, int64_t number) {
    const pack_job *j = job;
    int64_t bytes = vise_packed_panel(j->p);
    uint8_t *panel = (uint8_t *)j->p->codes + number * bytes;
    if (j->p->scheme.bits == 4) memset(panel, ZERO_NIBBLES, (size_t)bytes);
    for (int lane = 0; lane < VISE_PANEL; lane++) {
        if (number * VISE_PANEL + lane < j->p->rows) pack_row(j, panel, number, lane);
    }
}

vise_status vise_pack(const vise_context *ctx, vise_packed *out, const vise_coded *c,
                      vise_error *err) {
    vise_packed p;
    packed_sizes size;
    vise_status st = plan(&p, &size, &c->scheme, c->rows, c->cols, err);
    if (st) return st;
    p.codes = vise_calloc((size_t)size.codes);
    if (p.codes) p.scale = vise_calloc((size_t)size.scale);
    if (p.scale && size.wsum) p.wsum = vise_calloc((size_t)size.wsum);
    if (!p.scale || (size.wsum && !p.wsum)) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %lld bytes",
                       (long long)vise_packed_size(&p));
        goto done;
    }
    pack_job job = {&ctx->kernels, c, &p};
    st = vise_parallel(ctx, p.panels, pack_tile, &job, err);
    if (!st) *out = p;

done:
    if (st) vise_packed_release(&p);
    return st;
}
