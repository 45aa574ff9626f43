#include "engine/linalg/svd_apart.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "engine/linalg/lapack.h"
#include "engine/mem.h"

// Below about this many steps the work is done before anybody could wait for it.
#define LONG_WORK (1 << 24)
// How often the cancel flag is looked at.
#define GLANCE_NS 20000000

// Held by the caller and the thread: the last one to leave frees it.
typedef struct job {
    vise_tensor a, u, s, vt;
    vise_status status;
    vise_error err;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done, left; // by the thread, by the caller
} job;

static void free_job(job *j) {
    vise_tensor_release(&j->a);
    vise_tensor_release(&j->u);
    vise_tensor_release(&j->s);
    vise_tensor_release(&j->vt);
    pthread_mutex_destroy(&j->lock);
    pthread_cond_destroy(&j->changed);
    vise_free(j);
}

static vise_status decompose(const vise_tensor *a, const vise_tensor *u, const vise_tensor *s,
                             const vise_tensor *vt, vise_error *err) {
    return vise_lapack_svd(a->dtype, a->shape[0], a->shape[1], a->data, u->data, s->data,
                           vt->data, err);
}

static void *work(void *argument) {
    job *j = argument;
    vise_error err;
    vise_status st = decompose(&j->a, &j->u, &j->s, &j->vt, &err);
    pthread_mutex_lock(&j->lock);
    j->status = st;
    if (st) j->err = err;
    j->done = true;
    bool alone = j->left;
    pthread_cond_signal(&j->changed);
    pthread_mutex_unlock(&j->lock);
    if (alone) free_job(j);
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
    pthread_mutex_unlock(&j->lock);
    return done;
}

static job *new_job(const vise_tensor *a, const vise_tensor *u, const vise_tensor *s,
                    const vise_tensor *vt) {
    job *j = vise_calloc(sizeof *j);
    if (!j) return NULL;
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC); // nobody sets this one back
    pthread_cond_init(&j->changed, &steady);
    pthread_condattr_destroy(&steady);
    vise_tensor_share(&j->a, a);
    vise_tensor_share(&j->u, u);
    vise_tensor_share(&j->s, s);
    vise_tensor_share(&j->vt, vt);
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

vise_status vise_svd_apart(const vise_context *ctx, const vise_tensor *a, const vise_tensor *u,
                           const vise_tensor *s, const vise_tensor *vt, vise_error *err) {
    int64_t k = s->shape[0];
    bool takes_long = (double)a->shape[0] * (double)a->shape[1] * (double)k >= LONG_WORK;
    if (!ctx->cancel || !takes_long) return decompose(a, u, s, vt, err);
    job *j = new_job(a, u, s, vt);
    if (!j) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory for a decomposition");
    if (!start(j)) { // without a thread it runs all the same
        free_job(j);
        return decompose(a, u, s, vt, err);
    }
    if (!wait_for(j, ctx->cancel)) {
        return vise_fail(err, VISE_ECANCEL, "E-RN-01", "interrupted");
    }
    vise_status st = j->status;
    if (st) *err = j->err;
    free_job(j);
    return st;
}
