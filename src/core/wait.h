/* wait.h - the one place where libsock waits.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_WAIT_H
#define SK_CORE_WAIT_H

#include "core/state.h"
#include "platform/poller.h"

/* The time timeout_ms from now; SK_NEVER for -1. */
int64_t sk_wait_until(int timeout_ms);

/* What is left until then, rounded up, for poll(2): -1 for ever, 0 over. */
int sk_wait_left(int64_t until);

/* Wait until s's descriptor has one of `events` (or an error, or hung up).
 * Goes on after a signal. ETIMEDOUT, ECANCELED. */
sk_err sk_wait_fd(struct sk_sock *s, short events, int64_t until);

/* poll(2) for many; one attempt. *ready 0: the time is over. EINTR. */
sk_err sk_wait_many(struct pollfd *fds, size_t count, int64_t until,
                    int most_ms, int *ready);

/* The same for what a poll set watches: at most `max` events, within left_ms;
 * -1 for ever. See poller.h. */
static inline sk_err sk_wait_poller(const struct sk_poller *backend,
                                    void *state, size_t max, int left_ms,
                                    size_t *found)
{
    return backend->wait(state, max, left_ms, found);
}

/* Before a call that nothing can wake: look at the mark, and have the system
 * end the call after a slice, with EAGAIN. *last: the time is over then.
 * ECANCELED. */
sk_err sk_wait_slice(struct sk_sock *s, int64_t until, bool *last);

/* Between these two no call on s's descriptor waits: for connect and accept,
 * which have no flag for it. The mode s is in returns; the lock is held. */
sk_err sk_wait_forbid(struct sk_sock *s);
void   sk_wait_allow(struct sk_sock *s);

/* Sleep until ready(what) is true. Whoever makes it true calls
 * sk_wait_wake(s) afterwards. ETIMEDOUT, ECANCELED. */
sk_err sk_wait_for(struct sk_sock *s, bool (*ready)(void *what), void *what,
                   int64_t until);

/* Have those who sleep on s look again. */
void sk_wait_wake(struct sk_sock *s);

/* Have everybody look again: something that any call may sleep for came. */
void sk_wait_wake_all(void);

/* Once in a process, before any of the above; and in a forked child. */
void sk_wait_set_up(void);
void sk_wait_after_fork(void);

#endif
