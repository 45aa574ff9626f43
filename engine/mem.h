// Counted memory: the only place that calls malloc.  Blocks are 64-byte aligned and
// counted in blocks and bytes; a limit bounds them, and a test can make any one of them fail.

#ifndef VISE_MEM_H
#define VISE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *vise_calloc(size_t bytes); // zeroed; NULL when out of memory or over the limit
void *vise_alloc(size_t bytes);  // the same, not zeroed: for what tiles fill at once
void vise_free(void *p);

int64_t vise_mem_blocks(void); // allocated and not yet freed
int64_t vise_mem_bytes(void);  // what the callers of those blocks asked for
int64_t vise_mem_peak(void);   // the most bytes at once since the last reset
int64_t vise_mem_total(void);  // blocks ever allocated

void vise_mem_reset_peak(void);
void vise_mem_limit(int64_t bytes);  // the budget: requests past it fail; -1 lifts it
void vise_mem_fail_after(int64_t n); // tests: the n-th next request fails; -1 turns it off

#endif
