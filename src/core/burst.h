/* burst.h - datagrams of one size to one place, sent as one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_BURST_H
#define SK_CORE_BURST_H

#include "core/call.h"

/* Datagrams that one system call sends or receives. */
#define SK_BATCH 64u

/* As sk_send_many(), of at most SK_BATCH datagrams; where some may go together
 * the system does the work of one. What is sent, and what is told, are the
 * same. */
sk_err sk_burst_send(struct sk_call *c, struct sk_limit *l,
                     struct mmsghdr *list, size_t count, int flags,
                     size_t *sent);

/* An option was set on s that may say how its datagrams go. */
void sk_burst_ask_again(struct sk_sock *s);

#endif
