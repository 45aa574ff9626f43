#include "engine/pool.h"

#include <pthread.h>
#include <stdbool.h>

#include "engine/mem.h"

struct vise_pool {
    int threads;
    int started; // workers, that is threads - 1 once the pool is up
    pthread_t *worker;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    bool quit;
    uint64_t round; // counts the jobs, so that a worker knows a new one from the last
    int busy;       // workers still inside the current job
    // The current job.  Written under the lock before `round` moves.
    const atomic_int *cancel;
    vise_tile_fn fn;
    void *job;
    int64_t tiles;
    atomic_llong next;
};

static void run_tiles(vise_pool *p) {
    for (;;) {
        if (p->cancel && atomic_load(p->cancel)) return;
        int64_t tile = atomic_fetch_add(&p->next, 1);
        if (tile >= p->tiles) return;
        p->fn(p->job, tile);
    }
}

static void *worker_main(void *arg) {
    vise_pool *p = arg;
    uint64_t seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->quit && p->round == seen) pthread_cond_wait(&p->work, &p->lock);
        if (p->quit) break;
        seen = p->round;
        pthread_mutex_unlock(&p->lock);
        run_tiles(p);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0) pthread_cond_signal(&p->idle);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
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
    p->quit = true;
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

vise_status vise_pool_run(vise_pool *p, const atomic_int *cancel, int64_t tiles,
                          vise_tile_fn fn, void *job, vise_error *err) {
    bool alone = tiles < 2 || p->started == 0;
    pthread_mutex_lock(&p->lock);
    p->cancel = cancel;
    p->fn = fn;
    p->job = job;
    p->tiles = tiles;
    atomic_store(&p->next, 0);
    if (!alone) {
        p->busy = p->started;
        p->round++;
        pthread_cond_broadcast(&p->work);
    }
    pthread_mutex_unlock(&p->lock);

    run_tiles(p);
    if (!alone) {
        pthread_mutex_lock(&p->lock);
        while (p->busy > 0) pthread_cond_wait(&p->idle, &p->lock);
        pthread_mutex_unlock(&p->lock);
    }
    if (cancel && atomic_load(cancel)) {
        return vise_fail(err, VISE_ECANCEL, "E-RN-01", "interrupted");
    }
    return VISE_OK;
}
