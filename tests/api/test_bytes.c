/* test_bytes.c - proves what reading and writing move, in each form and on each
 * type of socket, and how they fail.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- pairs of every type ---- */

static void udp_pair(sock_t *pair[2])
{
    for (int i = 0; i < 2; i++) {
        pair[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        assert_true(sock_bind(pair[i], "127.0.0.1", 0));
    }
    assert_true(sock_connect(pair[0], "127.0.0.1", port_of(pair[1])));
    assert_true(sock_connect(pair[1], "127.0.0.1", port_of(pair[0])));
}

static void unix_stream(sock_t *pair[2])
{
    unix_pair(SOCK_STREAM, pair);
}

static void unix_dgram(sock_t *pair[2])
{
    unix_pair(SOCK_DGRAM, pair);
}

static void unix_seqpacket(sock_t *pair[2])
{
    unix_pair(SOCK_SEQPACKET, pair);
}

static const struct kind {
    void (*open)(sock_t *pair[2]);
    bool stream;
    bool ends; /* the peer's close is seen */
} kinds[] = {{tcp_pair, true, true},
             {unix_stream, true, true},
             {udp_pair, false, false},
             {unix_dgram, false, false},
             {unix_seqpacket, false, true}};

static void each(void (*test)(sock_t *a, sock_t *b, const struct kind *kind))
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sock_t *pair[2];

        kinds[i].open(pair);
        test(pair[0], pair[1], &kinds[i]);
        sock_close(pair[0]);
        sock_close(pair[1]);
    }
}

static void both_close(sock_t *pair[2])
{
    sock_close(pair[0]);
    sock_close(pair[1]);
}

#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        assert_int_equal(result, -1);                                          \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

/* ---- plain ---- */

static void all_forms(sock_t *a, sock_t *b, const struct kind *kind)
{
    char in[8] = "";

    (void)kind;
    assert_int_equal(sock_write(a, "one", 3), 3);
    assert_int_equal(sock_read(b, in, 8, LIBSOCK_BINARY_READ), 3);
    assert_memory_equal(in, "one", 3);
    assert_int_equal(sock_send(a, "two", 3, 0), 3);
    assert_int_equal(sock_recv(b, in, 8, 0), 3);
    assert_memory_equal(in, "two", 3);
    assert_true(sock_write_all(a, "six", 3, NULL));
    assert_int_equal(sock_recvfrom(b, in, 8, 0, NULL, 0, NULL), 3);
    assert_memory_equal(in, "six", 3);
}

static void every_form_moves_bytes_on_every_type(void **state)
{
    (void)state;
    each(all_forms);
}

static void nothing(sock_t *a, sock_t *b, const struct kind *kind)
{
    size_t done = 99;
    char   in[8];

    assert_int_equal(sock_write(a, NULL, 0), 0);
    assert_int_equal(sock_send(a, "", 0, 0), 0);
    assert_true(sock_write_all(a, NULL, 0, &done));
    assert_int_equal(done, 0);
    assert_int_equal(sock_write(a, "x", 1), 1);
    for (int i = 0; i < 3 && !kind->stream; i++)
        assert_int_equal(sock_recv(b, in, 8, 0), 0);
    assert_int_equal(sock_recv(b, in, 8, 0), 1);
    assert_fails(b, sock_recv(b, in, 8, MSG_DONTWAIT), EAGAIN);
}

static void writing_nothing_returns_0_and_sends_an_empty_datagram(void **state)
{
    (void)state;
    each(nothing);
}

static void nonsense(sock_t *a, sock_t *b, const struct kind *kind)
{
    size_t done = 99;
    char   in[8];

    (void)kind;
    assert_int_equal(sock_write(a, "xy", 2), 2);
    assert_fails(b, sock_read(b, in, 0, LIBSOCK_BINARY_READ), EINVAL);
    assert_fails(b, sock_read(b, NULL, 8, LIBSOCK_BINARY_READ), EINVAL);
    assert_fails(b, sock_recv(b, in, 0, 0), EINVAL);
    assert_fails(b, sock_recv(b, NULL, 8, 0), EINVAL);
    assert_fails(b, sock_recvfrom(b, in, 0, 0, NULL, 0, NULL), EINVAL);
    assert_fails(b, sock_recvfrom(b, NULL, 8, 0, NULL, 0, NULL), EINVAL);
    assert_fails(a, sock_write(a, NULL, 1), EINVAL);
    assert_fails(a, sock_send(a, NULL, 1, 0), EINVAL);
    assert_false(sock_write_all(a, NULL, 1, &done));
    assert_int_equal(sock_last_error(a), EINVAL);
    assert_int_equal(done, 0);
    assert_int_equal(sock_recv(b, in, 8, 0), 2);
}

static void null_buffers_and_no_room_are_refused(void **state)
{
    (void)state;
    each(nonsense);
}

static void bad_modes(sock_t *a, sock_t *b, const struct kind *kind)
{
    static const int modes[] = {0, 3, 4, -1, LIBSOCK_DONTWAIT, 0x201};
    char             in[8];

    (void)kind;
    assert_int_equal(sock_write(a, "xy", 2), 2);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        assert_fails(b, sock_read(b, in, 8, modes[i]), EINVAL);
    assert_int_equal(sock_read(b, in, 8, LIBSOCK_BINARY_READ), 2);
}

static void a_mode_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    each(bad_modes);
}

/* len is room, not a promise to fill it. */
static void huge(sock_t *a, sock_t *b, const struct kind *kind)
{
    static char room[64];

    assert_int_equal(sock_write(a, "abc\n", 4), 4);
    assert_int_equal(sock_read(b, room, SIZE_MAX, LIBSOCK_BINARY_READ), 4);
    if (!kind->stream)
        return;
    assert_int_equal(sock_write(a, "abc\n", 4), 4);
    assert_int_equal(sock_read(b, room, SIZE_MAX, LIBSOCK_NORMAL_READ), 4);
}

static void a_huge_room_is_fine_with_little_data(void **state)
{
    (void)state;
    each(huge);
}

static void ends(sock_t *a, sock_t *b, const struct kind *kind)
{
    char in[8];

    if (!kind->ends)
        return;
    assert_int_equal(sock_write(a, "bye", 3), 3);
    assert_true(sock_shutdown(a, SHUT_WR));
    assert_int_equal(sock_read(b, in, 8, LIBSOCK_BINARY_READ), 3);
    assert_int_equal(sock_read(b, in, 8, LIBSOCK_BINARY_READ), 0);
    assert_int_equal(sock_recv(b, in, 8, 0), 0);
    assert_fails(a, sock_write(a, "x", 1), EPIPE);
    assert_int_equal(sock_write(b, "ok", 2), 2);
    assert_int_equal(sock_read(a, in, 8, LIBSOCK_BINARY_READ), 2);
}

static void an_end_reads_as_0_and_the_other_way_stays_open(void **state)
{
    (void)state;
    each(ends);
}

/* ---- flags ---- */

static void peeks(sock_t *a, sock_t *b, const struct kind *kind)
{
    char in[8];

    (void)kind;
    assert_fails(b, sock_recv(b, in, 8, MSG_DONTWAIT), EAGAIN);
    assert_fails(b, sock_read(b, in, 8, LIBSOCK_BINARY_READ | LIBSOCK_DONTWAIT),
                 EAGAIN);
    assert_int_equal(sock_write(a, "abc", 3), 3);
    assert_int_equal(sock_recv(b, in, 8, MSG_PEEK), 3);
    assert_int_equal(sock_recv(b, in, 8, MSG_PEEK), 3);
    assert_int_equal(sock_recv(b, in, 8, 0), 3);
    assert_memory_equal(in, "abc", 3);
    assert_fails(b, sock_recv(b, in, 8, MSG_DONTWAIT), EAGAIN);
}

static void a_peek_takes_nothing_and_dontwait_waits_for_nothing(void **state)
{
    (void)state;
    each(peeks);
}

/* The call sleeps on half of what it wants until the other half comes. */
static void waitall_waits_for_all(void **state)
{
    static const char *const names[] = {"recv all, TCP", "recv all, unix"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene c;

        scene_open(&c, situation_named(names[i]));
        put(c.peer, "a");
        scene_start(&c);
        put(c.peer, "b");
        scene_join(&c);
        assert_in(&c, c.result == 2);
        scene_close(&c);
    }
}

static void waitall_ends_short_at_the_end_and_at_a_limit(void **state)
{
    sock_t *pair[2];
    char    in[8];

    (void)state;
    tcp_pair(pair);
    sock_set_timeout(pair[1], 30);
    put(pair[0], "ab");
    assert_int_equal(sock_recv(pair[1], in, 8, MSG_WAITALL), 2);
    assert_fails(pair[1], sock_recv(pair[1], in, 8, MSG_WAITALL), ETIMEDOUT);
    put(pair[0], "cd");
    sock_shutdown(pair[0], SHUT_WR);
    assert_int_equal(sock_recv(pair[1], in, 8, MSG_WAITALL), 2);
    assert_int_equal(sock_recv(pair[1], in, 8, MSG_WAITALL), 0);
    both_close(pair);
}

static void a_cut_datagram_tells_its_length_if_asked(void **state)
{
    sock_t *pair[2];
    char    in[4];

    (void)state;
    udp_pair(pair);
    put(pair[0], "abcdefgh");
    put(pair[0], "abcdefgh");
    assert_int_equal(sock_recv(pair[1], in, 4, MSG_TRUNC), 8);
    assert_int_equal(sock_recv(pair[1], in, 4, 0), 4);
    assert_fails(pair[1], sock_recv(pair[1], in, 4, MSG_DONTWAIT), EAGAIN);
    both_close(pair);
}

static void urgent_data_goes_past_the_other_bytes(void **state)
{
    sock_t *pair[2];
    bool    at = true;
    char    in[8];

    (void)state;
    tcp_pair(pair);
    assert_fails(pair[1], sock_recv(pair[1], in, 1, MSG_OOB), EINVAL);
    put(pair[0], "ab");
    assert_int_equal(sock_send(pair[0], "!", 1, MSG_OOB), 1);
    put(pair[0], "c");
    wait_readable(pair[1]);
    assert_true(sock_atmark(pair[1], &at));
    assert_false(at);
    assert_int_equal(sock_recv(pair[1], in, 1, MSG_OOB), 1);
    assert_int_equal(in[0], '!');
    assert_int_equal(sock_recv(pair[1], in, 8, 0), 2);
    assert_true(sock_atmark(pair[1], &at));
    assert_true(at);
    assert_int_equal(sock_recv(pair[1], in, 8, 0), 1);
    assert_int_equal(in[0], 'c');
    both_close(pair);
}

static void atmark_needs_a_place_and_a_stream(void **state)
{
    sock_t *pair[2];
    bool    at = true;

    (void)state;
    tcp_pair(pair);
    assert_false(sock_atmark(pair[0], NULL));
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_true(sock_atmark(pair[0], &at));
    assert_false(at);
    both_close(pair);
    udp_pair(pair);
    assert_false(sock_atmark(pair[0], &at));
    assert_int_equal(sock_last_error(pair[0]), EOPNOTSUPP);
    both_close(pair);
}

/* ---- failures ---- */

static void a_reset_is_told(void **state)
{
    sock_t *pair[2];
    char    in[8];

    (void)state;
    tcp_pair(pair);
    close_with_reset(pair[0]);
    wait_readable(pair[1]);
    assert_fails(pair[1], sock_read(pair[1], in, 8, LIBSOCK_BINARY_READ),
                 ECONNRESET);
    assert_fails(pair[1], sock_write(pair[1], "x", 1), EPIPE);
    sock_close(pair[1]);
}

/* A child in which SIGPIPE kills lives on. */
static void no_write_raises_sigpipe(void **state)
{
    int   status = -1;
    pid_t child  = fork();

    (void)state;
    if (!child) {
        sock_t *pair[2];

        signal(SIGPIPE, SIG_DFL);
        if (!sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair))
            _exit(1);
        sock_close(pair[1]);
        if (sock_write(pair[0], "x", 1) != -1 ||
            sock_last_error(pair[0]) != EPIPE)
            _exit(2);
        if (sock_send(pair[0], "x", 1, 0) != -1)
            _exit(3);
        if (sock_write_all(pair[0], "x", 1, NULL))
            _exit(4);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void an_unconnected_socket_cannot_move_bytes(void **state)
{
    sock_t *tcp = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *udp = sock_create(AF_INET, SOCK_DGRAM, 0);
    char    in[8];

    (void)state;
    assert_fails(tcp, sock_read(tcp, in, 8, LIBSOCK_BINARY_READ), ENOTCONN);
    assert_fails(tcp, sock_read(tcp, in, 8, LIBSOCK_NORMAL_READ), ENOTCONN);
    assert_fails(tcp, sock_recv(tcp, in, 8, 0), ENOTCONN);
    assert_int_equal(sock_write(tcp, "x", 1), -1);
    assert_true(sock_last_error(tcp) == ENOTCONN ||
                sock_last_error(tcp) == EPIPE);
    assert_fails(udp, sock_write(udp, "x", 1), EDESTADDRREQ);
    sock_close(tcp);
    sock_close(udp);
}

static void datagrams_have_a_longest_and_may_be_refused(void **state)
{
    static char big[70000];
    sock_t     *pair[2];
    char        in[8];

    (void)state;
    udp_pair(pair);
    assert_fails(pair[0], sock_write(pair[0], big, sizeof big), EMSGSIZE);
    sock_close(pair[1]);
    assert_int_equal(sock_write(pair[0], "x", 1), 1);
    wait_readable(pair[0]);
    assert_fails(pair[0], sock_recv(pair[0], in, 8, 0), ECONNREFUSED);
    sock_close(pair[0]);
}

static void urgent_bytes_need_a_socket_that_has_them(void **state)
{
    sock_t *pair[2];
    char    in[8];

    (void)state;
    unix_dgram(pair);
    assert_fails(pair[0], sock_send(pair[0], "x", 1, MSG_OOB), EOPNOTSUPP);
    assert_fails(pair[0], sock_recv(pair[0], in, 1, MSG_OOB), EOPNOTSUPP);
    both_close(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_moves_bytes_on_every_type),
        cmocka_unit_test(writing_nothing_returns_0_and_sends_an_empty_datagram),
        cmocka_unit_test(null_buffers_and_no_room_are_refused),
        cmocka_unit_test(a_mode_that_does_not_exist_is_refused),
        cmocka_unit_test(a_huge_room_is_fine_with_little_data),
        cmocka_unit_test(an_end_reads_as_0_and_the_other_way_stays_open),
        cmocka_unit_test(a_peek_takes_nothing_and_dontwait_waits_for_nothing),
        cmocka_unit_test(waitall_waits_for_all),
        cmocka_unit_test(waitall_ends_short_at_the_end_and_at_a_limit),
        cmocka_unit_test(a_cut_datagram_tells_its_length_if_asked),
        cmocka_unit_test(urgent_data_goes_past_the_other_bytes),
        cmocka_unit_test(atmark_needs_a_place_and_a_stream),
        cmocka_unit_test(a_reset_is_told),
        cmocka_unit_test(no_write_raises_sigpipe),
        cmocka_unit_test(an_unconnected_socket_cannot_move_bytes),
        cmocka_unit_test(datagrams_have_a_longest_and_may_be_refused),
        cmocka_unit_test(urgent_bytes_need_a_socket_that_has_them),
    };

    return cmocka_run_group_tests_name("bytes", tests, count_descriptors,
                                       compare_descriptors);
}
