/* socket.h - making sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_SOCKET_H
#define SK_CORE_SOCKET_H

#include "core/state.h"

#include <sock/base.h>

/* A new socket, to be published or discarded. EAFNOSUPPORT, ENOMEM, what the
 * system says. */
sk_err sk_socket_make(int domain, int type, int protocol, struct sk_sock **out);

/* Two that are connected to each other, and open. */
sk_err sk_socket_make_pair(int domain, int type, int protocol, sock_t *pair[2]);

/* A socket of fd, which is its own from then on; on failure the caller's. */
sk_err sk_socket_adopt(int fd, struct sk_sock **out);

#endif
