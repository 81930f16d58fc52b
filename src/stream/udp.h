/* udp.h - accepting peers on a UDP socket.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_UDP_H
#define SK_STREAM_UDP_H

#include "core/channel.h"

/* Make s, a bound UDP socket that is not published yet, one that accepts: hang
 * a channel on it. ENOMEM. */
sk_err sk_udp_serve(struct sk_sock *s);

#endif
