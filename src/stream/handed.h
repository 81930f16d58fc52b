/* handed.h - sockets that systemd opened for this process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_HANDED_H
#define SK_STREAM_HANDED_H

#include "core/state.h"

/* The socket of that number ("3") or name, of `length` bytes, to be published
 * or discarded. ENOENT: no such one, or none were handed to this process;
 * EBUSY: it was taken already; EBADF, ENOTSOCK: LISTEN_FDS lied; EINVAL: it is
 * no server's, or `which` is empty; ENOMEM. *why is what there is to say beyond
 * the code, valid until this thread asks again; NULL if nothing. Whatever is
 * refused stays as it is. */
sk_err sk_handed_take(const char *which, size_t length, struct sk_sock **out,
                      const char **why);

#endif
