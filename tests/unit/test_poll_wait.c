/* test_poll_wait.c - proves how long a wait lasts, how many events it has, and
 * that every member has its turn.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <stdint.h>
#include <string.h>

static int one;

static void wait_is_refused(sock_poll_t *set, sock_event_t *events, size_t max,
                            int timeout_ms)
{
    sock_clear_error(NULL);
    assert_int_equal(sock_poll_wait(set, events, max, timeout_ms), -1);
    assert_int_equal(sock_last_error(NULL), EINVAL);
}

static void a_wait_without_room_or_time_is_refused(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    sock_event_t event;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[0], LIBSOCK_POLL_WRITE);
    wait_is_refused(set, NULL, 1, 0);
    wait_is_refused(set, &event, 0, 0);
    wait_is_refused(set, &event, 1, -2);
    wait_is_refused(set, &event, 1, INT32_MIN);
    assert_int_equal(told(set, pair[0]), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    close_pair(pair);
}

/* ---- time ---- */

static void a_wait_without_events_lasts_its_time(void **state)
{
    static const int times[] = {0, 1, 30, 120};
    sock_t          *pair[2];
    sock_poll_t     *set;
    sock_event_t     event;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[0], LIBSOCK_POLL_READ);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t before = now_ms();

        assert_int_equal(sock_poll_wait(set, &event, 1, times[i]), 0);
        assert_true(now_ms() - before >= times[i]);
    }
    sock_poll_free(set);
    close_pair(pair);
}

static void an_empty_set_only_waits(void **state)
{
    sock_poll_t *set    = new_set();
    int64_t      before = now_ms();
    sock_event_t event;

    (void)state;
    assert_int_equal(sock_poll_wait(set, &event, 1, 0), 0);
    assert_int_equal(sock_poll_wait(set, &event, 1, 30), 0);
    assert_true(now_ms() - before >= 30);
    sock_poll_free(set);
}

/* The clock is not asked whether the time is over before the members are. */
static void a_look_tells_what_is_ready(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    sock_event_t event;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[0], LIBSOCK_POLL_WRITE);
    for (int timeout_ms = -1; timeout_ms < 2; timeout_ms++)
        assert_int_equal(sock_poll_wait(set, &event, 1, timeout_ms), 1);
    sock_poll_free(set);
    close_pair(pair);
}

/* ---- how many ---- */

static void no_more_is_written_than_was_counted(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    sock_event_t events[3] = {[1] = {.data = &one}, [2] = {.data = &one}};

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[0], LIBSOCK_POLL_WRITE);
    watch(set, pair[1], LIBSOCK_POLL_WRITE);
    assert_int_equal(sock_poll_wait(set, events, 1, -1), 1);
    assert_ptr_equal(events[1].data, &one);
    assert_int_equal(sock_poll_wait(set, events, 3, -1), 2);
    assert_ptr_equal(events[2].data, &one);
    assert_ptr_not_equal(events[0].sock, events[1].sock);
    sock_poll_free(set);
    close_pair(pair);
}

/* However much room there is, no member takes more than one place. */
static void room_for_any_number_is_fine(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    sock_event_t event;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[0], LIBSOCK_POLL_WRITE);
    assert_int_equal(sock_poll_wait(set, &event, SIZE_MAX, -1), 1);
    assert_int_equal(sock_poll_wait(set, &event, SIZE_MAX / 16, -1), 1);
    assert_int_equal(sock_poll_wait(set, &event, (size_t)1 << 31, -1), 1);
    assert_ptr_equal(event.sock, pair[0]);
    sock_poll_free(set);
    close_pair(pair);
}

/* Bytes in the buffer, bytes in the system, room: still one member. */
static void a_member_appears_at_most_once_in_a_wait(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    sock_event_t events[8];

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "two\n");
    put(pair[0], "three\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sock_poll_wait(set, events, 8, -1), 1);
        assert_int_equal(events[0].events,
                         LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    }
    line_is(pair[1], "two\n");
    assert_int_equal(sock_poll_wait(set, events, 8, -1), 1);
    sock_poll_free(set);
    close_pair(pair);
}

enum { CROWD = 12 };

/* Some members have bytes in the buffer, some in the system, some both. */
struct crowd {
    sock_t *pairs[CROWD][2];
    int     seen[CROWD]; /* their data points here */
};

static void open_crowd(struct crowd *c, sock_poll_t *set, unsigned modes)
{
    memset(c, 0, sizeof *c);
    for (int i = 0; i < CROWD; i++) {
        sock_t **pair = c->pairs[i];

        tcp_pair(pair);
        if (i % 3)
            buffer(pair[0], pair[1], "buffered\n");
        if (i % 3 != 1)
            put(pair[0], "more\n");
        wait_readable(pair[1]);
        assert_true(sock_poll_add(set, pair[1], LIBSOCK_POLL_READ | modes,
                                  &c->seen[i]));
    }
}

static void close_crowd(struct crowd *c)
{
    for (int i = 0; i < CROWD; i++)
        close_pair(c->pairs[i]);
}

/* How many are told at once; each of them counts its events. */
static int count_told(sock_poll_t *set, size_t max, int timeout_ms)
{
    sock_event_t events[CROWD + 1];
    int          n = sock_poll_wait(set, events, max, timeout_ms);

    for (int i = 0; i < n; i++)
        ++*(int *)events[i].data;
    return n;
}

static int some_told(sock_poll_t *set, size_t max)
{
    int n = count_told(set, max, 5000);

    assert_true(n > 0);
    return n;
}

static void nobody_starves_however_little_room_there_is(void **state)
{
    (void)state;
    for (size_t max = 1; max <= 2; max++) {
        struct crowd c;
        sock_poll_t *set = new_set();

        open_crowd(&c, set, 0);
        for (size_t i = 0; i < 2 * CROWD / max; i++)
            assert_int_equal(count_told(set, max, 0), max);
        for (int i = 0; i < CROWD; i++)
            assert_true(c.seen[i] > 0);
        sock_poll_free(set);
        close_crowd(&c);
    }
}

static void what_does_not_fit_comes_with_the_next_calls(void **state)
{
    static const unsigned modes[] = {LIBSOCK_POLL_ONESHOT, LIBSOCK_POLL_EDGE,
                                     LIBSOCK_POLL_ONESHOT | LIBSOCK_POLL_EDGE};

    (void)state;
    for (size_t mode = 0; mode < 3; mode++)
        for (size_t max = 1; max <= CROWD + 1; max += 4) {
            struct crowd c;
            sock_poll_t *set   = new_set();
            int          total = 0;

            open_crowd(&c, set, modes[mode]);
            while (total < CROWD)
                total += some_told(set, max);
            assert_int_equal(count_told(set, max, 0), 0);
            for (int i = 0; i < CROWD; i++)
                assert_int_equal(c.seen[i], 1);
            sock_poll_free(set);
            close_crowd(&c);
        }
}

static void a_wait_with_room_tells_all_that_are_ready(void **state)
{
    struct crowd c;
    sock_poll_t *set = new_set();

    (void)state;
    open_crowd(&c, set, 0);
    for (int round = 1; round <= 3; round++) {
        assert_int_equal(count_told(set, CROWD + 1, -1), CROWD);
        for (int i = 0; i < CROWD; i++)
            assert_int_equal(c.seen[i], round);
    }
    sock_poll_free(set);
    close_crowd(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_without_room_or_time_is_refused),
        cmocka_unit_test(a_wait_without_events_lasts_its_time),
        cmocka_unit_test(an_empty_set_only_waits),
        cmocka_unit_test(a_look_tells_what_is_ready),
        cmocka_unit_test(no_more_is_written_than_was_counted),
        cmocka_unit_test(room_for_any_number_is_fine),
        cmocka_unit_test(a_member_appears_at_most_once_in_a_wait),
        cmocka_unit_test(nobody_starves_however_little_room_there_is),
        cmocka_unit_test(what_does_not_fit_comes_with_the_next_calls),
        cmocka_unit_test(a_wait_with_room_tells_all_that_are_ready),
    };

    return run_on_every_backend("poll_wait", tests);
}
