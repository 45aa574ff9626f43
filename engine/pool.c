// A job is an offer of places, as many as the workers it can use.  Whoever is awake and finds a
// place left takes it and computes tiles until there are none; when the caller has found no
// more tiles it takes the offer back, so that it waits for those who came and not for those
// who are still waking up.  What comes with an offer is written before it and read by those
// who took a place, so the atomics below order everything.

#include "engine/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "engine/mem.h"

// Pauses before going to sleep: some 20 to 50 us, a few times what waking up takes.
enum { PAUSES = 1000 };

struct vise_pool {
    int threads;
    int started; // workers, that is threads - 1 once the pool is up
    int pauses;  // 0 when there are more threads than processors
    pthread_t *worker;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    atomic_bool quit;
    atomic_int asleep;         // workers that wait for `work`
    atomic_bool caller_asleep; // waits for `idle`
    // The current job.
    const atomic_int *cancel;
    vise_tile_fn fn;
    void *job;
    int64_t tiles;
    _Alignas(64) atomic_int places;
    _Alignas(64) atomic_int finished; // workers that took a place and found no more tiles
    _Alignas(64) atomic_llong next;
};

static void relax(void) {
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

static void run_tiles(vise_pool *p) {
    for (;;) {
        if (p->cancel && atomic_load(p->cancel)) return;
        int64_t tile = atomic_fetch_add(&p->next, 1);
        if (tile >= p->tiles) return;
        p->fn(p->job, tile);
    }
}

static bool take_place(vise_pool *p) {
    int places = atomic_load(&p->places);
    while (places > 0) {
        if (atomic_compare_exchange_weak(&p->places, &places, places - 1)) return true;
    }
    return false;
}

// Tells the caller, who looks at `finished` again after saying that he is going to sleep.
static void finish(vise_pool *p) {
    atomic_fetch_add(&p->finished, 1);
    if (!atomic_load(&p->caller_asleep)) return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->idle);
    pthread_mutex_unlock(&p->lock);
}

static void sleep_for_work(vise_pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->asleep, 1);
    while (atomic_load(&p->places) == 0 && !atomic_load(&p->quit)) {
        pthread_cond_wait(&p->work, &p->lock);
    }
    atomic_fetch_sub(&p->asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *arg) {
    vise_pool *p = arg;
    int waited = 0;
    while (!atomic_load(&p->quit)) {
        if (take_place(p)) {
            run_tiles(p);
            finish(p);
            waited = 0;
        } else if (waited < p->pauses) {
            relax();
            waited++;
        } else {
            sleep_for_work(p);
            waited = 0;
        }
    }
    return NULL;
}

static int processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

vise_status vise_pool_new(vise_pool **out, int threads, vise_error *err) {
    if (threads < 1 || threads > 256) {
        return vise_fail(err, VISE_EINVAL, "E-HW-03", "%d threads asked, expected 1 to 256",
                         threads);
    }
    vise_pool *p = vise_calloc(sizeof *p);
    pthread_t *worker = vise_calloc(sizeof *worker * (size_t)threads);
    if (!p || !worker) {
        vise_free(p);
        vise_free(worker);
        return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for %d threads", threads);
    }
    p->threads = threads;
    p->pauses = threads <= processors() ? PAUSES : 0;
    p->worker = worker;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->idle, NULL);
    for (; p->started < threads - 1; p->started++) {
        if (pthread_create(&worker[p->started], NULL, worker_main, p)) {
            int got = p->started + 1;
            vise_pool_release(p);
            return vise_fail(err, VISE_EHOST, "E-HW-04", "only %d of %d threads could start",
                             got, threads);
        }
    }
    *out = p;
    return VISE_OK;
}

void vise_pool_release(vise_pool *p) {
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->quit, true);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++) pthread_join(p->worker[i], NULL);
    pthread_cond_destroy(&p->idle);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    vise_free(p->worker);
    vise_free(p);
}

int vise_pool_threads(const vise_pool *pool) {
    return pool->threads;
}

// Those awake see the offer themselves, for they look again after saying that they sleep.
static void offer(vise_pool *p, int places) {
    atomic_store(&p->finished, 0);
    atomic_store(&p->places, places);
    int asleep = atomic_load(&p->asleep);
    int wanted = places - (p->started - asleep);
    if (wanted <= 0) return;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < wanted; i++) pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

static void wait_for(vise_pool *p, int workers) {
    for (int i = 0; i < p->pauses && atomic_load(&p->finished) < workers; i++) relax();
    if (atomic_load(&p->finished) == workers) return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_asleep, true);
    while (atomic_load(&p->finished) < workers) pthread_cond_wait(&p->idle, &p->lock);
    atomic_store(&p->caller_asleep, false);
    pthread_mutex_unlock(&p->lock);
}

vise_status vise_pool_run(vise_pool *p, const atomic_int *cancel, int64_t tiles,
                          vise_tile_fn fn, void *job, vise_error *err) {
    p->cancel = cancel;
    p->fn = fn;
    p->job = job;
    p->tiles = tiles;
    atomic_store(&p->next, 0);
    int places = tiles - 1 < p->started ? (int)(tiles - 1) : p->started;
    if (places > 0) offer(p, places);
    run_tiles(p);
    if (places > 0) wait_for(p, places - atomic_exchange(&p->places, 0));
    if (cancel && atomic_load(cancel)) {
        return vise_fail(err, VISE_ECANCEL, "E-RN-01", "interrupted");
    }
    return VISE_OK;
}
