/* address.c - looking names up, and using what was found one by one.
 *
 * A list is our own copy, in one piece of memory: all its addresses, then the
 * canonical name. So it does not matter what looked the names up, and freeing
 * the first frees all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"
#include "core/call.h"
#include "core/connect.h"
#include "core/resolve.h"
#include "core/socket.h"

#include <sock/address.h>
#include <sock/error.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct sock_addrinfo {
    const struct sock_addrinfo *next;           /* NULL behind the last */
    const char                 *canonical_name; /* in the list; NULL none */
    struct sk_addr              at;
    int                         flags; /* as they were asked for */
    int                         type;
    int                         protocol;
};

/* ---- looking up ---- */

/* Resolvers take the lowest bits of a number that is too high. */
static bool is_port_too_high(const char *service)
{
    char *end;
    long  n = strtol(service, &end, 10);

    return end != service && !*end && (n < 0 || n > 65535);
}

static bool is_usable(const struct addrinfo *a)
{
    if (!a->ai_addr)
        return false;
    if (a->ai_addrlen == sizeof(struct sockaddr_in))
        return a->ai_addr->sa_family == AF_INET;
    return a->ai_addrlen == sizeof(struct sockaddr_in6) &&
           a->ai_addr->sa_family == AF_INET6;
}

/* How many are usable; *name is the first canonical name, NULL if none. */
static size_t survey(const struct addrinfo *found, const char **name)
{
    size_t count = 0;

    *name = NULL;
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        if (is_usable(a))
            count++;
        if (!*name)
            *name = a->ai_canonname;
    }
    return count;
}

static void copy_one(sock_addrinfo_t *to, const struct addrinfo *a)
{
    memcpy(&to->at.u, a->ai_addr, a->ai_addrlen);
    to->at.len   = a->ai_addrlen;
    to->type     = a->ai_socktype;
    to->protocol = a->ai_protocol;
}

static sk_err copy_list(const struct addrinfo *found, int flags,
                        sock_addrinfo_t **out)
{
    const char *name;
    size_t      count = survey(found, &name);
    size_t      bytes = name && (flags & AI_CANONNAME) ? strlen(name) + 1 : 0;
    sock_addrinfo_t *list, *to;

    if (!count)
        return LIBSOCK_EAI_NODATA;
    if (!(list = calloc(1, count * sizeof *list + bytes)))
        return ENOMEM;
    name = bytes ? memcpy(list + count, name, bytes) : NULL;
    to   = list;
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        if (!is_usable(a))
            continue;
        copy_one(to, a);
        to->flags          = flags;
        to->canonical_name = name;
        to->next           = to + 1;
        to++;
    }
    to[-1].next = NULL;
    *out        = list;
    return 0;
}

static sk_err look_up(const char *host, const char *service,
                      const struct addrinfo *hints, sock_addrinfo_t **list)
{
    struct addrinfo  asked = {0};
    struct addrinfo *found = NULL;
    sk_err           err;

    if (host && strlen(host) > SK_ADDR_NAME_MAX)
        return ENAMETOOLONG;
    if (service && is_port_too_high(service))
        return LIBSOCK_EAI_SERVICE;
    if (hints) {
        asked.ai_flags    = hints->ai_flags;
        asked.ai_family   = hints->ai_family;
        asked.ai_socktype = hints->ai_socktype;
        asked.ai_protocol = hints->ai_protocol;
    }
    if ((err = sk_resolve_here(host, service, &asked, &found)))
        return err;
    err = copy_list(found, asked.ai_flags, list);
    sk_resolve_release(found);
    return err;
}

bool sock_addrinfo_lookup(const char *host, const char *service,
                          const struct addrinfo *hints, sock_addrinfo_t **list)
{
    char            what[320];
    struct sk_scene scene = {SK_ADDRINFO_LOOKUP, what, SK_NO_PORT, NULL};
    sk_err          err   = list ? look_up(host, service, hints, list) : EINVAL;

    if (!err)
        return true;
    snprintf(what, sizeof what, "%.255s%s%.60s", host ? host : "",
             host && service ? " " : "", service ? service : "");
    sk_report(NULL, NULL, &scene, err);
    return false;
}

/* ---- looking at ---- */

const sock_addrinfo_t *sock_addrinfo_next(const sock_addrinfo_t *a)
{
    return a ? a->next : NULL;
}

bool sock_addrinfo_explain(const sock_addrinfo_t *a, sock_addrinfo_info_t *out,
                           size_t size)
{
    sock_addrinfo_info_t info;

    if (!a || !out || !size) {
        sk_call_refuse(SK_ADDRINFO_EXPLAIN, EINVAL);
        return false;
    }
    memset(&info, 0, sizeof info);
    info.flags          = a->flags;
    info.family         = a->at.u.any.sa_family;
    info.type           = a->type;
    info.protocol       = a->protocol;
    info.canonical_name = a->canonical_name;
    sk_addr_text(&a->at, info.address, sizeof info.address, &info.port);
    memset(out, 0, size);
    memcpy(out, &info, size < sizeof info ? size : sizeof info);
    return true;
}

/* ---- using ---- */

static sk_err make(const sock_addrinfo_t *a, struct sk_sock **out)
{
    return sk_socket_make(a->at.u.any.sa_family, a->type, a->protocol, out);
}

/* Returns NULL, for makers. */
static sock_t *refuse(enum sk_verb verb, const sock_addrinfo_t *a, sk_err err)
{
    char            text[LIBSOCK_ADDRSTRLEN];
    struct sk_scene scene = {verb, text, 0, NULL};

    sk_addr_text(&a->at, text, sizeof text, &scene.port);
    sk_report(NULL, NULL, &scene, err);
    return NULL;
}

sock_t *sock_addrinfo_bind(const sock_addrinfo_t *a)
{
    struct sk_sock *s = NULL;
    sk_err          err;

    if (!a)
        return sk_call_refuse(SK_ADDRINFO_BIND, EINVAL);
    if ((err = make(a, &s)) || (err = sk_plat_bind(s->fd, &a->at))) {
        sk_handle_discard(s);
        return refuse(SK_ADDRINFO_BIND, a, err);
    }
    return sk_handle_publish(s);
}

/* What waits must be open and held, like any call's socket. Until it is
 * connected nobody has its handle; one that was guessed may close it. */
sock_t *sock_addrinfo_connect(const sock_addrinfo_t *a)
{
    struct sk_call  c;
    struct sk_sock *s;
    sock_t         *out;
    sk_err          err;

    if (!a)
        return sk_call_refuse(SK_ADDRINFO_CONNECT, EINVAL);
    if ((err = make(a, &s)))
        return refuse(SK_ADDRINFO_CONNECT, a, err);
    sk_sock_raise(s, SK_UNTOLD);
    out = sk_handle_publish(s);
    if (!sk_call_enter(&c, out, SK_ADDRINFO_CONNECT, SK_WAITS))
        return NULL;
    err = sk_connect_to(&c, &a->at);
    if (!err)
        sk_sock_drop(s, SK_UNTOLD);
    sk_handle_release(c.s, c.held);
    if (!err)
        return out;
    sk_handle_close(out);
    return refuse(SK_ADDRINFO_CONNECT, a, err);
}

void sock_addrinfo_free(sock_addrinfo_t *list)
{
    free(list);
}
