/* udp_place.c - addresses and ports of UDP, as they are kept and compared.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/udp_place.h"

#include <string.h>

void sk_place_set(union sk_place *out, const struct sk_addr *a)
{
    memset(out, 0, sizeof *out);
    if (a->len >= sizeof out->in4 && a->u.any.sa_family == AF_INET) {
        out->in4.sin_family = AF_INET;
        out->in4.sin_port   = a->u.in4.sin_port;
        out->in4.sin_addr   = a->u.in4.sin_addr;
    } else if (a->len >= sizeof out->in6 && a->u.any.sa_family == AF_INET6) {
        out->in6.sin6_family   = AF_INET6;
        out->in6.sin6_port     = a->u.in6.sin6_port;
        out->in6.sin6_addr     = a->u.in6.sin6_addr;
        out->in6.sin6_scope_id = a->u.in6.sin6_scope_id;
    }
}

void sk_place_address(struct sk_addr *out, const union sk_place *p)
{
    memset(out, 0, sizeof *out);
    memcpy(&out->u, p, sizeof *p);
    out->len = p->any.sa_family == AF_INET    ? sizeof p->in4
               : p->any.sa_family == AF_INET6 ? sizeof p->in6
                                              : 0;
}

bool sk_place_is_host(const union sk_place *a, const union sk_place *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
    return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr) &&
           a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

int sk_place_port(const union sk_place *p)
{
    return ntohs(p->any.sa_family == AF_INET ? p->in4.sin_port
                                             : p->in6.sin6_port);
}

/* IPv4's addresses have their own form in IPv6. */
bool sk_place_is_many(const union sk_place *p)
{
    struct in_addr a = p->in4.sin_addr;

    if (p->any.sa_family == AF_INET6) {
        if (!IN6_IS_ADDR_V4MAPPED(&p->in6.sin6_addr))
            return IN6_IS_ADDR_UNSPECIFIED(&p->in6.sin6_addr) ||
                   IN6_IS_ADDR_MULTICAST(&p->in6.sin6_addr);
        memcpy(&a, &p->in6.sin6_addr.s6_addr[12], sizeof a);
    }
    return a.s_addr == INADDR_ANY || a.s_addr == INADDR_BROADCAST ||
           IN_MULTICAST(ntohl(a.s_addr));
}

bool sk_place_may_be(const union sk_place *a, const union sk_place *b)
{
    return a->any.sa_family == AF_UNSPEC || b->any.sa_family == AF_UNSPEC ||
           sk_place_is_host(a, b);
}
