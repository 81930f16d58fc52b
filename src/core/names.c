/* names.c - bind, connect, listen, accept, and who is at each end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"
#include "core/call.h"
#include "core/connect.h"
#include "core/wait.h"

#include <sock/socket.h>

#include <errno.h>
#include <string.h>

static sk_err bind_to(struct sk_call *c, const char *address, int port)
{
    struct sk_limit l;
    struct sk_addr  at;
    sk_err          err;

    if (!address || !*address)
        err = sk_addr_any(c->s->domain, port, &at);
    else if (!(err = sk_limit_begin(&l, c->s, SK_WRITING, 0)))
        err = sk_connect_find(c, &l, address, port, &at);
    return err ? err : sk_plat_bind(c->s->fd, &at);
}

bool sock_bind(sock_t *s, const char *address, int port)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_BIND, SK_WAITS))
        return false;
    return sk_call_leave_at(&c, SK_BIND, bind_to(&c, address, port), address,
                            port, NULL);
}

bool sock_connect(sock_t *s, const char *address, int port)
{
    char           detail[512] = "";
    struct sk_call c;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_CONNECT, SK_WAITS))
        return false;
    err = sk_connect(&c, address, port, detail, sizeof detail);
    return sk_call_leave_at(&c, SK_CONNECT, err, address, port, detail);
}

bool sock_listen(sock_t *s, int backlog)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_LISTEN, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_LISTEN, sk_plat_listen(c.s->fd, backlog));
}

/* ---- accepting ---- */

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

static sk_err take(struct sk_sock *s, struct sk_addr *from, int *fd)
{
    struct sk_limit l;
    sk_err          err = sk_limit_begin(&l, s, SK_READING, 0);

    if (err)
        return err;
    do {
        err     = l.polls ? accept_polled(s, &l, from, fd)
                          : sk_plat_accept(s->fd, from, fd);
        l.polls = l.polls || l.until != SK_NEVER || err == EAGAIN;
    } while (err && try_again(&l, err) && !sk_handle_closing(s));
    return err;
}

static void furnish(struct sk_sock *s, struct sk_sock *listener, int fd,
                    const struct sk_addr *from)
{
    s->fd     = fd;
    s->domain = listener->domain;
    s->type   = listener->type;
    sk_sock_raise(s, sk_sock_flags(listener) & SK_LINGERS);
    if (from->len <= sizeof s->peer)
        memcpy(&s->peer, &from->u, from->len);
}

/* The slot is made first: a connection is never taken and then dropped for
 * want of one. */
static sk_err accept_one(struct sk_sock *listener, sock_t **out)
{
    struct sk_sock *s = NULL;
    struct sk_addr  from;
    int             fd;
    sk_err          err;

    from.len = 0;
    if ((err = sk_handle_reserve(&s)))
        return err;
    if ((err = take(listener, listener->domain == AF_UNIX ? NULL : &from, &fd)))
        goto done;
    furnish(s, listener, fd, &from);
    if ((err = sk_limit_inherit(s, listener)))
        goto done;
    *out = sk_handle_publish(s);
    s    = NULL;
done:
    sk_handle_discard(s);
    return err;
}

sock_t *sock_accept(sock_t *s)
{
    struct sk_call c;
    sock_t        *out = NULL;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_ACCEPT, SK_WAITS))
        return NULL;
    err = accept_one(c.s, &out);
    sk_call_leave(&c, SK_ACCEPT, err);
    return out;
}

/* ---- who is at each end ---- */

typedef sk_err ask_fn(int fd, struct sk_addr *a);

static bool name(sock_t *s, enum sk_verb verb, ask_fn *ask, char *text,
                 size_t size, int *port)
{
    struct sk_call c;
    struct sk_addr a;
    sk_err         err;

    if (!sk_call_enter(&c, s, verb, SK_QUICK))
        return false;
    if (text && size < sk_addr_room(c.s->domain))
        err = EINVAL;
    else if (!(err = ask(c.s->fd, &a)))
        err = sk_addr_text(&a, text, size, port);
    return sk_call_leave(&c, verb, err);
}

bool sock_getsockname(sock_t *s, char *address, size_t size, int *port)
{
    return name(s, SK_GETSOCKNAME, sk_plat_sockname, address, size, port);
}

bool sock_getpeername(sock_t *s, char *address, size_t size, int *port)
{
    return name(s, SK_GETPEERNAME, sk_plat_peername, address, size, port);
}
