/* rest.h - what follows the first bytes of a MSG_WAITALL.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_REST_H
#define SK_CORE_REST_H

#include "core/io.h"

/* May descriptors and their sender come with s's bytes? Only the system's own
 * AF_UNIX knows of them. */
bool sk_rest_has_items(struct sk_sock *s);

/* Receive what is missing behind the *got bytes that are there, until the end,
 * an error or a limit, which the next call tells. `room` is that for items. */
sk_err sk_rest_receive(struct sk_call *c, struct sk_limit *l,
                       const struct sk_intake *in, size_t room, int flags,
                       size_t *got);

#endif
