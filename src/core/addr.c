/* addr.c - addresses as text and back.
 *
 * IPv4 is parsed and printed by hand: datagram programs do it for every packet,
 * and the general routines are several times slower.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"

#include <sock/base.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_LEN                                                           \
    (sizeof(struct sockaddr_un) - offsetof(struct sockaddr_un, sun_path))
#define PATH_HEAD ((socklen_t)offsetof(struct sockaddr_un, sun_path))

/* ---- from text ---- */

/* One number of a dotted quad, without leading zeros; NULL if it is none. */
static const char *octet(const char *p, uint32_t *value)
{
    const char *from = p;
    uint32_t    n    = 0;

    while (*p >= '0' && *p <= '9' && p - from < 3)
        n = n * 10 + (uint32_t)(*p++ - '0');
    if (p == from || n > 255 || (*from == '0' && p - from > 1))
        return NULL;
    *value = n;
    return p;
}

static bool parse_ipv4(const char *p, struct in_addr *out)
{
    uint32_t all = 0, one;

    for (int i = 0; i < 4; i++) {
        if (i && *p++ != '.')
            return false;
        if (!(p = octet(p, &one)))
            return false;
        all = all << 8 | one;
    }
    out->s_addr = htonl(all);
    return !*p;
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

static bool is_ipv6(const char *text, size_t len, struct in6_addr *out)
{
    char plain[INET6_ADDRSTRLEN];

    if (len >= sizeof plain)
        return false;
    memcpy(plain, text, len);
    plain[len] = '\0';
    return inet_pton(AF_INET6, plain, out) == 1;
}

static sk_err parse_in6(const char *text, struct sockaddr_in6 *out)
{
    size_t         len = strcspn(text, "%");
    struct in_addr in;

    if (parse_ipv4(text, &in)) {
        map_ipv4(in, &out->sin6_addr);
        return 0;
    }
    if (!strchr(text, ':'))
        return SK_ADDR_IS_NAME;
    if (!is_ipv6(text, len, &out->sin6_addr))
        return EINVAL;
    return text[len] ? sk_addr_scope(text + len + 1, &out->sin6_scope_id) : 0;
}

static sk_err parse_in4(const char *text, struct sockaddr_in *out)
{
    struct in6_addr other;

    if (parse_ipv4(text, &out->sin_addr))
        return 0;
    if (!strchr(text, ':'))
        return SK_ADDR_IS_NAME;
    return is_ipv6(text, strcspn(text, "%"), &other) ? EAFNOSUPPORT : EINVAL;
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

static char *print_octet(char *p, unsigned value)
{
    if (value >= 100)
        *p++ = (char)('0' + value / 100);
    if (value >= 10)
        *p++ = (char)('0' + value / 10 % 10);
    *p++ = (char)('0' + value % 10);
    return p;
}

static void print_in4(const struct sockaddr_in *a, char *text)
{
    uint32_t all = ntohl(a->sin_addr.s_addr);

    for (int shift = 24; shift >= 0; shift -= 8) {
        text    = print_octet(text, all >> shift & 0xff);
        *text++ = '.';
    }
    text[-1] = '\0';
}

static void print_in6(const struct sockaddr_in6 *a, char *text, size_t size)
{
    char   scope[IF_NAMESIZE];
    size_t len;

    inet_ntop(AF_INET6, &a->sin6_addr, text, (socklen_t)size);
    if (!a->sin6_scope_id)
        return;
    len = strlen(text);
    if (if_indextoname(a->sin6_scope_id, scope))
        snprintf(text + len, size - len, "%%%s", scope);
    else
        snprintf(text + len, size - len, "%%%u", a->sin6_scope_id);
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
        print_in4(&a->u.in4, text);
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
