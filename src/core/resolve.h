/* resolve.h - host names to addresses, off the caller's thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_RESOLVE_H
#define SK_CORE_RESOLVE_H

#include "core/state.h"

#include <netdb.h>

/* The addresses of `name` in s's family, in the order to try them, with `port`.
 * *list is the caller's to free(). ETIMEDOUT, ECANCELED, LIBSOCK_EAI_...,
 * EAGAIN and ENOMEM if no thread can be had. */
sk_err sk_resolve(struct sk_sock *s, const char *name, int port, int64_t until,
                  struct sk_addr **list, size_t *count);

/* The code for what getaddrinfo() returned. */
sk_err sk_resolve_code(int eai, int system);

/* getaddrinfo() on this thread, whatever time it takes. *found goes back to
 * sk_resolve_release(). LIBSOCK_EAI_..., ENOMEM, the system's errno. */
sk_err sk_resolve_here(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found);
void   sk_resolve_release(struct addrinfo *found);

/* What looks names up; NULL: getaddrinfo(). For tests. */
typedef int sk_resolve_fn(const char *name, const char *service,
                          const struct addrinfo *hints, struct addrinfo **out);
void sk_resolve_use(sk_resolve_fn *look_up, void (*release)(struct addrinfo *));

#endif
