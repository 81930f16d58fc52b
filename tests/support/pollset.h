/* pollset.h - poll sets in tests: fill one, ask one, wait on one in a thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_POLLSET_H
#define TESTS_SUPPORT_POLLSET_H

#include "support/net.h"

#include <pthread.h>

/* Divides the rounds of a race, for slow builds. */
#if !defined(STRESS_SCALE) && defined(__SANITIZE_THREAD__)
#define STRESS_SCALE 4
#elif !defined(STRESS_SCALE)
#define STRESS_SCALE 1
#endif

/* ---- pairs ---- */

/* The test over TCP, where a line read buffers what is behind its line, and
 * over AF_UNIX, where it does not. */
void each(void (*test)(sock_t *peer, sock_t *s));

/* ---- a set ---- */

/* A set without members, and one with s in it. */
sock_poll_t *new_set(void);
sock_poll_t *set_of(sock_t *s, unsigned events);

/* Add a member, or modify it; its data is its own handle. */
void watch(sock_poll_t *set, sock_t *s, unsigned events);
void rewatch(sock_poll_t *set, sock_t *s, unsigned events);

/* What the next wait tells of s, and of nobody else: within some seconds, as
 * TCP on loopback may take a moment. */
unsigned told(sock_poll_t *set, sock_t *s);

/* A look finds nothing. */
bool is_silent(sock_poll_t *set);

/* A wait without events lasts its time: no wake is left over. */
void lasts_its_time(sock_poll_t *set);

/* ---- a wait in a thread of its own ---- */

struct waiter {
    sock_poll_t *set;
    sock_event_t events[8];
    int          n;     /* what the wait returned */
    int          error; /* why it failed */
    _Atomic int  tid;
    pthread_t    thread;
};

/* Starts a wait for ever; returns when it sleeps. */
void waiter_start(struct waiter *w, sock_poll_t *set);

/* What the wait returned. */
int waiter_join(struct waiter *w);

/* It ends with one event, of s. */
void has_told(struct waiter *w, sock_t *s, unsigned events);

/* ---- lines ---- */

/* The next line, without waiting, is this one. */
void line_is(sock_t *s, const char *text);

/* There is no whole line yet: EAGAIN. */
void line_is_refused(sock_t *s);

/* Have `text` buffered in s: it comes behind a line that is read. */
void buffer(sock_t *peer, sock_t *s, const char *text);

#endif
