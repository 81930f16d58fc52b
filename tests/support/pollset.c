/* pollset.c - poll sets in tests: fill one, ask one, wait on one in a thread.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/scene.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- pairs ---- */

void each(void (*test)(sock_t *peer, sock_t *s))
{
    for (int kind = 0; kind < 2; kind++) {
        sock_t *pair[2];

        if (kind)
            unix_pair(SOCK_STREAM, pair);
        else
            tcp_pair(pair);
        test(pair[0], pair[1]);
        close_pair(pair);
    }
}

/* ---- a set ---- */

sock_poll_t *new_set(void)
{
    sock_poll_t *set = sock_poll_create();

    assert_non_null(set);
    return set;
}

sock_poll_t *set_of(sock_t *s, unsigned events)
{
    sock_poll_t *set = new_set();

    watch(set, s, events);
    return set;
}

void watch(sock_poll_t *set, sock_t *s, unsigned events)
{
    assert_true(sock_poll_add(set, s, events, s));
}

void rewatch(sock_poll_t *set, sock_t *s, unsigned events)
{
    assert_true(sock_poll_modify(set, s, events, s));
}

unsigned told(sock_poll_t *set, sock_t *s)
{
    sock_event_t events[4];

    assert_int_equal(sock_poll_wait(set, events, 4, 5000), 1);
    assert_ptr_equal(events[0].sock, s);
    assert_ptr_equal(events[0].data, s);
    return events[0].events;
}

bool is_silent(sock_poll_t *set)
{
    sock_event_t events[4];

    return sock_poll_wait(set, events, 4, 0) == 0;
}

void lasts_its_time(sock_poll_t *set)
{
    int64_t      before = now_ms();
    sock_event_t event;

    assert_int_equal(sock_poll_wait(set, &event, 1, 40), 0);
    assert_true(now_ms() - before >= 40);
}

/* ---- a wait in a thread of its own ---- */

static void *run(void *arg)
{
    struct waiter *w = arg;

    w->tid   = gettid();
    w->n     = sock_poll_wait(w->set, w->events, 8, -1);
    w->error = w->n < 0 ? sock_last_error(NULL) : 0;
    return NULL;
}

void waiter_start(struct waiter *w, sock_poll_t *set)
{
    memset(w, 0, sizeof *w);
    w->set = set;
    assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
    while (!w->tid)
        sched_yield();
    wait_until_asleep(w->tid);
}

int waiter_join(struct waiter *w)
{
    pthread_join(w->thread, NULL);
    return w->n;
}

void has_told(struct waiter *w, sock_t *s, unsigned events)
{
    assert_int_equal(waiter_join(w), 1);
    assert_ptr_equal(w->events[0].sock, s);
    assert_int_equal(w->events[0].events, events);
}

/* ---- lines ---- */

static ssize_t read_line(sock_t *s, char *line, size_t size)
{
    return sock_read(s, line, size, LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT);
}

void line_is(sock_t *s, const char *text)
{
    char line[64];

    assert_int_equal(read_line(s, line, sizeof line), strlen(text));
    assert_memory_equal(line, text, strlen(text));
}

void line_is_refused(sock_t *s)
{
    char line[64];

    assert_int_equal(read_line(s, line, sizeof line), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

void buffer(sock_t *peer, sock_t *s, const char *text)
{
    char all[64];

    snprintf(all, sizeof all, "first\n%s", text);
    put(peer, all);
    wait_readable(s);
    line_is(s, "first\n");
    assert_int_equal(recv(sock_fd(s), all, 1, MSG_PEEK | MSG_DONTWAIT), -1);
}
