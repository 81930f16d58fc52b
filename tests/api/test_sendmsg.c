/* test_sendmsg.c - proves that messages carry bytes in parts over every type of
 * socket, with their names, flags and limits, and how misuse is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- bytes ---- */

static void parts_arrive(sock_t *a, sock_t *b, const struct kind *kind)
{
    char            out[] = "onetwothree", in[16] = "";
    struct iovec    from[4], to[4];
    sock_message_t *m = sock_message_create(0);

    (void)kind;
    sock_message_set_parts(m, from, cut(from, out, "3305"));
    assert_int_equal(sock_sendmsg(a, m, 0), 11);
    sock_message_set_parts(m, to, cut(to, in, "1093"));
    assert_int_equal(sock_recvmsg(b, m, 0), 11);
    assert_int_equal(sock_message_length(m), 11);
    assert_int_equal(sock_message_flags(m) & MSG_TRUNC, 0);
    assert_string_equal(in, "onetwothree");
    sock_message_free(m);
}

static void parts_arrive_over_every_type(void **state)
{
    (void)state;
    each_kind(parts_arrive);
}

static void nothing_is_sent(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;
    char          byte;

    letter_open(&l, 0);
    assert_int_equal(sock_sendmsg(a, l.m, 0), 0);
    if (!kind->stream)
        assert_int_equal(letter_receive(&l, b, 0), 0);
    assert_fails(b, sock_recv(b, &byte, 1, MSG_DONTWAIT), EAGAIN);
    letter_close(&l);
}

static void no_bytes_are_an_empty_datagram(void **state)
{
    (void)state;
    each_kind(nothing_is_sent);
}

static void a_datagram_that_is_cut_says_so(void **state)
{
    sock_t         *pair[2];
    struct iovec    part;
    char            in[3];
    sock_message_t *m = sock_message_create(0);

    (void)state;
    udp_pair(pair);
    part = (struct iovec){in, sizeof in};
    sock_message_set_parts(m, &part, 1);
    for (int whole = 0; whole < 2; whole++) {
        put(pair[0], "hello");
        assert_int_equal(sock_recvmsg(pair[1], m, whole ? MSG_TRUNC : 0),
                         whole ? 5 : 3);
        assert_int_equal(sock_message_length(m), whole ? 5 : 3);
        assert_true(sock_message_flags(m) & MSG_TRUNC);
    }
    sock_message_free(m);
    close_pair(pair);
}

static void a_peek_takes_nothing(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    tcp_pair(pair);
    letter_open(&l, 0);
    put(pair[0], "hello");
    wait_readable(pair[1]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(letter_receive(&l, pair[1], MSG_PEEK), 5);
        letter_is(&l, "hello");
    }
    assert_int_equal(letter_receive(&l, pair[1], 0), 5);
    assert_fails(pair[1], letter_receive(&l, pair[1], MSG_DONTWAIT), EAGAIN);
    letter_close(&l);
    close_pair(pair);
}

static void *put_in_pieces(void *s)
{
    for (const char *p = "abcdef"; *p; p++)
        assert_int_equal(sock_write(s, p, 1), 1);
    return NULL;
}

static void waits_for_all(sock_t *a, sock_t *b, const struct kind *kind)
{
    char            in[8] = "";
    struct iovec    parts[3];
    sock_message_t *m = sock_message_create(0);
    pthread_t       writer;

    if (kind->stream) {
        sock_set_deadline(b, 10000);
        pthread_create(&writer, NULL, put_in_pieces, a);
        sock_message_set_parts(m, parts, cut(parts, in, "123"));
        assert_int_equal(sock_recvmsg(b, m, MSG_WAITALL), 6);
        assert_string_equal(in, "abcdef");
        pthread_join(writer, NULL);
    }
    sock_message_free(m);
}

static void waitall_fills_every_part(void **state)
{
    (void)state;
    each_kind(waits_for_all);
}

/* ---- what a line read left ---- */

static void buffer_behind_a_line(sock_t *a, sock_t *b, const char *text)
{
    char line[8];

    put(a, text);
    wait_readable(b);
    assert_int_equal(sock_read(b, line, sizeof line, LIBSOCK_NORMAL_READ), 2);
}

static void buffered_bytes_come_first_and_are_scattered(void **state)
{
    sock_t         *pair[2];
    char            in[8] = "";
    struct iovec    parts[3];
    sock_message_t *m = sock_message_create(0);

    (void)state;
    tcp_pair(pair);
    buffer_behind_a_line(pair[0], pair[1], "1\nabcde");
    put(pair[0], "fg");
    sock_message_set_parts(m, parts, cut(parts, in, "214"));
    assert_int_equal(sock_recvmsg(pair[1], m, MSG_PEEK), 5);
    assert_int_equal(sock_recvmsg(pair[1], m, MSG_WAITALL), 7);
    assert_string_equal(in, "abcdefg");
    sock_message_free(m);
    close_pair(pair);
}

/* ---- names ---- */

static void a_message_goes_to_its_name_and_tells_its_sender(void **state)
{
    sock_t       *a = sock_create(AF_INET6, SOCK_DGRAM, 0);
    sock_t       *b = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct letter l;

    (void)state;
    assert_true(sock_bind(a, "::", 0) && sock_bind(b, "127.0.0.1", 0));
    letter_open(&l, 0);
    assert_true(sock_message_set_name(l.m, "127.0.0.1", port_of(b)));
    assert_int_equal(letter_send(&l, a, "mapped"), 6);
    assert_int_equal(letter_receive(&l, b, 0), 6);
    letter_is_from(&l, "127.0.0.1", port_of(a));
    assert_int_equal(letter_send(&l, b, "back"), 4);
    assert_int_equal(letter_receive(&l, a, 0), 4);
    letter_is_from(&l, "::ffff:127.0.0.1", port_of(b));
    letter_close(&l);
    sock_close(a);
    sock_close(b);
}

static void abstract_names_are_told_and_answered(void **state)
{
    sock_t       *a = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    sock_t       *b = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    char          at[LIBSOCK_ADDRSTRLEN], to[LIBSOCK_ADDRSTRLEN];
    struct letter l;

    (void)state;
    assert_true(sock_bind(a, "", 0) && sock_bind(b, "", 0));
    assert_true(sock_getsockname(a, at, sizeof at, NULL));
    assert_true(sock_getsockname(b, to, sizeof to, NULL));
    letter_open(&l, 0);
    assert_true(sock_message_set_name(l.m, to, 0));
    assert_int_equal(letter_send(&l, a, "ask"), 3);
    assert_int_equal(letter_receive(&l, b, 0), 3);
    letter_is_from(&l, at, 0);
    assert_int_equal(letter_send(&l, b, "answer"), 6);
    assert_int_equal(letter_receive(&l, a, 0), 6);
    letter_is(&l, "answer");
    letter_close(&l);
    sock_close(a);
    sock_close(b);
}

static void the_peer_of_a_stream_is_told(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    tcp_pair(pair);
    letter_open(&l, 0);
    put(pair[0], "x");
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    letter_is_from(&l, "127.0.0.1", port_of(pair[0]));
    assert_int_equal(letter_send(&l, pair[1], "y"), 1);
    letter_close(&l);
    close_pair(pair);
}

static void a_failure_names_where_it_was_to_go(void **state)
{
    sock_t       *s = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct letter l;

    (void)state;
    letter_open(&l, 0);
    assert_true(sock_message_set_name(l.m, "::1", 9));
    assert_fails(s, letter_send(&l, s, "x"), EAFNOSUPPORT);
    assert_non_null(strstr(sock_last_message(s), "sendmsg [::1]:9: "));
    assert_true(sock_message_set_name(l.m, "no such/path", 9));
    assert_int_equal(letter_send(&l, s, "x"), -1);
    assert_true(sock_message_set_name(l.m, NULL, 0));
    assert_fails(s, letter_send(&l, s, "x"), EDESTADDRREQ);
    letter_close(&l);
    sock_close(s);
}

static void a_failed_answer_names_whom_it_was_for(void **state)
{
    static char   huge[70000];
    struct iovec  part = {huge, sizeof huge};
    sock_t       *pair[2];
    struct letter l;
    char          text[64];

    (void)state;
    udp_pair(pair);
    letter_open(&l, 0);
    put(pair[0], "x");
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    sock_message_set_parts(l.m, &part, 1);
    assert_fails(pair[1], sock_sendmsg(pair[1], l.m, 0), EMSGSIZE);
    snprintf(text, sizeof text, "sendmsg 127.0.0.1:%d: ", port_of(pair[0]));
    assert_non_null(strstr(sock_last_message(pair[1]), text));
    letter_close(&l);
    close_pair(pair);
}

/* ---- too much, too little ---- */

enum { MANY = 10000 };

static void many_parts(sock_t *a, sock_t *b, const struct kind *kind)
{
    static char         out[MANY], in[MANY];
    static struct iovec parts[MANY];
    sock_message_t     *m = sock_message_create(0);

    (void)b;
    for (size_t i = 0; i < MANY; i++)
        parts[i] = (struct iovec){out + i, 1};
    sock_message_set_parts(m, parts, MANY);
    if (kind->stream) {
        assert_int_equal(sock_sendmsg(a, m, 0), 1024);
        for (size_t i = 0; i < MANY; i++)
            parts[i] = (struct iovec){in + i, 1};
        assert_int_equal(sock_recvmsg(b, m, 0), 1024);
    } else {
        assert_fails(a, sock_sendmsg(a, m, 0), EMSGSIZE);
        assert_fails(b, sock_recvmsg(b, m, 0), EMSGSIZE);
    }
    sock_message_free(m);
}

static void ten_thousand_parts_are_sent_in_pieces_or_refused(void **state)
{
    (void)state;
    each_kind(many_parts);
}

static void wrong_parts(sock_t *a, sock_t *b, const struct kind *kind)
{
    static const struct {
        struct iovec parts[2];
        int          code;
    } bad[] = {
        {{{NULL, 1}, {NULL, 0}}, EINVAL},
        {{{(void *)8, SSIZE_MAX}, {(void *)8, 1}}, EINVAL},
        {{{(void *)8, SIZE_MAX}, {NULL, 0}}, EINVAL},
        {{{(void *)8, 4}, {NULL, 0}}, EFAULT},
    };
    sock_message_t *m = sock_message_create(0);

    (void)kind;
    put(a, "x");
    for (size_t i = 0; i < COUNT(bad) - (SANITIZED ? 1 : 0); i++) {
        sock_message_set_parts(m, bad[i].parts, 2);
        assert_fails(a, sock_sendmsg(a, m, 0), bad[i].code);
        assert_fails(b, sock_recvmsg(b, m, 0), bad[i].code);
    }
    sock_message_set_parts(m, NULL, 2);
    assert_fails(a, sock_sendmsg(a, m, 0), EINVAL);
    sock_message_set_parts(m, NULL, 0);
    assert_fails(b, sock_recvmsg(b, m, 0), EINVAL);
    sock_message_free(m);
}

static void parts_that_cannot_be_are_refused(void **state)
{
    (void)state;
    each_kind(wrong_parts);
}

static void no_message_and_no_socket_are_refused(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, 0);
    assert_fails(pair[0], sock_sendmsg(pair[0], NULL, 0), EINVAL);
    assert_fails(pair[0], sock_recvmsg(pair[0], NULL, 0), EINVAL);
    assert_fails(NULL, letter_send(&l, NULL, "x"), EBADF);
    close_pair(pair);
    assert_fails(pair[0], letter_send(&l, pair[0], "x"), EBADF);
    assert_fails(pair[0], letter_receive(&l, pair[0], 0), EBADF);
    letter_close(&l);
}

static void a_failed_receive_leaves_nothing_but_the_parts(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    char          name[LIBSOCK_ADDRSTRLEN];

    (void)state;
    udp_pair(pair);
    letter_open(&l, 64);
    put(pair[0], "first");
    assert_int_equal(letter_receive(&l, pair[1], 0), 5);
    assert_fails(pair[1], sock_recvmsg(pair[1], l.m, MSG_DONTWAIT), EAGAIN);
    assert_int_equal(sock_message_length(l.m), 0);
    assert_true(sock_message_get_name(l.m, name, sizeof name, NULL));
    assert_string_equal(name, "");
    put(pair[0], "second");
    assert_int_equal(sock_recvmsg(pair[1], l.m, 0), 6);
    letter_close(&l);
    close_pair(pair);
}

/* ---- threads ---- */

struct shared {
    sock_t         *s;
    sock_message_t *m;
};

static void *send_a_hundred(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < 100; i++)
        if (sock_sendmsg(shared->s, shared->m, 0) != 3)
            return arg;
    return NULL;
}

static void threads_may_send_one_message_at_once(void **state)
{
    sock_t       *pair[2];
    struct letter l, in;
    pthread_t     threads[4];
    struct shared shared;
    void         *failed;

    (void)state;
    unix_pair(SOCK_SEQPACKET, pair);
    letter_open(&l, sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1));
    letter_open(&in, 0);
    assert_true(sock_message_add_handles(l.m, &pair[0], 1));
    letter_write(&l, "all");
    shared = (struct shared){pair[0], l.m};
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, send_a_hundred, &shared);
    for (int i = 0; i < 400; i++)
        assert_int_equal(letter_receive(&in, pair[1], 0), 3);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    letter_close(&l);
    letter_close(&in);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_arrive_over_every_type),
        cmocka_unit_test(no_bytes_are_an_empty_datagram),
        cmocka_unit_test(a_datagram_that_is_cut_says_so),
        cmocka_unit_test(a_peek_takes_nothing),
        cmocka_unit_test(waitall_fills_every_part),
        cmocka_unit_test(buffered_bytes_come_first_and_are_scattered),
        cmocka_unit_test(a_message_goes_to_its_name_and_tells_its_sender),
        cmocka_unit_test(abstract_names_are_told_and_answered),
        cmocka_unit_test(the_peer_of_a_stream_is_told),
        cmocka_unit_test(a_failure_names_where_it_was_to_go),
        cmocka_unit_test(a_failed_answer_names_whom_it_was_for),
        cmocka_unit_test(ten_thousand_parts_are_sent_in_pieces_or_refused),
        cmocka_unit_test(parts_that_cannot_be_are_refused),
        cmocka_unit_test(no_message_and_no_socket_are_refused),
        cmocka_unit_test(a_failed_receive_leaves_nothing_but_the_parts),
        cmocka_unit_test(threads_may_send_one_message_at_once),
    };

    return cmocka_run_group_tests_name("sendmsg", tests, count_descriptors,
                                       compare_descriptors);
}
