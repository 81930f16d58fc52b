/* udp_open.h - the socket of a peer that was accepted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_UDP_OPEN_H
#define SK_STREAM_UDP_OPEN_H

#include "stream/udp_hub.h"

sk_err sk_udp_set(struct sk_sock *s, int level, int option, int value);

/* A handle for d's sender, but for what it reads, to be published. With the hub
 * locked. *lost: d's sender cannot be answered. EMFILE, ENOMEM, what the system
 * says. */
sk_err sk_udp_open(struct sk_udp *server, const struct sk_datagram *d,
                   const struct sk_channel_ops *ops, struct sk_udp **out,
                   bool *lost);

#endif
