/* limit.c - how long one call may wait.
 *
 * A timeout lives in the system's own timer for the descriptor, so that a call
 * of one step stays one system call; the time it began is kept, for what is
 * left after a signal or a first step. A deadline, and a timeout of 0, which
 * the system takes for none, are polled for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/limit.h"

#include "core/handle.h"
#include "core/wait.h"

#include <errno.h>

static int limit_of(struct sk_sock *s, enum sk_direction way)
{
    return atomic_load_explicit(&s->limit_ms[way], memory_order_relaxed);
}

sk_err sk_limit_work_out(struct sk_limit *l, struct sk_sock *s,
                         enum sk_direction way)
{
    int     ms       = limit_of(s, way);
    int64_t deadline = atomic_load_explicit(&s->deadline, memory_order_relaxed);
    int64_t now      = sk_plat_now();

    l->expired = deadline <= now;
    if (l->expired)
        return ETIMEDOUT;
    l->until = deadline;
    l->polls = deadline != SK_NEVER || ms == 0;
    if (ms >= 0 && now + (int64_t)ms * 1000000 < l->until)
        l->until = now + (int64_t)ms * 1000000;
    return 0;
}

sk_err sk_limit_begin_within(struct sk_limit *l, struct sk_sock *s,
                             int timeout_ms)
{
    int64_t deadline = atomic_load_explicit(&s->deadline, memory_order_relaxed);
    int64_t until    = sk_wait_until(timeout_ms);

    l->until    = until < deadline ? until : deadline;
    l->nonblock = sk_sock_flags(s) & SK_NONBLOCK;
    l->polls    = !l->nonblock &&
               (l->until != SK_NEVER || (sk_sock_flags(s) & SK_READ_LIMIT));
    l->expired = false;
    return !l->nonblock && deadline <= sk_plat_now() ? ETIMEDOUT : 0;
}

/* EAGAIN says that the system's timer is over, or that another process changed
 * the mode: how much time is left decides. */
sk_err sk_limit_go_on(struct sk_limit *l, struct sk_sock *s, sk_err err,
                      short events)
{
    if (err == EINTR) {
        l->polls = l->polls || l->until != SK_NEVER;
        return 0;
    }
    if (err != EAGAIN || l->nonblock)
        return err;
    l->polls   = true;
    err        = sk_wait_fd(s, events, l->until);
    l->expired = err == ETIMEDOUT;
    return err;
}

/* The system's timer, but where it is a slice that only a call that waits may
 * set: see sk_wait_slice(). */
static sk_err set_timer(struct sk_sock *s, enum sk_direction way, int ms)
{
    if (way == SK_WRITING && (sk_sock_flags(s) & SK_SEND_POLLS))
        return 0;
    return sk_plat_limit(s->fd, way == SK_WRITING, ms);
}

/* Has this undone what ends a connect that is being closed? */
static void yield_to_closer(struct sk_sock *s)
{
    if (SK_UNLIKELY(sk_handle_closing(s)) && (sk_sock_flags(s) & SK_STUCK))
        sk_plat_limit(s->fd, true, 1);
}

sk_err sk_limit_set(struct sk_sock *s, enum sk_direction way, int timeout_ms)
{
    unsigned flag = way == SK_READING ? SK_READ_LIMIT : SK_WRITE_LIMIT;
    sk_err   err  = 0;

    if (way == SK_READING || s->domain != AF_UNIX ||
        !(sk_sock_flags(s) & SK_CONNECTING))
        err = set_timer(s, way, timeout_ms);
    if (err)
        return err;
    yield_to_closer(s);
    atomic_store_explicit(&s->limit_ms[way], timeout_ms, memory_order_relaxed);
    if (timeout_ms >= 0)
        sk_sock_raise(s, flag | SK_LIMITED);
    else
        sk_sock_drop(s, flag);
    return 0;
}

void sk_limit_restore(struct sk_sock *s)
{
    set_timer(s, SK_WRITING, limit_of(s, SK_WRITING));
}

/* Some systems hand a listener's timers down and some do not, and a connection
 * may have been made before they were changed: so both are set, if there ever
 * were any. */
sk_err sk_limit_inherit(struct sk_sock *s, struct sk_sock *listener)
{
    sk_err err;

    if (!(sk_sock_flags(listener) & SK_LIMITED))
        return 0;
    err = sk_limit_set(s, SK_READING, limit_of(listener, SK_READING));
    return err ? err
               : sk_limit_set(s, SK_WRITING, limit_of(listener, SK_WRITING));
}

void sk_limit_deadline(struct sk_sock *s, int timeout_ms)
{
    atomic_store_explicit(&s->deadline, sk_wait_until(timeout_ms),
                          memory_order_relaxed);
    if (timeout_ms >= 0)
        sk_sock_raise(s, SK_DEADLINE);
    else
        sk_sock_drop(s, SK_DEADLINE);
}
