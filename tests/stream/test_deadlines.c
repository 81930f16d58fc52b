/* test_deadlines.c - proves that every phase of a stream in the clear ends
 * within its time, and leaves no descriptor and no thread behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/resolver.h"
#include "support/scene.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 80

static void took(int64_t begin, int64_t least)
{
    int64_t ms = now_ms() - begin;

    if (ms < least - 10 || ms > least + SLACK)
        fail_msg("it took %ld ms, not %ld", (long)ms, (long)least);
}

static ssize_t read_one(sock_t *s)
{
    char byte;

    return sock_read(s, &byte, 1, LIBSOCK_BINARY_READ);
}

static int error_option(sock_t *s)
{
    int error = -1;

    assert_true(sock_get_option_int(s, SOL_SOCKET, SO_ERROR, &error));
    return error;
}

/* ---- the connect ---- */

static void hole_url(int domain, struct full *f, char *url, size_t size)
{
    full_backlog(domain, f);
    snprintf(url, size, domain == AF_UNIX ? "unix://%s" : "tcp://%s:%d",
             f->address, f->port);
}

static void a_connect_that_nobody_answers_ends_in_time(void **state)
{
    static const int domains[] = {AF_INET, AF_UNIX};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct full f;
        char        url[LIBSOCK_NAMESTRLEN];
        int64_t     begin;

        hole_url(domains[i], &f, url, sizeof url);
        begin = now_ms();
        assert_null(sock_stream_client(url, LIMIT, 0, NULL));
        assert_int_equal(sock_last_error(NULL), ETIMEDOUT);
        took(begin, LIMIT);
        assert_non_null(strstr(sock_last_message(NULL), url));
        close_full(&f);
    }
}

static void no_time_at_all_is_no_time_to_connect(void **state)
{
    static const int domains[] = {AF_INET, AF_UNIX};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct full f;
        char        url[LIBSOCK_NAMESTRLEN];
        int64_t     begin;

        hole_url(domains[i], &f, url, sizeof url);
        begin = now_ms();
        assert_null(sock_stream_client(url, 0, 0, NULL));
        assert_int_equal(sock_last_error(NULL), ETIMEDOUT);
        took(begin, 0);
        close_full(&f);
    }
}

static void a_time_below_for_ever_is_refused(void **state)
{
    static const int times[] = {-2, -1000, -2147483647 - 1};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sock_clear_error(NULL);
        assert_null(sock_stream_client("tcp://127.0.0.1:1", times[i], 0, NULL));
        assert_int_equal(sock_last_error(NULL), EINVAL);
    }
}

/* ---- the deadline after the connect ---- */

static sock_t *client_of(sock_t *server, int timeout_ms, int flags)
{
    char    url[LIBSOCK_ADDRSTRLEN + 32];
    sock_t *s;

    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    s = sock_stream_client(url, timeout_ms, flags, NULL);
    if (!s)
        fail_msg("%s", sock_last_message(NULL));
    return s;
}

static void the_time_goes_on_if_it_is_told_so(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    int64_t begin  = now_ms();
    sock_t *s      = client_of(server, 2 * LIMIT, LIBSOCK_CLIENT_DEADLINE);

    (void)state;
    assert_int_equal(read_one(s), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    took(begin, 2 * LIMIT);
    assert_int_equal(sock_write(s, "x", 1), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    sock_close(s);
    sock_close(server);
}

/* The handle's own limit of LIMIT comes, not what the connect had. */
static void the_time_ends_with_the_connect_otherwise(void **state)
{
    static const int flags[] = {0, LIBSOCK_CLIENT_CONNECT,
                                LIBSOCK_CLIENT_ASYNC};
    sock_t          *server  = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sock_t *s = client_of(server, LIMIT, flags[i]);
        int64_t begin;

        sock_set_timeout(s, 2 * LIMIT);
        begin = now_ms();
        assert_int_equal(read_one(s), -1);
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
        took(begin, 2 * LIMIT);
        sock_close(s);
    }
    sock_close(server);
}

static void for_ever_goes_on_for_ever(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    sock_t *s      = client_of(server, -1, LIBSOCK_CLIENT_DEADLINE);
    int64_t begin;

    (void)state;
    sock_set_timeout(s, LIMIT);
    begin = now_ms();
    assert_int_equal(read_one(s), -1);
    took(begin, LIMIT);
    assert_int_equal(sock_write(s, "x", 1), 1);
    sock_close(s);
    sock_close(server);
}

static void a_deadline_of_the_client_holds_over_af_unix(void **state)
{
    char    url[LIBSOCK_ADDRSTRLEN + 32];
    sock_t *server, *s;
    int64_t begin = now_ms();

    (void)state;
    snprintf(url, sizeof url, "unix://@libsock-deadlines-%ld", (long)getpid());
    server = sock_stream_server(url, 0, NULL);
    s      = sock_stream_client(url, LIMIT, LIBSOCK_CLIENT_DEADLINE, NULL);
    assert_non_null(s);
    assert_int_equal(read_one(s), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    took(begin, LIMIT);
    sock_close(s);
    sock_close(server);
}

/* ---- reading, writing, ending ---- */

static void a_peer_that_does_not_read_is_waited_for_in_time(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    sock_t *s      = client_of(server, 1000, 0);
    int64_t begin;
    size_t  done;

    (void)state;
    fill(s);
    sock_set_deadline(s, LIMIT);
    begin = now_ms();
    assert_false(sock_write_all(s, "xyz", 3, &done));
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_int_equal(done, 0);
    took(begin, LIMIT);
    sock_close(s);
    sock_close(server);
}

static void an_end_and_a_close_wait_for_nobody(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    sock_t *s      = client_of(server, 1000, 0);
    int64_t begin;

    (void)state;
    fill(s);
    begin = now_ms();
    assert_true(sock_shutdown(s, SHUT_WR));
    assert_true(sock_shutdown(s, SHUT_RDWR));
    assert_true(sock_close(s));
    took(begin, 0);
    sock_close(server);
}

/* ---- accepting ---- */

static void an_accept_ends_in_time(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    int64_t begin  = now_ms();

    (void)state;
    assert_null(sock_stream_accept(server, LIMIT, NULL, 0));
    assert_int_equal(sock_last_error(server), ETIMEDOUT);
    took(begin, LIMIT);
    begin = now_ms();
    assert_null(sock_stream_accept(server, 0, NULL, 0));
    assert_int_equal(sock_last_error(server), ETIMEDOUT);
    took(begin, 0);
    sock_close(server);
}

static void an_accepts_own_time_rules_over_the_timeout(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    int64_t begin  = now_ms();

    (void)state;
    sock_set_timeout(server, 20000);
    assert_null(sock_stream_accept(server, LIMIT, NULL, 0));
    took(begin, LIMIT);
    sock_set_timeout(server, 10);
    begin = now_ms();
    assert_null(sock_stream_accept(server, LIMIT, NULL, 0));
    took(begin, LIMIT);
    sock_set_deadline(server, LIMIT);
    begin = now_ms();
    assert_null(sock_stream_accept(server, -1, NULL, 0));
    assert_int_equal(sock_last_error(server), ETIMEDOUT);
    took(begin, LIMIT);
    sock_close(server);
}

/* ---- connecting meanwhile ---- */

static void an_async_client_is_back_at_once(void **state)
{
    struct full f;
    char        url[LIBSOCK_ADDRSTRLEN + 32];
    sock_t     *s;
    int64_t     begin;

    (void)state;
    hole_url(AF_INET, &f, url, sizeof url);
    begin = now_ms();
    s     = sock_stream_client(url, 20000, LIBSOCK_CLIENT_ASYNC, NULL);
    assert_non_null(s);
    took(begin, 0);
    assert_false(is_writable(s));
    sock_set_timeout(s, LIMIT);
    begin = now_ms();
    assert_int_equal(sock_write(s, "x", 1), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_int_equal(read_one(s), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    took(begin, 2 * LIMIT);
    sock_close(s);
    close_full(&f);
}

static void wait_writable(sock_t *s)
{
    sock_t *one = s;

    assert_int_equal(sock_select(NULL, 0, &one, 1, NULL, 0, 5000), 1);
}

static void an_async_client_is_writable_when_it_is_connected(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    sock_t *s      = client_of(server, 0, LIBSOCK_CLIENT_ASYNC);
    sock_t *other;

    (void)state;
    wait_writable(s);
    assert_int_equal(error_option(s), 0);
    other = sock_stream_accept(server, 5000, NULL, 0);
    put(s, "x");
    assert_int_equal(read_one(other), 1);
    sock_close(other);
    sock_close(s);
    sock_close(server);
}

static void an_async_client_is_told_of_a_refusal(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    char    url[LIBSOCK_ADDRSTRLEN + 32];
    sock_t *s;

    (void)state;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    sock_close(server);
    s = sock_stream_client(url, 1000, LIBSOCK_CLIENT_ASYNC, NULL);
    if (!s) { /* loopback may be that fast */
        assert_int_equal(sock_last_error(NULL), ECONNREFUSED);
        return;
    }
    wait_writable(s);
    assert_int_equal(error_option(s), ECONNREFUSED);
    sock_close(s);
}

static void an_async_client_that_failed_says_so_in_a_read(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    char    url[LIBSOCK_ADDRSTRLEN + 32];
    sock_t *s;

    (void)state;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    sock_close(server);
    s = sock_stream_client(url, 1000, LIBSOCK_CLIENT_ASYNC, NULL);
    if (!s)
        return;
    assert_int_equal(read_one(s), -1);
    assert_int_equal(sock_last_error(s), ECONNREFUSED);
    sock_close(s);
}

static void an_async_client_can_have_a_deadline(void **state)
{
    struct full f;
    char        url[LIBSOCK_ADDRSTRLEN + 32];
    sock_t     *s;
    int64_t     begin;

    (void)state;
    hole_url(AF_INET, &f, url, sizeof url);
    begin = now_ms();
    s     = sock_stream_client(
            url, LIMIT, LIBSOCK_CLIENT_ASYNC | LIBSOCK_CLIENT_DEADLINE, NULL);
    assert_non_null(s);
    assert_int_equal(sock_write(s, "x", 1), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    took(begin, LIMIT);
    sock_close(s);
    close_full(&f);
}

/* The look-ups' helpers count threads: none is left. */
static int begin_all(void **state)
{
    resolver_begin();
    return count_descriptors(state);
}

static int end_all(void **state)
{
    resolver_drain();
    return compare_descriptors(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connect_that_nobody_answers_ends_in_time),
        cmocka_unit_test(no_time_at_all_is_no_time_to_connect),
        cmocka_unit_test(a_time_below_for_ever_is_refused),
        cmocka_unit_test(the_time_goes_on_if_it_is_told_so),
        cmocka_unit_test(the_time_ends_with_the_connect_otherwise),
        cmocka_unit_test(for_ever_goes_on_for_ever),
        cmocka_unit_test(a_deadline_of_the_client_holds_over_af_unix),
        cmocka_unit_test(a_peer_that_does_not_read_is_waited_for_in_time),
        cmocka_unit_test(an_end_and_a_close_wait_for_nobody),
        cmocka_unit_test(an_accept_ends_in_time),
        cmocka_unit_test(an_accepts_own_time_rules_over_the_timeout),
        cmocka_unit_test(an_async_client_is_back_at_once),
        cmocka_unit_test(an_async_client_is_writable_when_it_is_connected),
        cmocka_unit_test(an_async_client_is_told_of_a_refusal),
        cmocka_unit_test(an_async_client_that_failed_says_so_in_a_read),
        cmocka_unit_test(an_async_client_can_have_a_deadline),
    };

    return cmocka_run_group_tests(tests, begin_all, end_all);
}
