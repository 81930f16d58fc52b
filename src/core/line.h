/* line.h - reading a line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_LINE_H
#define SK_CORE_LINE_H

#include "core/call.h"

/* Read up to and with the first `end` (NULL: "\r" or "\n"), or len bytes. The
 * end has one byte. `flags` is 0 or MSG_DONTWAIT. */
sk_err sk_line_read(struct sk_call *c, const struct sk_ending *end, void *buf,
                    size_t len, int flags, size_t *got);

/* Read up to the first `end`, which is taken and not stored, if fewer than len
 * bytes come before it; else len bytes. *got is what was stored, *taken is 0 at
 * the end of the stream only. */
sk_err sk_line_get(struct sk_call *c, const struct sk_ending *end, void *buf,
                   size_t len, size_t *got, size_t *taken);

#endif
