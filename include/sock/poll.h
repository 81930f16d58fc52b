/* sock/poll.h - poll sets: waiting on many sockets, at a cost that follows what
 * happens and not how many there are.
 *
 *     sock_poll_t *set = sock_poll_create();
 *     sock_event_t events[64];
 *     int          n;
 *
 *     sock_poll_add(set, server, LIBSOCK_POLL_READ, NULL);
 *     while ((n = sock_poll_wait(set, events, 64, -1)) >= 0)
 *         for (int i = 0; i < n; i++)
 *             ... events[i].sock, events[i].data, events[i].events ...
 *
 * A wait returns one event of a member at most, and closing it takes none back.
 * So what data points to may be freed with the member's own event or behind the
 * loop; not with another's, as its own may stand further on.
 *
 * An event is read and write as well, if that is watched, on an error and an
 * end. A listener whose accept fails with EMFILE stays ready: have it rest, by
 * sock_poll_modify() with 0, until there are descriptors again.
 *
 * A set is a plain object, freed by whoever made it when no call on it is in
 * progress. Until then every call on it may be made from any thread, also while
 * one waits; one thread waits at a time. A set belongs to the process that made
 * it: in a forked child every call on it fails with EPERM.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_POLL_H
#define SOCK_POLL_H

#include <sock/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a member is watched for, what happened, and how it is watched. */
enum {
    LIBSOCK_POLL_READ = 0x01,  /**< bytes, buffered ones too, but not a part
                                    of a line that a line read has refused; the
                                    end; a connection to accept */
    LIBSOCK_POLL_WRITE = 0x02, /**< room; a connect that has ended */
    LIBSOCK_POLL_RDHUP = 0x04, /**< the peer has ended its direction */
    LIBSOCK_POLL_ERROR = 0x08, /**< an error; always reported */
    LIBSOCK_POLL_HUP   = 0x10, /**< both directions are over; always reported */

    LIBSOCK_POLL_ONESHOT = 0x100, /**< one event, then silent until modified */
    LIBSOCK_POLL_EDGE    = 0x200  /**< an event when something arrives, not
                                       while something is there */
};

/** A poll set. */
typedef struct sock_poll sock_poll_t;

/** One event. Never changes. */
typedef struct {
    sock_t  *sock;   /**< the member */
    void    *data;   /**< what was given with it; keeping it valid is yours */
    unsigned events; /**< LIBSOCK_POLL_READ ...: what happened */
} sock_event_t;

/**
 * Make a poll set.
 *
 * PHP: new Io\Poll\Context.
 *
 * @return the set; NULL with the reason in sock_last_error(NULL):
 *           EMFILE, ENFILE  too many descriptors; a set takes one or two
 *           ENOMEM          out of memory
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_poll_t *sock_poll_create(void);

/**
 * Watch a socket. It may be a member of several sets.
 *
 * Holds at once, also for a wait in progress. When the socket is closed or
 * exported it is a member no more, without an event.
 *
 * With LIBSOCK_POLL_EDGE a READ event comes when bytes arrive and when the mode
 * is set: then read until EAGAIN, or there may be no other. WRITE likewise:
 * write until EAGAIN.
 *
 * PHP: Io\Poll\Context::add().
 *
 * @param p       a set
 * @param s       an open socket
 * @param events  LIBSOCK_POLL_READ, _WRITE, _RDHUP, perhaps with _ONESHOT and
 *                _EDGE; 0 for errors only
 * @param data    comes back with each event
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF   s is not open
 *           EEXIST  s is a member
 *           EINVAL  p is NULL, or events has another bit
 *           EPERM   the set is of another process
 *           ENOSPC  the system watches no more
 *           ENOMEM  out of memory
 */
LIBSOCK_API bool sock_poll_add(sock_poll_t *p, sock_t *s, unsigned events,
                               void *data);

/**
 * Change what a member is watched for, and its data. Wakes one that was silent
 * for LIBSOCK_POLL_ONESHOT; bytes that are there, buffered ones too, are
 * reported anew.
 *
 * PHP: Io\Poll\Watcher::modify().
 *
 * @param p       a set
 * @param s       a member
 * @param events  as in sock_poll_add()
 * @param data    as in sock_poll_add()
 *
 * @return true; false with the reason in sock_last_error(s): ENOENT if s is no
 *         member, or a code of sock_poll_add()'s
 */
LIBSOCK_API bool sock_poll_modify(sock_poll_t *p, sock_t *s, unsigned events,
                                  void *data);

/**
 * Watch a socket no more. No wait that begins later has an event of it; one
 * that is about to return in another thread may have one it had found before.
 *
 * PHP: Io\Poll\Watcher::remove().
 *
 * @param p  a set
 * @param s  a member
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF   s is not open; it is no member, then
 *           ENOENT  s is no member
 *           EINVAL  p is NULL
 *           EPERM   the set is of another process
 */
LIBSOCK_API bool sock_poll_remove(sock_poll_t *p, sock_t *s);

/**
 * Wait until something happens to a member.
 *
 * A member appears at most once. A set without members only waits.
 *
 * PHP: Io\Poll\Context::wait().
 *
 * @param p           a set
 * @param events      where the events go
 * @param max         how many fit, from 1; more come with the next call
 * @param timeout_ms  milliseconds; -1 for ever, 0 only looks
 *
 * @return how many; 0 when the time is over or sock_poll_wake() was called; -1
 *         with the reason in sock_last_error(NULL):
 *           EINVAL  p or events is NULL, max is 0, or timeout_ms is below -1
 *           EBUSY   another thread waits on this set
 *           EINTR   a signal handler ran and nothing had happened; in a program
 *                   that has handlers perhaps also because it was stopped and
 *                   continued
 *           EPERM   the set is of another process
 *           ENOMEM  out of memory
 */
LIBSOCK_API int sock_poll_wait(sock_poll_t *p, sock_event_t *events, size_t max,
                               int timeout_ms);

/**
 * Have the wait in progress return; if there is none, the next one.
 *
 * From any thread, and from a signal handler: it touches neither errno nor what
 * sock_last_error() tells. Waking twice before the wait returns wakes once. A
 * wait that returns events may leave the wake to the next.
 *
 * PHP: none.
 *
 * @param p  a set
 *
 * @return true; false if p is NULL or of another process
 */
LIBSOCK_API bool sock_poll_wake(sock_poll_t *p);

/**
 * Free a set. Its members stay open. In a forked child it frees the child's
 * copy and leaves the parent's alone.
 *
 * PHP: none; its objects are freed by themselves.
 *
 * @param p  a set on which no call is in progress, or NULL
 *
 * @return nothing
 */
LIBSOCK_API void sock_poll_free(sock_poll_t *p);

#ifdef __cplusplus
}
#endif

#endif
