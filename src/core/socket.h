/* socket.h - making sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_SOCKET_H
#define SK_CORE_SOCKET_H

#include "core/state.h"

/* A new socket, to be published or discarded. EAFNOSUPPORT, ENOMEM, what the
 * system says. */
sk_err sk_socket_make(int domain, int type, int protocol, struct sk_sock **out);

#endif
