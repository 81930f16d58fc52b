/* accept.h - taking connections.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_ACCEPT_H
#define SK_CORE_ACCEPT_H

#include "core/call.h"

/* Take the next connection, or what c's channel takes, within the limit. from's
 * len is 0 if the system told no address. */
sk_err sk_accept(struct sk_call *c, struct sk_limit *l, sock_t **out,
                 struct sk_addr *from);

#endif
