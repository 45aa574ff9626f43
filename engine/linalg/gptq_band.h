// Private to engine/linalg/gptq*.c: a band of rows on its way through the columns.

#ifndef VISE_LINALG_GPTQ_BAND_H
#define VISE_LINALG_GPTQ_BAND_H

#include "engine/linalg/gptq.h"
#include "engine/row_encoder.h"

// What all bands share.
typedef struct vise_sweep {
    const vise_context *ctx;
    const vise_scheme *scheme;
    const vise_gptq_options *opt;
    const vise_matrix *m;
    const float *factor;  // [n, n]
    const int32_t *order; // [n], from 0: the column that comes c-th
    const int32_t *place; // [n]: when a column comes
    vise_group_codes coding;
    vise_encoding encoding; // what all rows share
    int64_t n, width, runs; // columns; columns a run; runs a row
    bool ahead;             // steps are known before the sweep
    bool plainly;           // codes are no kernel's
    bool halves;            // errors are passed on by halves, not by blocks
    vise_coded *out;
} vise_sweep;

// Column c of the sweep is column order[c] of the weight; rows of a column lie side by side.
typedef struct vise_band {
    const vise_sweep *sweep;
    int64_t row, rows, pitch; // of the weight; floats from one column to the next
    float *w;                 // [n][pitch]: values; those of columns that are done: -e
    int8_t *q;                // [n][pitch]: centred codes
    float *by, *zero, *scale; // [runs][pitch], as in vise_step; `scale` is as stored
    float *value;             // the same: what codes are multiplied with
    float *lines;             // room for rows that are turned into columns
    float *losses;            // [pitch]: of a few columns
    float *exact, *upper;     // [pitch]: the upper level of each row, made and stored
    float *line;              // [the larger of n and VISE_RUNS runs]: values side by side
    double loss;
} vise_band;

// Which run column c of the sweep belongs to, and where in the sweep columns of it that follow
// each other begin and end.
int64_t vise_sweep_run(const vise_sweep *s, int64_t c);
int64_t vise_sweep_run_end(const vise_sweep *s, int64_t c);

// Steps for the rows that only fill up the pitch: numbers that can be computed with.
void vise_band_clear(vise_band *b);

// All of it: the upper level, and steps that are known ahead.  False if one cannot be made.
bool vise_band_prepare(vise_band *b);

// The steps of the run that begins at column c of the sweep, from the values that the band
// holds.
bool vise_band_find_steps(vise_band *b, int64_t c);

vise_step vise_band_step(const vise_band *b, int64_t run, int64_t row);

// Whether steps allow that errors are passed on by halves.
bool vise_sweep_halves_fit(const vise_sweep *s);

// All columns, or those until the cancel flag is set.  False if steps cannot be made.
bool vise_band_sweep(vise_band *b);

// Stores codes and steps.
void vise_band_store(const vise_band *b);

#endif
