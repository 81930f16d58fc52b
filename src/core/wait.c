/* wait.c - the one place where libsock waits.
 *
 * For a descriptor: poll. The closer sets the mark first and calls shutdown()
 * second, and a shut down descriptor is ready for ever; so looking at the mark
 * and then polling misses no close.
 *
 * For another thread (the reading turn, a look-up): one of a few condition
 * variables, chosen by the slot. A bit in the slot's word says that somebody
 * sleeps; without it nobody pays for waking.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/wait.h"

#include "core/handle.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#define STRIPES 64u

/* How long to wait in one piece where nothing can wake us. */
#define SLICE_MS 100

static struct stripe {
    pthread_mutex_t lock;
    pthread_cond_t  changed;
} stripes[STRIPES];

int64_t sk_wait_until(int timeout_ms)
{
    if (timeout_ms < 0)
        return SK_NEVER;
    return sk_plat_now() + (int64_t)timeout_ms * 1000000;
}

int sk_wait_left(int64_t until)
{
    int64_t ns;

    if (until == SK_NEVER)
        return -1;
    ns = until - sk_plat_now();
    if (ns <= 0)
        return 0;
    ns = (ns + 999999) / 1000000;
    return ns > INT_MAX ? INT_MAX : (int)ns;
}

sk_err sk_wait_fd(struct sk_sock *s, short events, int64_t until)
{
    struct pollfd one = {s->fd, events, 0};
    int           ready, left;
    sk_err        err;

    for (;;) {
        if (sk_handle_closing(s))
            return ECANCELED;
        left = sk_wait_left(until);
        err  = sk_plat_poll(&one, 1, left, &ready);
        if (err && err != EINTR)
            return err;
        if (!err && ready)
            return 0;
        if (!left)
            return ETIMEDOUT;
    }
}

sk_err sk_wait_many(struct pollfd *fds, size_t count, int64_t until,
                    int most_ms, int *ready)
{
    int left = sk_wait_left(until);

    if (most_ms >= 0 && (left < 0 || left > most_ms))
        left = most_ms;
    return sk_plat_poll(fds, count, left, ready);
}

sk_err sk_wait_slice(struct sk_sock *s, int64_t until, bool *last)
{
    int left = sk_wait_left(until);

    if (sk_handle_closing(s))
        return ECANCELED;
    *last = left >= 0 && left <= SLICE_MS;
    if (!*last)
        left = SLICE_MS;
    return sk_plat_limit(s->fd, true, left ? left : 1);
}

sk_err sk_wait_forbid(struct sk_sock *s)
{
    sk_err err;

    pthread_mutex_lock(&s->lock);
    if ((err = sk_plat_nonblock(s->fd, true)))
        pthread_mutex_unlock(&s->lock);
    return err;
}

void sk_wait_allow(struct sk_sock *s)
{
    sk_plat_nonblock(s->fd, sk_sock_flags(s) & SK_NONBLOCK);
    pthread_mutex_unlock(&s->lock);
}

static struct stripe *stripe_of(struct sk_sock *s)
{
    return &stripes[s->id % STRIPES];
}

/* Called with the stripe locked; false when the time is over. */
static bool sleep_on(struct stripe *stripe, int64_t until)
{
    struct timespec t;

    if (until == SK_NEVER) {
        pthread_cond_wait(&stripe->changed, &stripe->lock);
        return true;
    }
    t.tv_sec  = (time_t)(until / 1000000000);
    t.tv_nsec = (long)(until % 1000000000);
    return pthread_cond_timedwait(&stripe->changed, &stripe->lock, &t) !=
           ETIMEDOUT;
}

/* The bit is raised before ready() is asked: what becomes true after that is
 * announced, what was true before is seen. */
sk_err sk_wait_for(struct sk_sock *s, bool (*ready)(void *what), void *what,
                   int64_t until)
{
    struct stripe *stripe = stripe_of(s);
    bool           more   = true;
    sk_err         err    = EINPROGRESS;

    pthread_mutex_lock(&stripe->lock);
    while (err == EINPROGRESS) {
        atomic_fetch_or_explicit(&s->word, SK_WAITED, memory_order_acq_rel);
        if (ready(what))
            err = 0;
        else if (sk_handle_closing(s))
            err = ECANCELED;
        else if (!more)
            err = ETIMEDOUT;
        else
            more = sleep_on(stripe, until);
    }
    pthread_mutex_unlock(&stripe->lock);
    return err;
}

void sk_wait_wake(struct sk_sock *s)
{
    struct stripe *stripe = stripe_of(s);

    pthread_mutex_lock(&stripe->lock);
    atomic_fetch_and_explicit(&s->word, ~SK_WAITED, memory_order_acq_rel);
    pthread_cond_broadcast(&stripe->changed);
    pthread_mutex_unlock(&stripe->lock);
}

void sk_wait_wake_all(void)
{
    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_lock(&stripes[i].lock);
        pthread_cond_broadcast(&stripes[i].changed);
        pthread_mutex_unlock(&stripes[i].lock);
    }
}

void sk_wait_set_up(void)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_init(&stripes[i].lock, NULL);
        pthread_cond_init(&stripes[i].changed, &monotonic);
    }
    pthread_condattr_destroy(&monotonic);
}

/* Nobody sleeps in the child, and who held a lock is gone. */
void sk_wait_after_fork(void)
{
    sk_wait_set_up();
}
