/* tls.c - one TLS connection: the handshake, reading, writing, the goodbye.
 *
 * OpenSSL does no input or output of its own. Who has the reading turn fetches
 * cipher text from the system, waiting as any read does; OpenSSL decrypts it
 * under the engine's lock, which nobody holds while waiting. So one thread may
 * read while another writes, a close wakes both, and a limit holds as for any
 * other socket.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include "core/poll.h"
#include "core/send.h"
#include "core/wait.h"

#include <sock/error.h>

#include <openssl/err.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A handshake without another limit ends after this. */
#define SHAKE_MS 60000

/* The most that one record carries, and what is fetched at once: such a record
 * with its own head and tail fits. */
#define RECORD 16384u
#define FETCH (RECORD + 2048u)
#define RECORD_HEAD 5u

/* ---- a step: with the lock ---- */

static void begin_step(struct sk_tls *t, struct sk_sock *s)
{
    pthread_mutex_lock(&t->lock);
    t->s     = s;
    t->epoch = atomic_load(&sk_handle_epoch);
    ERR_clear_error();
}

static void end_step(struct sk_tls *t)
{
    t->in.feeding = false;
    pthread_mutex_unlock(&t->lock);
}

static sk_err fail(struct sk_tls *t, sk_err err)
{
    if (!t->failure)
        t->failure = err;
    return err;
}

/* Why OpenSSL's call came to `result`. EAGAIN: it wants to read. */
static sk_err reason(struct sk_tls *t, int result)
{
    sk_err err;

    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        t->heard = true;
        return 0;
    default:
        break;
    }
    if (t->in.feeding && t->in.over && t->in.start == t->in.end)
        return fail(t, LIBSOCK_ETLS_TRUNCATED);
    if (t->verdict)
        return fail(t, t->verdict);
    err = sk_tls_error_take(t->detail, sizeof t->detail);
    return fail(t, err);
}

/* Does what is here already hold something that the system cannot tell of? A
 * whole record may be none of the peer's bytes, but then a read finds out. */
static bool holds_more(struct sk_tls *t)
{
    const unsigned char *head  = (unsigned char *)t->in.data + t->in.start;
    size_t               there = t->in.end - t->in.start;

    if (SSL_pending(t->ssl) > 0)
        return true;
    return there >= RECORD_HEAD &&
           there >= RECORD_HEAD + ((size_t)head[3] << 8 | head[4]);
}

/* The peer may say goodbye, or break the protocol, and leave its connection
 * open: of such an end the system has nothing to tell. */
static void tell_pending(struct sk_tls *t)
{
    unsigned now = (holds_more(t) ? SK_PENDING : 0u) |
                   (t->heard || t->failure ? SK_OVER : 0u);
    unsigned was = sk_sock_flags(t->s) & (SK_PENDING | SK_OVER);

    if (was & ~now)
        sk_sock_drop(t->s, was & ~now);
    if (!now)
        return;
    sk_sock_raise(t->s, now);
    sk_poll_notify(t->s);
}

/* ---- fetching: with the reading turn, without the lock ---- */

static void drop_input(struct sk_tls_input *in)
{
    free(in->data);
    in->data  = NULL;
    in->start = in->end = 0;
}

static bool has_kept(struct sk_sock *s)
{
    return sk_sock_flags(s) & SK_KEPT;
}

/* While something is kept, it is sent as soon as that is possible: the peer may
 * be waiting for it. */
static sk_err fetch_and_flush(struct sk_sock *s, struct sk_limit *l,
                              struct sk_tls *t, size_t *got)
{
    ssize_t n;
    sk_err  err = 0;

    while (!err) {
        sk_tls_flush(s, t);
        n = sk_io_try_raw(s, t->in.data, FETCH);
        if (n >= 0) {
            *got = (size_t)n;
            return 0;
        }
        err = n == -EINTR ? 0 : (sk_err)-n;
        if (err == EAGAIN && !l->nonblock)
            err = sk_wait_fd(s, has_kept(s) ? POLLIN | POLLOUT : POLLIN,
                             l->until);
    }
    l->expired = err == ETIMEDOUT;
    return err;
}

/* OpenSSL has taken all that was here. Memory that nobody waits with is given
 * back. */
static sk_err fetch(struct sk_sock *s, struct sk_limit *l, struct sk_tls *t)
{
    struct sk_tls_input *in  = &t->in;
    size_t               got = 0;
    sk_err               err;

    if (in->over)
        return fail(t, LIBSOCK_ETLS_TRUNCATED);
    if (!in->data && !(in->data = malloc(FETCH)))
        return ENOMEM;
    in->start = in->end = 0;
    err                 = has_kept(s) ? fetch_and_flush(s, l, t, &got)
                                      : sk_io_receive_raw(s, l, in->data, FETCH, &got);
    l->polls            = l->polls || l->until != SK_NEVER;
    if (err)
        drop_input(in);
    in->end  = got;
    in->over = !err && !got;
    return err;
}

/* A peer that always has something to say does not stretch the limit: it is
 * looked at before each fetch but the first, which may find all it needs. */
static bool is_late(struct sk_limit *l)
{
    return l->expired = !sk_wait_left(l->until);
}

/* ---- the handshake ---- */

static sk_err shake_once(struct sk_tls *t, struct sk_sock *s)
{
    sk_err err = 0;
    int    result;

    begin_step(t, s);
    t->in.feeding = true;
    if (t->failure)
        err = t->failure;
    else if ((result = SSL_do_handshake(t->ssl)) != 1)
        err = reason(t, result);
    else if (!(err = sk_tls_verify_done(t, &t->context->options)))
        atomic_store(&t->done, true);
    else
        fail(t, err);
    tell_pending(t);
    end_step(t);
    return err;
}

/* The limit of the handshake, which may have begun in an earlier call. */
static struct sk_limit limit_of_shake(const struct sk_limit *l,
                                      struct sk_tls         *t)
{
    struct sk_limit mine = *l;

    if (!t->began)
        t->began = sk_plat_now();
    if (mine.until == SK_NEVER) {
        mine.until = t->began + (int64_t)SHAKE_MS * 1000000;
        mine.polls = !mine.nonblock;
    }
    return mine;
}

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

struct turn {
    struct sk_call *c;
    struct sk_tls  *t;
};

static bool is_done_or_ours(void *what)
{
    struct turn *w = what;

    if (atomic_load(&w->t->done))
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

    if ((c->held & SK_TURN) || is_done_or_ours(&w))
        return 0;
    if (l->nonblock)
        return EAGAIN;
    err        = sk_wait_for(c->s, is_done_or_ours, &w, l->until);
    l->polls   = l->polls || l->until != SK_NEVER;
    l->expired = err == ETIMEDOUT;
    return err;
}

static sk_err shake_in_turn(struct sk_call *c, struct sk_limit *l,
                            struct sk_tls *t)
{
    struct sk_limit mine  = limit_of_shake(l, t);
    bool            again = l->until == SK_NEVER; /* it may have begun before */
    sk_err          err;

    while ((err = shake_once(t, c->s)) == EAGAIN) {
        tell_shaking(c->s, true);
        err   = again && is_late(&mine) ? ETIMEDOUT : fetch(c->s, &mine, t);
        again = true;
        if (err)
            break;
    }
    if (err != EAGAIN)
        tell_shaking(c->s, false);
    if (!err)
        sk_wait_wake(c->s);
    l->polls   = l->polls || mine.polls;
    l->expired = mine.expired;
    return err;
}

sk_err sk_tls_shake(struct sk_call *c, struct sk_limit *l, struct sk_tls *t)
{
    sk_err err;

    if (SK_LIKELY(atomic_load(&t->done)))
        return 0;
    if ((err = await_turn(c, l, t)) || atomic_load(&t->done))
        return err;
    return shake_in_turn(c, l, t);
}

/* ---- reading ---- */

static sk_err read_once(struct sk_tls *t, struct sk_sock *s, void *buf,
                        size_t len, size_t *got)
{
    sk_err err = 0;

    begin_step(t, s);
    t->in.feeding = true;
    if (t->shut || t->heard)
        *got = 0;
    else if (t->failure)
        err = t->failure;
    else if (!SSL_read_ex(t->ssl, buf, len, got))
        err = reason(t, 0);
    tell_pending(t);
    end_step(t);
    return err;
}

sk_err sk_tls_read(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                   void *buf, size_t len, size_t *got)
{
    bool   again = false;
    sk_err err   = sk_tls_shake(c, l, t);

    *got = 0;
    while (!err && (err = read_once(t, c->s, buf, len, got)) == EAGAIN) {
        err   = again && is_late(l) ? ETIMEDOUT : fetch(c->s, l, t);
        again = true;
    }
    return err;
}

void sk_tls_end_reading(struct sk_tls *t)
{
    pthread_mutex_lock(&t->lock);
    t->shut = true;
    pthread_mutex_unlock(&t->lock);
}

/* ---- writing ---- */

/* EAGAIN: something is kept, so not a byte was taken. */
static sk_err write_once(struct sk_tls *t, struct sk_sock *s, const char *bytes,
                         size_t count, size_t *sent)
{
    sk_err err = 0;

    *sent = 0;
    begin_step(t, s);
    sk_tls_bio_flush(t);
    if (t->failure)
        err = t->failure;
    else if (t->said)
        err = EPIPE;
    else if (sk_buf_size(&t->kept))
        err = EAGAIN;
    else if (!t->unsendable && !SSL_write_ex(t->ssl, bytes, count, sent))
        err = reason(t, 0);
    if (!err && t->unsendable) {
        err   = t->unsendable;
        *sent = 0;
    }
    end_step(t);
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
        err = l->nonblock ? EAGAIN : sk_wait_fd(s, POLLOUT, l->until);
    }
}

/* A writer has no use for the reading turn but for the handshake: kept longer
 * it would keep a reader from reading, and the peer from going on. */
static sk_err shake_to_write(struct sk_call *c, struct sk_limit *l,
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

/* What is kept counts as written: that it does not go out in time is told by
 * the next call. */
sk_err sk_tls_write(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                    const void *buf, size_t len, size_t *sent)
{
    const char *bytes = buf;
    size_t      some;
    sk_err      err = shake_to_write(c, l, t);

    *sent = 0;
    while (!err && *sent < len) {
        size_t count = len - *sent < RECORD ? len - *sent : RECORD;

        err = write_once(t, c->s, bytes + *sent, count, &some);
        *sent += some;
        if (err == EAGAIN)
            err = drain(c->s, l, t);
    }
    if (!err && !l->nonblock && has_kept(c->s))
        drain(c->s, l, t);
    return *sent ? 0 : err;
}

void sk_tls_flush(struct sk_sock *s, struct sk_tls *t)
{
    if (!has_kept(s))
        return;
    begin_step(t, s);
    sk_tls_bio_flush(t);
    end_step(t);
}

/* ---- the goodbye ---- */

/* With the lock. */
static void say(struct sk_tls *t)
{
    if (t->said || t->failure || !atomic_load(&t->done))
        return;
    SSL_shutdown(t->ssl);
    t->said = true;
}

/* Until the peer says goodbye, what it sends is dropped. */
static sk_err hear(struct sk_call *c, struct sk_limit *l, struct sk_tls *t)
{
    char   dropped[4096];
    size_t got = 1;
    sk_err err = sk_call_turn(c, l);

    while (!err && got) {
        err = sk_tls_read(c, l, t, dropped, sizeof dropped, &got);
        if (!err && got && is_late(l))
            err = ETIMEDOUT;
    }
    return err;
}

sk_err sk_tls_goodbye(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                      bool await)
{
    sk_err err = drain(c->s, l, t);

    if (err || !atomic_load(&t->done))
        return err;
    begin_step(t, c->s);
    say(t);
    err = t->failure ? t->failure : t->unsendable;
    end_step(t);
    if (!err)
        err = drain(c->s, l, t);
    return err || !await ? err : hear(c, l, t);
}

/* The system resets a connection that is closed with something unread, and then
 * drops what is not sent yet: the goodbye, even what was written before. What
 * is unread may be a session ticket, of which no reader knows. Not after a
 * shutdown of reading: then a peer with a full window is told by a reset, or it
 * waits for minutes. */
static void leave_nothing_unread(struct sk_sock *s)
{
    char dropped[4096];

    for (int i = 0; i < 8; i++)
        if (sk_io_try_raw(s, dropped, sizeof dropped) <= 0)
            break;
}

/* If this process has forked since the connection was used, another one may be
 * using it: then nothing is said. */
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
        leave_nothing_unread(s);
}
