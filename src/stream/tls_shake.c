/* tls_shake.c - the handshake, and what of it comes later.
 *
 * It reads, so who does it needs the reading turn. A peer may also begin a
 * message behind the handshake (a ticket, a new key) and leave it at that:
 * until the rest is here OpenSSL writes nothing, and the connection is not
 * ready, as in the handshake itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include "core/poll.h"
#include "core/wait.h"

#include <errno.h>

/* A handshake without another limit ends after this. */
#define SHAKE_MS 60000

/* ---- with the lock ---- */

static void tell_shaking(struct sk_sock *s, bool on)
{
    if (on == !!(sk_sock_flags(s) & SK_SHAKING))
        return;
    if (on)
        sk_sock_raise(s, SK_SHAKING);
    else
        sk_sock_drop(s, SK_SHAKING);
    sk_poll_rewatch(s);
}

bool sk_tls_look_if_ready(struct sk_tls *t)
{
    bool ready = t->failure || !SSL_in_init(t->ssl);

    if (ready == atomic_load(&t->ready))
        return false;
    t->began = 0;
    atomic_store(&t->ready, ready);
    tell_shaking(t->s, !ready);
    return ready;
}

static sk_err shake_once(struct sk_tls *t, struct sk_sock *s)
{
    sk_err err = 0;
    int    result;

    sk_tls_step_begin(t, s, true);
    if (!t->began)
        t->began = sk_plat_now();
    if (t->failure)
        err = t->failure;
    else if ((result = SSL_do_handshake(t->ssl)) != 1)
        err = sk_tls_step_reason(t, result);
    else if (!t->done && (err = sk_tls_verify_done(t, &t->context->options)))
        sk_tls_fail(t, err);
    if (!err)
        t->done = true;
    atomic_store(&t->ready, !err);
    tell_shaking(s, err == EAGAIN);
    sk_tls_tell_pending(t);
    sk_tls_step_end(t);
    return err;
}

/* ---- the turn ---- */

struct turn {
    struct sk_call *c;
    struct sk_tls  *t;
};

static bool is_ready_or_ours(void *what)
{
    struct turn *w = what;

    if (atomic_load(&w->t->ready))
        return true;
    if (!sk_handle_take_turn(w->c->s))
        return false;
    w->c->held |= SK_TURN;
    return true;
}

/* Who has the turn may keep it for long after the handshake, reading: others
 * wait for the turn or for the end of the handshake, whichever comes first. */
static sk_err await_turn(struct sk_call *c, struct sk_limit *l,
                         struct sk_tls *t)
{
    struct turn w = {c, t};
    sk_err      err;

    if ((c->held & SK_TURN) || is_ready_or_ours(&w))
        return 0;
    if (l->nonblock)
        return EAGAIN;
    err        = sk_wait_for(c->s, is_ready_or_ours, &w, l->until);
    l->polls   = l->polls || l->until != SK_NEVER;
    l->expired = err == ETIMEDOUT;
    return err;
}

/* ---- the whole ---- */

/* The limit of the handshake, which may have begun in an earlier call. */
static struct sk_limit limit_of(const struct sk_limit *l, struct sk_tls *t)
{
    struct sk_limit mine = *l;
    int64_t         began;

    if (mine.until != SK_NEVER)
        return mine;
    pthread_mutex_lock(&t->lock);
    began = t->began;
    pthread_mutex_unlock(&t->lock);
    mine.until = (began ? began : sk_plat_now()) + (int64_t)SHAKE_MS * 1000000;
    mine.polls = !mine.nonblock;
    return mine;
}

/* What there is to read, the connection's last words if nothing can be sent. */
static sk_err fetch(struct sk_sock *s, struct sk_limit *l, struct sk_tls *t)
{
    bool sends;

    pthread_mutex_lock(&t->lock);
    sends = !t->unsendable;
    pthread_mutex_unlock(&t->lock);
    return sends ? sk_tls_fetch(s, l, t) : sk_tls_fetch_last(s, t);
}

static sk_err shake_in_turn(struct sk_call *c, struct sk_limit *l,
                            struct sk_tls *t)
{
    struct sk_limit mine  = limit_of(l, t);
    bool            again = l->until == SK_NEVER; /* it may have begun before */
    sk_err          err;

    while ((err = shake_once(t, c->s)) == EAGAIN) {
        err =
            again && sk_tls_is_late(&mine) ? ETIMEDOUT : fetch(c->s, &mine, t);
        if (err)
            break;
        again = true;
    }
    if (!err)
        sk_wait_wake(c->s);
    l->polls   = l->polls || mine.polls;
    l->expired = mine.expired;
    return err;
}

sk_err sk_tls_shake(struct sk_call *c, struct sk_limit *l, struct sk_tls *t)
{
    sk_err err;

    if (SK_LIKELY(atomic_load(&t->ready)))
        return 0;
    if ((err = await_turn(c, l, t)) || atomic_load(&t->ready))
        return err;
    return shake_in_turn(c, l, t);
}

sk_err sk_tls_shake_to_write(struct sk_call *c, struct sk_limit *l,
                             struct sk_tls *t)
{
    bool   had = c->held & SK_TURN;
    sk_err err = sk_tls_shake(c, l, t);

    if (!had && (c->held & SK_TURN)) {
        c->held &= ~SK_TURN;
        sk_handle_release(c->s, SK_TURN);
    }
    return err;
}
