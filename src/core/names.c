/* names.c - bind, connect, listen, and who is at each end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"
#include "core/call.h"
#include "core/connect.h"

#include <sock/socket.h>

#include <errno.h>

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
