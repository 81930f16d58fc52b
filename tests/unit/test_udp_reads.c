/* test_udp_reads.c - proves that every way of reading sees a datagram that the
 * library holds as it would see one that the system holds, and so do select,
 * poll sets and a read of the server itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/udpserver.h"

#include <stdlib.h>
#include <unistd.h>

/* A handle with two datagrams that the library holds, and then one that the
 * system holds. */
struct held {
    sock_t *server;
    sock_t *peer;
    sock_t *s;
};

static struct held hold(const char *one, const char *two, const char *three)
{
    struct held h;

    h.server = patient_server();
    h.peer   = udp_peer(h.server, "127.0.0.1");
    say(h.peer, one);
    say(h.peer, two);
    h.s = sock_accept(h.server);
    assert_non_null(h.s);
    assert_true(sock_set_timeout(h.s, 10000));
    say(h.peer, three);
    return h;
}

static void let_go(struct held *h)
{
    sock_close(h->s);
    sock_close(h->peer);
    sock_close(h->server);
}

/* ---- shapes ---- */

static void a_look_takes_nothing(void **state)
{
    struct held h = hold("one", "two", "three");
    char        bytes[8];

    (void)state;
    for (int i = 0; i < 3; i++) {
        const char *texts[] = {"one", "two", "three"};
        ssize_t     length  = (ssize_t)strlen(texts[i]);

        for (int k = 0; k < 2; k++) {
            assert_int_equal(sock_recv(h.s, bytes, 8, MSG_PEEK), length);
            assert_memory_equal(bytes, texts[i], (size_t)length);
        }
        hears(h.s, texts[i]);
    }
    assert_fails(h.s, sock_recv(h.s, bytes, 8, MSG_PEEK | MSG_DONTWAIT),
                 EAGAIN);
    let_go(&h);
}

static void what_does_not_fit_is_lost(void **state)
{
    struct held h = hold("one", "two", "three");
    char        bytes[8];

    (void)state;
    assert_int_equal(sock_recv(h.s, bytes, 2, 0), 2);
    assert_memory_equal(bytes, "on", 2);
    assert_int_equal(sock_recv(h.s, bytes, 2, MSG_TRUNC), 3);
    assert_memory_equal(bytes, "tw", 2);
    assert_int_equal(sock_recv(h.s, bytes, 2, MSG_TRUNC), 5);
    assert_memory_equal(bytes, "th", 2);
    hears_nothing(h.s);
    let_go(&h);
}

static void recvfrom_tells_the_sender(void **state)
{
    struct held h = hold("one", "two", "three");
    char        bytes[8], address[LIBSOCK_ADDRSTRLEN];

    (void)state;
    for (int i = 0; i < 3; i++) {
        int port = 0;

        assert_int_equal(
            sock_recvfrom(h.s, bytes, 8, 0, address, sizeof address, &port),
            i < 2 ? 3 : 5);
        assert_string_equal(address, "127.0.0.1");
        assert_int_equal(port, port_of(h.peer));
    }
    let_go(&h);
}

static void read_takes_a_datagram(void **state)
{
    struct held h = hold("one", "two", "three");
    char        bytes[8];

    (void)state;
    assert_int_equal(sock_read(h.s, bytes, 8, LIBSOCK_BINARY_READ), 3);
    assert_int_equal(
        sock_read(h.s, bytes, 8, LIBSOCK_BINARY_READ | LIBSOCK_DONTWAIT), 3);
    assert_fails(h.s, sock_read(h.s, bytes, 8, LIBSOCK_NORMAL_READ),
                 EOPNOTSUPP);
    assert_fails(h.s, sock_recv(h.s, bytes, 0, 0), EINVAL);
    assert_fails(h.s, sock_recv(h.s, NULL, 8, 0), EINVAL);
    hears(h.s, "three");
    let_go(&h);
}

static void messages_and_vectors_are_filled_in_order(void **state)
{
    struct held   h         = hold("one", "two", "three");
    const size_t  lengths[] = {1, 0, 1, 4};
    sock_iovec_t *v         = sock_iovec_alloc(4, lengths);
    struct letter l;
    size_t        length;

    (void)state;
    assert_int_equal(sock_readv(h.s, v), 3);
    assert_memory_equal(sock_iovec_fetch(v, 0, &length), "o", 1);
    assert_memory_equal(sock_iovec_fetch(v, 2, &length), "n", 1);
    assert_memory_equal(sock_iovec_fetch(v, 3, &length), "e", 1);
    letter_open(&l, 64);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(letter_receive(&l, h.s, 0), i ? 5 : 3);
        letter_is(&l, i ? "three" : "two");
        letter_is_from(&l, "127.0.0.1", port_of(h.peer));
        assert_int_equal(sock_message_flags(l.m), 0);
        holds_no_item(l.m);
    }
    letter_close(&l);
    sock_iovec_free(v);
    let_go(&h);
}

static void a_message_tells_what_did_not_fit(void **state)
{
    struct held     h    = hold("one", "two", "three");
    char            byte = 0;
    struct iovec    part = {&byte, 1};
    sock_message_t *m    = new_message(0);

    (void)state;
    sock_message_set_parts(m, &part, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sock_recvmsg(h.s, m, 0), 1);
        assert_int_equal(byte, "ott"[i]);
        assert_int_equal(sock_message_flags(m), MSG_TRUNC);
    }
    sock_message_free(m);
    let_go(&h);
}

/* ---- sizes ---- */

static void empty_datagrams_survive(void **state)
{
    struct held h = hold("", "", "");
    char        byte;

    (void)state;
    for (int i = 0; i < 3; i++) {
        byte = 'x';
        assert_int_equal(sock_recv(h.s, &byte, 1, 0), 0);
        assert_int_equal(byte, 'x');
    }
    hears_nothing(h.s);
    say(h.peer, "");
    sock_close(h.s);
    h.s = sock_accept(h.server);
    assert_non_null(h.s);
    assert_int_equal(sock_recv(h.s, &byte, 1, MSG_DONTWAIT), 0);
    hears_nothing(h.s);
    let_go(&h);
}

static void the_largest_datagrams_survive(void **state)
{
    enum { MOST = 65507 };
    struct held h    = hold("x", "y", "z");
    char       *sent = malloc(MOST), *got = malloc(MOST + 1);

    (void)state;
    hears(h.s, "x");
    hears(h.s, "y");
    hears(h.s, "z");
    for (int i = 0; i < MOST; i++)
        sent[i] = (char)(i * 7 + i / 251);
    for (int i = 0; i < 3; i++) { /* from the server's, its own, given back */
        if (i != 1) {
            sock_close(h.s);
            h.s = NULL;
        }
        if (i < 2)
            assert_int_equal(sock_send(h.peer, sent, MOST, 0), MOST);
        if (i != 1)
            h.s = sock_accept(h.server);
        assert_non_null(h.s);
        memset(got, 0, MOST);
        assert_int_equal(sock_recv(h.s, got, MOST + 1, i == 1 ? MSG_PEEK : 0),
                         MOST);
        assert_memory_equal(sent, got, MOST);
    }
    free(sent);
    free(got);
    let_go(&h);
}

/* ---- waiting ---- */

static void select_sees_what_the_library_holds(void **state)
{
    struct held h = hold("one", "two", "three");

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(is_readable(h.s));
        assert_true(is_writable(h.s));
        assert_false(is_readable(h.server));
        hears(h.s, i == 0 ? "one" : i == 1 ? "two" : "three");
    }
    assert_false(is_readable(h.s));
    say(h.peer, "four");
    sock_close(h.s);
    assert_true(is_readable(h.server));
    h.s = accepts(h.server, "four");
    assert_false(is_readable(h.server));
    assert_false(is_readable(h.s));
    let_go(&h);
}

static void poll_sets_see_what_the_library_holds(void **state)
{
    struct held  h   = hold("one", "two", "three");
    sock_poll_t *set = set_of(h.server, LIBSOCK_POLL_READ);

    (void)state;
    assert_true(is_silent(set));
    watch(set, h.s, LIBSOCK_POLL_READ);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(told(set, h.s), LIBSOCK_POLL_READ);
        hears(h.s, i == 0 ? "one" : i == 1 ? "two" : "three");
    }
    assert_true(is_silent(set));
    say(h.peer, "four");
    assert_int_equal(told(set, h.s), LIBSOCK_POLL_READ);
    sock_close(h.s);
    assert_int_equal(told(set, h.server), LIBSOCK_POLL_READ);
    h.s = accepts(h.server, "four");
    assert_true(is_silent(set));
    sock_poll_free(set);
    let_go(&h);
}

static void a_wait_on_the_server_sees_what_is_given_back(void **state)
{
    struct held   h   = hold("one", "two", "three");
    sock_poll_t  *set = set_of(h.server, LIBSOCK_POLL_READ);
    struct waiter w;

    (void)state;
    waiter_start(&w, set);
    sock_close(h.s);
    has_told(&w, h.server, LIBSOCK_POLL_READ);
    h.s = accepts(h.server, "one");
    sock_poll_free(set);
    let_go(&h);
}

static void reads_end_with_their_time(void **state)
{
    struct held h = hold("one", "two", "three");
    char        byte;
    int64_t     began;

    (void)state;
    hears(h.s, "one");
    hears(h.s, "two");
    hears(h.s, "three");
    assert_true(sock_set_timeout(h.s, 30));
    began = now_ms();
    assert_fails(h.s, sock_recv(h.s, &byte, 1, 0), ETIMEDOUT);
    assert_in_range(now_ms() - began, 29, 5000);
    assert_true(sock_set_timeout(h.s, 250)); /* more than a slice */
    began = now_ms();
    assert_fails(h.s, sock_recv(h.s, &byte, 1, 0), ETIMEDOUT);
    assert_in_range(now_ms() - began, 249, 5000);
    assert_true(sock_set_timeout(h.s, -1));
    assert_true(sock_set_deadline(h.s, 20));
    assert_fails(h.s, sock_recv(h.s, &byte, 1, 0), ETIMEDOUT);
    assert_fails(h.s, sock_recv(h.s, &byte, 1, 0), ETIMEDOUT);
    assert_true(sock_set_deadline(h.s, -1));
    assert_true(sock_set_nonblock(h.s));
    assert_fails(h.s, sock_recv(h.s, &byte, 1, 0), EAGAIN);
    let_go(&h);
}

/* ---- the server itself ---- */

static void a_read_of_the_server_sees_what_waits_first(void **state)
{
    struct held h       = hold("one", "two", "three");
    sock_t     *another = udp_peer(h.server, "127.0.0.1");
    char        bytes[8];
    int         port = 0;

    (void)state;
    say(another, "last");
    sock_close(h.s);
    h.s = NULL;
    hears(h.server, "one");
    assert_int_equal(sock_recvfrom(h.server, bytes, 8, 0, NULL, 0, &port), 3);
    assert_int_equal(port, port_of(h.peer));
    hears(h.server, "three");
    assert_int_equal(sock_recvfrom(h.server, bytes, 8, 0, NULL, 0, &port), 4);
    assert_int_equal(port, port_of(another));
    hears_nothing(h.server);
    assert_int_equal(sock_sendto(h.server, "x", 1, 0, "127.0.0.1", port), 1);
    hears(another, "x");
    sock_close(another);
    let_go(&h);
}

static void a_server_that_never_accepts_is_a_plain_socket(void **state)
{
    sock_t         *server = udp_server(AF_INET, "0.0.0.0");
    sock_t         *peer   = udp_peer(server, "127.0.0.1");
    char            byte   = 0;
    struct iovec    part   = {&byte, 1};
    sock_message_t *m      = new_message(0);

    (void)state;
    sock_message_set_parts(m, &part, 1);
    say(peer, "x");
    assert_int_equal(sock_recvmsg(server, m, 0), 1);
    assert_int_equal(sock_message_flags(m), 0);
    say(peer, "y");
    hears(server, "y");
    sock_message_free(m);
    sock_close(peer);
    sock_close(server);
}

static void many_messages_are_received_at_once(void **state)
{
    struct held     h = hold("one", "two", "three");
    struct letter   l[4];
    sock_message_t *ms[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        letter_open(&l[i], 0);
        l[i].part = (struct iovec){l[i].bytes, sizeof l[i].bytes};
        sock_message_set_parts(l[i].m, &l[i].part, 1);
        ms[i] = l[i].m;
    }
    assert_int_equal(sock_recvmmsg(h.s, ms, 4, 0), 3);
    letter_is(&l[0], "one");
    letter_is(&l[1], "two");
    letter_is(&l[2], "three");
    for (int i = 0; i < 4; i++)
        letter_close(&l[i]);
    let_go(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_takes_nothing),
        cmocka_unit_test(what_does_not_fit_is_lost),
        cmocka_unit_test(recvfrom_tells_the_sender),
        cmocka_unit_test(read_takes_a_datagram),
        cmocka_unit_test(messages_and_vectors_are_filled_in_order),
        cmocka_unit_test(a_message_tells_what_did_not_fit),
        cmocka_unit_test(empty_datagrams_survive),
        cmocka_unit_test(the_largest_datagrams_survive),
        cmocka_unit_test(select_sees_what_the_library_holds),
        cmocka_unit_test(poll_sets_see_what_the_library_holds),
        cmocka_unit_test(a_wait_on_the_server_sees_what_is_given_back),
        cmocka_unit_test(reads_end_with_their_time),
        cmocka_unit_test(a_read_of_the_server_sees_what_waits_first),
        cmocka_unit_test(a_server_that_never_accepts_is_a_plain_socket),
        cmocka_unit_test(many_messages_are_received_at_once),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
