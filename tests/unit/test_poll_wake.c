/* test_poll_wake.c - proves what ends a wait besides events: a wake, from any
 * thread and from a signal handler, and the handler itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <sched.h>
#include <signal.h>
#include <string.h>

/* ---- wake ---- */

static void a_wake_ends_the_wait_in_progress(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set;
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    for (int i = 0; i < 3; i++) {
        waiter_start(&w, set);
        assert_true(sock_poll_wake(set));
        assert_int_equal(waiter_join(&w), 0);
    }
    sock_poll_free(set);
    close_pair(pair);
}

static void a_wake_ends_the_next_wait_if_none_is_in_progress(void **state)
{
    sock_poll_t *set = new_set();
    sock_event_t event;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(sock_poll_wake(set));
        assert_int_equal(sock_poll_wait(set, &event, 1, -1), 0);
        lasts_its_time(set);
    }
    sock_poll_free(set);
}

static void two_wakes_wake_once(void **state)
{
    sock_poll_t *set = new_set();
    sock_event_t event;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(sock_poll_wake(set));
    assert_int_equal(sock_poll_wait(set, &event, 1, -1), 0);
    lasts_its_time(set);
    sock_poll_free(set);
}

static void a_wake_is_of_one_set(void **state)
{
    sock_poll_t  *set   = new_set();
    sock_poll_t  *other = new_set();
    sock_event_t  event;
    struct waiter w;

    (void)state;
    waiter_start(&w, set);
    assert_true(sock_poll_wake(other));
    wait_until_asleep(w.tid);
    assert_int_equal(sock_poll_wait(other, &event, 1, -1), 0);
    assert_true(sock_poll_wake(set));
    assert_int_equal(waiter_join(&w), 0);
    lasts_its_time(other);
    sock_poll_free(set);
    sock_poll_free(other);
}

static void a_wake_takes_no_event_away(void **state)
{
    const unsigned modes[] = {0, LIBSOCK_POLL_EDGE, LIBSOCK_POLL_ONESHOT};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t      *pair[2];
        sock_poll_t *set;
        sock_event_t event;
        int          events = 0;

        unix_pair(SOCK_STREAM, pair);
        set = set_of(pair[1], LIBSOCK_POLL_READ | modes[i]);
        put(pair[0], "x");
        assert_true(sock_poll_wake(set));
        for (int k = 0; k < 2 && !events; k++)
            events = sock_poll_wait(set, &event, 1, 1000);
        assert_int_equal(events, 1);
        assert_ptr_equal(event.sock, pair[1]);
        sock_poll_free(set);
        close_pair(pair);
    }
}

/* Waits over and over, and counts. */
struct sleeper {
    sock_poll_t *set;
    _Atomic long woken;
    _Atomic bool wrong;
    long         rounds;
    pthread_t    thread;
};

static void *sleep_often(void *arg)
{
    struct sleeper *p = arg;
    sock_event_t    event;

    while (p->woken < p->rounds) {
        if (sock_poll_wait(p->set, &event, 1, -1))
            p->wrong = true;
        p->woken++;
    }
    return NULL;
}

static void no_wake_is_lost(void **state)
{
    struct sleeper p = {.set = new_set(), .rounds = 20000 / STRESS_SCALE};

    (void)state;
    assert_int_equal(pthread_create(&p.thread, NULL, sleep_often, &p), 0);
    for (long i = 0; i < p.rounds; i++) {
        assert_true(sock_poll_wake(p.set));
        while (p.woken <= i)
            sched_yield();
    }
    pthread_join(p.thread, NULL);
    assert_false(p.wrong);
    lasts_its_time(p.set);
    sock_poll_free(p.set);
}

/* ---- signals ---- */

static sock_poll_t *woken_by_handler;
static int          sends_in_handler = -1;
static _Atomic int  handled;

static void on_signal(int number)
{
    (void)number;
    if (woken_by_handler)
        sock_poll_wake(woken_by_handler);
    if (sends_in_handler >= 0)
        (void)!send(sends_in_handler, "x", 1, MSG_NOSIGNAL);
    handled++;
}

static void handle_with(int flags, sock_poll_t *wakes, int sends)
{
    struct sigaction action;

    woken_by_handler = wakes;
    sends_in_handler = sends;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags   = flags;
    sigaction(SIGUSR1, &action, NULL);
}

static void a_wake_touches_neither_errno_nor_errors(void **state)
{
    sock_t      *s   = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_poll_t *set = set_of(s, 0);

    (void)state;
    assert_false(sock_poll_add(set, s, 0, NULL));
    for (int i = 0; i < 3; i++) {
        errno = ENOTTY;
        assert_true(sock_poll_wake(set));
        assert_int_equal(errno, ENOTTY);
        assert_false(sock_poll_wake(NULL));
        assert_int_equal(errno, ENOTTY);
        assert_int_equal(sock_last_error(NULL), EEXIST);
        assert_int_equal(sock_last_error(s), EEXIST);
    }
    sock_poll_free(set);
    sock_close(s);
}

static void a_wake_in_a_handler_touches_nothing(void **state)
{
    sock_t      *s   = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_poll_t *set = set_of(s, 0);
    sock_event_t event;

    (void)state;
    handle_with(0, set, -1);
    assert_false(sock_poll_add(set, s, 0, NULL));
    errno = ENOTTY;
    raise(SIGUSR1);
    assert_int_equal(errno, ENOTTY);
    assert_int_equal(sock_last_error(NULL), EEXIST);
    assert_int_equal(sock_poll_wait(set, &event, 1, -1), 0);
    lasts_its_time(set);
    sock_poll_free(set);
    sock_close(s);
}

/* The handler runs in the very thread that waits. */
static void a_wake_in_a_handler_ends_the_wait_it_interrupts(void **state)
{
    static const int flags[] = {0, SA_RESTART};
    sock_poll_t     *set     = new_set();
    struct waiter    w;

    (void)state;
    for (int i = 0; i < 2; i++) {
        handle_with(flags[i], set, -1);
        waiter_start(&w, set);
        pthread_kill(w.thread, SIGUSR1);
        assert_int_equal(waiter_join(&w), 0);
        lasts_its_time(set);
    }
    sock_poll_free(set);
}

static void a_wait_ends_with_eintr_whatever_the_handlers_flags(void **state)
{
    static const int flags[] = {0, SA_RESTART};
    sock_t          *pair[2];
    sock_poll_t     *set;
    struct waiter    w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    for (int i = 0; i < 2; i++) {
        handle_with(flags[i], NULL, -1);
        waiter_start(&w, set);
        pthread_kill(w.thread, SIGUSR1);
        assert_int_equal(waiter_join(&w), -1);
        assert_int_equal(w.error, EINTR);
        put(pair[0], "x"); /* nothing is consumed, nothing is broken */
        assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
        drain(pair[1]);
    }
    sock_poll_free(set);
    close_pair(pair);
}

static void an_ignored_signal_ends_no_wait(void **state)
{
    sock_poll_t  *set = new_set();
    struct waiter w;

    (void)state;
    signal(SIGUSR1, SIG_IGN);
    waiter_start(&w, set);
    pthread_kill(w.thread, SIGUSR1);
    wait_until_asleep(w.tid);
    assert_true(sock_poll_wake(set));
    assert_int_equal(waiter_join(&w), 0);
    sock_poll_free(set);
}

/* The handler itself makes the member ready, after the system has decided to
 * interrupt the wait. */
static void what_is_ready_wins_over_eintr(void **state)
{
    static const unsigned modes[] = {0, LIBSOCK_POLL_EDGE, LIBSOCK_POLL_ONESHOT,
                                     LIBSOCK_POLL_EDGE | LIBSOCK_POLL_ONESHOT};

    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t       *pair[2];
        sock_poll_t  *set;
        struct waiter w;

        unix_pair(SOCK_STREAM, pair);
        set = set_of(pair[1], LIBSOCK_POLL_READ | modes[i]);
        handle_with(i % 2 ? SA_RESTART : 0, NULL, sock_fd(pair[0]));
        waiter_start(&w, set);
        pthread_kill(w.thread, SIGUSR1);
        has_told(&w, pair[1], LIBSOCK_POLL_READ);
        sock_poll_free(set);
        close_pair(pair);
    }
    handle_with(0, NULL, -1);
}

/* A handler that runs before the wait is none of its business. */
static void an_earlier_signal_ends_no_wait(void **state)
{
    sock_poll_t *set    = new_set();
    int          before = handled;

    (void)state;
    handle_with(0, NULL, -1);
    raise(SIGUSR1);
    assert_int_equal(handled, before + 1);
    lasts_its_time(set);
    sock_poll_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wake_ends_the_wait_in_progress),
        cmocka_unit_test(a_wake_ends_the_next_wait_if_none_is_in_progress),
        cmocka_unit_test(two_wakes_wake_once),
        cmocka_unit_test(a_wake_is_of_one_set),
        cmocka_unit_test(a_wake_takes_no_event_away),
        cmocka_unit_test(no_wake_is_lost),
        cmocka_unit_test(a_wake_touches_neither_errno_nor_errors),
        cmocka_unit_test(a_wake_in_a_handler_touches_nothing),
        cmocka_unit_test(a_wake_in_a_handler_ends_the_wait_it_interrupts),
        cmocka_unit_test(a_wait_ends_with_eintr_whatever_the_handlers_flags),
        cmocka_unit_test(an_ignored_signal_ends_no_wait),
        cmocka_unit_test(what_is_ready_wins_over_eintr),
        cmocka_unit_test(an_earlier_signal_ends_no_wait),
    };

    return run_on_every_backend("poll_wake", tests);
}
