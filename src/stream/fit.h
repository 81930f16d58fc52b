/* fit.h - sockets as a context's socket.* options want them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_FIT_H
#define SK_STREAM_FIT_H

#include "core/state.h"
#include "stream/context.h"

/* The address that a bindto means in `domain`: "127.0.0.1:0", "[::1]:0", "*:80"
 * and "0:80" of either family. AF_UNSPEC: is it one in any? EINVAL with *why, a
 * constant text; EAFNOSUPPORT, ENODEV. */
sk_err sk_fit_bindto(const char *text, int domain, struct sk_addr *out,
                     const char **why);

/* Each gives a new socket, to be published or discarded, with the options that
 * must be set before it is bound or connected. A client's is bound to bindto if
 * that is of its family: else EAFNOSUPPORT. EINVAL, EOPNOTSUPP if a required
 * option is refused, what the system says. */
sk_err sk_fit_client(int domain, int type, const struct sk_options *o,
                     struct sk_sock **out);
sk_err sk_fit_server(int domain, int type, const struct sk_options *o,
                     struct sk_sock **out);

/* An accepted TCP socket whose listener was not made with these options: others
 * have them from it. */
sk_err sk_fit_accepted(struct sk_sock *s, const struct sk_options *o);

#endif
