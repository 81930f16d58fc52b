/* gro.h - datagrams that the system hands over joined, taken apart.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_GRO_H
#define SK_CORE_GRO_H

#include "core/state.h"

/* Set SOL_UDP's UDP_GRO: from now on the system may join what arrives on s, and
 * every receive still gives one datagram. The caller holds the lock. As
 * sk_plat_set_option(), and EBUSY: a call that may receive is in progress;
 * EOPNOTSUPP: to switch it off, or on beside another channel. */
sk_err sk_gro_set(struct sk_sock *s, const void *value, size_t size);

/* s has a descriptor that somebody else has made, and is nobody's yet: if it
 * has UDP_GRO, datagrams are taken apart. ENOMEM. */
sk_err sk_gro_adopt(struct sk_sock *s);

#endif
