/* addr.h - addresses as text and back.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_ADDR_H
#define SK_CORE_ADDR_H

#include "core/ip.h"
#include "platform/plat.h"

#include <arpa/inet.h>

/* Not an address but a host name: see resolve.h. No error code is negative. */
#define SK_ADDR_IS_NAME (-1)

/* A host name has at most this many bytes. */
#define SK_ADDR_NAME_MAX 255

/* The address that text and port mean in `domain`. EINVAL, EAFNOSUPPORT,
 * ENAMETOOLONG, ENODEV, SK_ADDR_IS_NAME. */
sk_err sk_addr_parse(int domain, const char *text, int port,
                     struct sk_addr *out);

/* The same if text is an IP address of `domain` without a scope, which costs no
 * more than reading it; else false. */
static inline bool sk_addr_quick(int domain, const char *text, int port,
                                 struct sk_addr *out)
{
    const char *end = NULL;

    if (!text || port < 0 || port > 65535)
        return false;
    if (domain == AF_INET) {
        out->len   = sizeof out->u.in4;
        out->u.in4 = (struct sockaddr_in){.sin_family = AF_INET,
                                          .sin_port   = htons((uint16_t)port)};
        end        = sk_ip4_parse(text, &out->u.in4.sin_addr);
    } else if (domain == AF_INET6) {
        out->len   = sizeof out->u.in6;
        out->u.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                           .sin6_port = htons((uint16_t)port)};
        end        = sk_ip6_parse(text, &out->u.in6.sin6_addr);
    }
    return end && !*end;
}

/* The number of the interface "eth0", or of "2", which may not exist. ENODEV.
 */
sk_err sk_addr_scope(const char *text, uint32_t *scope);

/* Every address of `domain`. EINVAL, EAFNOSUPPORT. */
sk_err sk_addr_any(int domain, int port, struct sk_addr *out);

/* Room that the text of an address of `domain` can need, its end included. */
size_t sk_addr_room(int domain);

/* The text of a, in `size` bytes, at least sk_addr_room(); text and port may be
 * NULL. No address is "" and 0. EOPNOTSUPP. */
sk_err sk_addr_text(const struct sk_addr *a, char *text, size_t size,
                    int *port);

/* "127.0.0.1:80", "[::1]:80", a path; false if a names nothing. */
bool sk_addr_name(const struct sk_addr *a, char *out, size_t size);

void sk_addr_set_port(struct sk_addr *a, int port);

#endif
