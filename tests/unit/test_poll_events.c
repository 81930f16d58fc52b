/* test_poll_events.c - proves which events a member has: what is watched for,
 * what is always reported, and nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

/* ---- what is watched for ---- */

static void bytes_come(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);

    assert_true(is_silent(set));
    put(peer, "x");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    drain(s);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void bytes_are_read_as_long_as_they_stay(void **state)
{
    (void)state;
    each(bytes_come);
}

static void the_end_comes(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);
    char         byte;

    assert_true(sock_shutdown(peer, SHUT_WR));
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_int_equal(sock_recv(s, &byte, 1, 0), 0);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    sock_poll_free(set);
}

static void the_end_is_read(void **state)
{
    (void)state;
    each(the_end_comes);
}

static void room_comes(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_WRITE);

    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    fill(s);
    assert_true(is_silent(set));
    drain(peer);
    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
}

static void room_is_write(void **state)
{
    (void)state;
    each(room_comes);
}

static void the_peer_ends_its_direction(sock_t *peer, sock_t *s)
{
    sock_poll_t *set  = set_of(s, LIBSOCK_POLL_RDHUP);
    sock_poll_t *both = set_of(s, LIBSOCK_POLL_READ | LIBSOCK_POLL_RDHUP);

    put(peer, "x");
    assert_int_equal(told(both, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    assert_true(sock_shutdown(peer, SHUT_WR));
    assert_int_equal(told(set, s), LIBSOCK_POLL_RDHUP);
    assert_int_equal(told(both, s), LIBSOCK_POLL_READ | LIBSOCK_POLL_RDHUP);
    sock_poll_free(set);
    sock_poll_free(both);
}

static void a_half_close_of_the_peer_is_rdhup(void **state)
{
    (void)state;
    each(the_peer_ends_its_direction);
}

static void one_side_is_watched(sock_t *peer, sock_t *s)
{
    sock_poll_t *read  = set_of(s, LIBSOCK_POLL_READ);
    sock_poll_t *write = set_of(s, LIBSOCK_POLL_WRITE);

    put(peer, "x");
    assert_true(sock_shutdown(peer, SHUT_WR));
    assert_int_equal(told(read, s), LIBSOCK_POLL_READ);
    assert_int_equal(told(write, s), LIBSOCK_POLL_WRITE);
    sock_poll_free(read);
    sock_poll_free(write);
}

static void what_is_not_watched_is_not_told(void **state)
{
    (void)state;
    each(one_side_is_watched);
}

/* An empty one, too. */
static void a_datagram_is_read(void **state)
{
    struct scene c;
    sock_poll_t *set;
    char         bytes[4];

    (void)state;
    scene_open(&c, situation_named("recvfrom, UDP"));
    set = set_of(c.s, LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    assert_int_equal(sock_write(c.peer, "", 0), 0);
    assert_int_equal(told(set, c.s), LIBSOCK_POLL_READ);
    assert_int_equal(sock_recv(c.s, bytes, sizeof bytes, 0), 0);
    assert_true(is_silent(set));
    sock_poll_free(set);
    scene_close(&c);
}

/* ---- what is always reported ---- */

static void the_peer_closes(sock_t *peer, sock_t *s)
{
    sock_poll_t *none = set_of(s, 0);
    sock_poll_t *read = set_of(s, LIBSOCK_POLL_READ);
    unsigned     events;

    assert_true(sock_shutdown(s, SHUT_WR));
    assert_true(is_silent(none));
    sock_close(peer);
    assert_true(told(read, s) & LIBSOCK_POLL_READ);
    events = told(none, s);
    assert_true(events & LIBSOCK_POLL_HUP);
    assert_false(events & (LIBSOCK_POLL_READ | LIBSOCK_POLL_RDHUP));
    assert_true(told(read, s) & LIBSOCK_POLL_HUP);
    sock_poll_free(none);
    sock_poll_free(read);
}

static void a_connection_that_is_over_is_always_hup(void **state)
{
    (void)state;
    each(the_peer_closes);
}

static void a_reset_is_always_an_error(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *none, *read;
    unsigned     events;
    char         byte;

    (void)state;
    tcp_pair(pair);
    none = set_of(pair[1], 0);
    read = set_of(pair[1], LIBSOCK_POLL_READ);
    close_with_reset(pair[0]);
    events = told(none, pair[1]);
    assert_true(events & LIBSOCK_POLL_ERROR);
    assert_false(events & (LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE));
    events = told(read, pair[1]);
    assert_true(events & LIBSOCK_POLL_ERROR);
    assert_true(events & LIBSOCK_POLL_READ);
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
    sock_poll_free(none);
    sock_poll_free(read);
    sock_close(pair[1]);
}

static int outcome(sock_t *s)
{
    int code = -1;

    assert_true(sock_get_option_int(s, SOL_SOCKET, SO_ERROR, &code));
    return code;
}

/* A datagram that found nobody: the answer is an error of its sender. */
static void a_refused_datagram_is_an_error(void **state)
{
    struct scene c;
    sock_poll_t *set;

    (void)state;
    scene_open(&c, situation_named("recvfrom, UDP"));
    set = set_of(c.peer, 0);
    sock_close(c.s);
    assert_int_equal(sock_write(c.peer, "x", 1), 1);
    assert_true(told(set, c.peer) & LIBSOCK_POLL_ERROR);
    assert_int_equal(outcome(c.peer), ECONNREFUSED);
    assert_true(is_silent(set));
    sock_poll_free(set);
    scene_close(&c);
}

static void nothing_bad_happens(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, 0);

    assert_true(is_silent(set));
    put(peer, "x");
    wait_readable(s);
    assert_true(is_silent(set));
    drain(s);
    assert_true(sock_shutdown(peer, SHUT_WR));
    wait_readable(s);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void a_member_watched_for_nothing_has_errors_only(void **state)
{
    (void)state;
    each(nothing_bad_happens);
}

/* ---- connections ---- */

static void a_connection_to_accept_is_read(void **state)
{
    static const char *const names[] = {"accept, TCP", "accept, unix"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene c;
        sock_poll_t *set;
        sock_t      *client;

        scene_open(&c, situation_named(names[i]));
        set = set_of(c.s, LIBSOCK_POLL_READ);
        assert_true(is_silent(set));
        c.is->relieve(&c);
        assert_int_equal(told(set, c.s), LIBSOCK_POLL_READ);
        client = sock_accept(c.s);
        assert_non_null(client);
        assert_true(is_silent(set));
        sock_close(client);
        sock_poll_free(set);
        scene_close(&c);
    }
}

static void a_connect_under_way_is_silent(void **state)
{
    struct full  f;
    sock_t      *s = sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sock_poll_t *set;

    (void)state;
    full_backlog(AF_INET, &f);
    assert_false(sock_connect(s, f.address, f.port));
    assert_int_equal(sock_last_error(s), EINPROGRESS);
    set = set_of(s, LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    assert_true(is_silent(set));
    sock_poll_free(set);
    sock_close(s);
    close_full(&f);
}

static void a_connect_that_has_succeeded_is_write(void **state)
{
    sock_t      *server = sock_create_listen(0, 1);
    sock_t      *s      = sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sock_poll_t *set;

    (void)state;
    if (!sock_connect(s, "127.0.0.1", port_of(server)))
        assert_int_equal(sock_last_error(s), EINPROGRESS);
    set = set_of(s, LIBSOCK_POLL_WRITE);
    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    assert_int_equal(outcome(s), 0);
    assert_int_equal(sock_write(s, "x", 1), 1);
    sock_poll_free(set);
    sock_close(s);
    sock_close(server);
}

static void a_connect_that_has_failed_is_write(void **state)
{
    sock_t      *holder = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t      *s      = sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sock_poll_t *set;

    (void)state;
    assert_true(sock_bind(holder, "127.0.0.1", 0));
    assert_false(sock_connect(s, "127.0.0.1", port_of(holder)));
    assert_int_equal(sock_last_error(s), EINPROGRESS);
    set = set_of(s, LIBSOCK_POLL_WRITE);
    assert_true(told(set, s) & LIBSOCK_POLL_WRITE);
    assert_true(told(set, s) & LIBSOCK_POLL_ERROR);
    assert_int_equal(outcome(s), ECONNREFUSED);
    sock_poll_free(set);
    sock_close(s);
    sock_close(holder);
}

/* The same socket, a member all along, fails once and then succeeds. */
static void a_member_may_connect_again(void **state)
{
    const unsigned events = LIBSOCK_POLL_WRITE | LIBSOCK_POLL_ONESHOT;
    sock_t        *holder = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t        *server = sock_create_listen(0, 1);
    sock_t        *s      = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_poll_t   *set    = set_of(s, events);

    (void)state;
    assert_true(sock_bind(holder, "127.0.0.1", 0));
    assert_false(sock_connect(s, "127.0.0.1", port_of(holder)));
    assert_int_equal(sock_last_error(s), ECONNREFUSED);
    assert_true(sock_connect(s, "127.0.0.1", port_of(server)));
    rewatch(set, s, events);
    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    fill(s);
    rewatch(set, s, events);
    assert_true(is_silent(set));
    sock_poll_free(set);
    sock_close(s);
    sock_close(server);
    sock_close(holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_read_as_long_as_they_stay),
        cmocka_unit_test(the_end_is_read),
        cmocka_unit_test(room_is_write),
        cmocka_unit_test(a_half_close_of_the_peer_is_rdhup),
        cmocka_unit_test(what_is_not_watched_is_not_told),
        cmocka_unit_test(a_datagram_is_read),
        cmocka_unit_test(a_connection_that_is_over_is_always_hup),
        cmocka_unit_test(a_reset_is_always_an_error),
        cmocka_unit_test(a_refused_datagram_is_an_error),
        cmocka_unit_test(a_member_watched_for_nothing_has_errors_only),
        cmocka_unit_test(a_connection_to_accept_is_read),
        cmocka_unit_test(a_connect_under_way_is_silent),
        cmocka_unit_test(a_connect_that_has_succeeded_is_write),
        cmocka_unit_test(a_connect_that_has_failed_is_write),
        cmocka_unit_test(a_member_may_connect_again),
    };

    return run_on_every_backend("poll_events", tests);
}
