/* resolve.h - host names to addresses, off the caller's thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_RESOLVE_H
#define SK_CORE_RESOLVE_H

#include "core/state.h"

#include <netdb.h>

/* A name that is being looked up. At most 16 are at once; the others wait for
 * their turn, first come, first served. */
struct sk_query;

/* Have the addresses of `name`, of at most SK_ADDR_NAME_MAX bytes, looked up in
 * AF_INET or AF_INET6. *out must be left. ENOMEM; EAGAIN if no thread can be
 * had. */
sk_err sk_query_begin(const char *name, int family, int socktype,
                      struct sk_query **out);

/* Has it been answered? Who waits for that in sk_wait_for() is woken. */
bool sk_query_done(struct sk_query *q);

/* Ring fd, of sk_plat_bell(), once it is answered, or at once if it is; -1:
 * nothing. When this returns, no other descriptor will be rung any more. */
void sk_query_bell(struct sk_query *q, int fd);

/* The addresses of a query that is done, in the order to try them, with `port`;
 * it may be asked again. *list is the caller's to free(). LIBSOCK_EAI_..., what
 * the system said, ENOMEM. */
sk_err sk_query_take(struct sk_query *q, int port, struct sk_addr **list,
                     size_t *count);

/* Own q no more: done or not, its bell is not rung, a late answer is dropped,
 * and if its turn has not come it never does. NULL is fine. */
void sk_query_leave(struct sk_query *q);

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
