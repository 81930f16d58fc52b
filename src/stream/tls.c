/* tls.c - one TLS connection: reading, writing, the goodbye.
 *
 * One thread may read while another writes; a close wakes both, and a limit
 * holds as for any other socket. See tls_feed.c for how.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include "core/poll.h"
#include "core/wait.h"

#include <openssl/err.h>

#include <errno.h>

/* A call that does not wait fetches so often for nothing, and drops so many
 * pieces: a peer that floods does not hold up the program. */
#define MOST_FETCHED 16
#define MOST_DROPPED 64

/* ---- reading ---- */

static sk_err read_once(struct sk_tls *t, struct sk_sock *s, void *buf,
                        size_t len, bool peek, size_t *got)
{
    sk_err err = 0;
    int    result;
    bool   again;

    sk_tls_step_begin(t, s, true);
    if (t->shut || t->heard) {
        *got = 0;
    } else if (t->failure) {
        err = t->failure;
    } else {
        result = peek ? SSL_peek_ex(t->ssl, buf, len, got)
                      : SSL_read_ex(t->ssl, buf, len, got);
        if (!result)
            err = sk_tls_step_reason(t, 0);
    }
    sk_tls_tell_pending(t);
    again = sk_tls_look_if_ready(t);
    sk_tls_step_end(t);
    if (again)
        sk_wait_wake(s);
    return err;
}

/* A call that does not wait ends although there may be more, having met nothing
 * but records without bytes: an EDGE is told of them once more. */
static sk_err give_up(struct sk_sock *s)
{
    sk_poll_rewatch(s);
    return EAGAIN;
}

static sk_err read_or_peek(struct sk_call *c, struct sk_limit *l,
                           struct sk_tls *t, void *buf, size_t len, bool peek,
                           size_t *got)
{
    int    fetched = 0;
    sk_err err     = sk_tls_shake(c, l, t);

    *got = 0;
    sk_tls_flush(c->s, t); /* what is here already may need no fetch */
    while (!err && (err = read_once(t, c->s, buf, len, peek, got)) == EAGAIN) {
        if (fetched && sk_tls_is_late(l))
            err = ETIMEDOUT;
        else if (l->nonblock && fetched == MOST_FETCHED)
            return give_up(c->s);
        else
            err = sk_tls_fetch(c->s, l, t);
        fetched++;
    }
    return err;
}

sk_err sk_tls_read(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                   void *buf, size_t len, size_t *got)
{
    return read_or_peek(c, l, t, buf, len, false, got);
}

void sk_tls_end_reading(struct sk_tls *t)
{
    pthread_mutex_lock(&t->lock);
    t->shut = true;
    pthread_mutex_unlock(&t->lock);
}

/* ---- writing ---- */

static bool has_kept(struct sk_sock *s)
{
    return sk_sock_flags(s) & SK_KEPT;
}

/* EAGAIN: something is kept, or a message is half here, so not a byte was
 * taken. */
static sk_err write_once(struct sk_tls *t, struct sk_sock *s, const char *bytes,
                         size_t count, size_t *sent)
{
    sk_err err = 0;

    *sent = 0;
    sk_tls_step_begin(t, s, false);
    sk_tls_bio_flush(t);
    if (t->failure)
        err = t->failure;
    else if (t->said)
        err = EPIPE;
    else if (sk_buf_size(&t->kept))
        err = EAGAIN;
    else if (!t->unsendable && !SSL_write_ex(t->ssl, bytes, count, sent))
        err = sk_tls_step_reason(t, 0);
    if (!err && t->unsendable) {
        err   = t->unsendable;
        *sent = 0;
    }
    sk_tls_step_end(t);
    return err;
}

/* Wait until nothing is kept. */
static sk_err drain(struct sk_sock *s, struct sk_limit *l, struct sk_tls *t)
{
    sk_err err = 0;

    for (;;) {
        sk_tls_flush(s, t);
        if (err || !has_kept(s))
            return err;
        err        = l->nonblock ? EAGAIN : sk_wait_fd(s, POLLOUT, l->until);
        l->expired = err == ETIMEDOUT;
    }
}

/* What is kept counts as written: that it does not go out in time is told by
 * the next call. A writer has no use for the reading turn but for the
 * handshake: kept longer it would keep a reader from reading, and the peer from
 * going on. */
sk_err sk_tls_write(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                    const void *buf, size_t len, size_t *sent)
{
    const char *bytes = buf;
    size_t      some;
    sk_err      err = sk_tls_shake_to_write(c, l, t);

    *sent = 0;
    sk_tls_flush(c->s, t);
    while (!err && *sent < len) {
        size_t count =
            len - *sent < SK_TLS_RECORD ? len - *sent : SK_TLS_RECORD;

        err = write_once(t, c->s, bytes + *sent, count, &some);
        *sent += some;
        if (err == EAGAIN && !(err = drain(c->s, l, t)))
            err = sk_tls_shake_to_write(c, l, t);
    }
    if (!err && !l->nonblock && has_kept(c->s))
        drain(c->s, l, t);
    return *sent ? 0 : err;
}

void sk_tls_flush(struct sk_sock *s, struct sk_tls *t)
{
    if (!has_kept(s))
        return;
    sk_tls_step_begin(t, s, false);
    sk_tls_bio_flush(t);
    sk_tls_step_end(t);
}

/* ---- the goodbye ---- */

/* With the lock. */
static void say(struct sk_tls *t)
{
    if (t->said || t->failure || !t->done)
        return;
    SSL_shutdown(t->ssl);
    t->said = true;
}

static sk_err say_it(struct sk_call *c, struct sk_limit *l, struct sk_tls *t)
{
    sk_err err = drain(c->s, l, t);

    if (err)
        return err;
    sk_tls_step_begin(t, c->s, false);
    say(t);
    err = t->failure ? t->failure : t->unsendable;
    sk_tls_step_end(t);
    return err ? err : drain(c->s, l, t);
}

/* Until the peer says goodbye, what it sends is dropped; or, if it is not to be
 * dropped, EBUSY: it is to be read first. */
static sk_err hear(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                   bool drop)
{
    char   bytes[4096];
    size_t got     = 1;
    int    dropped = 0;
    sk_err err     = sk_call_turn(c, l);

    while (!err && got) {
        err = read_or_peek(c, l, t, bytes, sizeof bytes, !drop, &got);
        if (!err && got && !drop)
            err = EBUSY;
        else if (!err && got && sk_tls_is_late(l))
            err = ETIMEDOUT;
        else if (!err && l->nonblock && ++dropped == MOST_DROPPED)
            return give_up(c->s);
    }
    return err;
}

sk_err sk_tls_goodbye(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                      enum sk_tls_end end)
{
    sk_err err = say_it(c, l, t);

    if (err || end == SK_TLS_SAY || !sk_tls_is_done(t))
        return err;
    return hear(c, l, t, end == SK_TLS_DROP);
}

/* The system resets a connection that is closed with something unread, and then
 * drops what is not sent yet: the goodbye, even what was written before. What
 * is unread may be session tickets, of which no reader knows. More than those
 * is left: then a reset tells the peer what became of it. */
static void take_tickets(struct sk_sock *s)
{
    char dropped[4096];

    for (int i = 0; i < 4; i++)
        if (sk_io_try_raw(s, dropped, sizeof dropped) <= 0)
            break;
}

/* If this process has forked since the connection was used, another one may be
 * using it: then nothing is said. After a shutdown of reading nothing is taken:
 * the system would open no window for a peer that waits for one. */
void sk_tls_last_words(struct sk_sock *s, struct sk_tls *t)
{
    bool ours, reads;

    pthread_mutex_lock(&t->lock);
    ours  = t->epoch == atomic_load(&sk_handle_epoch);
    reads = !t->shut;
    if (ours) {
        t->s = s;
        ERR_clear_error();
        sk_tls_bio_flush(t);
        say(t);
        ERR_clear_error();
    }
    pthread_mutex_unlock(&t->lock);
    if (ours && reads)
        take_tickets(s);
}
