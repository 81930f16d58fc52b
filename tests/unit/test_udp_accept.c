/* test_udp_accept.c - proves that a UDP server accepts its peers: each gets a
 * handle of its own, in which its datagrams come in order, and what one leaves
 * unread goes back to the server.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"
#include "support/udpserver.h"

#include <stdio.h>

/* ---- one peer ---- */

static void the_first_read_is_the_datagram_accepted_for(void **state)
{
    sock_t *server = patient_server();
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    sock_t *s;

    (void)state;
    say(peer, "one");
    s = accepts(server, "one");
    hears_nothing(s);
    accepts_nobody(server);
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

static void a_write_answers_the_peer(void **state)
{
    sock_t *server = patient_server();
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    sock_t *s;

    (void)state;
    say(peer, "one");
    s = accepts(server, "one");
    assert_int_equal(sock_write(s, "1", 1), 1);
    hears(peer, "1");
    assert_true(sock_write_all(s, "2", 1, NULL));
    hears(peer, "2");
    say(peer, "two");
    hears(s, "two");
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

static void both_ends_are_told(void **state)
{
    sock_t *server = udp_server(AF_INET, "0.0.0.0");
    sock_t *peer   = udp_peer(server, "127.0.0.2");
    char    address[LIBSOCK_ADDRSTRLEN];
    int     port;
    sock_t *s;

    (void)state;
    say(peer, "one");
    s = accepts(server, "one");
    assert_true(sock_getsockname(s, address, sizeof address, &port));
    assert_string_equal(address, "127.0.0.2");
    assert_int_equal(port, port_of(server));
    assert_true(sock_getpeername(s, address, sizeof address, &port));
    assert_string_equal(address, "127.0.0.1");
    assert_int_equal(port, port_of(peer));
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

/* What came before the accept and what comes after it go different ways. */
static void datagrams_come_in_order(void **state)
{
    sock_t *server = patient_server();
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    char    text[16];
    sock_t *s;

    (void)state;
    for (int i = 0; i < 8; i++) {
        snprintf(text, sizeof text, "%d", i);
        say(peer, text);
    }
    s = accepts(server, "0");
    for (int i = 8; i < 16; i++) {
        snprintf(text, sizeof text, "%d", i);
        say(peer, text);
    }
    for (int i = 1; i < 16; i++) {
        snprintf(text, sizeof text, "%d", i);
        hears(s, text);
    }
    hears_nothing(s);
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

/* ---- many peers ---- */

static void peers_are_kept_apart(void **state)
{
    sock_t *server  = patient_server();
    sock_t *one     = udp_peer(server, "127.0.0.1");
    sock_t *another = udp_peer(server, "127.0.0.1");
    sock_t *a, *b;

    (void)state;
    say(one, "1");
    say(another, "2");
    say(one, "3");
    say(another, "4");
    a = accepts(server, "1");
    say(another, "5");
    b = accepts(server, "2");
    say(one, "6");
    hears(b, "4");
    hears(b, "5");
    hears_nothing(b);
    hears(a, "3");
    hears(a, "6");
    hears_nothing(a);
    accepts_nobody(server);
    sock_close(a);
    sock_close(b);
    sock_close(one);
    sock_close(another);
    sock_close(server);
}

/* Handles beyond what one chain of the table holds. */
static void hundreds_of_peers_are_kept_apart(void **state)
{
    enum { PEERS = 300 };
    sock_t *server = patient_server();
    sock_t *peers[PEERS], *handles[PEERS];
    char    text[16];

    (void)state;
    for (int i = 0; i < PEERS; i++) {
        peers[i] = udp_peer(server, "127.0.0.1");
        snprintf(text, sizeof text, "%d", i);
        say(peers[i], text);
        handles[i] = accepts(server, text);
    }
    for (int i = 0; i < PEERS; i++) {
        snprintf(text, sizeof text, "%d", i);
        say(peers[i], text);
    }
    accepts_nobody(server);
    for (int i = 0; i < PEERS; i++) {
        snprintf(text, sizeof text, "%d", i);
        hears(handles[i], text);
        hears_nothing(handles[i]);
        sock_close(handles[i]);
        sock_close(peers[i]);
    }
    sock_close(server);
}

/* Each accept answers one datagram, with its own text, and closes. */
static void answer_one(sock_t *server)
{
    char    bytes[16];
    sock_t *s = sock_accept(server);
    ssize_t n;

    assert_non_null(s);
    n = sock_recv(s, bytes, sizeof bytes, MSG_DONTWAIT);
    assert_true(n > 0);
    assert_int_equal(sock_send(s, bytes, (size_t)n, 0), n);
    assert_true(sock_close(s));
}

static void is_answered(sock_t *peer, int who, int count)
{
    char text[16];

    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%d:%d", who, i);
        hears(peer, text);
    }
    hears_nothing(peer);
}

static void a_server_that_answers_one_an_accept_answers_all(void **state)
{
    enum { PEERS = 4, BURST = 8, ROUNDS = 20 };
    sock_t *server = udp_server(AF_INET, "0.0.0.0");
    sock_t *peers[PEERS];
    char    text[16];

    (void)state;
    assert_true(sock_set_timeout(server, 10000));
    for (int p = 0; p < PEERS; p++)
        peers[p] = udp_peer(server, p % 2 ? "127.0.0.1" : "127.0.0.2");
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BURST; i++)
            for (int p = 0; p < PEERS; p++) {
                snprintf(text, sizeof text, "%d:%d", p, i);
                say(peers[p], text);
                if (round % 2 && p == 2)
                    answer_one(server);
            }
        for (int i = round % 2 ? BURST : 0; i < PEERS * BURST; i++)
            answer_one(server);
        for (int p = 0; p < PEERS; p++)
            is_answered(peers[p], p, BURST);
        accepts_nobody(server);
    }
    for (int p = 0; p < PEERS; p++)
        sock_close(peers[p]);
    sock_close(server);
}

/* ---- giving back ---- */

static void what_is_unread_goes_back_in_order(void **state)
{
    sock_t *server = patient_server();
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    sock_t *s;

    (void)state;
    say(peer, "1");
    say(peer, "2");
    s = accepts(server, "1");
    say(peer, "3");
    assert_true(sock_close(s));
    say(peer, "4");
    s = accepts(server, "2");
    hears(s, "3");
    hears(s, "4");
    hears_nothing(s);
    say(peer, "5");
    assert_true(sock_close(s));
    s = accepts(server, "5");
    hears_nothing(s);
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

/* Who writes much does not go before who wrote earlier. */
static void the_one_who_wrote_first_is_accepted_first(void **state)
{
    sock_t *server  = patient_server();
    sock_t *one     = udp_peer(server, "127.0.0.1");
    sock_t *another = udp_peer(server, "127.0.0.1");
    sock_t *s;

    (void)state;
    say(one, "1");
    say(one, "2");
    say(another, "3");
    s = accepts(server, "1");
    say(one, "4");
    sock_close(s);
    s = accepts(server, "2");
    sock_close(s);
    s = accepts(server, "3");
    sock_close(s);
    s = accepts(server, "4");
    sock_close(s);
    accepts_nobody(server);
    sock_close(one);
    sock_close(another);
    sock_close(server);
}

static void a_handle_that_was_never_read_loses_nothing(void **state)
{
    sock_t *server = patient_server();
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    sock_t *s;

    (void)state;
    say(peer, "1");
    for (int i = 0; i < 3; i++) {
        s = sock_accept(server);
        assert_non_null(s);
        sock_close(s);
    }
    s = accepts(server, "1");
    hears_nothing(s);
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

/* Says `count` numbers from `first` on. */
static void say_numbers(sock_t *s, int first, int count)
{
    char text[16];

    for (int i = first; i < first + count; i++) {
        snprintf(text, sizeof text, "%d", i);
        say(s, text);
    }
}

/* Twelve handles hold a hundred each, which the system had for them. */
static void at_most_1024_wait_and_the_newest_go(void **state)
{
    enum { PEERS = 12, EACH = 100, MOST = 1024 };
    sock_t *server = patient_server();
    sock_t *peers[PEERS], *handles[PEERS];
    char    text[16];
    int     left;

    (void)state;
    for (int p = 0; p < PEERS; p++) {
        peers[p] = udp_peer(server, "127.0.0.1");
        say(peers[p], "x");
        handles[p] = accepts(server, "x");
        say_numbers(peers[p], 0, EACH);
    }
    for (int p = 0; p < PEERS; p++)
        sock_close(handles[p]);
    for (int p = 0; p * EACH < MOST; p++) {
        handles[p] = sock_accept(server);
        assert_non_null(handles[p]);
        left = MOST - p * EACH;
        for (int i = 0; i < EACH && i < left; i++) {
            snprintf(text, sizeof text, "%d", i);
            hears(handles[p], text);
        }
        hears_nothing(handles[p]);
    }
    accepts_nobody(server);
    for (int p = 0; p * EACH < MOST; p++)
        sock_close(handles[p]);
    for (int p = 0; p < PEERS; p++)
        sock_close(peers[p]);
    sock_close(server);
}

/* ---- addresses ---- */

static void answers_come_from_where_the_peer_wrote_to(void **state)
{
    static const struct {
        int         domain;
        const char *server;
        const char *asked;
    } cases[] = {
        {AF_INET, "0.0.0.0", "127.0.0.1"},
        {AF_INET, "0.0.0.0", "127.0.0.2"},
        {AF_INET6, "::", "::1"},
        {AF_INET6, "::", "127.0.0.1"},
        {AF_INET6, "::", "127.0.0.3"},
        {AF_INET6, "::1", "::1"},
        {AF_INET, "127.0.0.4", "127.0.0.4"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        sock_t *server = udp_server(cases[i].domain, cases[i].server);
        sock_t *peer   = udp_peer(server, cases[i].asked);
        sock_t *s;

        say(peer, "before the first accept");
        s = accepts(server, "before the first accept");
        say(s, "answer"); /* which a connected socket takes from there only */
        hears(peer, "answer");
        sock_close(s);
        say(peer, "after it");
        s = accepts(server, "after it");
        say(s, "another");
        hears(peer, "another");
        say(peer, "more");
        hears(s, "more");
        sock_close(s);
        sock_close(peer);
        sock_close(server);
    }
}

static void say_to(sock_t *s, const char *text, const char *address, int port)
{
    size_t len = strlen(text);

    assert_int_equal(sock_sendto(s, text, len, 0, address, port), len);
}

/* A peer of two addresses of the server's is two peers. */
static void who_writes_to_two_addresses_is_answered_from_both(void **state)
{
    sock_t *server = udp_server(AF_INET, "0.0.0.0");
    sock_t *peer   = sock_create(AF_INET, SOCK_DGRAM, 0);
    char    from[LIBSOCK_ADDRSTRLEN], byte;
    sock_t *a, *b;

    (void)state;
    say_to(peer, "1", "127.0.0.1", port_of(server));
    say_to(peer, "2", "127.0.0.2", port_of(server));
    say_to(peer, "3", "127.0.0.1", port_of(server));
    a = accepts(server, "1");
    b = accepts(server, "2");
    hears(a, "3");
    say(b, "b");
    assert_int_equal(sock_recvfrom(peer, &byte, 1, 0, from, sizeof from, NULL),
                     1);
    assert_string_equal(from, "127.0.0.2");
    say(a, "a");
    assert_int_equal(sock_recvfrom(peer, &byte, 1, 0, from, sizeof from, NULL),
                     1);
    assert_string_equal(from, "127.0.0.1");
    sock_close(a);
    sock_close(b);
    sock_close(peer);
    sock_close(server);
}

static void is_in_use(int port)
{
    sock_t *second = sock_create(AF_INET, SOCK_DGRAM, 0);

    assert_false(sock_bind(second, "127.0.0.1", port));
    assert_int_equal(sock_last_error(second), EADDRINUSE);
    assert_false(sock_bind(second, "", port));
    assert_int_equal(sock_last_error(second), EADDRINUSE);
    sock_close(second);
}

static void a_second_server_is_refused(void **state)
{
    sock_t *server = patient_server();
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    sock_t *s;

    (void)state;
    is_in_use(port_of(server));
    say(peer, "x");
    s = accepts(server, "x");
    is_in_use(port_of(server));
    sock_close(s);
    is_in_use(port_of(server));
    sock_close(peer);
    sock_close(server);
}

static void options_come_from_the_server(void **state)
{
    sock_t *server = patient_server();
    sock_t *peer   = udp_peer(server, "127.0.0.1");
    int     size = 0, mine = 0, value = 0;
    sock_t *s;

    (void)state;
    assert_true(sock_set_option_int(server, SOL_SOCKET, SO_RCVBUF, 50000));
    assert_true(sock_set_option_int(server, IPPROTO_IP, IP_TTL, 7));
    assert_true(sock_set_timeout(server, 5));
    assert_true(sock_set_nonblock(server));
    say(peer, "x");
    s = sock_accept(server);
    assert_non_null(s);
    sock_get_option_int(server, SOL_SOCKET, SO_RCVBUF, &size);
    sock_get_option_int(s, SOL_SOCKET, SO_RCVBUF, &mine);
    assert_int_equal(size, mine);
    assert_true(sock_get_option_int(s, IPPROTO_IP, IP_TTL, &value));
    assert_int_equal(value, 7);
    hears(s, "x");
    assert_fails(s, sock_recv(s, &value, 1, 0), ETIMEDOUT); /* it is blocking */
    sock_close(s);
    sock_close(peer);
    sock_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_read_is_the_datagram_accepted_for),
        cmocka_unit_test(a_write_answers_the_peer),
        cmocka_unit_test(both_ends_are_told),
        cmocka_unit_test(datagrams_come_in_order),
        cmocka_unit_test(peers_are_kept_apart),
        cmocka_unit_test(hundreds_of_peers_are_kept_apart),
        cmocka_unit_test(a_server_that_answers_one_an_accept_answers_all),
        cmocka_unit_test(what_is_unread_goes_back_in_order),
        cmocka_unit_test(the_one_who_wrote_first_is_accepted_first),
        cmocka_unit_test(a_handle_that_was_never_read_loses_nothing),
        cmocka_unit_test(at_most_1024_wait_and_the_newest_go),
        cmocka_unit_test(answers_come_from_where_the_peer_wrote_to),
        cmocka_unit_test(who_writes_to_two_addresses_is_answered_from_both),
        cmocka_unit_test(a_second_server_is_refused),
        cmocka_unit_test(options_come_from_the_server),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
