/* socket.c - the life of a socket: create, close, import and export.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/socket.h"

#include "core/addr.h"
#include "core/call.h"
#include "core/channel.h"
#include "core/gro.h"

#include <sock/socket.h>

#include <errno.h>

const char *sock_version(void)
{
#define TEXT(x) #x
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)
    return VERSION(LIBSOCK_VERSION_MAJOR, LIBSOCK_VERSION_MINOR,
                   LIBSOCK_VERSION_PATCH);
}

/* ---- making ---- */

static sk_err check_domain(int domain)
{
    return domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX
               ? 0
               : EAFNOSUPPORT;
}

/* `fd` is the slot's from here on. A shutdown does not wake a datagram send
 * of AF_UNIX: so it must not block in the system. */
static void furnish(struct sk_sock *s, int fd, int domain, int type)
{
    s->fd     = fd;
    s->domain = (short)domain;
    s->type   = (short)(type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (type & SOCK_NONBLOCK)
        sk_sock_raise(s, SK_NONBLOCK);
    if (domain == AF_UNIX && s->type == SOCK_DGRAM)
        sk_sock_raise(s, SK_SEND_POLLS);
}

sk_err sk_socket_make(int domain, int type, int protocol, struct sk_sock **out)
{
    struct sk_sock *s = NULL;
    int             fd;
    sk_err          err;

    *out = NULL;
    if ((err = check_domain(domain)) || (err = sk_handle_reserve(&s)))
        return err;
    if ((err = sk_plat_socket(domain, type, protocol, &fd))) {
        sk_handle_discard(s);
        return err;
    }
    furnish(s, fd, domain, type);
    *out = s;
    return 0;
}

sock_t *sock_create(int domain, int type, int protocol)
{
    struct sk_sock *s;
    sk_err          err = sk_socket_make(domain, type, protocol, &s);

    if (err)
        return sk_call_refuse(SK_CREATE, err);
    if (sk_sock_is_stream(s) && domain != AF_UNIX)
        sk_sock_raise(s, SK_FRESH);
    return sk_handle_publish(s);
}

sk_err sk_socket_make_pair(int domain, int type, int protocol, sock_t *pair[2])
{
    struct sk_sock *a = NULL, *b = NULL;
    int             fds[2];
    sk_err          err;

    if (!pair)
        return EINVAL;
    if ((err = check_domain(domain)) || (err = sk_handle_reserve(&a)) ||
        (err = sk_handle_reserve(&b)) ||
        (err = sk_plat_pair(domain, type, protocol, fds))) {
        sk_handle_discard(a);
        sk_handle_discard(b);
        return err;
    }
    furnish(a, fds[0], domain, type);
    furnish(b, fds[1], domain, type);
    pair[0] = sk_handle_publish(a);
    pair[1] = sk_handle_publish(b);
    return 0;
}

bool sock_create_pair(int domain, int type, int protocol, sock_t *pair[2])
{
    sk_err err = sk_socket_make_pair(domain, type, protocol, pair);

    if (err)
        sk_call_refuse(SK_CREATE_PAIR, err);
    return !err;
}

sock_t *sock_create_listen(int port, int backlog)
{
    const struct sk_scene scene = {SK_CREATE_LISTEN, "0.0.0.0", port, NULL};
    const int             on    = 1;
    struct sk_addr        any;
    struct sk_sock       *s = NULL;
    sk_err                err;

    if ((err = sk_addr_any(AF_INET, port, &any)) ||
        (err = sk_socket_make(AF_INET, SOCK_STREAM, 0, &s)) ||
        (err = sk_plat_set_option(s->fd, SOL_SOCKET, SO_REUSEADDR, &on,
                                  sizeof on)) ||
        (err = sk_plat_bind(s->fd, &any)) ||
        (err = sk_plat_listen(s->fd, backlog))) {
        sk_handle_discard(s);
        sk_report(NULL, NULL, &scene, err);
        return NULL;
    }
    return sk_handle_publish(s);
}

/* ---- ending ---- */

bool sock_close(sock_t *s)
{
    const struct sk_scene scene = {SK_CLOSE, NULL, 0, NULL};
    sk_err                err   = sk_handle_close(s);

    if (err)
        sk_report(s, NULL, &scene, err);
    return !err;
}

/* This may wait. */
static bool shut_down_channel(sock_t *s, int how)
{
    const struct sk_channel_ops *ops;
    struct sk_call               c;
    sk_err                       err;

    if (!sk_call_enter(&c, s, SK_SHUTDOWN, SK_WAITS))
        return false;
    ops = sk_channel_of(c.s)->ops;
    err =
        ops->shutdown ? ops->shutdown(&c, how) : sk_plat_shutdown(c.s->fd, how);
    return sk_call_leave(&c, SK_SHUTDOWN, err);
}

bool sock_shutdown(sock_t *s, int how)
{
    struct sk_call c;

    if (!sk_call_enter(&c, s, SK_SHUTDOWN, SK_QUICK))
        return false;
    if (sk_sock_flags(c.s) & SK_CHANNEL) {
        sk_handle_release(c.s, c.held);
        return shut_down_channel(s, how);
    }
    if (sk_sock_flags(c.s) & SK_CONNECTING)
        sk_sock_raise(c.s, SK_CUT);
    return sk_call_leave(&c, SK_SHUTDOWN, sk_plat_shutdown(c.s->fd, how));
}

long sock_id(sock_t *s)
{
    return (long)sk_handle_id(s);
}

/* ---- descriptors ---- */

static void learn(struct sk_sock *s, int fd, const struct sk_plat_kind *kind)
{
    furnish(s, fd, kind->domain, kind->type);
    if (kind->nonblock)
        sk_sock_raise(s, SK_NONBLOCK);
    if (kind->lingers)
        sk_sock_raise(s, SK_LINGERS);
    for (int way = SK_READING; way <= SK_WRITING; way++) {
        if (kind->limit_ms[way] < 0)
            continue;
        atomic_store_explicit(&s->limit_ms[way], kind->limit_ms[way],
                              memory_order_relaxed);
        sk_sock_raise(s, SK_LIMITED | (way == SK_READING ? SK_READ_LIMIT
                                                         : SK_WRITE_LIMIT));
    }
}

sk_err sk_socket_adopt(int fd, struct sk_sock **out)
{
    struct sk_plat_kind kind;
    sk_err              err;

    if ((err = sk_plat_adopt(fd, &kind)) || (err = sk_handle_reserve(out)))
        return err;
    learn(*out, fd, &kind);
    if ((err = sk_gro_adopt(*out))) {
        (*out)->fd = -1; /* the caller's still */
        sk_handle_discard(*out);
    }
    return err;
}

sock_t *sock_import_fd(int fd)
{
    struct sk_sock *s;
    sk_err          err = sk_socket_adopt(fd, &s);

    return err ? sk_call_refuse(SK_IMPORT_FD, err) : sk_handle_publish(s);
}

int sock_export_fd(sock_t *s)
{
    struct sk_call c;
    int            fd;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_EXPORT_FD, SK_HOLDER | SK_TURN))
        return -1;
    /* With the turn in hand nobody buffers anything behind our back. */
    if ((sk_sock_flags(c.s) & SK_CHANNEL) && sk_sock_is_stream(c.s))
        err = EOPNOTSUPP; /* the descriptor alone is not the connection */
    else if (!(c.held & SK_TURN) ||
             (sk_sock_flags(c.s) & (SK_BUFFERED | SK_PENDING)))
        err = EBUSY;
    else
        err = sk_handle_detach(c.s, &fd);
    if (!err) {
        sk_plat_limit(fd, false, -1);
        sk_plat_limit(fd, true, -1);
        sk_handle_release(c.s, c.held);
        return fd;
    }
    sk_call_leave(&c, SK_EXPORT_FD, err);
    return -1;
}

int sock_fd(sock_t *s)
{
    struct sk_call c;
    int            fd;

    if (!sk_call_enter(&c, s, SK_FD, SK_QUICK))
        return -1;
    fd = c.s->fd;
    sk_call_leave(&c, SK_FD, 0);
    return fd;
}
