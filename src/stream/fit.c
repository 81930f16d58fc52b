/* fit.c - sockets as a context's socket.* options want them.
 *
 * An option that the system refuses is a failure: a program that asked for it
 * relies on it. Only "try" goes on without; then Multipath TCP gives way to
 * plain TCP also where it is the other options that it cannot do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/fit.h"

#include "base/url.h"
#include "core/addr.h"
#include "core/handle.h"
#include "core/socket.h"

#include <errno.h>
#include <string.h>

/* Linux has these numbers; not all of its headers have the names. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* How many may wait whose first bytes came with the handshake, where the
 * backlog does not say. */
#define FAST_QUEUE 256

static sk_err set(struct sk_sock *s, int level, int option, int value)
{
    return sk_plat_set_option(s->fd, level, option, &value, sizeof value);
}

/* The system cannot do it, rather than being out of something. */
static bool is_refusal(sk_err err)
{
    switch (err) {
    case 0:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAFNOSUPPORT:
        return false;
    default:
        return true;
    }
}

/* What becomes of an answer to something that was wished for. */
static sk_err as_wished(enum sk_wish wish, sk_err err)
{
    if (!is_refusal(err))
        return err;
    return wish == SK_REQUIRE ? EOPNOTSUPP : 0;
}

/* ---- options ---- */

/* A client's, and a listener's, whose connections inherit them. */
static sk_err set_tcp(struct sk_sock *s, const struct sk_options *o)
{
    const struct {
        int level, option, value, unset;
    } all[] = {
        {IPPROTO_TCP, TCP_NODELAY, o->tcp_nodelay, false},
        {SOL_SOCKET, SO_KEEPALIVE, o->keepalive, false},
        {IPPROTO_TCP, TCP_KEEPIDLE, o->tcp_keepidle, SK_UNSET},
        {IPPROTO_TCP, TCP_KEEPINTVL, o->tcp_keepintvl, SK_UNSET},
        {IPPROTO_TCP, TCP_KEEPCNT, o->tcp_keepcnt, SK_UNSET},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, o->user_timeout, SK_UNSET},
    };
    sk_err err = 0;

    for (size_t i = 0; i < SK_COUNT(all) && !err; i++)
        if (all[i].value != all[i].unset)
            err = set(s, all[i].level, all[i].option, all[i].value);
    return err;
}

static sk_err set_broadcast(struct sk_sock *s, const struct sk_options *o)
{
    return o->so_broadcast ? set(s, SOL_SOCKET, SO_BROADCAST, 1) : 0;
}

static sk_err set_client(struct sk_sock *s, const struct sk_options *o)
{
    sk_err err;

    if (!sk_sock_is_stream(s))
        return set_broadcast(s, o);
    if ((err = set_tcp(s, o)) || o->tfo == SK_OFF)
        return err;
    return as_wished(o->tfo, set(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
}

static sk_err set_names(struct sk_sock *s, const struct sk_options *o)
{
    int    reuse = o->so_reuseaddr;
    sk_err err   = 0;

    if (reuse == SK_UNSET)
        reuse = sk_sock_is_stream(s);
    if (s->domain == AF_INET6)
        err = set(s, IPPROTO_IPV6, IPV6_V6ONLY, o->ipv6_v6only);
    if (!err)
        err = set(s, SOL_SOCKET, SO_REUSEADDR, reuse);
    if (!err && o->so_reuseport)
        err = set(s, SOL_SOCKET, SO_REUSEPORT, 1);
    return err;
}

static sk_err set_server(struct sk_sock *s, const struct sk_options *o)
{
    int    queue = o->backlog > 0 ? o->backlog : FAST_QUEUE;
    sk_err err   = set_names(s, o);

    if (!err && !sk_sock_is_stream(s))
        return set_broadcast(s, o);
    if (err || (err = set_tcp(s, o)) || o->tfo == SK_OFF)
        return err;
    return as_wished(o->tfo, set(s, IPPROTO_TCP, TCP_FASTOPEN, queue));
}

/* ---- making ---- */

typedef sk_err set_fn(struct sk_sock *s, const struct sk_options *o);

/* A socket of this protocol, with its options. */
static sk_err make(int domain, int type, int protocol, set_fn *set_all,
                   const struct sk_options *o, struct sk_sock **out)
{
    sk_err err = sk_socket_make(domain, type, protocol, out);

    if (err || domain == AF_UNIX || !(err = set_all(*out, o)))
        return err;
    sk_handle_discard(*out);
    *out = NULL;
    return err;
}

static bool is_tcp(int domain, int type)
{
    return domain != AF_UNIX &&
           (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;
}

static sk_err fit(int domain, int type, set_fn *set_all,
                  const struct sk_options *o, struct sk_sock **out)
{
    sk_err err;

    if (o->mptcp != SK_OFF && is_tcp(domain, type)) {
        err = make(domain, type, IPPROTO_MPTCP, set_all, o, out);
        if (!is_refusal(err) || o->mptcp == SK_REQUIRE)
            return as_wished(o->mptcp, err);
    }
    return make(domain, type, 0, set_all, o, out);
}

/* ---- a client's own address ---- */

/* PHP says "0:80", a server's URL "*:80". */
static bool is_any(const struct sk_url *u)
{
    return u->length == 1 && (*u->host == '*' || *u->host == '0');
}

/* The family of the address that u is. */
static int family_of(const struct sk_url *u, int domain)
{
    if (is_any(u) && domain != AF_UNSPEC)
        return domain;
    return u->bracketed ? AF_INET6 : AF_INET;
}

static sk_err address_of(const struct sk_url *u, int family,
                         struct sk_addr *out)
{
    char host[SK_URL_HOST_MAX + 1];

    if (is_any(u))
        return sk_addr_any(family, u->port, out);
    if (u->length > SK_URL_HOST_MAX)
        return ENAMETOOLONG;
    memcpy(host, u->host, u->length);
    host[u->length] = '\0';
    return sk_addr_parse(family, host, u->port, out);
}

sk_err sk_fit_bindto(const char *text, int domain, struct sk_addr *out,
                     const char **why)
{
    struct sk_url_error wrong = {0, ""};
    struct sk_url       u;
    int                 family;
    sk_err              err;

    err  = sk_url_parse_name(text, &u, &wrong);
    *why = wrong.why;
    if (err)
        return EINVAL;
    *why   = "it is no address";
    family = family_of(&u, domain);
    err    = address_of(&u, family, out);
    if (err && err != ENODEV)
        return EINVAL;
    return domain == AF_UNSPEC || domain == family ? err : EAFNOSUPPORT;
}

/* Without a port of its own a socket may share one with others that have other
 * peers, if the system is told not to choose before it knows the peer. A system
 * that does not know this option chooses early. */
static sk_err bind_client(struct sk_sock *s, const char *bindto)
{
    struct sk_addr at;
    const char    *why;
    int            port;
    sk_err         err;

    if ((err = sk_fit_bindto(bindto, s->domain, &at, &why)) ||
        (err = sk_addr_text(&at, NULL, 0, &port)))
        return err;
    if (sk_sock_is_stream(s) && !port)
        set(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return sk_plat_bind(s->fd, &at);
}

/* ---- the three of them ---- */

sk_err sk_fit_client(int domain, int type, const struct sk_options *o,
                     struct sk_sock **out)
{
    sk_err err = fit(domain, type, set_client, o, out);

    if (err || domain == AF_UNIX || !o->bindto ||
        !(err = bind_client(*out, o->bindto)))
        return err;
    sk_handle_discard(*out);
    *out = NULL;
    return err;
}

sk_err sk_fit_server(int domain, int type, const struct sk_options *o,
                     struct sk_sock **out)
{
    return fit(domain, type, set_server, o, out);
}

sk_err sk_fit_accepted(struct sk_sock *s, const struct sk_options *o)
{
    return set_tcp(s, o);
}
