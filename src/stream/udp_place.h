/* udp_place.h - addresses and ports of UDP, as they are kept and compared.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_UDP_PLACE_H
#define SK_STREAM_UDP_PLACE_H

#include "platform/plat.h"

/* An address and a port; AF_UNSPEC: not known. */
union sk_place {
    struct sockaddr     any;
    struct sockaddr_in  in4;
    struct sockaddr_in6 in6;
};

void sk_place_set(union sk_place *out, const struct sk_addr *a);
void sk_place_address(struct sk_addr *out, const union sk_place *p);
int  sk_place_port(const union sk_place *p);

/* The same address, whatever the port? */
bool sk_place_is_host(const union sk_place *a, const union sk_place *b);

/* The same if both are known? */
bool sk_place_may_be(const union sk_place *a, const union sk_place *b);

/* Every address of its family, or a group: none that an answer comes from. */
bool sk_place_is_many(const union sk_place *p);

#endif
