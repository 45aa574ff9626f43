// Private to backends/: attention block by block, around steps written for one instruction set.

#ifndef VISE_FLASH_H
#define VISE_FLASH_H

#include "engine/kernels.h"

// Some rows of a tile, lane = row, against one block of keys.
typedef struct vise_flash_panel {
    int vectors;         // 1 to 3; a panel is that many vectors wide
    int64_t dh, inputs;  // inputs: dh rounded up to 8
    int64_t keys;        // of the block
    const int32_t *seen; // [width]: how many of them each row sees; NULL: all
    float scale;
    const float *q;   // [dh][width]
    const float *k;   // [keys rounded up to 8][dh]
    const float *v;   // [keys][inputs]
    float *s;         // [KEYS][width], for the scores
    float *o;         // [inputs][width]: sums of weighted values
    float *max, *sum; // [width]: the largest score so far, the sum of the weights
} vise_flash_panel;

typedef struct vise_flash {
    int lanes;                                 // rows of a vector
    void (*panel)(const vise_flash_panel *p);  // takes a block in
    void (*few)(const vise_attention_tile *t); // a whole tile of at most 8 rows
} vise_flash;

enum { VISE_FLASH_FEW = 8 };

// Tiles of at most VISE_FLASH_FEW rows.
void vise_avx2_attention_few(const vise_attention_tile *t);
void vise_avx512_attention_few(const vise_attention_tile *t);

void vise_flash_attention(const vise_attention_tile *t, const vise_flash *steps);

#endif
