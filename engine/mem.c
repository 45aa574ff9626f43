#include "engine/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    HEAD = 64, // holds the size, and keeps what follows aligned
    PAGE = 4096,
    LARGE = 4 << 20, // bytes of a block that is worth huge pages
};

static atomic_llong blocks, blocks_ever, bytes_live, bytes_peak;
static atomic_llong limit = -1, fail_in = -1;

static void note_peak(long long now) {
    long long peak = atomic_load(&bytes_peak);
    while (now > peak && !atomic_compare_exchange_weak(&bytes_peak, &peak, now)) {
    }
}

// Asks for pages of 2 MiB: touching a large block for the first time then takes a fraction of
// the faults.  A wish: whether it is granted changes nothing else.
static void prefer_huge_pages(char *p, size_t bytes) {
    uintptr_t first = ((uintptr_t)p + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = ((uintptr_t)p + bytes) & ~(uintptr_t)(PAGE - 1);
    madvise(p + (first - (uintptr_t)p), end - first, MADV_HUGEPAGE);
}

void *vise_alloc(size_t bytes) {
    if (atomic_load(&fail_in) >= 0 && atomic_fetch_sub(&fail_in, 1) == 0) return NULL;
    if (bytes > INT64_MAX / 2) return NULL; // what is live can be added without overflow
    long long size = (long long)bytes, now = atomic_fetch_add(&bytes_live, size) + size;
    long long most = atomic_load(&limit);
    char *p = NULL;
    if (most < 0 || now <= most)
        p = aligned_alloc(HEAD, (bytes + 2 * HEAD - 1) & ~(size_t)(HEAD - 1));
    if (p && bytes >= LARGE) prefer_huge_pages(p, bytes);
    if (!p) {
        atomic_fetch_sub(&bytes_live, size);
        return NULL;
    }
    memcpy(p, &size, sizeof size);
    atomic_fetch_add(&blocks, 1);
    atomic_fetch_add(&blocks_ever, 1);
    note_peak(now);
    return p + HEAD;
}

void *vise_calloc(size_t bytes) {
    void *p = vise_alloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

void vise_free(void *p) {
    if (!p) return;
    char *head = (char *)p - HEAD;
    long long size;
    memcpy(&size, head, sizeof size);
    atomic_fetch_sub(&bytes_live, size);
    atomic_fetch_sub(&blocks, 1);
    free(head);
}

int64_t vise_mem_blocks(void) {
    return atomic_load(&blocks);
}

int64_t vise_mem_bytes(void) {
    return atomic_load(&bytes_live);
}

int64_t vise_mem_peak(void) {
    return atomic_load(&bytes_peak);
}

int64_t vise_mem_total(void) {
    return atomic_load(&blocks_ever);
}

void vise_mem_reset_peak(void) {
    atomic_store(&bytes_peak, atomic_load(&bytes_live));
}

void vise_mem_limit(int64_t most) {
    atomic_store(&limit, most);
}

void vise_mem_fail_after(int64_t n) {
    atomic_store(&fail_in, n);
}
