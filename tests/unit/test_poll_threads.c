/* test_poll_threads.c - proves that members may be changed during a wait, and
 * that one thread waits at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <sched.h>

/* ---- changes ---- */

static void an_added_member_wakes_a_wait_if_it_is_ready(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set = new_set();
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    put(pair[0], "x");
    waiter_start(&w, set);
    watch(set, pair[1], LIBSOCK_POLL_READ);
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

static void an_added_member_with_buffered_bytes_wakes_a_wait(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set = new_set();
    struct waiter w;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\n");
    waiter_start(&w, set);
    watch(set, pair[1], LIBSOCK_POLL_READ);
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    rewatch(set, pair[1], 0);
    waiter_start(&w, set);
    rewatch(set, pair[1], LIBSOCK_POLL_READ);
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_member_added_in_a_wait_is_watched(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set = new_set();
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    waiter_start(&w, set);
    watch(set, pair[1], LIBSOCK_POLL_READ);
    wait_until_asleep(w.tid);
    put(pair[0], "x");
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_member_modified_in_a_wait_wakes_it_if_it_is_ready(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set;
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    waiter_start(&w, set);
    rewatch(set, pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    has_told(&w, pair[1], LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_wait_tells_the_data_of_the_last_modify(void **state)
{
    static int    first, last;
    sock_t       *pair[2];
    sock_poll_t  *set = new_set();
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_true(sock_poll_add(set, pair[1], LIBSOCK_POLL_READ, &first));
    waiter_start(&w, set);
    assert_true(sock_poll_modify(set, pair[1], LIBSOCK_POLL_READ, &last));
    put(pair[0], "x");
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    assert_ptr_equal(w.events[0].data, &last);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_modify_in_a_wait_ends_the_silence_of_oneshot(void **state)
{
    const unsigned events = LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT;
    sock_t        *pair[2];
    sock_poll_t   *set;
    struct waiter  w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], events);
    put(pair[0], "x");
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    waiter_start(&w, set);
    rewatch(set, pair[1], events);
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

/* Each wait in progress has a wake to end it, and nothing to tell. */
static void a_member_removed_in_a_wait_is_told_no_more(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set;
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    waiter_start(&w, set);
    assert_true(sock_poll_remove(set, pair[1]));
    put(pair[0], "x");
    wait_until_asleep(w.tid);
    assert_true(sock_poll_wake(set));
    assert_int_equal(waiter_join(&w), 0);
    watch(set, pair[1], LIBSOCK_POLL_WRITE | LIBSOCK_POLL_ONESHOT);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_member_modified_to_nothing_in_a_wait_is_silent(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set;
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    waiter_start(&w, set);
    rewatch(set, pair[1], 0);
    put(pair[0], "x");
    wait_until_asleep(w.tid);
    assert_true(sock_poll_wake(set));
    assert_int_equal(waiter_join(&w), 0);
    sock_poll_free(set);
    close_pair(pair);
}

/* Its own member, changed over and over in a set that everybody shares. */
struct changer {
    sock_poll_t *set;
    sock_t      *pair[2];
    long         rounds, failed;
    pthread_t    thread;
};

static void *change(void *arg)
{
    struct changer *c = arg;

    for (long i = 0; i < c->rounds; i++) {
        sock_t *s = c->pair[i % 2];

        if (!sock_poll_add(c->set, s, LIBSOCK_POLL_READ, s) ||
            !sock_poll_modify(c->set, s, LIBSOCK_POLL_WRITE, s) ||
            !sock_poll_modify(c->set, s,
                              LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT, s) ||
            !sock_poll_remove(c->set, s))
            c->failed++;
    }
    sock_poll_wake(c->set);
    return NULL;
}

/* Every event has its own member's handle as its data, all along. */
static void hear_changes(sock_poll_t *set, struct changer *c, int changers)
{
    int wakes = 0;

    for (int i = 0; i < changers; i++)
        assert_int_equal(pthread_create(&c[i].thread, NULL, change, &c[i]), 0);
    while (!wakes) {
        sock_event_t events[4];
        int          n = sock_poll_wait(set, events, 4, -1);

        assert_true(n >= 0);
        wakes += n == 0;
        for (int i = 0; i < n; i++)
            assert_ptr_equal(events[i].data, events[i].sock);
    }
    for (int i = 0; i < changers; i++)
        pthread_join(c[i].thread, NULL);
}

static void many_threads_may_change_a_set_that_is_waited_on(void **state)
{
    struct changer c[3];
    sock_poll_t   *set = new_set();

    (void)state;
    for (int i = 0; i < 3; i++) {
        c[i] = (struct changer){.set = set, .rounds = 10000 / STRESS_SCALE};
        unix_pair(SOCK_STREAM, c[i].pair);
    }
    hear_changes(set, c, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(c[i].failed, 0);
        close_pair(c[i].pair);
    }
    sock_poll_free(set);
}

/* ---- one thread waits ---- */

static void a_second_wait_is_refused(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set;
    sock_event_t  event;
    struct waiter w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    waiter_start(&w, set);
    for (int timeout_ms = -1; timeout_ms < 2; timeout_ms++) {
        sock_clear_error(NULL);
        assert_int_equal(sock_poll_wait(set, &event, 1, timeout_ms), -1);
        assert_int_equal(sock_last_error(NULL), EBUSY);
    }
    put(pair[0], "x"); /* the first one waits on */
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    assert_int_equal(sock_poll_wait(set, &event, 1, -1), 1);
    sock_poll_free(set);
    close_pair(pair);
}

static void two_sets_are_waited_on_at_once(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *first, *second;
    struct waiter v, w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    first  = set_of(pair[1], LIBSOCK_POLL_READ);
    second = set_of(pair[1], LIBSOCK_POLL_READ);
    waiter_start(&v, first);
    waiter_start(&w, second);
    put(pair[0], "x");
    has_told(&v, pair[1], LIBSOCK_POLL_READ);
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    sock_poll_free(first);
    sock_poll_free(second);
    close_pair(pair);
}

/* ---- from thread to thread ---- */

enum { TAKERS = 3, TAKEN = 300 };

struct taker {
    sock_poll_t *set;
    sock_t      *s;
    unsigned     number;
    pthread_t    thread;
};

static _Atomic unsigned turn;

/* The order of the turns is all that they know of each other: what the set has
 * found for one, the next may not see half. */
static void *take_turns(void *arg)
{
    struct taker *t = arg;
    sock_event_t  event;

    for (int i = 0; i < TAKEN; i++) {
        while (atomic_load_explicit(&turn, memory_order_relaxed) % TAKERS !=
               t->number)
            sched_yield();
        if (sock_poll_wait(t->set, &event, 1, 5000) != 1 || event.sock != t->s)
            return arg;
        atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed);
    }
    return NULL;
}

static void threads_wait_in_turn(void **state)
{
    sock_poll_t *set = sock_poll_create();
    sock_t      *s   = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct taker takers[TAKERS];
    void        *failed;

    (void)state;
    turn = 0;
    assert_true(sock_poll_add(set, s, LIBSOCK_POLL_WRITE, NULL));
    for (unsigned i = 0; i < TAKERS; i++) {
        takers[i] = (struct taker){.set = set, .s = s, .number = i};
        pthread_create(&takers[i].thread, NULL, take_turns, &takers[i]);
    }
    for (int i = 0; i < TAKERS; i++) {
        pthread_join(takers[i].thread, &failed);
        assert_null(failed);
    }
    sock_poll_free(set);
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_added_member_wakes_a_wait_if_it_is_ready),
        cmocka_unit_test(an_added_member_with_buffered_bytes_wakes_a_wait),
        cmocka_unit_test(a_member_added_in_a_wait_is_watched),
        cmocka_unit_test(a_member_modified_in_a_wait_wakes_it_if_it_is_ready),
        cmocka_unit_test(a_wait_tells_the_data_of_the_last_modify),
        cmocka_unit_test(a_modify_in_a_wait_ends_the_silence_of_oneshot),
        cmocka_unit_test(a_member_removed_in_a_wait_is_told_no_more),
        cmocka_unit_test(a_member_modified_to_nothing_in_a_wait_is_silent),
        cmocka_unit_test(many_threads_may_change_a_set_that_is_waited_on),
        cmocka_unit_test(a_second_wait_is_refused),
        cmocka_unit_test(two_sets_are_waited_on_at_once),
        cmocka_unit_test(threads_wait_in_turn),
    };

    return run_on_every_backend("poll_threads", tests);
}
