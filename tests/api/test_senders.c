/* test_senders.c - proves that a receive tells who sent, and that a socket in
 * no state for a call says so.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void datagrams_tell_their_sender(void **state)
{
    static const struct {
        int         domain;
        const char *address;
    } kinds[] = {{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}, {AF_UNIX, ""}};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *a = sock_create(kinds[i].domain, SOCK_DGRAM, 0);
        sock_t *b = sock_create(kinds[i].domain, SOCK_DGRAM, 0);
        char    to[LIBSOCK_ADDRSTRLEN], from[LIBSOCK_ADDRSTRLEN], out[8];
        char    sender[LIBSOCK_ADDRSTRLEN];
        int     port, from_port;

        assert_true(sock_bind(a, kinds[i].address, 0));
        assert_true(sock_bind(b, kinds[i].address, 0));
        assert_true(sock_getsockname(a, sender, sizeof sender, NULL));
        assert_true(sock_getsockname(b, to, sizeof to, &port));
        assert_int_equal(sock_sendto(a, "hello", 5, 0, to, port), 5);
        assert_int_equal(sock_recvfrom(b, out, 8, 0, from, 8, &from_port), -1);
        assert_int_equal(sock_last_error(b), EINVAL);
        assert_int_equal(
            sock_recvfrom(b, out, 8, 0, from, sizeof from, &from_port), 5);
        assert_string_equal(from, sender);
        assert_int_equal(from_port, i < 2 ? port_of(a) : 0);
        assert_int_equal(sock_sendto(b, "back", 4, 0, from, from_port), 4);
        assert_int_equal(sock_recv(a, out, 8, 0), 4);
        sock_close(a);
        sock_close(b);
    }
}

static void a_stream_tells_its_peer(void **state)
{
    sock_t *pair[2];
    char    from[LIBSOCK_ADDRSTRLEN], out[8];
    int     port;

    (void)state;
    tcp_pair(pair);
    for (int i = 0; i < 2; i++) {
        assert_true(sock_write_all(pair[!i], "x", 1, NULL));
        assert_int_equal(
            sock_recvfrom(pair[i], out, 8, 0, from, sizeof from, &port), 1);
        assert_string_equal(from, "127.0.0.1");
        assert_int_equal(port, port_of(pair[!i]));
    }
    sock_close(pair[0]);
    sock_close(pair[1]);
    unix_pair(SOCK_STREAM, pair);
    assert_true(sock_write_all(pair[0], "x", 1, NULL));
    assert_int_equal(
        sock_recvfrom(pair[1], out, 8, 0, from, sizeof from, &port), 1);
    assert_string_equal(from, "");
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_buffered_line_does_not_hide_the_sender(void **state)
{
    sock_t *pair[2];
    char    from[LIBSOCK_ADDRSTRLEN], line[8];
    int     port = 0;

    (void)state;
    tcp_pair(pair);
    put(pair[0], "a\nb");
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), 2);
    assert_int_equal(
        sock_recvfrom(pair[1], line, 8, 0, from, sizeof from, &port), 1);
    assert_string_equal(from, "127.0.0.1");
    assert_int_equal(port, port_of(pair[0]));
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* Refused before anything is received. */
static void too_small_a_text_loses_nothing(void **state)
{
    static const int         domains[]   = {AF_INET, AF_INET6, AF_UNIX};
    static const char *const addresses[] = {"127.0.0.1", "::1", ""};
    char from[LIBSOCK_ADDRSTRLEN], to[LIBSOCK_ADDRSTRLEN], byte;

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *s    = sock_create(domains[i], SOCK_DGRAM, 0);
        int     port = 0;

        assert_true(sock_bind(s, addresses[i], 0));
        assert_true(sock_getsockname(s, to, sizeof to, &port));
        assert_int_equal(sock_sendto(s, "x", 1, 0, to, port), 1);
        assert_int_equal(sock_recvfrom(s, &byte, 1, 0, from, 15, NULL), -1);
        assert_int_equal(sock_last_error(s), EINVAL);
        assert_int_equal(sock_recvfrom(s, &byte, 1, 0, NULL, 0, NULL), 1);
        sock_close(s);
    }
}

static void null_places_are_left_out(void **state)
{
    sock_t *s    = sock_create(AF_INET, SOCK_DGRAM, 0);
    int     port = 0;
    char    from[LIBSOCK_ADDRSTRLEN], byte;

    (void)state;
    assert_true(sock_bind(s, "127.0.0.1", 0));
    for (int i = 0; i < 3; i++)
        assert_int_equal(sock_sendto(s, "x", 1, 0, "127.0.0.1", port_of(s)), 1);
    assert_int_equal(sock_recvfrom(s, &byte, 1, 0, NULL, 0, &port), 1);
    assert_int_equal(port, port_of(s));
    assert_int_equal(sock_recvfrom(s, &byte, 1, 0, from, sizeof from, NULL), 1);
    assert_string_equal(from, "127.0.0.1");
    assert_int_equal(sock_recvfrom(s, &byte, 1, 0, NULL, 0, NULL), 1);
    sock_close(s);
}

static void a_sender_without_a_name_is_empty(void **state)
{
    sock_t *a = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    sock_t *b = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    char    text[LIBSOCK_ADDRSTRLEN], byte;
    int     port = 9;

    (void)state;
    assert_true(sock_bind(b, "", 0));
    assert_true(sock_getsockname(b, text, sizeof text, NULL));
    assert_int_equal(sock_sendto(a, "x", 1, 0, text, 0), 1);
    assert_int_equal(sock_recvfrom(b, &byte, 1, 0, text, sizeof text, &port),
                     1);
    assert_string_equal(text, "");
    assert_int_equal(port, 0);
    sock_close(a);
    sock_close(b);
}

/* An abstract name with a NUL in it has no text: made with plain calls. */
static void a_name_with_a_nul_has_no_text(void **state)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int                fd   = socket(AF_UNIX, SOCK_DGRAM, 0);
    sock_t            *a, *b = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    char               text[LIBSOCK_ADDRSTRLEN], byte;

    (void)state;
    snprintf(name.sun_path + 1, 60, "libsock%ld", (long)getpid());
    assert_int_equal(bind(fd, (struct sockaddr *)&name, 60), 0);
    a = sock_import_fd(fd);
    assert_non_null(a);
    assert_false(sock_getsockname(a, text, sizeof text, NULL));
    assert_int_equal(sock_last_error(a), EOPNOTSUPP);
    assert_true(sock_bind(b, "", 0));
    assert_true(sock_getsockname(b, text, sizeof text, NULL));
    assert_int_equal(sock_sendto(a, "x", 1, 0, text, 0), 1);
    assert_int_equal(sock_recvfrom(b, &byte, 1, 0, text, sizeof text, NULL), 1);
    assert_string_equal(text, "");
    sock_close(a);
    sock_close(b);
}

static void sending_to_an_address_is_checked_like_connecting(void **state)
{
    static const struct {
        const char *address;
        int         port, error;
    } bad[]   = {{NULL, 9, EINVAL},         {"", 9, EINVAL},
                 {"127.0.0.1", -1, EINVAL}, {"127.0.0.1", 65536, EINVAL},
                 {"::1", 9, EAFNOSUPPORT},  {"255.255.255.255", 9, EACCES}};
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sock_sendto(s, "x", 1, 0, bad[i].address, bad[i].port),
                         -1);
        assert_int_equal(sock_last_error(s), bad[i].error);
    }
    sock_close(s);
}

static void a_connected_stream_sends_to_nobody_else(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_int_equal(sock_sendto(pair[0], "x", 1, 0, "@libsock-none", 0), -1);
    assert_int_equal(sock_last_error(pair[0]), EISCONN);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_socket_in_no_state_for_a_call_says_so(void **state)
{
    sock_t *tcp = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *udp = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_false(sock_shutdown(tcp, SHUT_RD));
    assert_int_equal(sock_last_error(tcp), ENOTCONN);
    assert_false(sock_shutdown(tcp, 9));
    assert_int_equal(sock_last_error(tcp), EINVAL);
    sock_clear_error(tcp);
    assert_null(sock_accept(tcp));
    assert_int_equal(sock_last_error(tcp), EINVAL);
    assert_null(sock_accept(udp));
    assert_int_equal(sock_last_error(udp), EOPNOTSUPP);
    sock_clear_error(udp);
    assert_false(sock_listen(udp, 1));
    assert_int_equal(sock_last_error(udp), EOPNOTSUPP);
    sock_close(tcp);
    sock_close(udp);
}

/* What cannot be accepted from is told at once, not when the time is over. */
static void a_limit_does_not_hide_that_nothing_listens(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_true(sock_bind(s, "127.0.0.1", 0));
    assert_true(sock_set_deadline(s, 300));
    assert_null(sock_accept(s));
    assert_int_equal(sock_last_error(s), EOPNOTSUPP);
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_tell_their_sender),
        cmocka_unit_test(a_stream_tells_its_peer),
        cmocka_unit_test(a_buffered_line_does_not_hide_the_sender),
        cmocka_unit_test(too_small_a_text_loses_nothing),
        cmocka_unit_test(null_places_are_left_out),
        cmocka_unit_test(a_sender_without_a_name_is_empty),
        cmocka_unit_test(a_name_with_a_nul_has_no_text),
        cmocka_unit_test(sending_to_an_address_is_checked_like_connecting),
        cmocka_unit_test(a_connected_stream_sends_to_nobody_else),
        cmocka_unit_test(a_socket_in_no_state_for_a_call_says_so),
        cmocka_unit_test(a_limit_does_not_hide_that_nothing_listens),
    };

    return cmocka_run_group_tests_name("senders", tests, count_descriptors,
                                       compare_descriptors);
}
