/* accept.c - taking connections.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/accept.h"

#include "core/channel.h"
#include "core/wait.h"

#include <sock/socket.h>

#include <errno.h>
#include <string.h>

/* After err, is it worth another attempt? A connection that was dropped before
 * its turn is passed over. With a time limit the system says EINTR whatever the
 * handler's flags; without one it says so for those without SA_RESTART. */
static bool try_again(const struct sk_limit *l, sk_err err)
{
    switch (err) {
    case EAGAIN:
        return !l->nonblock;
    case ECONNABORTED:
    case EPROTO:
        return true;
    case EINTR:
        return l->polls && sk_plat_restarts();
    default:
        return false;
    }
}

/* Another accept that meets the changed mode meanwhile tries again. */
static sk_err accept_now(struct sk_sock *s, struct sk_addr *from, int *fd)
{
    sk_err err = sk_wait_forbid(s);

    if (err)
        return err;
    err = sk_plat_accept(s->fd, from, fd);
    sk_wait_allow(s);
    return err;
}

/* Somebody else may take the connection that poll tells of, so it is only a
 * reason to try again: EAGAIN. */
static sk_err accept_polled(struct sk_sock *s, const struct sk_limit *l,
                            struct sk_addr *from, int *fd)
{
    struct pollfd one = {s->fd, POLLIN, 0};
    int           ready;
    sk_err        err = accept_now(s, from, fd);

    if (err != EAGAIN)
        return err;
    if (sk_handle_closing(s))
        return ECANCELED;
    if ((err = sk_wait_many(&one, 1, l->until, -1, &ready)))
        return err;
    return ready ? EAGAIN : ETIMEDOUT;
}

static sk_err take(struct sk_sock *s, struct sk_limit *l, struct sk_addr *from,
                   int *fd)
{
    sk_err err;

    do {
        err      = l->polls ? accept_polled(s, l, from, fd)
                            : sk_plat_accept(s->fd, from, fd);
        l->polls = l->polls || l->until != SK_NEVER || err == EAGAIN;
    } while (err && try_again(l, err) && !sk_handle_closing(s));
    return err;
}

static void furnish(struct sk_sock *s, struct sk_sock *listener, int fd,
                    const struct sk_addr *from)
{
    s->fd     = fd;
    s->domain = listener->domain;
    s->type   = listener->type;
    sk_sock_raise(s, SK_ACCEPTED | (sk_sock_flags(listener) & SK_LINGERS));
    if (from->len <= sizeof s->peer)
        memcpy(&s->peer, &from->u, from->len);
}

/* The slot is made first: a connection is never taken and then dropped for
 * want of one. */
static sk_err accept_plain(struct sk_sock *listener, struct sk_limit *l,
                           struct sk_sock **out, struct sk_addr *from)
{
    struct sk_sock *s = NULL;
    int             fd;
    sk_err          err;

    if ((err = sk_handle_reserve(&s)))
        return err;
    if ((err =
             take(listener, l, listener->domain == AF_UNIX ? NULL : from, &fd)))
        goto done;
    furnish(s, listener, fd, from);
    if ((err = sk_limit_inherit(s, listener)))
        goto done;
    *out = s;
    s    = NULL;
done:
    sk_handle_discard(s);
    return err;
}

/* One that a channel has opened to know it by its handle is open already. */
static sock_t *give_out(struct sk_sock *s)
{
    if (!(sk_sock_flags(s) & SK_UNTOLD))
        return sk_handle_publish(s);
    sk_sock_drop(s, SK_UNTOLD);
    return sk_handle_of(s);
}

sk_err sk_accept(struct sk_call *c, struct sk_limit *l, sock_t **out,
                 struct sk_addr *from)
{
    struct sk_channel *channel = sk_channel_of(c->s);
    struct sk_sock    *s;
    sk_err             err;

    from->len = 0;
    if (channel && channel->ops->accept)
        err = channel->ops->accept(c, l, &s, from);
    else
        err = accept_plain(c->s, l, &s, from);
    if (err)
        return err;
    if (channel && channel->ops->accepted &&
        (err = channel->ops->accepted(c->s, s))) {
        sk_handle_discard(s);
        return err;
    }
    *out = give_out(s);
    return 0;
}

sock_t *sock_accept(sock_t *s)
{
    struct sk_call  c;
    struct sk_limit l;
    struct sk_addr  from;
    sock_t         *out = NULL;
    sk_err          err;

    if (!sk_call_enter(&c, s, SK_ACCEPT, SK_WAITS))
        return NULL;
    if (!(err = sk_limit_begin(&l, c.s, SK_READING, 0)))
        err = sk_accept(&c, &l, &out, &from);
    sk_call_leave(&c, SK_ACCEPT, err);
    return out;
}
