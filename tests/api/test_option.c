/* test_option.c - proves that options go through as bytes and as numbers, and
 * how linger, keep-alive and misuse behave.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <stdint.h>
#include <string.h>
#include <sys/time.h>

static sock_t *tcp_socket(void)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    assert_non_null(s);
    return s;
}

#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

static int get(sock_t *s, int level, int option)
{
    int value = -99;

    assert_true(sock_get_option_int(s, level, option, &value));
    return value;
}

/* ---- numbers ---- */

static void a_number_reads_back(void **state)
{
    static const struct {
        int level, option, value;
    } options[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1}, {SOL_SOCKET, SO_REUSEADDR, 0},
        {SOL_SOCKET, SO_BROADCAST, 1}, {SOL_SOCKET, SO_OOBINLINE, 1},
        {SOL_TCP, TCP_NODELAY, 1},     {SOL_TCP, TCP_NODELAY, 0},
        {SOL_TCP, TCP_KEEPIDLE, 77},   {IPPROTO_IP, IP_TTL, 9},
        {IPPROTO_IP, IP_TTL, 255},     {IPPROTO_IP, IP_TOS, 0x10},
    };
    sock_t *s = tcp_socket();

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        assert_true(sock_set_option_int(s, options[i].level, options[i].option,
                                        options[i].value));
        assert_int_equal(get(s, options[i].level, options[i].option),
                         options[i].value);
    }
    sock_close(s);
}

static void the_socket_tells_what_it_is(void **state)
{
    sock_t *s = sock_create(AF_INET6, SOCK_DGRAM, 0);

    (void)state;
    assert_int_equal(get(s, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_DOMAIN), AF_INET6);
    assert_int_equal(get(s, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
    assert_int_equal(get(s, SOL_SOCKET, SO_ACCEPTCONN), 0);
    assert_int_equal(get(s, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    sock_close(s);
}

static void an_option_that_is_no_int_is_no_number(void **state)
{
    static const struct {
        int level, option;
    } options[]   = {{SOL_SOCKET, SO_LINGER},
                     {SOL_SOCKET, SO_RCVTIMEO},
                     {SOL_SOCKET, SO_SNDTIMEO},
                     {SOL_TCP, TCP_CONGESTION},
                     {SOL_TCP, TCP_INFO}};
    sock_t *s     = tcp_socket();
    int     value = 42;

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        sock_clear_error(s);
        assert_fails(
            s,
            sock_get_option_int(s, options[i].level, options[i].option, &value),
            EINVAL);
        assert_int_equal(value, 42);
    }
    assert_fails(s, sock_set_option_int(s, SOL_SOCKET, SO_LINGER, 1), EINVAL);
    assert_fails(s, sock_set_option_int(s, SOL_SOCKET, SO_RCVTIMEO, 1), EINVAL);
    sock_close(s);
}

static void an_option_that_does_not_exist_is_told(void **state)
{
    sock_t *s     = tcp_socket();
    int     value = 42;
    size_t  size  = sizeof value;

    (void)state;
    assert_fails(s, sock_set_option_int(s, SOL_SOCKET, 9999, 1), ENOPROTOOPT);
    assert_fails(s, sock_get_option_int(s, SOL_SOCKET, 9999, &value),
                 ENOPROTOOPT);
    sock_clear_error(s);
    assert_fails(s, sock_set_option_int(s, SOL_TCP, 9999, 1), ENOPROTOOPT);
    assert_fails(s, sock_get_option(s, SOL_TCP, 9999, &value, &size),
                 ENOPROTOOPT);
    assert_int_equal(value, 42);
    sock_close(s);
}

static void null_places_are_refused(void **state)
{
    sock_t *s    = tcp_socket();
    int     on   = 1;
    size_t  size = sizeof on;

    (void)state;
    assert_fails(s, sock_get_option_int(s, SOL_SOCKET, SO_TYPE, NULL), EINVAL);
    sock_clear_error(s);
    assert_fails(s, sock_get_option(s, SOL_SOCKET, SO_TYPE, NULL, &size),
                 EINVAL);
    sock_clear_error(s);
    assert_fails(s, sock_get_option(s, SOL_SOCKET, SO_TYPE, &on, NULL), EINVAL);
    sock_clear_error(s);
    assert_fails(s,
                 sock_set_option(s, SOL_SOCKET, SO_REUSEADDR, NULL, sizeof on),
                 EINVAL);
    sock_clear_error(s);
    assert_fails(s, sock_get_linger(s, NULL), EINVAL);
    sock_close(s);
}

static void a_wrong_size_is_refused(void **state)
{
    sock_t        *s  = tcp_socket();
    struct timeval t  = {1, 0};
    int            on = 1;

    (void)state;
    assert_fails(s, sock_set_option(s, SOL_SOCKET, SO_REUSEADDR, &on, 1),
                 EINVAL);
    sock_clear_error(s);
    assert_fails(s, sock_set_option(s, SOL_SOCKET, SO_RCVTIMEO, &t, 3), EINVAL);
    sock_clear_error(s);
    assert_fails(s, sock_set_option(s, SOL_SOCKET, SO_REUSEADDR, &on, SIZE_MAX),
                 EINVAL);
    sock_close(s);
}

static void a_failed_connect_is_told_once_by_so_error(void **state)
{
    sock_t *bound     = tcp_socket();
    sock_t *s         = tcp_socket();
    sock_t *writes[1] = {s};

    (void)state;
    assert_true(sock_bind(bound, "127.0.0.1", 0));
    sock_set_nonblock(s);
    assert_fails(s, sock_connect(s, "127.0.0.1", port_of(bound)), EINPROGRESS);
    assert_int_equal(sock_select(NULL, 0, writes, 1, NULL, 0, 2000), 1);
    assert_int_equal(get(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
    assert_int_equal(get(s, SOL_SOCKET, SO_ERROR), 0);
    sock_close(bound);
    sock_close(s);
}

/* ---- bytes ---- */

static void bytes_go_through_as_they_are(void **state)
{
    sock_t       *s        = tcp_socket();
    struct linger l        = {1, 7};
    char          name[32] = "";
    size_t        size     = sizeof l;

    (void)state;
    assert_true(sock_set_option(s, SOL_SOCKET, SO_LINGER, &l, sizeof l));
    l = (struct linger){0, 0};
    assert_true(sock_get_option(s, SOL_SOCKET, SO_LINGER, &l, &size));
    assert_int_equal(size, sizeof l);
    assert_int_equal(l.l_onoff, 1);
    assert_int_equal(l.l_linger, 7);
    assert_true(sock_set_option(s, SOL_TCP, TCP_CONGESTION, "reno", 4));
    size = sizeof name;
    assert_true(sock_get_option(s, SOL_TCP, TCP_CONGESTION, name, &size));
    assert_string_equal(name, "reno");
    sock_close(s);
}

static void a_time_out_of_range_is_edom(void **state)
{
    static const struct timeval bad[] = {{-1, 0}, {0, -1}, {0, 1000000}};
    sock_t                     *s     = tcp_socket();

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sock_clear_error(s);
        assert_fails(
            s,
            sock_set_option(s, SOL_SOCKET, SO_RCVTIMEO, &bad[i], sizeof bad[i]),
            EDOM);
    }
    sock_close(s);
}

/* sock_set_timeout() and the options are two ways to the same limits. */
static void a_timeout_reads_back_as_an_option(void **state)
{
    sock_t        *s    = tcp_socket();
    struct timeval t    = {0, 0};
    size_t         size = sizeof t;

    (void)state;
    assert_true(sock_set_timeout(s, 2500));
    assert_true(sock_get_option(s, SOL_SOCKET, SO_RCVTIMEO, &t, &size));
    assert_int_equal(t.tv_sec, 2);
    assert_int_equal(t.tv_usec, 500000);
    t = (struct timeval){1, 0};
    assert_true(sock_set_option(s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    assert_true(sock_get_option(s, SOL_SOCKET, SO_SNDTIMEO, &t, &size));
    assert_int_equal(t.tv_sec, 2);
    assert_true(sock_set_timeout(s, -1));
    assert_true(sock_get_option(s, SOL_SOCKET, SO_SNDTIMEO, &t, &size));
    assert_int_equal(t.tv_sec + t.tv_usec, 0);
    sock_close(s);
}

/* ---- linger ---- */

static void linger_reads_back(void **state)
{
    static const int seconds[] = {0, 1, 65535, -1};
    sock_t          *s         = tcp_socket();
    int              now       = 42;

    (void)state;
    assert_true(sock_get_linger(s, &now));
    assert_int_equal(now, -1);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        assert_true(sock_set_linger(s, seconds[i]));
        assert_true(sock_get_linger(s, &now));
        assert_int_equal(now, seconds[i]);
    }
    sock_close(s);
}

static void linger_out_of_range_is_refused(void **state)
{
    static const int seconds[] = {-2, 65536, -2147483647, 2147483647};
    sock_t          *s         = tcp_socket();
    int              now       = 42;

    (void)state;
    assert_true(sock_set_linger(s, 3));
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        sock_clear_error(s);
        assert_fails(s, sock_set_linger(s, seconds[i]), EINVAL);
    }
    assert_true(sock_get_linger(s, &now));
    assert_int_equal(now, 3);
    sock_close(s);
}

static void a_linger_of_nothing_resets_the_peer(void **state)
{
    sock_t *pair[2];
    char    byte;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_set_linger(pair[0], 0));
    sock_close(pair[0]);
    assert_int_equal(sock_read(pair[1], &byte, 1, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
    sock_close(pair[1]);
}

static void bytes_written_are_delivered_after_a_close(void **state)
{
    static const int seconds[] = {-1, 5};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t *pair[2];
        char    in[8];

        tcp_pair(pair);
        assert_true(sock_set_linger(pair[0], seconds[i]));
        put(pair[0], "bye");
        sock_close(pair[0]);
        assert_int_equal(sock_recv(pair[1], in, 8, MSG_WAITALL), 3);
        assert_int_equal(sock_recv(pair[1], in, 8, 0), 0);
        sock_close(pair[1]);
    }
}

/* ---- keep-alive ---- */

static void keepalive_sets_all_its_numbers(void **state)
{
    sock_t *s = tcp_socket();

    (void)state;
    assert_true(sock_set_keepalive(s, 30, 4, 5));
    assert_int_equal(get(s, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(get(s, SOL_TCP, TCP_KEEPIDLE), 30);
    assert_int_equal(get(s, SOL_TCP, TCP_KEEPINTVL), 4);
    assert_int_equal(get(s, SOL_TCP, TCP_KEEPCNT), 5);
    assert_true(sock_set_keepalive(s, 0, 0, 0));
    assert_int_equal(get(s, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(get(s, SOL_TCP, TCP_KEEPIDLE), 30);
    assert_int_equal(get(s, SOL_TCP, TCP_KEEPCNT), 5);
    assert_true(sock_set_keepalive(s, -1, 0, 0));
    assert_int_equal(get(s, SOL_SOCKET, SO_KEEPALIVE), 0);
    sock_close(s);
}

static void keepalive_out_of_range_is_refused(void **state)
{
    static const int bad[][3] = {{-2, 0, 0},    {1, -1, 0},    {1, 0, -1},
                                 {99999, 0, 0}, {1, 99999, 0}, {1, 0, 999}};
    sock_t          *s        = tcp_socket();

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sock_clear_error(s);
        assert_fails(s, sock_set_keepalive(s, bad[i][0], bad[i][1], bad[i][2]),
                     EINVAL);
    }
    assert_int_equal(get(s, SOL_SOCKET, SO_KEEPALIVE), 0);
    sock_close(s);
}

static void keepalive_is_for_tcp(void **state)
{
    static const int kinds[][2] = {{AF_INET, SOCK_DGRAM},
                                   {AF_UNIX, SOCK_STREAM},
                                   {AF_UNIX, SOCK_SEQPACKET}};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sock_t *s = sock_create(kinds[i][0], kinds[i][1], 0);

        assert_fails(s, sock_set_keepalive(s, 1, 1, 1), EOPNOTSUPP);
        sock_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_reads_back),
        cmocka_unit_test(the_socket_tells_what_it_is),
        cmocka_unit_test(an_option_that_is_no_int_is_no_number),
        cmocka_unit_test(an_option_that_does_not_exist_is_told),
        cmocka_unit_test(null_places_are_refused),
        cmocka_unit_test(a_wrong_size_is_refused),
        cmocka_unit_test(a_failed_connect_is_told_once_by_so_error),
        cmocka_unit_test(bytes_go_through_as_they_are),
        cmocka_unit_test(a_time_out_of_range_is_edom),
        cmocka_unit_test(a_timeout_reads_back_as_an_option),
        cmocka_unit_test(linger_reads_back),
        cmocka_unit_test(linger_out_of_range_is_refused),
        cmocka_unit_test(a_linger_of_nothing_resets_the_peer),
        cmocka_unit_test(bytes_written_are_delivered_after_a_close),
        cmocka_unit_test(keepalive_sets_all_its_numbers),
        cmocka_unit_test(keepalive_out_of_range_is_refused),
        cmocka_unit_test(keepalive_is_for_tcp),
    };

    return cmocka_run_group_tests_name("option", tests, count_descriptors,
                                       compare_descriptors);
}
