/* talk.c - accepting, names and datagrams, with names in one piece:
 * "127.0.0.1:80".
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/url.h"
#include "core/accept.h"
#include "core/addr.h"
#include "core/connect.h"
#include "core/io.h"
#include "core/peer.h"
#include "core/send.h"
#include "core/socket.h"
#include "stream/tls.h"

#include <sock/stream.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DETAIL 128

/* Brackets, a colon and a port, where there are any. */
static size_t room_of(int domain)
{
    return sk_addr_room(domain) + (domain == AF_UNIX ? 0 : strlen("[]:65535"));
}

static sk_err check_room(struct sk_sock *s, const char *name, size_t size)
{
    return name && size < room_of(s->domain) ? EINVAL : 0;
}

static void put_name(const struct sk_addr *a, char *name, size_t size)
{
    if (name && !sk_addr_name(a, name, size))
        name[0] = '\0';
}

/* ---- accepting ---- */

static sk_err take(struct sk_call *c, int timeout_ms, char *peer, size_t size,
                   sock_t **out)
{
    struct sk_limit l;
    struct sk_addr  from;
    sk_err          err = check_room(c->s, peer, size);

    if (err || timeout_ms < -1)
        return EINVAL;
    if ((err = sk_limit_begin_within(&l, c->s, timeout_ms)) ||
        (err = sk_accept(c, &l, out, &from)))
        return err;
    put_name(&from, peer, size);
    return 0;
}

sock_t *sock_stream_accept(sock_t *server, int timeout_ms, char *peer,
                           size_t size)
{
    struct sk_call c;
    sock_t        *out = NULL;
    sk_err         err;

    if (!sk_call_enter(&c, server, SK_STREAM_ACCEPT, SK_WAITS))
        return NULL;
    err = take(&c, timeout_ms, peer, size, &out);
    sk_call_leave(&c, SK_STREAM_ACCEPT, err);
    return out;
}

/* ---- names ---- */

static sk_err find_name(struct sk_sock *s, bool remote, char *name, size_t size)
{
    struct sk_addr a;
    sk_err         err;

    if (!name || (err = check_room(s, name, size)))
        return EINVAL;
    err = remote ? sk_plat_peername(s->fd, &a) : sk_plat_sockname(s->fd, &a);
    if (err || (err = sk_addr_text(&a, name, size, NULL)))
        return err;
    put_name(&a, name, size);
    return 0;
}

bool sock_stream_get_name(sock_t *s, bool remote, char *name, size_t size)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_STREAM_GET_NAME, SK_QUICK))
        return false;
    return sk_call_leave(&c, SK_STREAM_GET_NAME,
                         find_name(c.s, remote, name, size));
}

/* ---- datagrams ---- */

ssize_t sock_stream_recvfrom(sock_t *s, void *buf, size_t len, int flags,
                             char *peer, size_t size)
{
    struct sk_call c;
    struct sk_addr from;
    size_t         got = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_STREAM_RECVFROM, SK_WAITS))
        return -1;
    if (!(err = check_room(c.s, peer, size)) &&
        !(err = sk_io_receive(&c, buf, len, flags, &from, &got))) {
        sk_peer_sent(c.s, &from);
        put_name(&from, peer, size);
    }
    return sk_call_count(&c, SK_STREAM_RECVFROM, err, got);
}

struct sending {
    const void *buf;
    size_t      len;
    int         flags;
    const char *peer;           /* NULL or "": the fixed one */
    char        detail[DETAIL]; /* what is wrong with its name */
};

static sk_err parse_peer(struct sending *o, struct sk_url *url)
{
    struct sk_url_error wrong;
    sk_err              err = sk_url_parse_name(o->peer, url, &wrong);

    if (err) {
        snprintf(o->detail, sizeof o->detail, "at byte %zu: %s", wrong.at,
                 wrong.why);
        return err;
    }
    if (*url->host != '*')
        return 0;
    snprintf(o->detail, sizeof o->detail, "* is for servers");
    return EINVAL;
}

/* Whom it names, looked up within the limit. */
static sk_err find_peer(struct sk_call *c, struct sk_limit *l,
                        struct sending *o, struct sk_addr *to)
{
    char          host[SK_URL_HOST_MAX + 1];
    struct sk_url url;
    sk_err        err;

    if (c->s->domain == AF_UNIX)
        return sk_connect_find(c, l, o->peer, 0, to);
    if ((err = parse_peer(o, &url)))
        return err;
    memcpy(host, url.host, url.length);
    host[url.length] = '\0';
    return sk_connect_find(c, l, host, url.port, to);
}

static sk_err send_to(struct sk_call *c, struct sending *o, size_t *sent)
{
    struct sk_limit l;
    struct sk_addr  to;
    sk_err          err = sk_send_begin(&l, c->s, o->flags);

    if (err || !o->peer || !*o->peer)
        return err ? err : sk_send(c, &l, o->buf, o->len, o->flags, NULL, sent);
    if ((err = sk_peer_allows(c->s)) || (err = find_peer(c, &l, o, &to)))
        return err;
    return sk_send(c, &l, o->buf, o->len, o->flags, &to, sent);
}

ssize_t sock_stream_sendto(sock_t *s, const void *buf, size_t len, int flags,
                           const char *peer)
{
    struct sending o;
    struct sk_call c;
    size_t         sent = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_STREAM_SENDTO, SK_WAITS))
        return -1;
    o.buf     = buf;
    o.len     = len;
    o.flags   = flags;
    o.peer    = peer;
    *o.detail = '\0';
    err       = send_to(&c, &o, &sent);
    if (!peer || !*peer)
        return sk_call_leave(&c, SK_STREAM_SENDTO, err) ? (ssize_t)sent : -1;
    return sk_call_leave_at(&c, SK_STREAM_SENDTO, err, peer, SK_NO_PORT,
                            *o.detail ? o.detail : NULL)
               ? (ssize_t)sent
               : -1;
}

/* ---- what needs no socket ---- */

bool sock_stream_pair(int domain, int type, int protocol, sock_t *pair[2])
{
    sk_err err = sk_socket_make_pair(domain, type, protocol, pair);

    if (err)
        sk_call_refuse(SK_STREAM_PAIR, err);
    return !err;
}

const char *const *sock_stream_get_transports(void)
{
    static const char *const plain[] = {"tcp", "udp", "unix",
                                        "udg", "fd",  NULL};

    return sk_tls_built_in ? sk_url_transports : plain;
}
