/* promises_processes.c - what is promised of signals and of fork.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/message.h"
#include "support/promises.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static _Atomic int handled;

static void on_signal(int number)
{
    (void)number;
    handled++;
}

struct pusher {
    pthread_t victim;
    int       tid;
    sock_t   *writer; /* NULL: nothing is sent in the end */
};

/* Two signals, each while it sleeps; then what it waits for. */
static void push(void *with)
{
    struct pusher *p = with;

    for (int i = 0; i < 2; i++) {
        int before = handled;

        wait_until_asleep(p->tid);
        pthread_kill(p->victim, SIGUSR1);
        while (handled == before)
            ;
    }
    wait_until_asleep(p->tid);
    if (p->writer)
        sock_write_all(p->writer, "x", 1, NULL);
}

static struct sigaction handle(int number)
{
    struct sigaction action = {.sa_handler = on_signal}, before;

    sigaction(number, &action, &before);
    return before;
}

static void a_read_goes_on_after_signals(void **state)
{
    struct ends      e      = ends_open(state);
    struct pusher    p      = {pthread_self(), gettid(), e.peer};
    struct sigaction before = handle(SIGUSR1);
    struct aside     a;

    for (int limited = 0; limited < 3; limited++) {
        sock_set_timeout(e.self, limited == 1 ? 20000 : -1);
        sock_set_deadline(e.self, limited == 2 ? 20000 : -1);
        aside_start(&a, push, &p);
        take_text(e.self, "x");
        aside_join(&a);
    }
    sigaction(SIGUSR1, &before, NULL);
    ends_close(&e);
}

/* A timer that rings all the time stretches no limit. */
static void signals_do_not_stretch_a_limit(void **state)
{
    struct ends            e      = ends_open(state);
    struct sigaction       before = handle(SIGALRM);
    const struct itimerval often  = {{0, 7000}, {0, 7000}};
    struct itimerval       left;
    int64_t                begin = now_ms();
    char                   byte;

    setitimer(ITIMER_REAL, &often, &left);
    sock_set_timeout(e.self, 100);
    failed_with(e.self, sock_read(e.self, &byte, 1, LIBSOCK_BINARY_READ),
                ETIMEDOUT);
    assert_in_range(now_ms() - begin, 90, 100 + SLACK);
    setitimer(ITIMER_REAL, &left, NULL);
    sigaction(SIGALRM, &before, NULL);
    ends_close(&e);
}

static void drain_until_end(void *with)
{
    static char bytes[4096];

    while (sock_read(with, bytes, sizeof bytes, LIBSOCK_BINARY_READ) > 0)
        ;
}

static void a_write_goes_on_after_signals(void **state)
{
    static char            bytes[4 << 20];
    struct ends            e      = ends_open(state);
    struct sigaction       before = handle(SIGALRM);
    const struct itimerval often  = {{0, 1000}, {0, 1000}};
    struct itimerval       left;
    struct aside           a;
    size_t                 done = 0;

    setitimer(ITIMER_REAL, &often, &left);
    aside_start(&a, drain_until_end, e.peer);
    assert_true(sock_write_all(e.self, bytes, sizeof bytes, &done));
    assert_int_equal(done, sizeof bytes);
    setitimer(ITIMER_REAL, &left, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_true(sock_shutdown(e.self, SHUT_WR));
    aside_join(&a);
    ends_close(&e);
}

/* ---- fork ---- */

static void close_all(void *with)
{
    struct ends *e = with;

    ends_close(e);
}

static void nothing(void *with)
{
    (void)with;
}

static void a_child_that_ends_harms_nobody(void **state)
{
    struct ends e = ends_open(state);

    in_child(nothing, NULL);
    in_child(close_all, &e);
    put_text(e.self, "still here");
    take_text(e.peer, "still here");
    put_text(e.peer, "and here");
    take_text(e.self, "and here");
    ends_close(&e);
}

struct serving {
    struct ends e;
    int         go[2]; /* a pipe: the parent has closed */
};

/* The classic: a child serves what the parent has accepted and closes. */
static void serve(void *with)
{
    struct serving *s = with;
    char            in[8];

    expect(sock_close(s->e.peer));
    close(s->go[1]);
    expect(read(s->go[0], in, 1) == 0);
    expect(sock_read(s->e.self, in, 8, LIBSOCK_BINARY_READ) == 3);
    expect(sock_write_all(s->e.self, "served", 6, NULL));
    expect(sock_close(s->e.self));
    close(s->go[0]);
}

static void a_child_serves_what_its_parent_closes(void **state)
{
    struct serving s = {.e = ends_open(state)};
    pid_t          child;
    char           byte;

    assert_int_equal(pipe(s.go), 0);
    child = start_child(serve, &s);
    assert_true(sock_close(s.e.self));
    close(s.go[0]);
    put_text(s.e.peer, "ask");
    close(s.go[1]);
    take_text(s.e.peer, "served");
    child_succeeded(child);
    if (s.e.t->is & IS_STREAM)
        assert_int_equal(sock_read(s.e.peer, &byte, 1, LIBSOCK_BINARY_READ), 0);
    ends_close(&s.e);
}

#define P(name, needs)                                                         \
    {                                                                          \
#name, name, needs                                                     \
    }

const struct promise promises_of_processes[] = {
    P(a_read_goes_on_after_signals, 0),
    P(signals_do_not_stretch_a_limit, 0),
    P(a_write_goes_on_after_signals, IS_STREAM),
    P(a_child_that_ends_harms_nobody, 0),
    P(a_child_serves_what_its_parent_closes, 0),
    {NULL, NULL, 0},
};
