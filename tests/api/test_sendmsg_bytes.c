/* test_sendmsg_bytes.c - proves what a message tells of the bytes it moved on
 * each type of socket, how long it waits, and how it fails. That limits end
 * them and closes release them is proved with all calls that wait: scene.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <signal.h>
#include <string.h>

/* ---- bytes ---- */

static void behind(sock_t *a, sock_t *b, const struct kind *kind)
{
    char            in[] = "........";
    struct iovec    parts[4];
    sock_message_t *m = new_message(0);

    (void)kind;
    put(a, "abc");
    sock_message_set_parts(m, parts, cut(parts, in, "2222"));
    assert_int_equal(sock_recvmsg(b, m, 0), 3);
    assert_string_equal(in, "abc.....");
    assert_int_equal(parts[1].iov_len, 2);
    assert_ptr_equal(parts[3].iov_base, in + 6);
    sock_message_free(m);
}

static void parts_behind_the_bytes_stay_as_they_are(void **state)
{
    (void)state;
    each_kind(behind);
}

static void mixed(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;
    char          in[8];

    (void)kind;
    letter_open(&l, 0);
    assert_int_equal(letter_send(&l, a, "one"), 3);
    assert_int_equal(sock_recv(b, in, sizeof in, 0), 3);
    assert_memory_equal(in, "one", 3);
    assert_int_equal(sock_send(a, "two", 3, 0), 3);
    assert_int_equal(letter_receive(&l, b, 0), 3);
    letter_is(&l, "two");
    letter_close(&l);
}

static void the_plain_calls_speak_with_these(void **state)
{
    (void)state;
    each_kind(mixed);
}

static void ends(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    if (!kind->stream)
        return;
    letter_open(&l, 0);
    assert_int_equal(letter_send(&l, a, "bye"), 3);
    assert_true(sock_shutdown(a, SHUT_WR));
    assert_int_equal(letter_receive(&l, b, 0), 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(letter_receive(&l, b, MSG_WAITALL), 0);
        assert_int_equal(sock_message_length(l.m), 0);
    }
    assert_fails(a, letter_send(&l, a, "x"), EPIPE);
    letter_close(&l);
}

static void an_end_is_received_as_0(void **state)
{
    (void)state;
    each_kind(ends);
}

/* ---- what is told ---- */

static void is_cut(sock_t *a, sock_t *b, const struct kind *kind)
{
    char            in[4];
    struct iovec    parts[2];
    sock_message_t *m = new_message(0);

    if (!kind->stream) {
        put(a, "abcdefgh");
        put(a, "abcdefgh");
        put(a, "abcd");
        sock_message_set_parts(m, parts, cut(parts, in, "31"));
        assert_int_equal(sock_recvmsg(b, m, 0), 4);
        assert_int_equal(sock_message_length(m), 4);
        assert_int_equal(sock_message_flags(m), MSG_TRUNC);
        assert_int_equal(sock_recvmsg(b, m, MSG_TRUNC), 8);
        assert_int_equal(sock_message_length(m), 8);
        assert_int_equal(sock_message_flags(m), MSG_TRUNC);
        assert_memory_equal(in, "abcd", 4);
        assert_int_equal(sock_recvmsg(b, m, MSG_TRUNC), 4);
        assert_int_equal(sock_message_flags(m), 0);
    }
    sock_message_free(m);
}

static void a_cut_datagram_says_so_and_its_length_if_asked(void **state)
{
    (void)state;
    each_kind(is_cut);
}

static void plain_flags(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)kind;
    letter_open(&l, 256);
    put(a, "abc");
    assert_int_equal(letter_receive(&l, b, MSG_PEEK), 3);
    assert_int_equal(sock_message_flags(l.m), 0);
    assert_int_equal(letter_receive(&l, b, 0), 3);
    assert_int_equal(sock_message_flags(l.m), 0);
    holds_no_item(l.m);
    letter_close(&l);
}

static void what_came_whole_has_no_flags_and_no_items(void **state)
{
    (void)state;
    each_kind(plain_flags);
}

static void an_urgent_byte_goes_past_the_others(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    tcp_pair(pair);
    letter_open(&l, 0);
    assert_fails(pair[1], letter_receive(&l, pair[1], MSG_OOB), EINVAL);
    put(pair[0], "ab");
    letter_write(&l, "!");
    assert_int_equal(sock_sendmsg(pair[0], l.m, MSG_OOB), 1);
    wait_readable(pair[1]);
    assert_int_equal(letter_receive(&l, pair[1], MSG_OOB), 1);
    letter_is(&l, "!");
    assert_true(sock_message_flags(l.m) & MSG_OOB);
    assert_int_equal(letter_receive(&l, pair[1], 0), 2);
    assert_int_equal(sock_message_flags(l.m), 0);
    letter_close(&l);
    close_pair(pair);
}

/* ---- waiting ---- */

static void falls_short(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    if (!kind->stream)
        return;
    letter_open(&l, 0);
    sock_set_timeout(b, 30);
    put(a, "ab");
    assert_int_equal(letter_receive(&l, b, MSG_WAITALL), 2);
    letter_is(&l, "ab");
    assert_fails(b, letter_receive(&l, b, MSG_WAITALL), ETIMEDOUT);
    put(a, "cd");
    wait_readable(b);
    assert_int_equal(letter_receive(&l, b, MSG_WAITALL | MSG_DONTWAIT), 2);
    put(a, "ef");
    sock_shutdown(a, SHUT_WR);
    sock_set_timeout(b, -1);
    assert_int_equal(letter_receive(&l, b, MSG_WAITALL), 2);
    letter_is(&l, "ef");
    letter_close(&l);
}

static void waitall_ends_short_at_a_limit_and_at_the_end(void **state)
{
    (void)state;
    each_kind(falls_short);
}

static void impatient(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)kind;
    letter_open(&l, 0);
    sock_set_timeout(b, 20000);
    assert_fails(b, letter_receive(&l, b, MSG_DONTWAIT), EAGAIN);
    sock_set_nonblock(b);
    assert_fails(b, letter_receive(&l, b, 0), EAGAIN);
    assert_fails(b, letter_receive(&l, b, MSG_WAITALL), EAGAIN);
    sock_set_block(b);
    assert_int_equal(letter_send(&l, a, "x"), 1);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    letter_close(&l);
}

static void dontwait_and_a_non_blocking_socket_wait_for_nothing(void **state)
{
    (void)state;
    each_kind(impatient);
}

static void filled(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)b;
    if (!kind->is_unix && !kind->stream)
        return; /* UDP drops what finds no room */
    letter_open(&l, 0);
    letter_write(&l, "x");
    fill(a);
    while (sock_sendmsg(a, l.m, MSG_DONTWAIT) > 0)
        ;
    assert_fails(a, sock_sendmsg(a, l.m, MSG_DONTWAIT), EAGAIN);
    sock_set_timeout(a, 0);
    assert_fails(a, sock_sendmsg(a, l.m, 0), ETIMEDOUT);
    letter_close(&l);
}

static void a_send_without_room_does_not_wait_if_told(void **state)
{
    (void)state;
    each_kind(filled);
}

static void expired(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)kind;
    letter_open(&l, 0);
    put(a, "x");
    assert_true(sock_set_deadline(a, 0) && sock_set_deadline(b, 0));
    assert_fails(b, letter_receive(&l, b, 0), ETIMEDOUT);
    assert_fails(a, letter_send(&l, a, "y"), ETIMEDOUT);
    assert_true(sock_set_deadline(a, -1) && sock_set_deadline(b, -1));
    assert_int_equal(letter_receive(&l, b, 0), 1);
    letter_is(&l, "x");
    letter_close(&l);
}

static void an_expired_deadline_fails_though_nothing_need_wait(void **state)
{
    (void)state;
    each_kind(expired);
}

/* ---- failures ---- */

/* What the receive before it left is gone, its parts are as they were. */
static void fails_after(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    letter_open(&l, sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1));
    if (kind->is_unix)
        send_descriptors(a, 1);
    else
        put(a, "x");
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_fails(b, sock_recvmsg(b, l.m, MSG_DONTWAIT), EAGAIN);
    assert_int_equal(sock_message_length(l.m), 0);
    assert_int_equal(sock_message_flags(l.m), 0);
    letter_is_from(&l, "", 0);
    holds_no_item(l.m);
    put(a, "next");
    assert_int_equal(sock_recvmsg(b, l.m, 0), 4);
    letter_is(&l, "next");
    letter_close(&l);
}

static void a_failed_receive_leaves_a_message_empty_but_for_parts(void **state)
{
    int before = open_descriptors();

    (void)state;
    each_kind(fails_after);
    assert_int_equal(open_descriptors(), before);
}

static void a_reset_is_told(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    tcp_pair(pair);
    letter_open(&l, 0);
    close_with_reset(pair[0]);
    wait_readable(pair[1]);
    assert_fails(pair[1], letter_receive(&l, pair[1], 0), ECONNRESET);
    assert_fails(pair[1], letter_send(&l, pair[1], "x"), EPIPE);
    letter_close(&l);
    sock_close(pair[1]);
}

static void what_a_socket_cannot_do_is_told(void **state)
{
    sock_t       *tcp = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t       *udp = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct letter l;
    sock_t       *pair[2];

    (void)state;
    letter_open(&l, 0);
    unix_pair(SOCK_DGRAM, pair);
    assert_fails(tcp, letter_receive(&l, tcp, 0), ENOTCONN);
    assert_fails(udp, letter_send(&l, udp, "x"), EDESTADDRREQ);
    assert_fails(pair[0], sock_sendmsg(pair[0], l.m, MSG_OOB), EOPNOTSUPP);
    assert_fails(pair[0], letter_receive(&l, pair[0], MSG_OOB), EOPNOTSUPP);
    letter_close(&l);
    close_pair(pair);
    sock_close(tcp);
    sock_close(udp);
}

static void a_refused_datagram_is_told(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    udp_pair(pair);
    letter_open(&l, 0);
    sock_close(pair[1]);
    assert_int_equal(letter_send(&l, pair[0], "x"), 1);
    wait_readable(pair[0]);
    assert_fails(pair[0], letter_receive(&l, pair[0], 0), ECONNREFUSED);
    letter_close(&l);
    sock_close(pair[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_behind_the_bytes_stay_as_they_are),
        cmocka_unit_test(the_plain_calls_speak_with_these),
        cmocka_unit_test(an_end_is_received_as_0),
        cmocka_unit_test(a_cut_datagram_says_so_and_its_length_if_asked),
        cmocka_unit_test(what_came_whole_has_no_flags_and_no_items),
        cmocka_unit_test(an_urgent_byte_goes_past_the_others),
        cmocka_unit_test(waitall_ends_short_at_a_limit_and_at_the_end),
        cmocka_unit_test(dontwait_and_a_non_blocking_socket_wait_for_nothing),
        cmocka_unit_test(a_send_without_room_does_not_wait_if_told),
        cmocka_unit_test(an_expired_deadline_fails_though_nothing_need_wait),
        cmocka_unit_test(a_failed_receive_leaves_a_message_empty_but_for_parts),
        cmocka_unit_test(a_reset_is_told),
        cmocka_unit_test(what_a_socket_cannot_do_is_told),
        cmocka_unit_test(a_refused_datagram_is_told),
    };

    return cmocka_run_group_tests_name("sendmsg_bytes", tests,
                                       count_descriptors, compare_descriptors);
}
