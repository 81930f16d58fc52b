/* test_poll_lines.c - proves that what a line read has buffered is told by poll
 * sets: whenever it was buffered, by whatever thread, in whatever mode.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <sched.h>
#include <unistd.h>

static bool has_read(sock_poll_t *set, sock_t *s)
{
    return told(set, s) & LIBSOCK_POLL_READ;
}

/* ---- whole lines ---- */

static void a_burst_comes(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);

    put(peer, "a\nb\nc\n");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is(s, "a\n");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is(s, "b\n");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is(s, "c\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void every_line_of_a_burst_is_told(void **state)
{
    (void)state;
    each(a_burst_comes);
}

static void a_crlf_comes(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);

    put(peer, "one\r\n");
    assert_true(has_read(set, s));
    line_is(s, "one\r");
    assert_true(has_read(set, s));
    line_is(s, "\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void both_ends_of_a_line_are_told(void **state)
{
    (void)state;
    each(a_crlf_comes);
}

/* The buffer is emptied by a reader who waits for nothing of ours. */
static void the_rest_is_taken(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);
    char         rest[16];

    put(peer, "a\nb\nc\n");
    assert_true(has_read(set, s));
    line_is(s, "a\n");
    assert_int_equal(sock_recv(s, rest, 2, 0), 2);
    assert_true(has_read(set, s));
    assert_int_equal(sock_read(s, rest, sizeof rest, LIBSOCK_BINARY_READ), 2);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void what_any_reader_took_is_not_told(void **state)
{
    (void)state;
    each(the_rest_is_taken);
}

static void lines_before_membership(sock_t *peer, sock_t *s)
{
    sock_poll_t *set;

    put(peer, "a\nb\nc\n");
    wait_readable(s);
    line_is(s, "a\n");
    set = set_of(s, LIBSOCK_POLL_READ);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is(s, "b\n");
    assert_true(sock_poll_remove(set, s));
    assert_true(is_silent(set));
    watch(set, s, LIBSOCK_POLL_READ);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is(s, "c\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void what_was_buffered_before_add_is_told_at_once(void **state)
{
    (void)state;
    each(lines_before_membership);
}

static void what_was_buffered_before_modify_is_told_at_once(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    tcp_pair(pair);
    set = set_of(pair[1], 0);
    put(pair[0], "a\nb\nc\n");
    wait_readable(pair[1]);
    line_is(pair[1], "a\n");
    assert_true(is_silent(set));
    rewatch(set, pair[1], LIBSOCK_POLL_READ);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    rewatch(set, pair[1], LIBSOCK_POLL_WRITE);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_WRITE);
    rewatch(set, pair[1], 0);
    assert_true(is_silent(set));
    sock_poll_free(set);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void buffered_bytes_are_told_in_every_set(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *first, *second;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\nc\n");
    first  = set_of(pair[1], LIBSOCK_POLL_READ);
    second = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_true(has_read(first, pair[1]) && has_read(second, pair[1]));
    line_is(pair[1], "b\n");
    assert_true(has_read(first, pair[1]) && has_read(second, pair[1]));
    sock_poll_free(first);
    assert_true(has_read(second, pair[1]));
    line_is(pair[1], "c\n");
    assert_true(is_silent(second));
    sock_poll_free(second);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_member_with_buffered_bytes_may_go(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_true(sock_poll_remove(set, pair[1]));
    assert_true(is_silent(set));
    watch(set, pair[1], LIBSOCK_POLL_READ);
    assert_true(sock_close(pair[1]));
    assert_true(is_silent(set));
    sock_poll_free(set);
    sock_close(pair[0]);
}

/* ---- modes ---- */

static void oneshot_tells_buffered_bytes_once_and_at_once(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\nc\nd\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    line_is(pair[1], "b\n");
    assert_true(is_silent(set));
    rewatch(set, pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    line_is(pair[1], "c\n");
    assert_true(is_silent(set));
    rewatch(set, pair[1], LIBSOCK_POLL_READ);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    line_is(pair[1], "d\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void edge_tells_buffered_bytes_when_the_mode_is_set(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\nc\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    rewatch(set, pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    line_is(pair[1], "b\n");
    line_is(pair[1], "c\n");
    line_is_refused(pair[1]);
    assert_true(is_silent(set));
    put(pair[0], "d\n");
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void halves_come_in_edge_mode(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE);

    for (int i = 0; i < 5; i++) {
        put(peer, "a\nb");
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        line_is(s, "a\n");
        line_is_refused(s);
        assert_true(is_silent(set));
        put(peer, "\n");
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        line_is(s, "b\n");
        line_is_refused(s);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
}

static void edge_tells_what_comes_behind_half_a_line(void **state)
{
    (void)state;
    each(halves_come_in_edge_mode);
}

/* ---- another thread ---- */

/* The half line is silent, so the wait sleeps; what wakes it is no byte that
 * arrives but a read that leaves some buffered. */
static void a_read_elsewhere_wakes(sock_t *peer, sock_t *s)
{
    sock_poll_t  *set = set_of(s, LIBSOCK_POLL_READ);
    struct waiter w;
    char          byte;

    put(peer, "ab");
    assert_true(has_read(set, s));
    line_is_refused(s);
    waiter_start(&w, set);
    assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_BINARY_READ), 1);
    assert_int_equal(waiter_join(&w), 1);
    assert_ptr_equal(w.events[0].sock, s);
    assert_int_equal(w.events[0].events, LIBSOCK_POLL_READ);
    sock_poll_free(set);
}

static void a_read_that_leaves_bytes_wakes_a_wait(void **state)
{
    (void)state;
    each(a_read_elsewhere_wakes);
}

/* Reads one line each time `round` rises. */
struct reader {
    sock_t      *s;
    _Atomic long round, done;
    _Atomic int  tid;
    long         rounds, wrong;
    pthread_t    thread;
};

static void *read_lines(void *arg)
{
    struct reader *r = arg;

    r->tid = gettid();
    for (long i = 1; i <= r->rounds; i++) {
        char line[8];

        while (r->round < i)
            sched_yield();
        if (sock_read(r->s, line, sizeof line, LIBSOCK_NORMAL_READ) != 2)
            r->wrong++;
        r->done = i;
    }
    return NULL;
}

static void start_reading(struct reader *r)
{
    assert_int_equal(pthread_create(&r->thread, NULL, read_lines, r), 0);
    while (!r->tid)
        sched_yield();
}

/* A reader in another thread takes the first line as it comes: wherever the
 * second one is by then, a wait that began before or begins now tells of it. */
static void a_line_read_races_a_wait(sock_t *peer, sock_t *s)
{
    struct reader r   = {.s = s, .rounds = 2000 / STRESS_SCALE};
    sock_poll_t  *set = set_of(s, LIBSOCK_POLL_READ);

    start_reading(&r);
    for (long i = 1; i <= r.rounds; i++) {
        r.round = i;
        put(peer, "a\nb\n");
        assert_true(has_read(set, s));
        while (r.done < i)
            sched_yield();
        assert_true(has_read(set, s));
        line_is(s, "b\n");
    }
    pthread_join(r.thread, NULL);
    assert_int_equal(r.wrong, 0);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void no_line_is_missed_that_another_thread_buffers(void **state)
{
    (void)state;
    each(a_line_read_races_a_wait);
}

static void a_line_is_left(sock_poll_t *set, sock_t *peer, struct reader *r)
{
    struct waiter w;

    waiter_start(&w, set);
    put(peer, "a\nb\n");
    assert_int_equal(waiter_join(&w), 1);
    pthread_join(r->thread, NULL);
    assert_true(has_read(set, r->s));
    line_is(r->s, "b\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
}

/* A reader that began before membership does not know of it. */
static void a_wait_hears_of_what_a_line_read_left(void **state)
{
    sock_t *pair[2];

    (void)state;
    tcp_pair(pair);
    for (int i = 0; i < 10; i++) {
        struct reader r = {.s = pair[1], .round = 1, .rounds = 1};
        sock_poll_t  *set;

        start_reading(&r);
        wait_until_asleep(r.tid);
        set = set_of(pair[1], LIBSOCK_POLL_READ);
        a_line_is_left(set, pair[0], &r);
    }
    for (int i = 0; i < 10; i++) {
        struct reader r   = {.s = pair[1], .round = 1, .rounds = 1};
        sock_poll_t  *set = set_of(pair[1], LIBSOCK_POLL_READ);

        start_reading(&r);
        a_line_is_left(set, pair[0], &r);
    }
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* Its one event tells both, or the line would never be told of. */
static void oneshot_tells_buffered_bytes_beside_room(void **state)
{
    const unsigned both = LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE;
    sock_t        *pair[2];
    sock_poll_t   *set;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "two\n");
    set = set_of(pair[1], both | LIBSOCK_POLL_ONESHOT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(told(set, pair[1]), both);
        assert_true(is_silent(set));
        rewatch(set, pair[1], both | LIBSOCK_POLL_ONESHOT);
    }
    sock_poll_free(set);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oneshot_tells_buffered_bytes_beside_room),
        cmocka_unit_test(every_line_of_a_burst_is_told),
        cmocka_unit_test(both_ends_of_a_line_are_told),
        cmocka_unit_test(what_any_reader_took_is_not_told),
        cmocka_unit_test(what_was_buffered_before_add_is_told_at_once),
        cmocka_unit_test(what_was_buffered_before_modify_is_told_at_once),
        cmocka_unit_test(buffered_bytes_are_told_in_every_set),
        cmocka_unit_test(a_member_with_buffered_bytes_may_go),
        cmocka_unit_test(oneshot_tells_buffered_bytes_once_and_at_once),
        cmocka_unit_test(edge_tells_buffered_bytes_when_the_mode_is_set),
        cmocka_unit_test(edge_tells_what_comes_behind_half_a_line),
        cmocka_unit_test(a_read_that_leaves_bytes_wakes_a_wait),
        cmocka_unit_test(no_line_is_missed_that_another_thread_buffers),
        cmocka_unit_test(a_wait_hears_of_what_a_line_read_left),
    };

    return run_on_every_backend("poll_lines", tests);
}
