/* connect.c - connecting within a limit, to one address or to many.
 *
 * A shutdown that comes before connect(2) does not stop it. So a closer takes a
 * connect the time to wait, before it shuts down, and a connect may block in
 * the system: one call. With a limit that the system's timer does not know, and
 * on a socket that may have an attempt behind it of which nobody has heard the
 * end, it starts without waiting, looks at the mark, and polls: the two answers
 * that such a socket gives could not be told from a shutdown. AF_UNIX cannot be
 * polled for, nor shut down, while the backlog is full: there the system waits,
 * in slices.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/connect.h"

#include "core/addr.h"
#include "core/resolve.h"
#include "core/wait.h"

#include <sock/error.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- one address ---- */

/* An attempt that failed, and whose reason SO_ERROR has told, leaves Linux
 * with nothing more to say than this; the next attempt is a new one. */
static sk_err start(struct sk_sock *s, const struct sk_addr *to)
{
    sk_err err = sk_plat_connect(s->fd, to);

    if (err == ECONNABORTED)
        err = sk_plat_connect(s->fd, to);
    if (err == EINPROGRESS) /* The end was another connection's. */
        sk_sock_drop(s, SK_ENDED | SK_TIMED_OUT | SK_FRESH);
    return err;
}

static sk_err connect_at_once(struct sk_sock *s, const struct sk_addr *to)
{
    sk_err err;

    while ((err = start(s, to)) == EINTR)
        ;
    return err;
}

/* Tries at least once: a limit bounds the wait, not the call. */
static sk_err connect_in_slices(struct sk_sock *s, const struct sk_limit *l,
                                const struct sk_addr *to)
{
    bool   last = false;
    sk_err err  = EAGAIN;

    while (err == EAGAIN || err == EINTR) {
        if (last && !sk_wait_left(l->until))
            return ETIMEDOUT;
        if ((err = sk_wait_slice(s, l->until, &last)))
            return err;
        err = sk_plat_connect(s->fd, to);
    }
    return err;
}

/* How a decided attempt ended. Asking connect(2) itself, rather than SO_ERROR,
 * also makes the system forget a failed one: the socket may connect again. If
 * somebody shut it down meanwhile that begins another, which is called off. */
static sk_err verdict(struct sk_sock *s, const struct sk_addr *to)
{
    sk_err err = sk_wait_forbid(s);

    if (err)
        return err;
    err = sk_plat_connect(s->fd, to);
    if (err == EINPROGRESS || err == EALREADY) {
        sk_plat_disconnect(s->fd);
        err = ECONNABORTED;
    }
    sk_wait_allow(s);
    return err == EISCONN ? 0 : err;
}

/* An attempt has begun: how does it end? One that ran out of time is called
 * off, so that the socket may connect again. */
static sk_err await(struct sk_sock *s, const struct sk_limit *l,
                    const struct sk_addr *to)
{
    sk_err err = sk_wait_fd(s, POLLOUT, l->until);

    if (!err) /* A closer ends the attempt: asking would begin another. */
        return sk_handle_closing(s) ? ECANCELED : verdict(s, to);
    if (err == ETIMEDOUT)
        sk_plat_disconnect(s->fd);
    return err;
}

/* The mode is put back before the wait: it is only the start that must not
 * block. */
static sk_err connect_polled(struct sk_sock *s, const struct sk_limit *l,
                             const struct sk_addr *to)
{
    sk_err err = sk_wait_forbid(s);

    if (err)
        return err;
    err = start(s, to);
    sk_wait_allow(s);
    return err == EINPROGRESS || err == EALREADY ? await(s, l, to) : err;
}

/* Between the flag's two changes a closer takes the time away: it has done so
 * before the lock is to be had, or will not any more. The descriptor may be
 * shared with others, whom the limit of a closed handle must not meet. */
static sk_err connect_stuck(struct sk_sock *s, const struct sk_addr *to)
{
    sk_err   err = ECANCELED;
    unsigned before;

    atomic_fetch_or_explicit(&s->flags, SK_STUCK, memory_order_acq_rel);
    if (!sk_handle_closing(s))
        err = sk_plat_connect(s->fd, to);
    before =
        atomic_fetch_and_explicit(&s->flags, ~SK_STUCK, memory_order_acq_rel);
    if (SK_UNLIKELY((before & SK_CUT) || sk_handle_closing(s))) {
        pthread_mutex_lock(&s->lock);
        sk_limit_restore(s);
        pthread_mutex_unlock(&s->lock);
    }
    return err;
}

/* One call. What is left after a signal, or after the system's timer, is polled
 * for. */
static sk_err connect_blocking(struct sk_sock *s, const struct sk_limit *l,
                               const struct sk_addr *to)
{
    sk_err err = connect_stuck(s, to);

    if (err == EINTR || err == EINPROGRESS || err == EALREADY)
        return await(s, l, to);
    if (err == ECONNRESET && (sk_sock_flags(s) & SK_CUT))
        err = ECONNABORTED;
    return sk_handle_closing(s) ? ECANCELED : err;
}

static bool may_block(struct sk_sock *s, const struct sk_limit *l)
{
    return (sk_sock_flags(s) & SK_FRESH) && !l->polls;
}

static sk_err connect_to(struct sk_sock *s, const struct sk_limit *l,
                         const struct sk_addr *to)
{
    if (l->nonblock || s->type == SOCK_DGRAM || s->type == SOCK_RAW)
        return connect_at_once(s, to);
    if (s->domain == AF_UNIX)
        return connect_in_slices(s, l, to);
    return may_block(s, l) ? connect_blocking(s, l, to)
                           : connect_polled(s, l, to);
}

/* ---- many ---- */

/* A share of the time for this address, so that one that never answers leaves
 * some to those behind it. */
static struct sk_limit share(const struct sk_limit *l, size_t left)
{
    struct sk_limit mine = *l;

    if (l->until != SK_NEVER && left > 1) {
        int64_t now = sk_plat_now();

        mine.until = now + (l->until - now) / (int64_t)left;
        mine.polls = true;
    }
    return mine;
}

static void note(char *detail, size_t size, const struct sk_addr *to,
                 sk_err err)
{
    size_t len = strlen(detail);
    char   name[LIBSOCK_NAMESTRLEN];

    if (!sk_addr_name(to, name, sizeof name))
        return;
    snprintf(detail + len, size - len, "%s%s: %s", len ? "; " : "", name,
             sock_strerror(err));
}

static sk_err connect_each(struct sk_sock *s, const struct sk_limit *l,
                           const struct sk_addr *list, size_t count,
                           size_t *which, char *detail, size_t size)
{
    sk_err err = EINVAL;

    for (size_t i = 0; i < count; i++) {
        struct sk_limit mine = share(l, count - i);

        *which = i;
        err    = connect_to(s, &mine, &list[i]);
        if (!err || err == ECANCELED || err == ECONNABORTED || l->nonblock ||
            err == EISCONN)
            return err;
        if (count > 1)
            note(detail, size, &list[i], err);
    }
    return err;
}

/* *list is `one`, or to be freed. */
static sk_err find(struct sk_call *c, struct sk_limit *l, const char *text,
                   int port, struct sk_addr *one, struct sk_addr **list,
                   size_t *count)
{
    sk_err err = sk_addr_parse(c->s->domain, text, port, one);

    *list  = one;
    *count = 1;
    if (err != SK_ADDR_IS_NAME)
        return err;
    *list    = NULL;
    *count   = 0;
    l->polls = l->polls || l->until != SK_NEVER;
    return sk_resolve(c->s, text, port, l->until, list, count);
}

sk_err sk_connect_find(struct sk_call *c, struct sk_limit *l, const char *text,
                       int port, struct sk_addr *out)
{
    struct sk_addr *list  = NULL;
    size_t          count = 0;
    sk_err          err   = sk_addr_parse(c->s->domain, text, port, out);

    if (err != SK_ADDR_IS_NAME)
        return err;
    err      = sk_resolve(c->s, text, port, l->until, &list, &count);
    l->polls = l->polls || l->until != SK_NEVER;
    if (!err)
        *out = list[0];
    free(list);
    return err;
}

/* ---- the state around it ---- */

/* One connect at a time bends the descriptor. */
static sk_err begin(struct sk_sock *s)
{
    unsigned before = atomic_fetch_or_explicit(&s->flags, SK_CONNECTING,
                                               memory_order_acq_rel);

    if (before & SK_CONNECTING)
        return EALREADY;
    if (before & SK_CUT)
        sk_sock_drop(s, SK_CUT);
    return 0;
}

static void end(struct sk_sock *s)
{
    if (s->domain != AF_UNIX) {
        sk_sock_drop(s, SK_CONNECTING);
        return;
    }
    pthread_mutex_lock(&s->lock);
    sk_sock_drop(s, SK_CONNECTING);
    sk_limit_restore(s);
    pthread_mutex_unlock(&s->lock);
}

/* A new connection: the peer is known, what the old one left is not its. */
static sk_err settle(struct sk_call *c, struct sk_limit *l,
                     const struct sk_addr *peer)
{
    struct sk_sock *s   = c->s;
    sk_err          err = 0;

    pthread_mutex_lock(&s->lock);
    memset(&s->peer, 0, sizeof s->peer);
    if (peer->len <= sizeof s->peer)
        memcpy(&s->peer, &peer->u, peer->len);
    pthread_mutex_unlock(&s->lock);
    if (sk_sock_flags(s) & (SK_ENDED | SK_TIMED_OUT))
        sk_sock_drop(s, SK_ENDED | SK_TIMED_OUT);
    if (sk_sock_flags(s) & (SK_BUFFERED | SK_FAILED)) {
        if ((err = sk_call_turn(c, l)))
            return err;
        sk_buf_free(&s->buf);
        sk_sock_drop(s, SK_BUFFERED | SK_FAILED | SK_STARVED | SK_RESET);
    }
    return err;
}

sk_err sk_connect(struct sk_call *c, const char *text, int port, char *detail,
                  size_t size)
{
    struct sk_sock *s    = c->s;
    struct sk_addr *list = NULL;
    struct sk_addr  one;
    struct sk_limit l;
    size_t          count = 0, which = 0;
    sk_err          err;

    if ((err = begin(s)))
        return err;
    if ((err = sk_limit_begin(&l, s, SK_WRITING, 0)) ||
        (err = find(c, &l, text, port, &one, &list, &count)))
        goto done;
    err = connect_each(s, &l, list, count, &which, detail, size);
    if (!err)
        err = settle(c, &l, &list[which]);
done:
    end(s);
    if (list != &one)
        free(list);
    return err;
}

sk_err sk_connect_to(struct sk_call *c, const struct sk_addr *to)
{
    struct sk_limit l;
    sk_err          err = begin(c->s);

    if (err)
        return err;
    if (!(err = sk_limit_begin(&l, c->s, SK_WRITING, 0)) &&
        !(err = connect_to(c->s, &l, to)))
        err = settle(c, &l, to);
    end(c->s);
    return err;
}
