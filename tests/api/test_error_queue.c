/* test_error_queue.c - proves what MSG_ERRQUEUE brings: which datagram did not
 * arrive and why, and which sent memory is free again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/batch.h"

#include <linux/errqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROOM sock_cmsg_space(IPPROTO_IPV6, IPV6_RECVERR, 1)

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif
#ifndef SO_EE_ORIGIN_ZEROCOPY
#define SO_EE_ORIGIN_ZEROCOPY 5
#endif

/* ---- a datagram to nobody ---- */

static const struct place {
    int         domain, level, option;
    const char *address;
    unsigned    origin, type, subtype;
} places[] = {
    {AF_INET, IPPROTO_IP, IP_RECVERR, "127.0.0.1", SO_EE_ORIGIN_ICMP, 3, 3},
    {AF_INET6, IPPROTO_IPV6, IPV6_RECVERR, "::1", SO_EE_ORIGIN_ICMP6, 1, 4},
};

/* A port that is taken, by one who gets nothing from strangers. */
static sock_t *closed_port(const struct place *at, int *port)
{
    sock_t *s = sock_create(at->domain, SOCK_DGRAM, 0);

    assert_true(sock_bind(s, at->address, 0));
    *port = port_of(s);
    assert_true(sock_connect(s, at->address, 9));
    return s;
}

/* A sender that is told, and has sent "lost" there. */
static sock_t *lose(const struct place *at, int *port)
{
    sock_t *nobody = closed_port(at, port);
    sock_t *s      = sock_create(at->domain, SOCK_DGRAM, 0);

    assert_true(sock_set_option_int(s, at->level, at->option, 1));
    assert_int_equal(sock_sendto(s, "lost", 4, 0, at->address, *port), 4);
    wait_readable(s);
    sock_close(nobody);
    return s;
}

static void each_place(void (*test)(const struct place *at, sock_t *s,
                                    int port))
{
    for (size_t i = 0; i < COUNT(places); i++) {
        int     port;
        sock_t *s = lose(&places[i], &port);

        test(&places[i], s, port);
        sock_close(s);
    }
}

static void is_lost(const struct place *at, sock_t *s, int port)
{
    sock_message_error_t error;
    struct letter        l;

    letter_open(&l, sock_cmsg_space(at->level, at->option, 1));
    assert_int_equal(letter_receive(&l, s, MSG_ERRQUEUE), 4);
    letter_is(&l, "lost");
    letter_is_from(&l, at->address, port);
    assert_int_equal(sock_message_flags(l.m), MSG_ERRQUEUE);
    assert_true(sock_message_get_error(l.m, &error, sizeof error));
    assert_int_equal(error.code, ECONNREFUSED);
    assert_int_equal(error.origin, at->origin);
    assert_int_equal(error.type, at->type);
    assert_int_equal(error.subtype, at->subtype);
    assert_string_equal(error.offender, at->address);
    letter_close(&l);
}

static void a_datagram_to_nobody_comes_back_with_the_reason(void **state)
{
    (void)state;
    each_place(is_lost);
}

/* Though the socket waits in its other calls, and has a limit. */
static void empty_queue(const struct place *at, sock_t *s, int port)
{
    struct letter l;

    (void)at;
    (void)port;
    letter_open(&l, ROOM);
    sock_set_timeout(s, 20000);
    assert_int_equal(letter_receive(&l, s, MSG_ERRQUEUE), 4);
    assert_fails(s, letter_receive(&l, s, MSG_ERRQUEUE), EAGAIN);
    holds_no_item(l.m);
    letter_is_from(&l, "", 0);
    sock_set_timeout(s, -1);
    assert_fails(s, letter_receive(&l, s, MSG_ERRQUEUE), EAGAIN);
    sock_set_deadline(s, 20000);
    assert_fails(s, letter_receive(&l, s, MSG_ERRQUEUE), EAGAIN);
    letter_close(&l);
}

static void the_error_queue_never_waits(void **state)
{
    (void)state;
    each_place(empty_queue);
}

static void without_parts(const struct place *at, sock_t *s, int port)
{
    sock_message_error_t error;
    sock_message_t      *m = new_message(ROOM);

    (void)at;
    (void)port;
    assert_int_equal(sock_recvmsg(s, m, MSG_ERRQUEUE), 0);
    assert_int_equal(sock_message_length(m), 0);
    assert_true(sock_message_flags(m) & MSG_ERRQUEUE);
    assert_true(sock_message_get_error(m, &error, sizeof error));
    assert_int_equal(error.code, ECONNREFUSED);
    sock_message_free(m);
}

static void the_error_queue_needs_no_parts(void **state)
{
    (void)state;
    each_place(without_parts);
}

static void without_room(const struct place *at, sock_t *s, int port)
{
    sock_message_error_t error;
    struct letter        l;

    (void)at;
    (void)port;
    letter_open(&l, 0);
    assert_int_equal(letter_receive(&l, s, MSG_ERRQUEUE), 4);
    assert_int_equal(sock_message_flags(l.m), MSG_ERRQUEUE | MSG_CTRUNC);
    assert_refused(sock_message_get_error(l.m, &error, sizeof error), ENOMSG);
    letter_close(&l);
}

static void without_room_it_is_told_that_something_was_lost(void **state)
{
    (void)state;
    each_place(without_room);
}

/* The error of a program that was compiled against an older header, or a newer
 * one: this much of it is filled in. */
static void by_size(const struct place *at, sock_t *s, int port)
{
    union {
        sock_message_error_t error;
        unsigned char        bytes[sizeof(sock_message_error_t) + 64];
    } out;
    const size_t sizes[] = {
        1, sizeof(int), offsetof(sock_message_error_t, data), sizeof out.error};
    struct letter l;

    (void)at;
    (void)port;
    letter_open(&l, ROOM);
    assert_int_equal(letter_receive(&l, s, MSG_ERRQUEUE), 4);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        memset(&out, 0xee, sizeof out);
        assert_true(sock_message_get_error(l.m, &out.error, sizes[i]));
        assert_int_equal(out.bytes[0], ECONNREFUSED);
        assert_int_equal(out.bytes[sizes[i]], 0xee);
    }
    memset(&out, 0xee, sizeof out);
    assert_true(sock_message_get_error(l.m, &out.error, sizeof out));
    for (size_t i = sizeof out.error; i < sizeof out; i++)
        assert_int_equal(out.bytes[i], 0);
    letter_close(&l);
}

static void an_error_is_filled_in_by_size(void **state)
{
    (void)state;
    each_place(by_size);
}

/* The next receive forgets it. */
static void then_another(const struct place *at, sock_t *s, int port)
{
    sock_message_error_t error;
    struct letter        l;

    (void)port;
    letter_open(&l, ROOM);
    assert_int_equal(letter_receive(&l, s, MSG_ERRQUEUE), 4);
    assert_int_equal(sock_sendto(s, "self", 4, 0, at->address, port_of(s)), 4);
    assert_int_equal(letter_receive(&l, s, 0), 4);
    letter_is(&l, "self");
    letter_is_from(&l, at->address, port_of(s));
    assert_int_equal(sock_message_flags(l.m), 0);
    assert_refused(sock_message_get_error(l.m, &error, sizeof error), ENOMSG);
    letter_close(&l);
}

static void one_message_does_not_keep_the_error_of_another(void **state)
{
    (void)state;
    each_place(then_another);
}

/* Each loss has its place in the queue. */
static void losses_come_one_by_one(void **state)
{
    static const char *const texts[] = {"one", "two", "three"};
    int                      port;
    sock_t                  *nobody = closed_port(&places[0], &port);
    sock_t                  *s      = sock_create(AF_INET, SOCK_DGRAM, 0);
    struct letter            l;

    (void)state;
    letter_open(&l, ROOM);
    assert_true(sock_set_option_int(s, IPPROTO_IP, IP_RECVERR, 1));
    for (size_t i = 0; i < COUNT(texts); i++) {
        ssize_t len = (ssize_t)strlen(texts[i]);

        while (sock_sendto(s, texts[i], (size_t)len, 0, "127.0.0.1", port) !=
               len)
            assert_int_equal(sock_last_error(s), ECONNREFUSED);
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        wait_readable(s);
        assert_true(letter_receive(&l, s, MSG_ERRQUEUE) > 0);
        letter_is(&l, texts[i]);
    }
    letter_close(&l);
    sock_close(s);
    sock_close(nobody);
}

/* ---- memory that is free again ---- */

enum { LENT = 65536 };

static char lent[LENT];

static ssize_t lend(sock_t *s)
{
    struct iovec    part = {lent, LENT};
    sock_message_t *m    = new_message(0);
    ssize_t         n;

    sock_message_set_parts(m, &part, 1);
    n = sock_sendmsg(s, m, MSG_ZEROCOPY);
    sock_message_free(m);
    return n;
}

static void take(sock_t *s, ssize_t bytes)
{
    static char in[LENT];

    assert_int_equal(sock_recv(s, in, (size_t)bytes, MSG_WAITALL), bytes);
}

/* The next notice: an error in the queue makes a socket readable. */
static sock_message_error_t next_notice(sock_t *s)
{
    sock_message_error_t error;
    sock_message_t      *m = new_message(ROOM);

    wait_readable(s);
    assert_int_equal(sock_recvmsg(s, m, MSG_ERRQUEUE), 0);
    assert_true(sock_message_flags(m) & MSG_ERRQUEUE);
    assert_true(sock_message_get_error(m, &error, sizeof error));
    sock_message_free(m);
    return error;
}

/* Sends are counted from 0; one notice may be of several. */
static void what_was_lent_is_told_to_be_free(void **state)
{
    sock_t  *pair[2];
    bool     can;
    unsigned next = 0;

    (void)state;
    tcp_pair(pair);
    can = sock_set_option_int(pair[0], SOL_SOCKET, SO_ZEROCOPY, 1);
    for (int i = 0; can && i < 3; i++) {
        ssize_t n = lend(pair[0]);

        assert_true(n > 0);
        take(pair[1], n);
    }
    while (can && next < 3) {
        sock_message_error_t error = next_notice(pair[0]);

        assert_int_equal(error.code, 0);
        assert_int_equal(error.origin, SO_EE_ORIGIN_ZEROCOPY);
        assert_int_equal(error.info, next);
        assert_in_range(error.data, next, 2);
        assert_string_equal(error.offender, "");
        next = error.data + 1;
    }
    close_pair(pair);
    if (!can)
        skip_aloud("no SO_ZEROCOPY here");
}

/* A notice has no bytes, and is no end of the stream. */
static void a_reset_leaves_the_notices(void **state)
{
    sock_t              *pair[2];
    sock_message_t      *m = new_message(ROOM);
    sock_message_error_t error;
    char                 room[16];
    struct iovec         part = {room, sizeof room};
    bool                 can;

    (void)state;
    tcp_pair(pair);
    can = sock_set_option_int(pair[0], SOL_SOCKET, SO_ZEROCOPY, 1);
    if (can) {
        take(pair[1], lend(pair[0]));
        close_with_reset(pair[1]);
        assert_int_equal(sock_send(pair[0], "x", 1, 0), -1);
        assert_int_equal(sock_last_error(pair[0]), ECONNRESET);
        sock_message_set_parts(m, &part, 1);
        assert_int_equal(sock_recvmsg(pair[0], m, MSG_ERRQUEUE), 0);
        assert_true(sock_message_get_error(m, &error, sizeof error));
        assert_int_equal(error.origin, SO_EE_ORIGIN_ZEROCOPY);
        assert_int_equal(sock_recv(pair[0], room, 1, 0), -1);
        assert_int_equal(sock_last_error(pair[0]), ECONNRESET);
    }
    sock_message_free(m);
    sock_close(pair[0]);
    if (!can) {
        sock_close(pair[1]);
        skip_aloud("no SO_ZEROCOPY here");
    }
}

/* So much memory may not be held for nobody. */
static void lend_too_much(void *arg)
{
    const struct rlimit none = {0, 0};
    sock_t             *s    = arg;

    become_nobody();
    expect(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    expect(lend(s) == -1);
    expect(sock_last_error(s) == ENOBUFS);
}

static void too_much_that_is_lent_is_refused(void **state)
{
    sock_t *pair[2];
    bool    can;

    (void)state;
    tcp_pair(pair);
    can = sock_set_option_int(pair[0], SOL_SOCKET, SO_ZEROCOPY, 1);
    if (can)
        in_child(lend_too_much, pair[0]);
    close_pair(pair);
    if (!can)
        skip_aloud("no SO_ZEROCOPY here");
}

static void is_a_loss(const struct letter *l, int port)
{
    sock_message_error_t error;

    letter_is(l, "lost");
    letter_is_from(l, "127.0.0.1", port);
    assert_true(sock_message_get_error(l->m, &error, sizeof error));
    assert_int_equal(error.code, ECONNREFUSED);
}

static void losses_come_in_a_batch(void **state)
{
    int     port;
    sock_t *nobody = closed_port(&places[0], &port);
    sock_t *s      = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_true(sock_set_option_int(s, IPPROTO_IP, IP_RECVERR, 1));
    for (int i = 0; i < 3; i++)
        while (sock_sendto(s, "lost", 4, 0, "127.0.0.1", port) != 4)
            assert_int_equal(sock_last_error(s), ECONNREFUSED);
    wait_readable(s);
    batch_open(5);
    batch_make_room(5);
    assert_int_equal(sock_recvmmsg(s, batch, 5, MSG_ERRQUEUE), 3);
    for (size_t i = 0; i < 3; i++)
        is_a_loss(&letters[i], port);
    assert_fails(s, sock_recvmmsg(s, batch, 5, MSG_ERRQUEUE), EAGAIN);
    batch_close(5);
    sock_close(s);
    sock_close(nobody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_to_nobody_comes_back_with_the_reason),
        cmocka_unit_test(the_error_queue_never_waits),
        cmocka_unit_test(the_error_queue_needs_no_parts),
        cmocka_unit_test(without_room_it_is_told_that_something_was_lost),
        cmocka_unit_test(an_error_is_filled_in_by_size),
        cmocka_unit_test(one_message_does_not_keep_the_error_of_another),
        cmocka_unit_test(losses_come_one_by_one),
        cmocka_unit_test(what_was_lent_is_told_to_be_free),
        cmocka_unit_test(a_reset_leaves_the_notices),
        cmocka_unit_test(too_much_that_is_lent_is_refused),
        cmocka_unit_test(losses_come_in_a_batch),
    };

    return cmocka_run_group_tests_name("error_queue", tests, count_descriptors,
                                       compare_descriptors);
}
