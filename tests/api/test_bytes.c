/* test_bytes.c - proves what reading and writing promise on every kind of
 * socket, beyond lines and limits; and the misuse of each call.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <string.h>

static void nonsense_is_refused(void **state)
{
    sock_t *pair[2];
    char    out[4];

    (void)state;
    tcp_pair(pair);
    assert_int_equal(sock_read(pair[0], out, 0, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_int_equal(sock_read(pair[0], out, 0, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_int_equal(sock_read(pair[0], NULL, 4, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_read(pair[0], NULL, 4, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_int_equal(sock_recv(pair[0], out, 0, 0), -1);
    assert_int_equal(sock_write(pair[0], NULL, 4), -1);
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_false(sock_write_all(pair[0], NULL, 4, NULL));
    assert_false(sock_atmark(pair[0], NULL));
    for (int mode = 0; mode < 9; mode++)
        if (mode != LIBSOCK_NORMAL_READ && mode != LIBSOCK_BINARY_READ) {
            sock_clear_error(pair[0]);
            assert_int_equal(sock_read(pair[0], out, 4, mode), -1);
            assert_int_equal(sock_last_error(pair[0]), EINVAL);
        }
    assert_false(sock_shutdown(pair[0], 9));
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void an_unconnected_socket_says_so(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);
    char    out[4];

    (void)state;
    assert_int_equal(sock_read(s, out, 4, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(s), ENOTCONN);
    assert_int_equal(sock_read(s, out, 4, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(s), ENOTCONN);
    assert_false(sock_getpeername(s, NULL, 0, NULL));
    assert_int_equal(sock_last_error(s), ENOTCONN);
    assert_false(sock_shutdown(s, SHUT_RD));
    assert_int_equal(sock_last_error(s), ENOTCONN);
    assert_null(sock_accept(s));
    assert_int_equal(sock_last_error(s), EINVAL);
    sock_close(s);
    s = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(sock_write(s, "x", 1), -1);
    assert_int_equal(sock_last_error(s), EDESTADDRREQ);
    assert_false(sock_listen(s, 1));
    assert_int_equal(sock_last_error(s), EOPNOTSUPP);
    sock_close(s);
}

static void nothing_written_is_nothing_sent(void **state)
{
    sock_t *pair[2];
    char    out[4];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_int_equal(sock_write(pair[0], NULL, 0), 0);
    assert_int_equal(sock_write(pair[0], "x", 0), 0);
    assert_true(sock_write_all(pair[0], NULL, 0, NULL));
    assert_int_equal(sock_recv(pair[1], out, 4, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(pair[1]), EAGAIN);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void an_empty_datagram_arrives(void **state)
{
    sock_t *pair[2];
    char    out[4];

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    assert_int_equal(sock_write(pair[0], NULL, 0), 0);
    assert_int_equal(sock_write(pair[0], "ab", 2), 2);
    assert_int_equal(sock_read(pair[1], out, 4, LIBSOCK_BINARY_READ), 0);
    assert_int_equal(sock_read(pair[1], out, 4, LIBSOCK_BINARY_READ), 2);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void datagrams_tell_their_sender(void **state)
{
    static const struct {
        int         domain;
        const char *address;
    } kinds[] = {{AF_INET, "127.0.0.1"},
                 {AF_INET6, "::1"},
                 {AF_UNIX, "@libsock-test-a"}};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *a = sock_create(kinds[i].domain, SOCK_DGRAM, 0);
        sock_t *b = sock_create(kinds[i].domain, SOCK_DGRAM, 0);
        char    to[LIBSOCK_ADDRSTRLEN], from[LIBSOCK_ADDRSTRLEN], out[8];
        int     port, from_port;

        assert_true(sock_bind(a, kinds[i].address, 0));
        assert_true(sock_bind(b, i < 2 ? kinds[i].address : "", 0));
        assert_true(sock_getsockname(b, to, sizeof to, &port));
        assert_int_equal(sock_sendto(a, "hello", 5, 0, to, port), 5);
        assert_int_equal(sock_recvfrom(b, out, 8, 0, from, 8, &from_port), -1);
        assert_int_equal(sock_last_error(b), EINVAL);
        assert_int_equal(
            sock_recvfrom(b, out, 8, 0, from, sizeof from, &from_port), 5);
        assert_string_equal(from, kinds[i].address);
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

static void flags_mean_what_they_mean(void **state)
{
    sock_t *pair[2];
    char    out[8];

    (void)state;
    tcp_pair(pair);
    assert_true(sock_write_all(pair[0], "abc", 3, NULL));
    assert_int_equal(sock_recv(pair[1], out, 3, MSG_PEEK | MSG_WAITALL), 3);
    assert_int_equal(sock_recv(pair[1], out, 3, MSG_WAITALL), 3);
    assert_memory_equal(out, "abc", 3);
    assert_int_equal(sock_recv(pair[1], out, 1, MSG_OOB), -1);
    assert_int_equal(sock_last_error(pair[1]), EINVAL);
    assert_true(sock_write_all(pair[0], "de", 2, NULL));
    sock_shutdown(pair[0], SHUT_WR);
    assert_int_equal(sock_recv(pair[1], out, 8, MSG_WAITALL), 2);
    assert_int_equal(sock_recv(pair[1], out, 8, MSG_WAITALL), 0);
    sock_close(pair[0]);
    sock_close(pair[1]);
    unix_pair(SOCK_DGRAM, pair);
    assert_int_equal(sock_write(pair[0], "abcdef", 6), 6);
    assert_int_equal(sock_recv(pair[1], out, 2, MSG_TRUNC), 6);
    assert_int_equal(sock_recv(pair[1], out, 2, MSG_DONTWAIT | MSG_ERRQUEUE),
                     -1);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_wish_for_everything_gets_what_is_there(void **state)
{
    sock_t *pair[2];
    char    out[8];

    (void)state;
    tcp_pair(pair);
    assert_true(sock_write_all(pair[0], "ab\n", 3, NULL));
    assert_int_equal(sock_read(pair[1], out, (size_t)-1, LIBSOCK_NORMAL_READ),
                     3);
    assert_true(sock_write_all(pair[0], "cd", 2, NULL));
    assert_int_equal(
        sock_read(pair[1], out, (size_t)-1 / 2, LIBSOCK_BINARY_READ), 2);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_reset_is_told(void **state)
{
    sock_t *pair[2];
    char    out[8];

    (void)state;
    tcp_pair(pair);
    sock_set_linger(pair[0], 0);
    sock_close(pair[0]);
    assert_int_equal(sock_read(pair[1], out, 8, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
    assert_int_equal(sock_write(pair[1], "x", 1), -1);
    assert_int_equal(sock_last_error(pair[1]), EPIPE);
    sock_close(pair[1]);
}

static void a_full_peer_takes_a_part(void **state)
{
    static const char block[1 << 22];
    sock_t           *pair[2];
    size_t            done = 0;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_set_nonblock(pair[0]));
    assert_false(sock_write_all(pair[0], block, sizeof block, &done));
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    assert_in_range(done, 1, sizeof block - 1);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_datagram_to_nobody_is_refused_later(void **state)
{
    sock_t *holder     = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *s          = sock_create(AF_INET, SOCK_DGRAM, 0);
    char    big[70000] = "";

    (void)state;
    assert_true(sock_bind(holder, "127.0.0.1", 0));
    assert_true(sock_connect(s, "127.0.0.1", port_of(holder)));
    assert_int_equal(sock_write(s, big, sizeof big), -1);
    assert_int_equal(sock_last_error(s), EMSGSIZE);
    assert_int_equal(sock_write(s, "x", 1), 1);
    assert_int_equal(sock_write(s, "x", 1), -1);
    assert_int_equal(sock_last_error(s), ECONNREFUSED);
    sock_close(s);
    sock_close(holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(an_unconnected_socket_says_so),
        cmocka_unit_test(nothing_written_is_nothing_sent),
        cmocka_unit_test(an_empty_datagram_arrives),
        cmocka_unit_test(datagrams_tell_their_sender),
        cmocka_unit_test(a_stream_tells_its_peer),
        cmocka_unit_test(flags_mean_what_they_mean),
        cmocka_unit_test(a_wish_for_everything_gets_what_is_there),
        cmocka_unit_test(a_reset_is_told),
        cmocka_unit_test(a_full_peer_takes_a_part),
        cmocka_unit_test(a_datagram_to_nobody_is_refused_later),
    };

    return cmocka_run_group_tests_name("bytes", tests, count_descriptors,
                                       compare_descriptors);
}
