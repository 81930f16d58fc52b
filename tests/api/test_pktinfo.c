/* test_pktinfo.c - proves that a UDP server on every address answers from the
 * one that was asked, and that what travels beside a datagram arrives: hop
 * limit, traffic class, segments, errors, notices that memory is free.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <net/if.h>
#include <string.h>

#include <linux/errqueue.h>

/* ---- the own address ---- */

struct server {
    sock_t       *s;
    struct letter l;
};

static void server_open(struct server *v, int domain)
{
    v->s = sock_create(domain, SOCK_DGRAM, 0);
    assert_true(sock_bind(v->s, NULL, 0));
    assert_true(
        domain == AF_INET
            ? sock_set_option_int(v->s, IPPROTO_IP, IP_PKTINFO, 1)
            : sock_set_option_int(v->s, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    letter_open(&v->l, sock_cmsg_space(IPPROTO_IPV6, IPV6_PKTINFO, 1));
}

static void server_close(struct server *v)
{
    letter_close(&v->l);
    sock_close(v->s);
}

/* A connected UDP socket takes answers from where it asked, and no other. */
static sock_t *asker(int domain, const char *address, int port)
{
    sock_t *s = sock_create(domain, SOCK_DGRAM, 0);

    assert_true(sock_connect(s, address, port));
    assert_true(sock_set_timeout(s, 5000));
    put(s, "ask");
    return s;
}

static void is_answered(sock_t *s)
{
    char text[8] = "";

    assert_int_equal(sock_read(s, text, sizeof text, LIBSOCK_BINARY_READ), 6);
    assert_memory_equal(text, "answer", 6);
    sock_close(s);
}

static const struct {
    int         server;
    int         client;
    const char *address;
    const char *own; /* as the server sees it */
} asked[] = {
    {AF_INET, AF_INET, "127.0.0.1", "127.0.0.1"},
    {AF_INET, AF_INET, "127.0.0.2", "127.0.0.2"},
    {AF_INET6, AF_INET6, "::1", "::1"},
    {AF_INET6, AF_INET, "127.0.0.1", "::ffff:127.0.0.1"},
    {AF_INET6, AF_INET, "127.0.0.2", "::ffff:127.0.0.2"},
};

static void an_answer_comes_from_the_address_that_was_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++) {
        struct server v;
        sock_t       *s;

        server_open(&v, asked[i].server);
        s = asker(asked[i].client, asked[i].address, port_of(v.s));
        assert_int_equal(letter_receive(&v.l, v.s, 0), 3);
        assert_int_equal(letter_send(&v.l, v.s, "answer"), 6);
        is_answered(s);
        server_close(&v);
    }
}

static void the_address_that_was_asked_is_told_and_given(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++) {
        char          own[LIBSOCK_ADDRSTRLEN], peer[LIBSOCK_ADDRSTRLEN];
        struct server v;
        sock_t       *s;
        unsigned      index = 0;
        int           port;

        server_open(&v, asked[i].server);
        s = asker(asked[i].client, asked[i].address, port_of(v.s));
        assert_int_equal(letter_receive(&v.l, v.s, 0), 3);
        assert_true(sock_message_get_pktinfo(v.l.m, own, sizeof own, &index));
        assert_string_equal(own, asked[i].own);
        assert_int_equal(index, if_nametoindex("lo"));
        assert_true(sock_message_get_name(v.l.m, peer, sizeof peer, &port));
        sock_message_clear(v.l.m);
        assert_true(sock_message_set_name(v.l.m, peer, port));
        assert_true(sock_message_add_pktinfo(v.l.m, own, 0));
        assert_int_equal(letter_send(&v.l, v.s, "answer"), 6);
        is_answered(s);
        server_close(&v);
    }
}

/* With both options set an AF_INET6 socket answers that, too. */
static void what_was_sent_to_everybody_is_answered(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t       *s = sock_create(AF_INET, SOCK_DGRAM, 0);
        char          own[LIBSOCK_ADDRSTRLEN];
        struct server v;

        server_open(&v, domains[i]);
        assert_true(sock_set_option_int(v.s, IPPROTO_IP, IP_PKTINFO, 1));
        sock_message_free(v.l.m);
        letter_open(&v.l, 256);
        assert_true(sock_set_option_int(s, SOL_SOCKET, SO_BROADCAST, 1));
        assert_true(sock_set_timeout(s, 5000));
        assert_int_equal(
            sock_sendto(s, "ask", 3, 0, "127.255.255.255", port_of(v.s)), 3);
        assert_int_equal(letter_receive(&v.l, v.s, 0), 3);
        assert_true(sock_message_get_pktinfo(v.l.m, own, sizeof own, NULL));
        assert_string_equal(own, "127.0.0.1");
        assert_int_equal(letter_send(&v.l, v.s, "answer"), 6);
        is_answered(s);
        server_close(&v);
    }
}

/* Without it, this is what goes wrong: the test above can fail. */
static void without_it_the_answer_comes_from_elsewhere(void **state)
{
    struct server v;
    sock_t       *s;
    char          text[8];

    (void)state;
    server_open(&v, AF_INET);
    s = asker(AF_INET, "127.0.0.2", port_of(v.s));
    assert_true(sock_set_option_int(v.s, IPPROTO_IP, IP_PKTINFO, 0));
    assert_int_equal(sock_recvfrom(v.s, text, sizeof text, 0, NULL, 0, NULL),
                     3);
    put(s, "ask");
    assert_int_equal(letter_receive(&v.l, v.s, 0), 3);
    assert_refused(sock_message_get_pktinfo(v.l.m, NULL, 0, NULL), ENOMSG);
    assert_int_equal(letter_send(&v.l, v.s, "answer"), 6);
    assert_fails(s, sock_recv(s, text, sizeof text, MSG_DONTWAIT), EAGAIN);
    sock_close(s);
    server_close(&v);
}

static void a_foreign_source_is_refused(void **state)
{
    sock_t       *s = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct letter l;

    (void)state;
    letter_open(&l, 64);
    assert_true(sock_message_set_name(l.m, "127.0.0.1", 9));
    assert_true(sock_message_add_pktinfo(l.m, "192.0.2.1", 0));
    assert_int_equal(letter_send(&l, s, "x"), -1);
    sock_message_clear(l.m);
    assert_true(sock_message_set_name(l.m, "127.0.0.1", 9));
    assert_true(sock_message_add_pktinfo(l.m, "::1", 0));
    assert_fails(s, letter_send(&l, s, "x"), EOPNOTSUPP);
    letter_close(&l);
    sock_close(s);
}

/* ---- numbers ---- */

static const struct {
    int domain, level, receive, type, value;
} numbers[] = {
    {AF_INET, IPPROTO_IP, IP_RECVTTL, IP_TTL, 17},
    {AF_INET, IPPROTO_IP, IP_RECVTOS, IP_TOS, 0x28},
    {AF_INET6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT, 18},
    {AF_INET6, IPPROTO_IPV6, IPV6_RECVTCLASS, IPV6_TCLASS, 0x30},
};

static void hop_limit_and_traffic_class_arrive(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const char   *here = numbers[i].domain == AF_INET ? "127.0.0.1" : "::1";
        sock_t       *from = sock_create(numbers[i].domain, SOCK_DGRAM, 0);
        sock_t       *to   = sock_create(numbers[i].domain, SOCK_DGRAM, 0);
        int           value = -1;
        struct letter l;

        assert_true(sock_bind(to, here, 0));
        assert_true(
            sock_set_option_int(to, numbers[i].level, numbers[i].receive, 1));
        letter_open(&l, 64);
        assert_true(sock_message_set_name(l.m, here, port_of(to)));
        assert_true(sock_message_add_int(l.m, numbers[i].level, numbers[i].type,
                                         numbers[i].value));
        assert_int_equal(letter_send(&l, from, "x"), 1);
        assert_int_equal(letter_receive(&l, to, 0), 1);
        assert_true(sock_message_get_int(l.m, numbers[i].level, numbers[i].type,
                                         &value));
        assert_int_equal(value, numbers[i].value);
        letter_close(&l);
        sock_close(from);
        sock_close(to);
    }
}

static void one_send_is_cut_into_datagrams_and_joined_again(void **state)
{
    static char   out[4000], in[65536];
    sock_t       *pair[2];
    struct iovec  part = {out, sizeof out};
    struct letter l;
    int           size = 0;

    (void)state;
    udp_pair(pair);
    letter_open(&l, sock_cmsg_space(SOL_UDP, UDP_GRO, 1));
    sock_message_set_parts(l.m, &part, 1);
    assert_true(sock_message_add_int(l.m, SOL_UDP, UDP_SEGMENT, 1000));
    assert_int_equal(sock_sendmsg(pair[0], l.m, 0), sizeof out);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sock_recv(pair[1], in, sizeof in, 0), 1000);
    assert_true(sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1));
    assert_int_equal(sock_sendmsg(pair[0], l.m, 0), sizeof out);
    part = (struct iovec){in, sizeof in};
    assert_int_equal(sock_recvmsg(pair[1], l.m, 0), sizeof out);
    assert_true(sock_message_get_int(l.m, SOL_UDP, UDP_GRO, &size));
    assert_int_equal(size, 1000);
    letter_close(&l);
    close_pair(pair);
}

/* ---- the error queue ---- */

static void a_datagram_that_nobody_took_is_told_of(void **state)
{
    static const struct {
        int         domain, level, option;
        const char *here;
    } families[] = {{AF_INET, IPPROTO_IP, IP_RECVERR, "127.0.0.1"},
                    {AF_INET6, IPPROTO_IPV6, IPV6_RECVERR, "::1"}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t       *s      = sock_create(families[i].domain, SOCK_DGRAM, 0);
        sock_t       *holder = sock_create(families[i].domain, SOCK_STREAM, 0);
        int           port;
        struct letter l;
        sock_message_error_t e;

        assert_true(sock_bind(holder, families[i].here, 0));
        port = port_of(holder); /* of TCP: nobody has it with UDP */
        assert_true(
            sock_set_option_int(s, families[i].level, families[i].option, 1));
        letter_open(&l,
                    sock_cmsg_space(families[i].level, families[i].option, 1));
        assert_fails(s, letter_receive(&l, s, MSG_ERRQUEUE), EAGAIN);
        assert_int_equal(sock_sendto(s, "lost", 4, 0, families[i].here, port),
                         4);
        wait_readable(s);
        assert_int_equal(letter_receive(&l, s, MSG_ERRQUEUE), 4);
        letter_is(&l, "lost");
        letter_is_from(&l, families[i].here, port);
        assert_true(sock_message_get_error(l.m, &e, sizeof e));
        assert_int_equal(e.code, ECONNREFUSED);
        assert_string_equal(e.offender, families[i].here);
        letter_close(&l);
        sock_close(holder);
        sock_close(s);
    }
}

static void an_error_is_filled_by_size(void **state)
{
    sock_t       *s = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct letter l;
    struct {
        sock_message_error_t e;
        int                  newer;
    } e;

    (void)state;
    assert_true(sock_set_option_int(s, IPPROTO_IP, IP_RECVERR, 1));
    letter_open(&l, sock_cmsg_space(IPPROTO_IP, IP_RECVERR, 1));
    assert_int_equal(sock_sendto(s, "x", 1, 0, "127.0.0.1", 1), 1);
    assert_int_equal(letter_receive(&l, s, MSG_ERRQUEUE), 1);
    memset(&e, 0x55, sizeof e);
    assert_true(sock_message_get_error(l.m, &e.e, sizeof e));
    assert_int_equal(e.newer, 0);
    memset(&e, 0x55, sizeof e);
    assert_true(sock_message_get_error(l.m, &e.e, sizeof e.e.code));
    assert_int_equal(e.e.code, ECONNREFUSED);
    assert_int_equal(e.e.origin, 0x55555555);
    assert_refused(sock_message_get_error(l.m, &e.e, 0), EINVAL);
    letter_close(&l);
    sock_close(s);
}

/* Three sends, whose memory is told to be free in one notice or in several. */
static void memory_that_was_sent_without_a_copy_is_told_to_be_free(void **state)
{
    static char          out[32768];
    sock_t              *pair[2];
    struct letter        l;
    sock_message_error_t e;
    unsigned             freed = 0;

    (void)state;
    tcp_pair(pair);
    if (!sock_set_option_int(pair[0], SOL_SOCKET, SO_ZEROCOPY, 1)) {
        close_pair(pair);
        skip_aloud("no SO_ZEROCOPY");
    }
    letter_open(&l, sock_cmsg_space(IPPROTO_IP, IP_RECVERR, 1));
    for (int i = 0; i < 3; i++)
        assert_int_equal(sock_send(pair[0], out, 1000, MSG_ZEROCOPY), 1000);
    assert_int_equal(sock_recv(pair[1], out, 3000, MSG_WAITALL), 3000);
    while (freed < 3) {
        wait_readable(pair[0]);
        sock_message_set_parts(l.m, NULL, 0);
        assert_int_equal(sock_recvmsg(pair[0], l.m, MSG_ERRQUEUE), 0);
        assert_true(sock_message_get_error(l.m, &e, sizeof e));
        assert_int_equal(e.code, 0);
        assert_int_equal(e.origin, SO_EE_ORIGIN_ZEROCOPY);
        assert_int_equal(e.info, freed);
        freed = e.data + 1;
    }
    letter_close(&l);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_from_the_address_that_was_asked),
        cmocka_unit_test(the_address_that_was_asked_is_told_and_given),
        cmocka_unit_test(what_was_sent_to_everybody_is_answered),
        cmocka_unit_test(without_it_the_answer_comes_from_elsewhere),
        cmocka_unit_test(a_foreign_source_is_refused),
        cmocka_unit_test(hop_limit_and_traffic_class_arrive),
        cmocka_unit_test(one_send_is_cut_into_datagrams_and_joined_again),
        cmocka_unit_test(a_datagram_that_nobody_took_is_told_of),
        cmocka_unit_test(an_error_is_filled_by_size),
        cmocka_unit_test(
            memory_that_was_sent_without_a_copy_is_told_to_be_free),
    };

    return cmocka_run_group_tests_name("pktinfo", tests, count_descriptors,
                                       compare_descriptors);
}
