/* message.h - the message object, for those who send and receive it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_MESSAGE_H
#define SK_CORE_MESSAGE_H

#include "core/addr.h"
#include "core/state.h"
#include "platform/control.h"

#include <sock/message.h>

struct sock_message {
    const struct iovec *parts; /* the caller's; NULL if count is 0 */
    size_t              count;
    struct sk_addr      name; /* the sender's; or what text surely means */
    char              text[SK_ADDR_NAME_MAX + 1]; /* where it is to go, or "" */
    int               port;                       /* with text */
    bool              received; /* name and control came from elsewhere */
    size_t            length;   /* bytes of the last receive */
    int               flags;    /* of the last receive */
    sock_t          **handles;  /* for the places of control without one */
    size_t            handle_count;
    struct sk_control control; /* in the same piece of memory */
};

/* How many of the parts one call on s takes, and their bytes. EINVAL, EMSGSIZE.
 */
sk_err sk_parts_measure(const struct sk_sock *s, const struct iovec *parts,
                        size_t *count, size_t *total);

/* Who sent it, or where it is to go. EINVAL: `size` is too small. */
sk_err sk_message_name(const sock_message_t *m, char *address, size_t size,
                       int *port);

/* Nothing is left but the parts. */
void sk_message_empty(sock_message_t *m);

/* Keep what was received by way of h. */
void sk_message_keep(sock_message_t *m, const struct msghdr *h, size_t length);

#endif
