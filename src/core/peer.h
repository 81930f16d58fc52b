/* peer.h - who is at the other end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_PEER_H
#define SK_CORE_PEER_H

#include "core/state.h"

/* The peer's address, as it is remembered or as the system tells it. */
sk_err sk_peer(struct sk_sock *s, struct sk_addr *out);

/* May bytes be sent to an address? A connected stream has one: EISCONN. TCP
 * would send them to its peer, whatever the address. */
sk_err sk_peer_allows(struct sk_sock *s);

/* A stream tells no sender with its bytes: it is the peer. */
void sk_peer_sent(struct sk_sock *s, struct sk_addr *from);

#endif
