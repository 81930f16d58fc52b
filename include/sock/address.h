/* sock/address.h - looking a name up, and using what was found one by one.
 *
 * sock_connect() and sock_bind() take a name themselves; these are for a
 * program that wants to see, choose or keep the addresses.
 *
 *     const struct addrinfo  hints = {.ai_socktype = SOCK_STREAM};
 *     sock_addrinfo_t       *list;
 *     const sock_addrinfo_t *a;
 *     sock_t                *s = NULL;
 *
 *     if (sock_addrinfo_lookup("localhost", "http", &hints, &list)) {
 *         for (a = list; a && !s; a = sock_addrinfo_next(a))
 *             s = sock_addrinfo_connect(a);
 *         sock_addrinfo_free(list);
 *     }
 *
 * A list is a plain object: whoever looked it up frees it; any number of
 * threads may read it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_ADDRESS_H
#define SOCK_ADDRESS_H

#include <sock/base.h>

#include <netdb.h>

/* Strict C modes hide what is in it: see base.h. */
struct addrinfo;

#ifdef __cplusplus
extern "C" {
#endif

/** One found address; the first of a list stands for the list. */
typedef struct sock_addrinfo sock_addrinfo_t;

/** What sock_addrinfo_explain() tells. May grow. */
typedef struct {
    int         flags;          /**< AI_..., as they were asked for */
    int         family;         /**< AF_INET or AF_INET6 */
    int         type;           /**< SOCK_STREAM ... */
    int         protocol;       /**< IPPROTO_TCP ... */
    int         port;           /**< 0 if no service was asked for */
    const char *canonical_name; /**< of the host, if AI_CANONNAME was asked for;
                                     else NULL. Valid as long as the list */
    char address[LIBSOCK_ADDRSTRLEN]; /**< as text: "127.0.0.1" */
} sock_addrinfo_info_t;

/**
 * Look a host and a service up.
 *
 * Waits for the name service, as getaddrinfo(3) does; no limit holds.
 *
 * PHP: socket_addrinfo_lookup(), which has no code for its failure.
 *
 * @param host     a name or an address; NULL: this machine, to connect to or,
 *                 with AI_PASSIVE in the hints, to bind to
 * @param service  "http", "80"; may be NULL unless host is
 * @param hints    ai_flags, ai_family, ai_socktype and ai_protocol count; NULL
 *                 for none: then each address comes once for each type, and a
 *                 walk that connects ends at a datagram socket if nobody
 *                 listens
 * @param list     where the first address goes; free it with
 *                 sock_addrinfo_free(). Untouched on failure
 *
 * @return true; false with the reason in sock_last_error(NULL):
 *           EINVAL        list is NULL
 *           ENAMETOOLONG  a host over 255 bytes
 *           LIBSOCK_EAI_NONAME   no such host; both NULL
 *           LIBSOCK_EAI_SERVICE  no such service, or not for that type; a
 *                                number outside 0..65535
 *           LIBSOCK_EAI_NODATA, LIBSOCK_EAI_ADDRFAMILY  no address of it
 *           LIBSOCK_EAI_AGAIN    the name server did not answer; try later
 *           LIBSOCK_EAI_FAIL     it refused for good
 *           LIBSOCK_EAI_BADFLAGS, LIBSOCK_EAI_FAMILY, LIBSOCK_EAI_SOCKTYPE  no
 *                                such hints
 *           LIBSOCK_EAI_OVERFLOW, LIBSOCK_EAI_OTHER  another reason of the
 *                                resolver's
 *           ENOMEM        out of memory
 *           or the system's errno if it was the system that failed
 */
LIBSOCK_API bool sock_addrinfo_lookup(const char *host, const char *service,
                                      const struct addrinfo *hints,
                                      sock_addrinfo_t      **list);

/**
 * The next address of a list.
 *
 * PHP: the next element of socket_addrinfo_lookup()'s array.
 *
 * @param a  an address, or NULL
 *
 * @return the next; NULL behind the last and for NULL
 */
LIBSOCK_API const sock_addrinfo_t *sock_addrinfo_next(const sock_addrinfo_t *a);

/**
 * What is known of an address.
 *
 * PHP: socket_addrinfo_explain(), which loses the scope of a link-local
 * address.
 *
 * @param a     an address
 * @param out   where it goes
 * @param size  sizeof *out: what a newer header has more becomes 0
 *
 * @return true; false with EINVAL in sock_last_error(NULL) if a or out is NULL
 *         or size is 0
 */
LIBSOCK_API bool sock_addrinfo_explain(const sock_addrinfo_t *a,
                                       sock_addrinfo_info_t *out, size_t size);

/**
 * Make a socket and bind it to an address.
 *
 * PHP: socket_addrinfo_bind().
 *
 * @param a  an address
 *
 * @return the socket; NULL with the reason in sock_last_error(NULL): EINVAL if
 *         a is NULL, or a code of sock_create()'s or sock_bind()'s
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *
sock_addrinfo_bind(const sock_addrinfo_t *a);

/**
 * Make a socket and connect it to an address; of a datagram socket, fix its
 * peer.
 *
 * No limit holds but the system's own; a socket with a limit is made by
 * sock_create() and connected to the address that sock_addrinfo_explain()
 * tells.
 *
 * PHP: socket_addrinfo_connect().
 *
 * @param a  an address
 *
 * @return the socket; NULL with the reason in sock_last_error(NULL): EINVAL if
 *         a is NULL, or a code of sock_create()'s or sock_connect()'s
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *
sock_addrinfo_connect(const sock_addrinfo_t *a);

/**
 * Free a list.
 *
 * PHP: none; its objects are freed by themselves.
 *
 * @param list  what sock_addrinfo_lookup() returned, or NULL
 *
 * @return nothing
 */
LIBSOCK_API void sock_addrinfo_free(sock_addrinfo_t *list);

#ifdef __cplusplus
}
#endif

#endif
