/* test_own_address.c - proves what becomes of the address that was asked: one
 * message serves many, groups and everybody are answered by one, and what may
 * be named to send from.
 *
 * A client that is connected gets answers from the address it asked only.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <net/if.h>
#include <string.h>

#define ROOM4 sock_cmsg_space(IPPROTO_IP, IP_PKTINFO, 1)
#define ROOM6 sock_cmsg_space(IPPROTO_IPV6, IPV6_PKTINFO, 1)

/* A UDP server on every address of the family, IPv6 for IPv4, too. */
static sock_t *server_of(int domain)
{
    sock_t *s = sock_create(domain, SOCK_DGRAM, 0);

    assert_non_null(s);
    if (domain == AF_INET6) {
        assert_true(sock_set_option_int(s, IPPROTO_IPV6, IPV6_V6ONLY, 0));
        assert_true(sock_set_option_int(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    } else {
        assert_true(sock_set_option_int(s, IPPROTO_IP, IP_PKTINFO, 1));
    }
    assert_true(sock_bind(s, "", 0));
    return s;
}

/* A client that has asked there. */
static sock_t *client_at(int domain, const char *address, int port)
{
    sock_t *s = sock_create(domain, SOCK_DGRAM, 0);

    if (!sock_connect(s, address, port))
        fail_msg("%s", sock_last_message(s));
    put(s, "ask");
    return s;
}

static void is_answered(sock_t *client)
{
    struct letter l;

    letter_open(&l, 0);
    sock_set_timeout(client, 5000);
    assert_int_equal(letter_receive(&l, client, 0), 6);
    letter_is(&l, "answer");
    letter_close(&l);
}

/* ---- answers ---- */

/* One message for all clients, each asking at another address. */
static void one_message_answers_at_every_address(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
    sock_t                  *server  = server_of(AF_INET), *clients[3];
    struct letter            l;

    (void)state;
    letter_open(&l, ROOM4);
    for (int i = 0; i < 3; i++)
        clients[i] = client_at(AF_INET, hosts[i], port_of(server));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(letter_receive(&l, server, 0), 3);
        assert_int_equal(letter_send(&l, server, "answer"), 6);
    }
    for (int i = 0; i < 3; i++) {
        is_answered(clients[i]);
        sock_close(clients[i]);
    }
    letter_close(&l);
    sock_close(server);
}

static void none_is_told_that_was_not_asked_for(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    unsigned      at = 4711;

    (void)state;
    udp_pair(pair);
    letter_open(&l, ROOM6);
    put(pair[0], "x");
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_refused(sock_message_get_pktinfo(l.m, NULL, 0, &at), ENOMSG);
    assert_int_equal(at, 4711);
    letter_close(&l);
    close_pair(pair);
}

/* A clear, or the next receive, forgets it. */
static void one_message_does_not_keep_that_of_another(void **state)
{
    sock_t       *server = server_of(AF_INET), *client;
    struct letter l;

    (void)state;
    letter_open(&l, ROOM4);
    client = client_at(AF_INET, "127.0.0.2", port_of(server));
    assert_int_equal(letter_receive(&l, server, 0), 3);
    sock_message_clear(l.m);
    assert_refused(sock_message_get_pktinfo(l.m, NULL, 0, NULL), ENOMSG);
    put(client, "ask");
    assert_int_equal(letter_receive(&l, server, 0), 3);
    assert_true(sock_set_option_int(server, IPPROTO_IP, IP_PKTINFO, 0));
    put(client, "ask");
    assert_int_equal(letter_receive(&l, server, 0), 3);
    assert_refused(sock_message_get_pktinfo(l.m, NULL, 0, NULL), ENOMSG);
    letter_close(&l);
    sock_close(client);
    sock_close(server);
}

/* ---- to many ---- */

/* A client with an address, so that an answer from any other gets there. */
static sock_t *free_client(void)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    assert_true(sock_set_option_int(s, SOL_SOCKET, SO_BROADCAST, 1));
    assert_true(sock_bind(s, "127.0.0.1", 0));
    return s;
}

/* The own address that it is told by is one to answer from. */
static void is_answered_by_one(sock_t *server, sock_t *client)
{
    char          own[LIBSOCK_ADDRSTRLEN];
    struct letter l;

    letter_open(&l, ROOM4);
    assert_int_equal(letter_receive(&l, server, 0), 3);
    assert_true(sock_message_get_pktinfo(l.m, own, sizeof own, NULL));
    assert_string_equal(own, "127.0.0.1");
    assert_int_equal(letter_send(&l, server, "answer"), 6);
    assert_int_equal(letter_receive(&l, client, 0), 6);
    letter_is_from(&l, own, port_of(server));
    letter_close(&l);
}

static void what_went_to_everybody_is_answered_by_one(void **state)
{
    sock_t *server = server_of(AF_INET), *client = free_client();

    (void)state;
    assert_int_equal(
        sock_sendto(client, "ask", 3, 0, "127.255.255.255", port_of(server)),
        3);
    is_answered_by_one(server, client);
    sock_close(client);
    sock_close(server);
}

static void what_went_to_a_group_is_answered_by_one(void **state)
{
    const struct ip_mreqn join   = {.imr_multiaddr.s_addr =
                                        htonl(0xef010203), /* 239.1.2.3 */
                                    .imr_ifindex = (int)if_nametoindex("lo")};
    sock_t               *server = server_of(AF_INET), *client = free_client();

    (void)state;
    assert_true(sock_set_option(server, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join,
                                sizeof join));
    assert_true(sock_set_option(client, IPPROTO_IP, IP_MULTICAST_IF, &join,
                                sizeof join));
    assert_int_equal(
        sock_sendto(client, "ask", 3, 0, "239.1.2.3", port_of(server)), 3);
    is_answered_by_one(server, client);
    sock_close(client);
    sock_close(server);
}

/* Systems whose loopback carries no IPv6 groups cannot show it. */
static void no_answer_comes_from_an_ipv6_group(void **state)
{
    struct ipv6_mreq join   = {.ipv6mr_interface = if_nametoindex("lo")};
    sock_t          *server = server_of(AF_INET6);
    char             own[LIBSOCK_ADDRSTRLEN] = "::";
    bool             came;
    struct letter    l;

    (void)state;
    memcpy(&join.ipv6mr_multiaddr, "\xff\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\7", 16);
    sock_set_option(server, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join);
    letter_open(&l, ROOM6);
    came = sock_sendto(server, "x", 1, 0, "ff05::7%lo", port_of(server)) == 1 &&
           letter_receive(&l, server, MSG_DONTWAIT) == 1 &&
           sock_message_get_pktinfo(l.m, own, sizeof own, NULL);
    letter_close(&l);
    sock_close(server);
    assert_string_equal(own, "::");
    if (!came)
        skip_aloud("the loopback carries no IPv6 groups");
}

/* ---- naming ---- */

static ssize_t send_from(sock_t *s, const char *source, unsigned interface,
                         const char *to, int port)
{
    struct letter l;
    ssize_t       n;

    letter_open(&l, ROOM6);
    assert_true(sock_message_set_name(l.m, to, port));
    assert_true(sock_message_add_pktinfo(l.m, source, interface));
    n = letter_send(&l, s, "x");
    letter_close(&l);
    return n;
}

static void comes_from(sock_t *s, const char *address, int port)
{
    struct letter l;

    letter_open(&l, 0);
    assert_int_equal(letter_receive(&l, s, 0), 1);
    letter_is_from(&l, address, port);
    letter_close(&l);
}

static void any_address_leaves_it_to_the_system(void **state)
{
    const unsigned lo = if_nametoindex("lo");
    sock_t        *v4 = server_of(AF_INET), *v6 = server_of(AF_INET6);

    (void)state;
    assert_int_equal(send_from(v4, "0.0.0.0", 0, "127.0.0.1", port_of(v4)), 1);
    comes_from(v4, "127.0.0.1", port_of(v4));
    assert_int_equal(send_from(v4, "0.0.0.0", lo, "127.0.0.1", port_of(v4)), 1);
    comes_from(v4, "127.0.0.1", port_of(v4));
    assert_int_equal(send_from(v4, "127.0.0.9", lo, "127.0.0.1", port_of(v4)),
                     1);
    comes_from(v4, "127.0.0.9", port_of(v4));
    assert_int_equal(send_from(v6, "::", 0, "::1", port_of(v6)), 1);
    comes_from(v6, "::1", port_of(v6));
    assert_int_equal(send_from(v6, "::", lo, "::1", port_of(v6)), 1);
    comes_from(v6, "::1", port_of(v6));
    sock_close(v4);
    sock_close(v6);
}

static void an_address_of_another_family_is_refused(void **state)
{
    sock_t *v4 = server_of(AF_INET), *pair[2];

    (void)state;
    assert_fails(v4, send_from(v4, "::1", 0, "127.0.0.1", 9), EOPNOTSUPP);
    unix_pair(SOCK_DGRAM, pair);
    assert_fails(pair[0], send_from(pair[0], "127.0.0.1", 0, NULL, 0),
                 EOPNOTSUPP);
    assert_fails(pair[0], send_from(pair[0], "::1", 0, NULL, 0), EOPNOTSUPP);
    close_pair(pair);
    sock_close(v4);
}

/* Unless it is given, too; then both are one. */
static void the_scope_of_an_address_is_its_interface(void **state)
{
    const unsigned  lo = if_nametoindex("lo");
    char            text[LIBSOCK_ADDRSTRLEN];
    unsigned        at = 4711;
    sock_message_t *m  = new_message(ROOM6);

    (void)state;
    assert_refused(sock_message_add_pktinfo(m, "fe80::1%lo", lo + 1), EINVAL);
    for (unsigned given = 0; given <= lo; given += lo) {
        assert_true(sock_message_add_pktinfo(m, "fe80::1%lo", given));
        assert_true(sock_message_get_pktinfo(m, text, sizeof text, &at));
        assert_string_equal(text, "fe80::1%lo");
        assert_int_equal(at, lo);
        sock_message_clear(m);
    }
    sock_message_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_answers_at_every_address),
        cmocka_unit_test(none_is_told_that_was_not_asked_for),
        cmocka_unit_test(one_message_does_not_keep_that_of_another),
        cmocka_unit_test(what_went_to_everybody_is_answered_by_one),
        cmocka_unit_test(what_went_to_a_group_is_answered_by_one),
        cmocka_unit_test(no_answer_comes_from_an_ipv6_group),
        cmocka_unit_test(any_address_leaves_it_to_the_system),
        cmocka_unit_test(an_address_of_another_family_is_refused),
        cmocka_unit_test(the_scope_of_an_address_is_its_interface),
    };

    return cmocka_run_group_tests_name("own_address", tests, count_descriptors,
                                       compare_descriptors);
}
