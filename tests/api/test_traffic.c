/* test_traffic.c - proves the items that are numbers: hop limits, classes of
 * traffic and marks, sent and received, and datagrams cut and joined.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <stdlib.h>
#include <string.h>

#ifndef SO_RCVMARK
#define SO_RCVMARK 75
#endif

/* Two sockets that are connected, of IPv4 or IPv6. */
static void pair_of(int domain, sock_t *pair[2])
{
    const char *address = domain == AF_INET ? "127.0.0.1" : "::1";

    for (int i = 0; i < 2; i++) {
        pair[i] = sock_create(domain, SOCK_DGRAM, 0);
        assert_true(sock_bind(pair[i], address, 0));
    }
    for (int i = 0; i < 2; i++)
        assert_true(sock_connect(pair[i], address, port_of(pair[1 - i])));
}

static ssize_t send_with(sock_t *s, int level, int type, int value)
{
    struct letter l;
    ssize_t       n;

    letter_open(&l, sock_cmsg_space(level, type, 1));
    if (!sock_message_add_int(l.m, level, type, value))
        fail_msg("%s", sock_last_message(NULL));
    n = letter_send(&l, s, "x");
    letter_close(&l);
    return n;
}

static void comes_with(sock_t *s, int level, int type, int want)
{
    struct letter l;
    int           value = -1;

    letter_open(&l, sock_cmsg_space(level, type, 1));
    assert_int_equal(letter_receive(&l, s, 0), 1);
    assert_int_equal(sock_message_flags(l.m), 0);
    assert_true(sock_message_get_int(l.m, level, type, &value));
    assert_int_equal(value, want);
    letter_close(&l);
}

/* ---- hops and classes ---- */

static const struct number {
    int domain, level, type, asks;
    int some, most; /* what may be sent */
    int bad[3];     /* what may not */
} numbers[] = {
    {AF_INET, IPPROTO_IP, IP_TTL, IP_RECVTTL, 7, 255, {256, 0, -1}},
    {AF_INET, IPPROTO_IP, IP_TOS, IP_RECVTOS, 0x10, 0xfc, {256, -1, 70000}},
    {AF_INET6,
     IPPROTO_IPV6,
     IPV6_HOPLIMIT,
     IPV6_RECVHOPLIMIT,
     7,
     255,
     {256, -2, 70000}},
    {AF_INET6,
     IPPROTO_IPV6,
     IPV6_TCLASS,
     IPV6_RECVTCLASS,
     0x10,
     0xfc,
     {256, -2, 70000}},
};

static void each_number(void (*test)(const struct number *is, sock_t *pair[2]))
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        sock_t *pair[2];

        pair_of(numbers[i].domain, pair);
        assert_true(
            sock_set_option_int(pair[1], numbers[i].level, numbers[i].asks, 1));
        test(&numbers[i], pair);
        close_pair(pair);
    }
}

static void travels(const struct number *is, sock_t *pair[2])
{
    assert_int_equal(send_with(pair[0], is->level, is->type, is->some), 1);
    comes_with(pair[1], is->level, is->type, is->some);
    assert_int_equal(send_with(pair[0], is->level, is->type, is->most), 1);
    comes_with(pair[1], is->level, is->type, is->most);
}

static void hops_and_classes_are_sent_and_received(void **state)
{
    (void)state;
    each_number(travels);
}

/* What the message says holds for this one datagram. */
static void is_not_kept(const struct number *is, sock_t *pair[2])
{
    struct letter l;
    int           usual = -1, value = -1;

    letter_open(&l, sock_cmsg_space(is->level, is->type, 1));
    for (int i = 0; i < 2; i++) {
        put(pair[0], "x");
        assert_int_equal(letter_receive(&l, pair[1], 0), 1);
        assert_true(sock_message_get_int(l.m, is->level, is->type,
                                         i ? &value : &usual));
        assert_int_equal(send_with(pair[0], is->level, is->type, is->some), 1);
        comes_with(pair[1], is->level, is->type, is->some);
    }
    assert_int_equal(value, usual);
    letter_close(&l);
}

static void they_hold_for_one_datagram(void **state)
{
    (void)state;
    each_number(is_not_kept);
}

static void is_refused(const struct number *is, sock_t *pair[2])
{
    for (size_t i = 0; i < COUNT(is->bad); i++)
        assert_fails(pair[0],
                     send_with(pair[0], is->level, is->type, is->bad[i]),
                     EINVAL);
    assert_fails(pair[1], sock_recv(pair[1], &(char){0}, 1, MSG_DONTWAIT),
                 EAGAIN);
}

static void a_number_out_of_range_is_told_by_the_send(void **state)
{
    (void)state;
    each_number(is_refused);
}

static void is_not_there(const struct number *is, sock_t *pair[2])
{
    struct letter l;
    int           value = 4711;

    letter_open(&l, 64);
    put(pair[1], "x"); /* the other end did not ask */
    assert_int_equal(letter_receive(&l, pair[0], 0), 1);
    assert_refused(sock_message_get_int(l.m, is->level, is->type, &value),
                   ENOMSG);
    assert_int_equal(value, 4711);
    letter_close(&l);
}

static void who_did_not_ask_is_not_told(void **state)
{
    (void)state;
    each_number(is_not_there);
}

/* Nor are they sent on, when what was received goes back. */
static void is_not_sent_on(const struct number *is, sock_t *pair[2])
{
    struct letter l;
    int           usual = -1, value = -1;

    letter_open(&l, sock_cmsg_space(is->level, is->type, 1));
    assert_true(sock_set_option_int(pair[0], is->level, is->asks, 1));
    put(pair[1], "x");
    assert_int_equal(letter_receive(&l, pair[0], 0), 1);
    assert_true(sock_message_get_int(l.m, is->level, is->type, &usual));
    assert_int_equal(send_with(pair[0], is->level, is->type, is->some), 1);
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_int_equal(letter_send(&l, pair[1], "y"), 1);
    assert_int_equal(letter_receive(&l, pair[0], 0), 1);
    assert_true(sock_message_get_int(l.m, is->level, is->type, &value));
    assert_int_equal(value, usual);
    letter_close(&l);
}

static void what_was_received_is_not_sent_on(void **state)
{
    (void)state;
    each_number(is_not_sent_on);
}

static void several_travel_at_once(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    int           ttl = -1, tos = -1;

    (void)state;
    pair_of(AF_INET, pair);
    letter_open(&l, sock_cmsg_space(IPPROTO_IP, IP_TTL, 1) +
                        sock_cmsg_space(IPPROTO_IP, IP_TOS, 1) +
                        sock_cmsg_space(IPPROTO_IP, IP_PKTINFO, 1));
    assert_true(sock_set_option_int(pair[1], IPPROTO_IP, IP_RECVTTL, 1));
    assert_true(sock_set_option_int(pair[1], IPPROTO_IP, IP_RECVTOS, 1));
    assert_true(sock_set_option_int(pair[1], IPPROTO_IP, IP_PKTINFO, 1));
    assert_true(sock_message_add_int(l.m, IPPROTO_IP, IP_TTL, 9));
    assert_true(sock_message_add_int(l.m, IPPROTO_IP, IP_TOS, 0x20));
    assert_int_equal(letter_send(&l, pair[0], "x"), 1);
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_int_equal(sock_message_flags(l.m), 0);
    assert_true(sock_message_get_int(l.m, IPPROTO_IP, IP_TTL, &ttl));
    assert_true(sock_message_get_int(l.m, IPPROTO_IP, IP_TOS, &tos));
    assert_true(sock_message_get_pktinfo(l.m, NULL, 0, NULL));
    assert_int_equal(ttl, 9);
    assert_int_equal(tos, 0x20);
    letter_close(&l);
    close_pair(pair);
}

static void without_room_it_is_told_that_something_was_lost(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    pair_of(AF_INET, pair);
    letter_open(&l, 0);
    assert_true(sock_set_option_int(pair[1], IPPROTO_IP, IP_RECVTTL, 1));
    put(pair[0], "x");
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_int_equal(sock_message_flags(l.m), MSG_CTRUNC);
    holds_no_item(l.m);
    letter_close(&l);
    close_pair(pair);
}

static void an_item_of_another_family_is_refused(void **state)
{
    static const struct {
        int domain, level, type;
    } items[] = {{AF_UNIX, IPPROTO_IP, IP_TTL},
                 {AF_UNIX, IPPROTO_IP, IP_TOS},
                 {AF_UNIX, IPPROTO_IPV6, IPV6_HOPLIMIT},
                 {AF_UNIX, IPPROTO_IPV6, IPV6_TCLASS},
                 {AF_UNIX, SOL_UDP, UDP_SEGMENT},
                 {AF_INET, IPPROTO_IPV6, IPV6_HOPLIMIT},
                 {AF_INET, IPPROTO_IPV6, IPV6_TCLASS}};

    (void)state;
    for (size_t i = 0; i < COUNT(items); i++) {
        sock_t *pair[2];

        if (items[i].domain == AF_UNIX)
            unix_pair(SOCK_DGRAM, pair);
        else
            pair_of(items[i].domain, pair);
        assert_fails(pair[0],
                     send_with(pair[0], items[i].level, items[i].type, 1),
                     EOPNOTSUPP);
        close_pair(pair);
    }
}

/* ---- marks ---- */

static void a_mark_travels_within_the_machine(void **state)
{
    sock_t *pair[2];
    bool    can;

    (void)state;
    pair_of(AF_INET, pair);
    can = sock_set_option_int(pair[1], SOL_SOCKET, SO_RCVMARK, 1);
    if (can && (can = send_with(pair[0], SOL_SOCKET, SO_MARK, 42) == 1))
        comes_with(pair[1], SOL_SOCKET, SO_MARK, 42);
    close_pair(pair);
    if (!can)
        skip_aloud("no marks here, or not for this user");
}

static void a_mark_is_for_the_superuser(void *s)
{
    become_nobody();
    expect(send_with(s, SOL_SOCKET, SO_MARK, 42) == -1);
    expect(sock_last_error(s) == EPERM);
}

static void nobody_may_mark(void **state)
{
    sock_t *pair[2];

    (void)state;
    pair_of(AF_INET, pair);
    in_child(a_mark_is_for_the_superuser, pair[0]);
    close_pair(pair);
}

/* ---- cut and joined ---- */

enum { PIECE = 1000, WHOLE = 3500 };

static char out[WHOLE], in[WHOLE];

/* One send of more than three pieces; false if the system has no such thing. */
static bool send_cut(sock_t *s)
{
    struct iovec    part = {out, WHOLE};
    sock_message_t *m    = new_message(64);
    int             none = 0;
    bool            can  = sock_get_option_int(s, SOL_UDP, UDP_SEGMENT, &none);

    for (size_t i = 0; i < WHOLE; i++)
        out[i] = (char)(i % 251);
    assert_true(sock_message_add_int(m, SOL_UDP, UDP_SEGMENT, PIECE));
    sock_message_set_parts(m, &part, 1);
    if (can)
        assert_int_equal(sock_sendmsg(s, m, 0), WHOLE);
    sock_message_free(m);
    return can;
}

static void one_send_is_cut_into_datagrams(void **state)
{
    sock_t *pair[2];
    bool    can;

    (void)state;
    pair_of(AF_INET, pair);
    can = send_cut(pair[0]);
    for (int at = 0; can && at < WHOLE; at += PIECE) {
        ssize_t want = at + PIECE < WHOLE ? PIECE : WHOLE - at;

        assert_int_equal(sock_recv(pair[1], in, WHOLE, 0), want);
        assert_memory_equal(in, out + at, (size_t)want);
    }
    close_pair(pair);
    if (!can)
        skip_aloud("no UDP_SEGMENT here");
}

/* Joined, or one by one: the system may choose. Returns the bytes. */
static size_t receive_joined(sock_t *s, size_t at)
{
    struct iovec    part  = {in + at, WHOLE - at};
    sock_message_t *m     = new_message(sock_cmsg_space(SOL_UDP, UDP_GRO, 1));
    int             piece = -1;
    ssize_t         n;

    sock_message_set_parts(m, &part, 1);
    n = sock_recvmsg(s, m, 0);
    assert_true(n > 0);
    assert_int_equal(sock_message_flags(m), 0);
    if (n > PIECE) {
        assert_true(sock_message_get_int(m, SOL_UDP, UDP_GRO, &piece));
        assert_int_equal(piece, PIECE);
    }
    sock_message_free(m);
    return (size_t)n;
}

static void joined_datagrams_tell_their_size(void **state)
{
    sock_t *pair[2];
    size_t  got = 0;
    bool    can;

    (void)state;
    pair_of(AF_INET, pair);
    can =
        sock_set_option_int(pair[1], SOL_UDP, UDP_GRO, 1) && send_cut(pair[0]);
    memset(in, 0, WHOLE);
    while (can && got < WHOLE)
        got += receive_joined(pair[1], got);
    if (can)
        assert_memory_equal(in, out, WHOLE);
    close_pair(pair);
    if (!can)
        skip_aloud("no UDP_GRO here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hops_and_classes_are_sent_and_received),
        cmocka_unit_test(they_hold_for_one_datagram),
        cmocka_unit_test(a_number_out_of_range_is_told_by_the_send),
        cmocka_unit_test(who_did_not_ask_is_not_told),
        cmocka_unit_test(what_was_received_is_not_sent_on),
        cmocka_unit_test(several_travel_at_once),
        cmocka_unit_test(without_room_it_is_told_that_something_was_lost),
        cmocka_unit_test(an_item_of_another_family_is_refused),
        cmocka_unit_test(a_mark_travels_within_the_machine),
        cmocka_unit_test(nobody_may_mark),
        cmocka_unit_test(one_send_is_cut_into_datagrams),
        cmocka_unit_test(joined_datagrams_tell_their_size),
    };

    return cmocka_run_group_tests_name("traffic", tests, count_descriptors,
                                       compare_descriptors);
}
