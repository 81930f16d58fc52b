/* test_poll_modes.c - proves that ONESHOT tells one event and then nothing
 * until modify, how the modes go together, and that nothing is missed in any.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <sched.h>

#define READ_EDGE (LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE)
#define WRITE_EDGE (LIBSOCK_POLL_WRITE | LIBSOCK_POLL_EDGE)
#define READ_ONESHOT (LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT)

/* Take all there is, and meet EAGAIN. */
static void read_all(sock_t *s)
{
    drain(s);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

/* ---- edge, both ---- */

static void bytes_arrive_where_there_is_room(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_EDGE | LIBSOCK_POLL_WRITE);

    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    assert_true(is_silent(set));
    put(peer, "some");
    assert_true(told(set, s) & LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    rewatch(set, s, READ_EDGE | LIBSOCK_POLL_WRITE);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
}

static void edge_tells_each_direction_by_itself(void **state)
{
    (void)state;
    each(bytes_arrive_where_there_is_room);
}

static void the_mode_changes(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_EDGE);

    put(peer, "some");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    rewatch(set, s, LIBSOCK_POLL_READ);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    rewatch(set, s, READ_EDGE);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void edge_is_left_and_taken_up_by_modify(void **state)
{
    (void)state;
    each(the_mode_changes);
}

static void sets_differ(sock_t *peer, sock_t *s)
{
    sock_poll_t *edge  = set_of(s, READ_EDGE);
    sock_poll_t *once  = set_of(s, READ_ONESHOT);
    sock_poll_t *level = set_of(s, LIBSOCK_POLL_READ);

    put(peer, "some");
    assert_int_equal(told(level, s), LIBSOCK_POLL_READ);
    assert_int_equal(told(edge, s), LIBSOCK_POLL_READ);
    assert_int_equal(told(once, s), LIBSOCK_POLL_READ);
    assert_int_equal(told(level, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(edge) && is_silent(once));
    read_all(s);
    put(peer, "more");
    assert_int_equal(told(edge, s), LIBSOCK_POLL_READ);
    assert_int_equal(told(level, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(once));
    sock_poll_free(edge);
    sock_poll_free(once);
    sock_poll_free(level);
}

static void each_set_has_its_own_mode(void **state)
{
    (void)state;
    each(sets_differ);
}

/* ---- oneshot ---- */

static void it_is_silent_after_one(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_ONESHOT);

    put(peer, "some");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    put(peer, "more");
    wait_readable(s);
    assert_true(is_silent(set));
    rewatch(set, s, READ_ONESHOT);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    drain(s);
    rewatch(set, s, READ_ONESHOT);
    assert_true(is_silent(set));
    put(peer, "again");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void oneshot_tells_one_event_until_modify(void **state)
{
    (void)state;
    each(it_is_silent_after_one);
}

static void it_is_silent_about_a_hangup(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_ONESHOT);
    unsigned     events;

    put(peer, "some");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(sock_shutdown(s, SHUT_WR));
    sock_close(peer);
    wait_readable(s);
    assert_true(is_silent(set));
    rewatch(set, s, READ_ONESHOT);
    events = told(set, s);
    assert_true(events & LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void oneshot_is_silent_about_the_end_too(void **state)
{
    (void)state;
    each(it_is_silent_about_a_hangup);
}

static void oneshot_is_silent_about_errors_too(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set, *other;

    (void)state;
    tcp_pair(pair);
    set   = set_of(pair[1], LIBSOCK_POLL_WRITE | LIBSOCK_POLL_ONESHOT);
    other = set_of(pair[1], LIBSOCK_POLL_ONESHOT);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_WRITE);
    close_with_reset(pair[0]);
    assert_true(told(other, pair[1]) & LIBSOCK_POLL_ERROR);
    assert_true(is_silent(other) && is_silent(set));
    rewatch(set, pair[1], LIBSOCK_POLL_ONESHOT);
    assert_true(told(set, pair[1]) & LIBSOCK_POLL_ERROR);
    assert_true(is_silent(set));
    sock_poll_free(set);
    sock_poll_free(other);
    sock_close(pair[1]);
}

/* One event is one event, whichever direction it was of. */
static void it_is_silent_in_both_directions(sock_t *peer, sock_t *s)
{
    const unsigned both = LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE;
    sock_poll_t   *set  = set_of(s, both | LIBSOCK_POLL_ONESHOT);

    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    put(peer, "some");
    wait_readable(s);
    assert_true(is_silent(set));
    rewatch(set, s, both | LIBSOCK_POLL_ONESHOT);
    assert_int_equal(told(set, s), both);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void oneshot_tells_one_event_of_both_directions(void **state)
{
    (void)state;
    each(it_is_silent_in_both_directions);
}

static void it_is_still_a_member(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_ONESHOT);

    put(peer, "some");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_false(sock_poll_add(set, s, READ_ONESHOT, NULL));
    assert_int_equal(sock_last_error(s), EEXIST);
    assert_true(is_silent(set));
    assert_true(sock_poll_remove(set, s));
    watch(set, s, READ_ONESHOT);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    sock_poll_free(set);
}

static void a_silent_member_is_a_member(void **state)
{
    (void)state;
    each(it_is_still_a_member);
}

static void oneshot_and_edge(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_ONESHOT | LIBSOCK_POLL_EDGE);

    for (int i = 0; i < 3; i++) {
        put(peer, "some");
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        read_all(s);
        put(peer, "more");
        wait_readable(s);
        assert_true(is_silent(set));
        rewatch(set, s, READ_ONESHOT | LIBSOCK_POLL_EDGE);
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        assert_true(is_silent(set));
        read_all(s);
        rewatch(set, s, READ_ONESHOT | LIBSOCK_POLL_EDGE);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
}

static void the_modes_go_together(void **state)
{
    (void)state;
    each(oneshot_and_edge);
}

/* ---- nothing is lost ---- */

/* Sends `total` bytes in small pieces, as fast as it can. */
struct sender {
    sock_t   *s;
    long      total;
    pthread_t thread;
};

static void *send_pieces(void *arg)
{
    struct sender *p = arg;

    for (long i = 0; i < p->total; i++) {
        if (!sock_write_all(p->s, "\n", 1, NULL))
            return p;
        if (i % 7 == 0)
            sched_yield();
    }
    return NULL;
}

/* How many bytes, or lines, there are until EAGAIN. */
static long take_all(sock_t *s, bool lines)
{
    char    bytes[8];
    long    sum = 0;
    ssize_t n;

    while ((n = lines ? sock_read(s, bytes, sizeof bytes,
                                  LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT)
                      : sock_recv(s, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        sum += n;
    assert_int_equal(sock_last_error(s), EAGAIN);
    return sum;
}

static void hear_all(sock_t *peer, sock_t *s, unsigned modes, bool lines)
{
    struct sender p   = {.s = peer, .total = 20000 / STRESS_SCALE};
    sock_poll_t  *set = set_of(s, LIBSOCK_POLL_READ | modes);
    void         *failed;

    assert_int_equal(pthread_create(&p.thread, NULL, send_pieces, &p), 0);
    for (long sum = 0; sum < p.total; sum += take_all(s, lines)) {
        assert_true(told(set, s) & LIBSOCK_POLL_READ);
        if (modes & LIBSOCK_POLL_ONESHOT) {
            sum += take_all(s, lines);
            rewatch(set, s, LIBSOCK_POLL_READ | modes);
        }
    }
    pthread_join(p.thread, &failed);
    assert_null(failed);
    sock_poll_free(set);
}

static void bytes_never_stop(sock_t *peer, sock_t *s)
{
    static const unsigned modes[] = {0, LIBSOCK_POLL_EDGE, LIBSOCK_POLL_ONESHOT,
                                     LIBSOCK_POLL_EDGE | LIBSOCK_POLL_ONESHOT};

    for (size_t i = 0; i < 4; i++) {
        hear_all(peer, s, modes[i], false);
        hear_all(peer, s, modes[i], true);
    }
}

static void no_arrival_is_missed_in_any_mode(void **state)
{
    (void)state;
    each(bytes_never_stop);
}

static void *receive_all(void *arg)
{
    struct sender *p = arg;
    static char    bytes[4096];

    while (p->total > 0) {
        ssize_t n = sock_recv(p->s, bytes, sizeof bytes, 0);

        if (n <= 0)
            return p;
        p->total -= n;
    }
    return NULL;
}

static void room_never_stops(sock_t *peer, sock_t *s)
{
    static const char block[8192];
    const long        total = 16000000 / STRESS_SCALE;
    struct sender     p     = {.s = peer, .total = total};
    sock_poll_t      *set   = set_of(s, WRITE_EDGE);
    long              sent  = 0;
    void             *failed;

    assert_int_equal(pthread_create(&p.thread, NULL, receive_all, &p), 0);
    while (sent < total) {
        ssize_t n;

        assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
        while (sent < total &&
               (n = sock_send(s, block, sizeof block, MSG_DONTWAIT)) > 0)
            sent += n;
    }
    pthread_join(p.thread, &failed);
    assert_null(failed);
    sock_poll_free(set);
}

static void no_room_is_missed_in_edge_mode(void **state)
{
    (void)state;
    each(room_never_stops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_tells_each_direction_by_itself),
        cmocka_unit_test(edge_is_left_and_taken_up_by_modify),
        cmocka_unit_test(each_set_has_its_own_mode),
        cmocka_unit_test(oneshot_tells_one_event_until_modify),
        cmocka_unit_test(oneshot_is_silent_about_the_end_too),
        cmocka_unit_test(oneshot_is_silent_about_errors_too),
        cmocka_unit_test(oneshot_tells_one_event_of_both_directions),
        cmocka_unit_test(a_silent_member_is_a_member),
        cmocka_unit_test(the_modes_go_together),
        cmocka_unit_test(no_arrival_is_missed_in_any_mode),
        cmocka_unit_test(no_room_is_missed_in_edge_mode),
    };

    return run_on_every_backend("poll_modes", tests);
}
