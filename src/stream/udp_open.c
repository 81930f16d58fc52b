/* udp_open.c - the socket of a peer that was accepted.
 *
 * It is bound to the address that the peer wrote to, so that answers come from
 * there, and then connected. The server's hub is locked meanwhile, so that a
 * fork finds the handle whole or not at all; that lock is taken before the
 * handles' table is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/udp_open.h"

#include "core/addr.h"
#include "core/socket.h"

#include <errno.h>
#include <string.h>

sk_err sk_udp_set(struct sk_sock *s, int level, int option, int value)
{
    return sk_plat_set_option(s->fd, level, option, &value, sizeof value);
}

/* What an accepted socket has from its server, as one of TCP has. */
static const struct {
    int level;
    int option;
    int domain; /* AF_UNSPEC: any */
    int shares; /* the system tells so many times what it was told */
} options[] = {
    {SOL_SOCKET, SO_BINDTOIFINDEX, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RCVBUF, AF_UNSPEC, 2},
    {SOL_SOCKET, SO_SNDBUF, AF_UNSPEC, 2},
    {SOL_SOCKET, SO_PRIORITY, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_MARK, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_BROADCAST, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_TOS, AF_INET, 1},
    {IPPROTO_IP, IP_TTL, AF_INET, 1},
    {IPPROTO_IPV6, IPV6_V6ONLY, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_TCLASS, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, AF_INET6, 1},
};

/* An option that the system refuses is left as it is: the bind tells if it
 * matters. */
static void imitate(struct sk_sock *s, struct sk_sock *server)
{
    for (size_t i = 0; i < SK_COUNT(options); i++) {
        int    level = options[i].level, option = options[i].option;
        int    theirs = 0, ours = 0;
        size_t size = sizeof theirs, own = sizeof ours;

        if (options[i].domain != AF_UNSPEC && options[i].domain != s->domain)
            continue;
        if (!sk_plat_get_option(server->fd, level, option, &theirs, &size) &&
            !sk_plat_get_option(s->fd, level, option, &ours, &own) &&
            theirs != ours)
            sk_udp_set(s, level, option, theirs / options[i].shares);
    }
}

/* To the address that was written to, if it is known and still there. */
static sk_err bind_to(struct sk_sock *s, const union sk_place *to, int port)
{
    struct sk_addr at;
    sk_err         err = sk_udp_set(s, SOL_SOCKET, SO_REUSEPORT, 1);

    if (err)
        return err;
    if (to->any.sa_family != AF_UNSPEC) {
        sk_place_address(&at, to);
        sk_addr_set_port(&at, port);
        if ((err = sk_plat_bind(s->fd, &at)) != EADDRNOTAVAIL)
            return err;
    }
    err = sk_addr_any(s->domain, port, &at);
    return err ? err : sk_plat_bind(s->fd, &at);
}

/* A peer that cannot be answered is passed over: *lost. */
static sk_err reach(struct sk_sock *s, const union sk_place *peer,
                    union sk_place *here, bool *lost)
{
    struct sk_addr to, own;
    sk_err         err;

    sk_place_address(&to, peer);
    err   = sk_place_port(peer) ? sk_plat_connect(s->fd, &to) : EINVAL;
    *lost = err && err != ENOMEM && err != ENOBUFS && err != EINTR;
    if (!err && !(err = sk_plat_sockname(s->fd, &own)))
        sk_place_set(here, &own);
    return err;
}

sk_err sk_udp_open(struct sk_udp *server, const struct sk_datagram *d,
                   const struct sk_channel_ops *ops, struct sk_udp **out,
                   bool *lost)
{
    struct sk_sock *s = NULL;
    struct sk_udp  *u = NULL;
    union sk_place  here;
    sk_err          err;

    if ((err = sk_socket_make(server->s->domain, SOCK_DGRAM, 0, &s)))
        return err;
    imitate(s, server->s);
    if ((err = bind_to(s, &d->to, server->hub->port)))
        goto done;
    sk_udp_drain(server); /* what came before the new socket took a share */
    if ((err = reach(s, &d->from, &here, lost)) ||
        (err = sk_limit_inherit(s, server->s)) ||
        (err = sk_udp_new(server->hub, s, &u)))
        goto done;
    u->channel.ops = ops;
    u->peer        = d->from;
    u->here        = here;
    memcpy(&s->peer, &d->from, sizeof d->from);
    atomic_store_explicit(&s->channel, &u->channel, memory_order_release);
    sk_sock_raise(s, SK_CHANNEL | SK_UNTOLD);
    *out = u;
    s    = NULL;
done:
    sk_handle_discard(s);
    return err;
}
