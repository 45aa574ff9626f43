#include "engine/ops/patch.h"

#include "engine/ops/argument.h"

static vise_status check_size(const vise_image_size *s, vise_error *err) {
    // Of one patch; an image without rows or columns does not bound it.
    int64_t pixels;
    bool fits = s->patch >= 1 && s->patch <= 1 << 20 &&
                !__builtin_mul_overflow(s->channels, s->patch * s->patch, &pixels);
    if (fits && s->height % s->patch == 0 && s->width % s->patch == 0) return VISE_OK;
    return vise_fail(err, VISE_EINVAL, "E-TN-10",
                     "an image of %lld x %lld cannot be cut into patches of %lld",
                     (long long)s->height, (long long)s->width, (long long)s->patch);
}

// Where the pixel (c, row, col) of one image lies among its patches.
static int64_t place_in_patches(const vise_image_size *s, int64_t c, int64_t row, int64_t col,
                                bool channels_last) {
    int64_t p = s->patch, across = s->width / p;
    int64_t token = row / p * across + col / p, inside = row % p * p + col % p;
    int64_t at = channels_last ? inside * s->channels + c : c * p * p + inside;
    return token * p * p * s->channels + at;
}

vise_status vise_patchify(vise_tensor *out, const vise_tensor *x, int64_t patch,
                          vise_error *err) {
    vise_status st = vise_tensor_expect(x, VISE_F32, "the image", err);
    if (!st) st = vise_argument_rank(x, 4, "the image", err);
    if (!st) st = vise_argument_apart(out, x, false, "the image", err);
    if (st) return st;
    vise_image_size s = {x->shape[1], x->shape[2], x->shape[3], patch};
    st = check_size(&s, err);
    if (st) return st;
    int64_t tokens = s.height / patch * (s.width / patch);
    int64_t shape[3] = {x->shape[0], tokens, s.channels * patch * patch};
    st = vise_tensor_output(out, VISE_F32, 3, shape, err);
    if (st || vise_tensor_count(x) == 0) return st;
    const float *from = x->data;
    for (int64_t b = 0; b < x->shape[0]; b++) {
        float *to = (float *)out->data + b * tokens * shape[2];
        for (int64_t c = 0; c < s.channels; c++) {
            for (int64_t row = 0; row < s.height; row++) {
                for (int64_t col = 0; col < s.width; col++) {
                    to[place_in_patches(&s, c, row, col, false)] = *from++;
                }
            }
        }
    }
    return VISE_OK;
}

vise_status vise_unpatchify(vise_tensor *out, const vise_tensor *x, const vise_image_size *size,
                            vise_error *err) {
    const vise_image_size s = *size;
    vise_status st = vise_tensor_expect(x, VISE_F32, "the patch tensor", err);
    if (!st) st = vise_argument_rank(x, 3, "the patch tensor", err);
    if (!st) st = vise_argument_apart(out, x, false, "the patch tensor", err);
    if (!st) st = check_size(&s, err);
    if (st) return st;
    int64_t tokens = s.height / s.patch * (s.width / s.patch);
    int64_t want[3] = {x->shape[0], tokens, s.channels * s.patch * s.patch};
    st = vise_argument_shape(x, 3, want, "the patch tensor", err);
    if (st) return st;
    int64_t shape[4] = {x->shape[0], s.channels, s.height, s.width};
    st = vise_tensor_output(out, VISE_F32, 4, shape, err);
    if (st || vise_tensor_count(x) == 0) return st;
    float *to = out->data;
    for (int64_t b = 0; b < x->shape[0]; b++) {
        const float *from = (const float *)x->data + b * tokens * want[2];
        for (int64_t c = 0; c < s.channels; c++) {
            for (int64_t row = 0; row < s.height; row++) {
                for (int64_t col = 0; col < s.width; col++) {
                    *to++ = from[place_in_patches(&s, c, row, col, true)];
                }
            }
        }
    }
    return VISE_OK;
}
