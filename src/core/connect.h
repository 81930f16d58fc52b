/* connect.h - connecting within a limit, to one address or to many.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_CONNECT_H
#define SK_CORE_CONNECT_H

#include "core/call.h"

/* The first address that text and port mean to c's socket, looked up within
 * the limit if it is a name. */
sk_err sk_connect_find(struct sk_call *c, struct sk_limit *l, const char *text,
                       int port, struct sk_addr *out);

/* Connect to what text and port mean, each of its addresses in turn. `detail`,
 * of `size` bytes, tells how each ended, if there were several. */
sk_err sk_connect(struct sk_call *c, const char *text, int port, char *detail,
                  size_t size);

/* Connect to this one address. */
sk_err sk_connect_to(struct sk_call *c, const struct sk_addr *to);

#endif
