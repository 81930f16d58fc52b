/* line.h - reading a line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_LINE_H
#define SK_CORE_LINE_H

#include "core/call.h"

/* Read up to and with the first "\r" or "\n", or len bytes. `flags` is 0 or
 * MSG_DONTWAIT. */
sk_err sk_line_read(struct sk_call *c, void *buf, size_t len, int flags,
                    size_t *got);

#endif
