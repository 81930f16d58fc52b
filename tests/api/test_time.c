/* test_time.c - proves that a timeout and a deadline end every call that waits,
 * in time, with ETIMEDOUT, and what else is said of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define LIMIT 60

static void took(struct scene *c, int64_t begin, int64_t least, int64_t most)
{
    int64_t ms = c->ended - begin;

    if (ms < least - 10 || ms > most + 250)
        fail_msg("%s took %ld ms, not %ld to %ld", c->is->name, (long)ms,
                 (long)least, (long)most);
}

/* One call, its end and its time. */
static void ends(struct scene *c, int error, int64_t after_ms)
{
    int64_t begin = now_ms();

    scene_run(c);
    assert_in(c, c->result == -1);
    assert_in(c, c->error == error);
    took(c, begin, after_ms, after_ms);
}

static void a_timeout_ends_every_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        scene_open(&c, &situations[i]);
        assert_true(sock_set_timeout(c.s, LIMIT));
        ends(&c, ETIMEDOUT, LIMIT);
        scene_close(&c);
    }
}

static void a_deadline_ends_every_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        scene_open(&c, &situations[i]);
        assert_true(sock_set_deadline(c.s, LIMIT));
        ends(&c, ETIMEDOUT, LIMIT);
        ends(&c, ETIMEDOUT, 0);
        scene_close(&c);
    }
}

static void the_earlier_of_the_two_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        scene_open(&c, &situations[i]);
        sock_set_timeout(c.s, i % 2 ? 30000 : LIMIT);
        sock_set_deadline(c.s, i % 2 ? LIMIT : 30000);
        ends(&c, ETIMEDOUT, LIMIT);
        scene_close(&c);
    }
}

static void a_timeout_of_nothing_does_not_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        scene_open(&c, &situations[i]);
        assert_true(sock_set_timeout(c.s, 0));
        ends(&c, ETIMEDOUT, 0);
        scene_close(&c);
    }
}

/* A timeout bounds waiting; what need not wait succeeds. */
static void a_timeout_of_nothing_lets_through_what_need_not_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        if (situations[i].connects)
            continue;
        scene_open(&c, &situations[i]);
        assert_true(sock_set_timeout(c.s, 0));
        c.is->relieve(&c);
        if (!strncmp(c.is->name, "read", 4) || !strncmp(c.is->name, "rec", 3))
            wait_readable(c.s);
        scene_run(&c);
        assert_in(&c, c.result > 0);
        scene_close(&c);
    }
}

static void a_timeout_of_nothing_connects_where_there_is_room(void **state)
{
    char    address[LIBSOCK_ADDRSTRLEN];
    sock_t *listener = sock_create(AF_UNIX, SOCK_STREAM, 0);
    sock_t *s        = sock_create(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    assert_true(sock_bind(listener, "", 0) && sock_listen(listener, 5));
    assert_true(sock_getsockname(listener, address, sizeof address, NULL));
    assert_true(sock_set_timeout(s, 0));
    assert_true(sock_connect(s, address, 0));
    sock_close(s);
    sock_close(listener);
}

/* Non-blocking wins over any limit; but a TCP connect is under way then. */
static void a_non_blocking_socket_does_not_time_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;
        bool         tcp = !strcmp(situations[i].name, "connect, TCP");

        scene_open(&c, &situations[i]);
        sock_set_timeout(c.s, 30000);
        sock_set_deadline(c.s, 30000);
        assert_true(sock_set_nonblock(c.s));
        ends(&c, tcp ? EINPROGRESS : EAGAIN, 0);
        assert_true(sock_set_block(c.s));
        sock_set_deadline(c.s, LIMIT);
        if (!tcp)
            ends(&c, ETIMEDOUT, LIMIT);
        scene_close(&c);
    }
}

static void dont_wait_wins_over_limits(void **state)
{
    sock_t *pair[2];
    char    line[8];

    (void)state;
    tcp_pair(pair);
    sock_set_timeout(pair[0], 30000);
    sock_set_deadline(pair[0], 30000);
    assert_int_equal(sock_read(pair[0], line, sizeof line,
                               LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT),
                     -1);
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    assert_int_equal(sock_recv(pair[0], line, sizeof line, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    fill(pair[0]);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* A peer that keeps sending cannot stretch it. */
static void a_deadline_is_over_many_calls(void **state)
{
    sock_t *pair[2];
    char    byte;
    int64_t begin = now_ms();
    int     calls = 0;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    sock_set_timeout(pair[1], 1000);
    assert_true(sock_set_deadline(pair[1], LIMIT));
    do
        put(pair[0], "x");
    while (sock_read(pair[1], &byte, 1, LIBSOCK_BINARY_READ) == 1 && ++calls);
    assert_int_equal(sock_last_error(pair[1]), ETIMEDOUT);
    assert_in_range(now_ms() - begin, LIMIT - 10, LIMIT + 250);
    assert_true(calls > 10);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void an_expired_deadline_fails_though_data_is_there(void **state)
{
    sock_t *pair[2];
    char    line[8];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "a\nb\n");
    wait_readable(pair[1]);
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), 2);
    assert_true(sock_set_deadline(pair[1], 0));
    for (int mode = LIBSOCK_NORMAL_READ; mode <= LIBSOCK_BINARY_READ; mode++) {
        assert_int_equal(sock_read(pair[1], line, 8, mode), -1);
        assert_int_equal(sock_last_error(pair[1]), ETIMEDOUT);
    }
    assert_int_equal(sock_write(pair[1], "x", 1), -1);
    assert_int_equal(sock_last_error(pair[1]), ETIMEDOUT);
    assert_true(sock_set_deadline(pair[1], -1));
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), 2);
    assert_memory_equal(line, "b\n", 2);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* Cleared limits let the call wait again: it does, and is relieved. */
static void cleared_limits_let_calls_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        if (situations[i].connects)
            continue;
        scene_open(&c, &situations[i]);
        sock_set_timeout(c.s, 1);
        sock_set_deadline(c.s, 1);
        assert_true(sock_set_timeout(c.s, -1));
        assert_true(sock_set_deadline(c.s, -1));
        scene_start(&c);
        c.is->relieve(&c);
        scene_join(&c);
        assert_in(&c, c.result > 0);
        scene_close(&c);
    }
}

static void a_time_below_never_is_refused(void **state)
{
    sock_t *s       = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *reads[] = {s};

    (void)state;
    assert_false(sock_set_timeout(s, -2));
    assert_int_equal(sock_last_error(s), EINVAL);
    sock_clear_error(s);
    assert_false(sock_set_deadline(s, -2));
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, -2), -1);
    assert_int_equal(sock_last_error(NULL), EINVAL);
    sock_close(s);
}

/* Only the named direction gets a limit; the other waits on. */
static void an_option_limits_one_direction(void **state)
{
    static const struct timeval limit = {0, LIMIT * 1000};
    struct scene                c, w;

    (void)state;
    scene_open(&c, situation_named("read, TCP"));
    assert_true(
        sock_set_option(c.s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    ends(&c, ETIMEDOUT, LIMIT);
    fill(c.s);
    w    = c;
    w.is = situation_named("write, TCP");
    scene_start(&w);
    w.is->relieve(&w);
    scene_join(&w);
    assert_in(&w, w.result > 0);
    scene_close(&c);
}

static void the_option_reads_back_and_zero_is_none(void **state)
{
    sock_t        *s    = sock_create(AF_INET, SOCK_STREAM, 0);
    struct timeval t    = {1, 500000};
    size_t         size = sizeof t;

    (void)state;
    assert_true(sock_set_option(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
    memset(&t, 0, sizeof t);
    assert_true(sock_get_option(s, SOL_SOCKET, SO_SNDTIMEO, &t, &size));
    assert_int_equal(t.tv_sec * 1000 + t.tv_usec / 1000, 1500);
    assert_true(sock_get_option(s, SOL_SOCKET, SO_RCVTIMEO, &t, &size));
    assert_int_equal(t.tv_sec * 1000 + t.tv_usec / 1000, 0);
    t = (struct timeval){0, 0};
    assert_true(sock_set_option(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
    t = (struct timeval){0, 1000000};
    assert_false(sock_set_option(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
    assert_int_equal(sock_last_error(s), EDOM);
    sock_close(s);
}

/* The listener's timeouts pass to what it accepts, its deadline does not. */
static void an_accepted_socket_has_its_listeners_timeouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;
        sock_t      *client;
        char         byte;
        int64_t      begin;

        if (!situations[i].accepts)
            continue;
        scene_open(&c, &situations[i]);
        sock_set_timeout(c.s, LIMIT);
        sock_set_deadline(c.s, 1000);
        c.is->relieve(&c);
        client = sock_accept(c.s);
        assert_non_null(client);
        sock_set_deadline(c.s, 0);
        begin = now_ms();
        assert_int_equal(sock_read(client, &byte, 1, LIBSOCK_BINARY_READ), -1);
        assert_int_equal(sock_last_error(client), ETIMEDOUT);
        assert_in_range(now_ms() - begin, LIMIT - 10, LIMIT + 250);
        sock_close(client);
        scene_close(&c);
    }
}

/* They hold from the next call, also for one that was accepted before. */
static void a_cleared_listener_hands_no_timeout_down(void **state)
{
    struct scene c, r;

    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        if (!situations[i].accepts)
            continue;
        scene_open(&c, &situations[i]);
        sock_set_timeout(c.s, 1);
        c.is->relieve(&c);
        sock_set_timeout(c.s, -1);
        r    = c;
        r.is = situation_named("read, TCP");
        r.s  = sock_accept(c.s);
        assert_non_null(r.s);
        scene_start(&r);
        r.is->relieve(&r);
        scene_join(&r);
        assert_in(&r, r.result == 1);
        sock_close(r.s);
        scene_close(&c);
    }
}

static void import_takes_limits_over_and_export_clears_them(void **state)
{
    struct timeval limit = {0, LIMIT * 1000};
    socklen_t      size  = sizeof limit;
    struct scene   c;
    int            fd;

    (void)state;
    scene_open(&c, situation_named("read, TCP"));
    fd = sock_export_fd(c.s);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    c.s = sock_import_fd(fd);
    ends(&c, ETIMEDOUT, LIMIT);
    fd = sock_export_fd(c.s);
    assert_true(fd >= 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &size), 0);
    assert_int_equal(limit.tv_sec, 0);
    assert_int_equal(limit.tv_usec, 0);
    close(fd);
    scene_close(&c);
}

/* Limits that AF_UNIX connects bend are as they were afterwards. */
static void a_connect_leaves_the_limits_as_they_were(void **state)
{
    struct scene c, r;

    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        if (!situations[i].connects)
            continue;
        scene_open(&c, &situations[i]);
        sock_set_timeout(c.s, LIMIT);
        ends(&c, ETIMEDOUT, LIMIT);
        sock_set_timeout(c.s, 5000);
        c.is->relieve(&c);
        scene_run(&c);
        assert_in(&c, c.result == 1);
        sock_set_timeout(c.s, LIMIT);
        r    = c;
        r.is = situation_named("read, TCP");
        ends(&r, ETIMEDOUT, LIMIT);
        scene_close(&c);
    }
}

/* However long the write is: the system's timer would begin anew with each
 * piece that the peer takes. */
static void a_limit_holds_for_the_whole_of_a_write_over_unix(void **state)
{
    static char   bytes[4 << 20];
    const size_t  lengths[] = {sizeof bytes};
    sock_iovec_t *v         = sock_iovec_alloc(1, lengths);
    sock_t       *pair[2];
    int64_t       begun = now_ms();

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_true(sock_set_timeout(pair[0], 5000));
    assert_true(sock_write(pair[0], bytes, sizeof bytes) > 0);
    drain(pair[1]);
    assert_true(sock_writev(pair[0], v) > 0);
    assert_true(now_ms() - begun < 2500);
    sock_iovec_free(v);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_holds_for_the_whole_of_a_write_over_unix),
        cmocka_unit_test(a_timeout_ends_every_call),
        cmocka_unit_test(a_deadline_ends_every_call),
        cmocka_unit_test(the_earlier_of_the_two_counts),
        cmocka_unit_test(a_timeout_of_nothing_does_not_wait),
        cmocka_unit_test(a_timeout_of_nothing_lets_through_what_need_not_wait),
        cmocka_unit_test(a_timeout_of_nothing_connects_where_there_is_room),
        cmocka_unit_test(a_non_blocking_socket_does_not_time_out),
        cmocka_unit_test(dont_wait_wins_over_limits),
        cmocka_unit_test(a_deadline_is_over_many_calls),
        cmocka_unit_test(an_expired_deadline_fails_though_data_is_there),
        cmocka_unit_test(cleared_limits_let_calls_wait),
        cmocka_unit_test(a_time_below_never_is_refused),
        cmocka_unit_test(an_option_limits_one_direction),
        cmocka_unit_test(the_option_reads_back_and_zero_is_none),
        cmocka_unit_test(an_accepted_socket_has_its_listeners_timeouts),
        cmocka_unit_test(a_cleared_listener_hands_no_timeout_down),
        cmocka_unit_test(import_takes_limits_over_and_export_clears_them),
        cmocka_unit_test(a_connect_leaves_the_limits_as_they_were),
    };

    return cmocka_run_group_tests_name("time", tests, count_descriptors,
                                       compare_descriptors);
}
