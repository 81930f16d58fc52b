/* sock/base.h - what every libsock header shares, and the rules that hold for
 * every call.
 *
 * Handles.  A `sock_t *` is a name, not an address: compare it, copy it, store
 * it, never dereference it.  NULL means "none".  A handle that was closed, or
 * that nobody ever gave out, is refused with EBADF by every call, for ever, on
 * any thread; it never reaches a newer socket.  One handle takes part in at
 * most 8,192 calls at a time; a call beyond that is refused with EBUSY.
 *
 * Results.  Yes or no is bool; a maker returns a handle or NULL; a count is
 * ssize_t, -1 for failure.  The reason is in sock_last_error().  errno is not
 * part of the interface: a call may change it or not.
 *
 * Times.  Every time is `int timeout_ms`, in milliseconds: -1 for ever, 0 at
 * once.  It is measured on the monotonic clock and covers the whole call.
 *
 * Threads.  Every call may be made from any thread, on any handle, at any
 * time.  sock_close() wakes the calls in progress on its handle.
 *
 * Signals.  No call changes a signal's disposition or raises SIGPIPE.  Calls
 * that move bytes, and connect, go on after a handler ran, with the time that
 * is left.
 *
 * fork.  A child may use and close the handles it has inherited; that does its
 * parent no harm.  A poll set stays its parent's.
 *
 * Strict C.  -std=c11 hides much of what the system declares, struct addrinfo,
 * struct timeval, SO_REUSEPORT and SCM_CREDENTIALS among it.  Who needs such a
 * name defines _GNU_SOURCE before the first include, or uses -std=gnu11, which
 * hides SCM_CREDENTIALS only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_BASE_H
#define SOCK_BASE_H

#include <sys/types.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/** The version of these headers; sock_version() tells the library's. */
#define LIBSOCK_VERSION_MAJOR 0
#define LIBSOCK_VERSION_MINOR 1
#define LIBSOCK_VERSION_PATCH 0

/* Strict C modes hide these two. */
#ifndef SOL_TCP
#define SOL_TCP IPPROTO_TCP
#endif
#ifndef SOL_UDP
#define SOL_UDP IPPROTO_UDP
#endif

#if defined(__GNUC__)
#define LIBSOCK_API __attribute__((visibility("default")))
#define LIBSOCK_MUST_USE __attribute__((warn_unused_result))
#else
#define LIBSOCK_API
#define LIBSOCK_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A socket handle: only ever used as `sock_t *`. */
typedef struct sock sock_t;

/** A process and its user, as the system vouches for them. Never changes. */
typedef struct {
    pid_t pid; /**< the process */
    uid_t uid; /**< its user */
    gid_t gid; /**< its group */
} sock_credentials_t;

/** Bytes that the text of any address needs, its end included. */
#define LIBSOCK_ADDRSTRLEN 128

/** Bytes that the text of any address with its port needs. */
#define LIBSOCK_NAMESTRLEN 136

/**
 * The version of the library that is running, such as "0.1.0".
 *
 * PHP: phpversion("sockets").
 *
 * @return a constant text; never NULL
 */
LIBSOCK_API const char *sock_version(void);

#ifdef __cplusplus
}
#endif

#endif
