#include "engine/linalg/apart.h"

#include <pthread.h>
#include <time.h>

#include "engine/mem.h"

// Below about this many steps the work is done before anybody could wait for it.
#define LONG_WORK (1 << 24)
// How often the cancel flag is looked at.
#define GLANCE_NS 20000000

// How many threads go on that nobody waits for.
static atomic_int unattended;

// Held by the caller and the thread: the last one to leave frees it.
typedef struct job {
    vise_apart_fn *fn;
    vise_tensor t[VISE_APART_TENSORS];
    vise_status status;
    vise_error err;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done, left; // by the thread, by the caller
} job;

static void free_job(job *j) {
    for (int i = 0; i < VISE_APART_TENSORS; i++) vise_tensor_release(&j->t[i]);
    pthread_mutex_destroy(&j->lock);
    pthread_cond_destroy(&j->changed);
    vise_free(j);
}

static void *work(void *argument) {
    job *j = argument;
    vise_error err;
    vise_status st = j->fn(j->t, &err);
    pthread_mutex_lock(&j->lock);
    j->status = st;
    if (st) j->err = err;
    j->done = true;
    bool alone = j->left;
    pthread_cond_signal(&j->changed);
    pthread_mutex_unlock(&j->lock);
    if (alone) {
        free_job(j);
        atomic_fetch_sub(&unattended, 1);
    }
    return NULL;
}

// Waits for the thread, or for the cancel flag.  True if the work is done.
static bool wait_for(job *j, const atomic_int *cancel) {
    pthread_mutex_lock(&j->lock);
    while (!j->done && !(cancel && atomic_load(cancel))) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += GLANCE_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&j->changed, &j->lock, &until);
    }
    bool done = j->done;
    j->left = true;
    if (!done) atomic_fetch_add(&unattended, 1);
    pthread_mutex_unlock(&j->lock);
    return done;
}

static job *new_job(vise_apart_fn *fn, const vise_tensor *const t[], int count) {
    job *j = vise_calloc(sizeof *j);
    if (!j) return NULL;
    pthread_condattr_t steady; // a clock that is set does not keep Ctrl-C waiting
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->changed, &steady);
    pthread_condattr_destroy(&steady);
    j->fn = fn;
    for (int i = 0; i < count; i++) vise_tensor_share(&j->t[i], t[i]);
    return j;
}

static bool start(job *j) {
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &attributes, work, j) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

static vise_status run_here(vise_apart_fn *fn, const vise_tensor *const t[], int count,
                            vise_error *err) {
    vise_tensor all[VISE_APART_TENSORS] = {0};
    for (int i = 0; i < count; i++) all[i] = *t[i];
    return fn(all, err);
}

vise_status vise_apart(const vise_context *ctx, vise_apart_fn *fn, double steps,
                       const vise_tensor *const t[], int count, vise_error *err) {
    if (!ctx->cancel || steps < LONG_WORK) return run_here(fn, t, count, err);
    job *j = new_job(fn, t, count);
    if (!j) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a thread");
    if (!start(j)) { // without a thread it runs all the same
        free_job(j);
        return run_here(fn, t, count, err);
    }
    if (!wait_for(j, ctx->cancel)) {
        return vise_fail(err, VISE_ECANCEL, "E-RN-01", "interrupted");
    }
    vise_status st = j->status;
    if (st) *err = j->err;
    free_job(j);
    return st;
}

bool vise_apart_unattended(void) {
    return atomic_load(&unattended) > 0;
}
