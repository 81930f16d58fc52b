/* ip.h - IP addresses as text and back, by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_IP_H
#define SK_CORE_IP_H

#include "base/common.h"

#include <netinet/in.h>

/* The address at the front of text, and what stands behind it; NULL if there is
 * none. As inet_pton(3), which would have the address stand alone. */
const char *sk_ip4_parse(const char *text, struct in_addr *out);
const char *sk_ip6_parse(const char *text, struct in6_addr *out);

/* Write what inet_ntop(3) would, which fits into INET_ADDRSTRLEN bytes, or
 * INET6_ADDRSTRLEN; returns where its NUL is. */
char *sk_ip4_print(const struct in_addr *a, char *text);
char *sk_ip6_print(const struct in6_addr *a, char *text);

#endif
