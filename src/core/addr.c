/* addr.c - addresses as text and back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"

#include "core/ip.h"

#include <sock/base.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_LEN                                                           \
    (sizeof(struct sockaddr_un) - offsetof(struct sockaddr_un, sun_path))
#define PATH_HEAD ((socklen_t)offsetof(struct sockaddr_un, sun_path))

/* ---- from text ---- */

static bool is_ipv4(const char *text, struct in_addr *out)
{
    const char *end = sk_ip4_parse(text, out);

    return end && !*end;
}

sk_err sk_addr_scope(const char *text, uint32_t *scope)
{
    uint32_t n = 0;

    for (const char *p = text; *p >= '0' && *p <= '9' && n < 100000000; p++) {
        n = n * 10 + (uint32_t)(*p - '0');
        if (!p[1]) {
            *scope = n;
            return 0;
        }
    }
    *scope = if_nametoindex(text);
    return *scope ? 0 : ENODEV;
}

static void map_ipv4(struct in_addr in, struct in6_addr *out)
{
    memset(out, 0, sizeof *out);
    out->s6_addr[10] = out->s6_addr[11] = 0xff;
    memcpy(&out->s6_addr[12], &in, sizeof in);
}

/* What stands behind the address is its scope. */
static sk_err parse_in6(const char *text, struct sockaddr_in6 *out)
{
    struct in_addr in;
    const char    *end;

    if (is_ipv4(text, &in)) {
        map_ipv4(in, &out->sin6_addr);
        return 0;
    }
    if (!strchr(text, ':'))
        return SK_ADDR_IS_NAME;
    if (!(end = sk_ip6_parse(text, &out->sin6_addr)) || (*end && *end != '%'))
        return EINVAL;
    return *end ? sk_addr_scope(end + 1, &out->sin6_scope_id) : 0;
}

static sk_err parse_in4(const char *text, struct sockaddr_in *out)
{
    struct in6_addr other;
    const char     *end;

    if (is_ipv4(text, &out->sin_addr))
        return 0;
    if (!strchr(text, ':'))
        return SK_ADDR_IS_NAME;
    end = sk_ip6_parse(text, &other);
    return end && (!*end || *end == '%') ? EAFNOSUPPORT : EINVAL;
}

/* A path with its end, or an abstract name without one. */
static sk_err parse_path(const char *text, struct sk_addr *out)
{
    size_t len      = strlen(text);
    bool   abstract = *text == '@';

    if (len + !abstract > PATH_MAX_LEN)
        return ENAMETOOLONG;
    if (abstract && len == 1)
        return EINVAL;
    out->u.un.sun_family = AF_UNIX;
    memcpy(out->u.un.sun_path, text, len + !abstract);
    if (abstract)
        out->u.un.sun_path[0] = '\0';
    out->len = PATH_HEAD + (socklen_t)(len + !abstract);
    return 0;
}

sk_err sk_addr_any(int domain, int port, struct sk_addr *out)
{
    memset(out, 0, sizeof *out);
    out->u.any.sa_family = (sa_family_t)domain;
    if (domain == AF_UNIX) {
        out->len = PATH_HEAD;
        return 0;
    }
    if (domain != AF_INET && domain != AF_INET6)
        return EAFNOSUPPORT;
    if (port < 0 || port > 65535)
        return EINVAL;
    out->len = domain == AF_INET ? sizeof out->u.in4 : sizeof out->u.in6;
    sk_addr_set_port(out, port);
    return 0;
}

sk_err sk_addr_parse(int domain, const char *text, int port,
                     struct sk_addr *out)
{
    sk_err err = sk_addr_any(domain, port, out);

    if (err)
        return err;
    if (!text || !*text)
        return EINVAL;
    if (domain == AF_UNIX)
        return parse_path(text, out);
    if (strlen(text) > SK_ADDR_NAME_MAX)
        return ENAMETOOLONG;
    return domain == AF_INET ? parse_in4(text, &out->u.in4)
                             : parse_in6(text, &out->u.in6);
}

void sk_addr_set_port(struct sk_addr *a, int port)
{
    if (a->u.any.sa_family == AF_INET)
        a->u.in4.sin_port = htons((uint16_t)port);
    else
        a->u.in6.sin6_port = htons((uint16_t)port);
}

/* ---- to text ---- */

size_t sk_addr_room(int domain)
{
    switch (domain) {
    case AF_INET:
        return INET_ADDRSTRLEN;
    case AF_INET6:
        return INET6_ADDRSTRLEN + 1 + IF_NAMESIZE;
    case AF_UNIX:
        return sizeof "./" + PATH_MAX_LEN;
    default:
        return 1;
    }
}

static void print_in6(const struct sockaddr_in6 *a, char *text, size_t size)
{
    char   scope[IF_NAMESIZE];
    char  *end  = sk_ip6_print(&a->sin6_addr, text);
    size_t left = size - (size_t)(end - text);

    if (!a->sin6_scope_id)
        return;
    if (if_indextoname(a->sin6_scope_id, scope))
        snprintf(end, left, "%%%s", scope);
    else
        snprintf(end, left, "%%%u", a->sin6_scope_id);
}

/* Unnamed is "". An abstract name with a NUL in it has no text. */
static sk_err print_path(const struct sk_addr *a, char *text)
{
    const char *path = a->u.un.sun_path;
    size_t      len  = a->len > PATH_HEAD ? a->len - PATH_HEAD : 0;

    if (len && !path[0]) {
        if (memchr(path + 1, '\0', len - 1))
            return EOPNOTSUPP;
        text[0] = '@';
        memcpy(text + 1, path + 1, len - 1);
        text[len] = '\0';
        return 0;
    }
    len = strnlen(path, len);
    if (len && path[0] == '@') {
        memcpy(text, "./", 2);
        text += 2;
    }
    memcpy(text, path, len);
    text[len] = '\0';
    return 0;
}

sk_err sk_addr_text(const struct sk_addr *a, char *text, size_t size, int *port)
{
    int    family = a->len ? a->u.any.sa_family : AF_UNSPEC;
    char   spare[LIBSOCK_ADDRSTRLEN];
    sk_err err = 0;

    if (!text) {
        text = spare;
        size = sizeof spare;
    }
    SK_ASSERT(size >= sk_addr_room(family));
    text[0] = '\0';
    if (port)
        *port = 0;
    if (family == AF_UNIX) {
        err = print_path(a, text);
    } else if (family == AF_INET) {
        sk_ip4_print(&a->u.in4.sin_addr, text);
        if (port)
            *port = ntohs(a->u.in4.sin_port);
    } else if (family == AF_INET6) {
        print_in6(&a->u.in6, text, size);
        if (port)
            *port = ntohs(a->u.in6.sin6_port);
    } else if (family != AF_UNSPEC) {
        err = EOPNOTSUPP;
    }
    return err;
}

bool sk_addr_name(const struct sk_addr *a, char *out, size_t size)
{
    char text[LIBSOCK_ADDRSTRLEN];
    int  port;

    if (sk_addr_text(a, text, sizeof text, &port) || !*text)
        return false;
    if (a->u.any.sa_family == AF_UNIX)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, strchr(text, ':') ? "[%s]:%d" : "%s:%d", text,
                 port);
    return a->u.any.sa_family == AF_UNIX || port;
}
