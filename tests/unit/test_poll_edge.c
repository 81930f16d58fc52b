/* test_poll_edge.c - proves that EDGE tells what arrives and not what is there,
 * after whatever call met EAGAIN.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#define READ_EDGE (LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE)
#define WRITE_EDGE (LIBSOCK_POLL_WRITE | LIBSOCK_POLL_EDGE)

/* Take all there is, and meet EAGAIN. */
static void read_all(sock_t *s)
{
    drain(s);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

/* ---- edge, reading ---- */

static void bytes_arrive(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_EDGE);

    assert_true(is_silent(set));
    for (int i = 0; i < 5; i++) {
        put(peer, "some");
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        assert_true(is_silent(set));
        assert_true(is_silent(set));
        read_all(s);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
}

static void edge_tells_what_arrives_and_not_what_stays(void **state)
{
    (void)state;
    each(bytes_arrive);
}

static void bytes_are_there_before(sock_t *peer, sock_t *s)
{
    sock_poll_t *set;

    put(peer, "some");
    wait_readable(s);
    set = set_of(s, READ_EDGE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        assert_true(is_silent(set));
        rewatch(set, s, READ_EDGE);
    }
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    read_all(s);
    rewatch(set, s, READ_EDGE);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void setting_edge_anew_tells_what_is_there(void **state)
{
    (void)state;
    each(bytes_are_there_before);
}

static void bytes_arrive_before_the_wait(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_EDGE);

    for (int i = 0; i < 5; i++) {
        read_all(s);
        put(peer, "some");
        wait_readable(s);
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
}

static void edge_tells_what_arrived_while_nobody_waited(void **state)
{
    (void)state;
    each(bytes_arrive_before_the_wait);
}

static void bytes_arrive_in_a_wait(sock_t *peer, sock_t *s)
{
    sock_poll_t  *set = set_of(s, READ_EDGE);
    struct waiter w;

    for (int i = 0; i < 3; i++) {
        waiter_start(&w, set);
        put(peer, "some");
        assert_int_equal(waiter_join(&w), 1);
        assert_int_equal(w.events[0].events, LIBSOCK_POLL_READ);
        assert_true(is_silent(set));
        read_all(s);
    }
    sock_poll_free(set);
}

static void edge_tells_what_arrives_in_a_wait(void **state)
{
    (void)state;
    each(bytes_arrive_in_a_wait);
}

/* A look that finds nothing to report leaves the edge where it is. */
static void bytes_are_gone_again(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_EDGE);

    put(peer, "some");
    wait_readable(s);
    read_all(s);
    assert_true(sock_poll_remove(set, s));
    watch(set, s, READ_EDGE);
    assert_true(is_silent(set));
    put(peer, "more");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void edge_set_on_nothing_tells_what_comes(void **state)
{
    (void)state;
    each(bytes_are_gone_again);
}

static void the_end_arrives(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, READ_EDGE | LIBSOCK_POLL_RDHUP);
    char         byte;

    put(peer, "some");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    read_all(s);
    assert_true(sock_shutdown(peer, SHUT_WR));
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ | LIBSOCK_POLL_RDHUP);
    assert_true(is_silent(set));
    assert_int_equal(sock_recv(s, &byte, 1, 0), 0);
    sock_poll_free(set);
}

static void edge_tells_the_end_once(void **state)
{
    (void)state;
    each(the_end_arrives);
}

/* ---- edge, every reader ---- */

static bool nothing_binary(sock_t *s)
{
    char byte;

    return sock_read(s, &byte, 1, LIBSOCK_BINARY_READ | LIBSOCK_DONTWAIT) < 0;
}

static bool nothing_line(sock_t *s)
{
    char line[8];

    return sock_read(s, line, 8, LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT) < 0;
}

static bool nothing_recv(sock_t *s)
{
    char byte;

    return sock_recv(s, &byte, 1, MSG_DONTWAIT) < 0;
}

static bool nothing_recvfrom(sock_t *s)
{
    char byte;

    return sock_recvfrom(s, &byte, 1, MSG_DONTWAIT, NULL, 0, NULL) < 0;
}

static bool nothing_nonblock(sock_t *s)
{
    char byte;
    bool nothing;

    assert_true(sock_set_nonblock(s));
    nothing = sock_read(s, &byte, 1, LIBSOCK_BINARY_READ) < 0;
    assert_true(sock_set_block(s));
    return nothing;
}

static void every_reader(sock_t *peer, sock_t *s)
{
    static bool (*const readers[])(sock_t *) = {nothing_binary, nothing_line,
                                                nothing_recv, nothing_recvfrom,
                                                nothing_nonblock};
    sock_poll_t *set                         = set_of(s, READ_EDGE);

    for (int i = 0; i < 10; i++) {
        put(peer, "x\ny\n");
        assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
        while (!readers[i / 2](s))
            ;
        assert_int_equal(sock_last_error(s), EAGAIN);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
}

static void edge_tells_what_comes_after_any_read_met_eagain(void **state)
{
    (void)state;
    each(every_reader);
}

/* A read that waited in vain has met the end of what was there, too. */
static void edge_tells_what_comes_after_a_read_timed_out(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    char         bytes[8];

    (void)state;
    tcp_pair(pair);
    sock_set_timeout(pair[1], 10);
    set = set_of(pair[1], READ_EDGE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sock_write(pair[0], "x", 1), 1);
        assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
        while (sock_recv(pair[1], bytes, sizeof bytes, 0) > 0)
            ;
        assert_int_equal(sock_last_error(pair[1]), ETIMEDOUT);
    }
    sock_poll_free(set);
    close_pair(pair);
}

static void edge_tells_what_comes_after_an_accept_met_eagain(void **state)
{
    static const char *const names[] = {"accept, TCP", "accept, unix"};

    (void)state;
    for (int i = 0; i < 6; i++) {
        struct scene c;
        sock_poll_t *set;
        sock_t      *client;

        scene_open(&c, situation_named(names[i % 2]));
        assert_true(sock_set_nonblock(c.s));
        set = set_of(c.s, READ_EDGE);
        assert_null(sock_accept(c.s));
        c.is->relieve(&c);
        assert_int_equal(told(set, c.s), LIBSOCK_POLL_READ);
        assert_true(is_silent(set));
        client = sock_accept(c.s);
        assert_non_null(client);
        sock_close(client);
        assert_null(sock_accept(c.s));
        assert_int_equal(sock_last_error(c.s), EAGAIN);
        assert_true(is_silent(set));
        sock_poll_free(set);
        scene_close(&c);
    }
}

static void knock(struct scene *c)
{
    sock_close(c->peer);
    c->peer = sock_create(AF_INET, SOCK_STREAM, 0);
    c->is->relieve(c);
}

static void edge_tells_every_new_connection(void **state)
{
    struct scene c;
    sock_poll_t *set;

    (void)state;
    scene_open(&c, situation_named("accept, TCP"));
    assert_true(sock_set_nonblock(c.s));
    set = set_of(c.s, READ_EDGE);
    for (int i = 0; i < 5; i++) {
        sock_t *client;

        knock(&c);
        assert_int_equal(told(set, c.s), LIBSOCK_POLL_READ);
        while ((client = sock_accept(c.s)))
            sock_close(client);
        assert_int_equal(sock_last_error(c.s), EAGAIN);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
    scene_close(&c);
}

/* ---- edge, writing ---- */

static void room_comes_and_goes(sock_t *peer, sock_t *s)
{
    sock_poll_t  *set = set_of(s, WRITE_EDGE);
    struct waiter w;

    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    assert_true(is_silent(set));
    fill(s);
    (void)is_silent(set); /* room that came and went while it was filled */
    waiter_start(&w, set);
    drain(peer);
    assert_int_equal(waiter_join(&w), 1);
    assert_int_equal(w.events[0].events, LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
}

static void edge_tells_room_that_comes_in_a_wait(void **state)
{
    (void)state;
    each(room_comes_and_goes);
}

static void room_comes_before_the_wait(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, WRITE_EDGE);

    for (int i = 0; i < 3; i++) {
        assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
        fill(s);
        drain(peer);
    }
    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
}

static void edge_tells_room_that_came_while_nobody_waited(void **state)
{
    (void)state;
    each(room_comes_before_the_wait);
}

static bool full_write(sock_t *s)
{
    bool full;

    assert_true(sock_set_nonblock(s));
    full = sock_write(s, "x", 1) < 0;
    assert_true(sock_set_block(s));
    return full;
}

static bool full_write_all(sock_t *s)
{
    bool full;

    assert_true(sock_set_nonblock(s));
    full = !sock_write_all(s, "xyz", 3, NULL);
    assert_true(sock_set_block(s));
    return full;
}

static bool full_send(sock_t *s)
{
    return sock_send(s, "x", 1, MSG_DONTWAIT) < 0;
}

static void every_writer(sock_t *peer, sock_t *s)
{
    static bool (*const writers[])(sock_t *) = {full_write, full_write_all,
                                                full_send};
    sock_poll_t *set                         = set_of(s, WRITE_EDGE);

    for (int i = 0; i < 6; i++) {
        assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
        fill(s);
        while (!writers[i / 2](s))
            ;
        assert_int_equal(sock_last_error(s), EAGAIN);
        drain(peer);
    }
    assert_int_equal(told(set, s), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
}

static void edge_tells_room_after_any_write_met_eagain(void **state)
{
    (void)state;
    each(every_writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_tells_what_arrives_and_not_what_stays),
        cmocka_unit_test(setting_edge_anew_tells_what_is_there),
        cmocka_unit_test(edge_tells_what_arrived_while_nobody_waited),
        cmocka_unit_test(edge_tells_what_arrives_in_a_wait),
        cmocka_unit_test(edge_set_on_nothing_tells_what_comes),
        cmocka_unit_test(edge_tells_the_end_once),
        cmocka_unit_test(edge_tells_what_comes_after_any_read_met_eagain),
        cmocka_unit_test(edge_tells_what_comes_after_a_read_timed_out),
        cmocka_unit_test(edge_tells_what_comes_after_an_accept_met_eagain),
        cmocka_unit_test(edge_tells_every_new_connection),
        cmocka_unit_test(edge_tells_room_that_comes_in_a_wait),
        cmocka_unit_test(edge_tells_room_that_came_while_nobody_waited),
        cmocka_unit_test(edge_tells_room_after_any_write_met_eagain),
    };

    return run_on_every_backend("poll_edge", tests);
}
