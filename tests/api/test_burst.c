/* test_burst.c - proves that datagrams of a batch which the system is given as
 * one arrive as they were: each with its own length and bytes, in order, at its
 * own place; and that what cannot go so goes one by one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"
#include "support/netns.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST = 200, LONGEST = 9000 };

/* What is sent: bytes that tell datagrams apart, and the messages. */
static unsigned char   bytes[MOST][LONGEST];
static struct iovec    parts[MOST][3];
static sock_message_t *messages[MOST];

static void open_messages(const size_t *sizes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[i][k] = (unsigned char)(i * 31 + k * 7 + k / 251);
        parts[i][0] = (struct iovec){bytes[i], sizes[i] / 3};
        parts[i][1] = (struct iovec){bytes[i] + sizes[i] / 3, 0};
        parts[i][2] =
            (struct iovec){bytes[i] + sizes[i] / 3, sizes[i] - sizes[i] / 3};
        messages[i] = new_message(0);
        sock_message_set_parts(messages[i], parts[i], 3);
    }
}

static void close_messages(size_t count)
{
    for (size_t i = 0; i < count; i++)
        sock_message_free(messages[i]);
}

static void send_all(sock_t *s, size_t count)
{
    size_t sent = 0;

    while (sent < count) {
        ssize_t n = sock_sendmmsg(s, messages + sent, count - sent, 0);

        assert_true(n > 0);
        sent += (size_t)n;
    }
}

/* The next datagram is the one of that number. */
static void arrives(sock_t *s, size_t number, size_t size)
{
    static unsigned char in[LONGEST + 1];
    ssize_t              n = sock_recv(s, in, sizeof in, MSG_DONTWAIT);

    if (n != (ssize_t)size || memcmp(in, bytes[number], size))
        fail_msg("datagram %zu of %zu bytes: %zd bytes, error %d", number, size,
                 n, sock_last_error(s));
}

static void no_more(sock_t *s)
{
    char byte;

    assert_fails(s, sock_recv(s, &byte, 1, MSG_DONTWAIT), EAGAIN);
}

static void give_room(sock_t *s)
{
    assert_true(sock_set_option_int(s, SOL_SOCKET, SO_RCVBUF, 4 << 20));
}

/* Each connected to the other. */
static void open_pair(int domain, sock_t *pair[2])
{
    const char *at = domain == AF_INET ? "127.0.0.1" : "::1";

    for (int i = 0; i < 2; i++) {
        pair[i] = sock_create(domain, SOCK_DGRAM, 0);
        assert_true(sock_bind(pair[i], at, 0));
        give_room(pair[i]);
    }
    for (int i = 0; i < 2; i++)
        assert_true(sock_connect(pair[i], at, port_of(pair[!i])));
}

/* ---- what arrives ---- */

static const struct row {
    size_t sizes[8];
    size_t count;
} rows[] = {
    {{100, 100, 100, 100}, 4},
    {{100, 100, 100, 40}, 4},
    {{100, 40, 100, 100}, 4},
    {{40, 100, 100}, 3},
    {{1, 1, 1}, 3},
    {{0, 0, 0}, 3},
    {{100, 100, 0, 100, 100}, 5},
    {{0, 100, 100, 0}, 4},
    {{8000, 8000, 8000, 1}, 4},
    {{7, 6, 5, 4, 3, 2, 1}, 7},
    {{1, 2, 3, 4, 4, 4, 3, 3}, 8},
    {{1472, 1472, 1472, 1473, 1473}, 5},
    {{9000, 9000, 9000, 9000, 9000}, 5},
    {{500}, 1},
};

static void row_arrives(const struct row *r, sock_t *pair[2])
{
    open_messages(r->sizes, r->count);
    send_all(pair[0], r->count);
    for (size_t i = 0; i < r->count; i++)
        arrives(pair[1], i, r->sizes[i]);
    no_more(pair[1]);
    close_messages(r->count);
}

static void every_datagram_is_as_long_as_it_was(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6};
    sock_t          *pair[2];

    (void)state;
    for (size_t d = 0; d < COUNT(domains); d++) {
        open_pair(domains[d], pair);
        for (size_t i = 0; i < COUNT(rows); i++)
            row_arrives(&rows[i], pair);
        close_pair(pair);
    }
}

/* Sizes at which the system is asked for as much as one message holds. */
static void long_bursts_arrive_whole(void **state)
{
    static const size_t sizes[] = {1,    64,   1000, 1015, 1016,
                                   1200, 1472, 3250, 6500, 9000};
    size_t              all[MOST];
    sock_t             *pair[2];

    (void)state;
    open_pair(AF_INET, pair);
    for (size_t k = 0; k < COUNT(sizes); k++) {
        size_t count = sizes[k] > 3000 ? 60 : MOST;

        for (size_t i = 0; i < count; i++)
            all[i] = sizes[k];
        open_messages(all, count);
        send_all(pair[0], count);
        for (size_t i = 0; i < count; i++)
            arrives(pair[1], i, sizes[k]);
        no_more(pair[1]);
        close_messages(count);
    }
    close_pair(pair);
}

/* Two places in turn: whose is whose? */
static void each_goes_to_its_own_place(void **state)
{
    static const size_t sizes[] = {50, 50, 50, 50, 50, 50, 50, 50, 50};
    static const int    to[]    = {0, 0, 1, 1, 1, 0, 1, 0, 0};
    sock_t             *s       = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t             *places[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        places[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        assert_true(sock_bind(places[i], "127.0.0.1", 0));
    }
    open_messages(sizes, 9);
    for (int i = 0; i < 9; i++)
        assert_true(sock_message_set_name(messages[i], "127.0.0.1",
                                          port_of(places[to[i]])));
    send_all(s, 9);
    for (size_t i = 0; i < 9; i++)
        arrives(places[to[i]], i, 50);
    no_more(places[0]);
    no_more(places[1]);
    close_messages(9);
    close_pair(places);
    sock_close(s);
}

/* ---- that it is a burst ---- */

/* Bytes of the next datagrams, which the system hands over as they came. */
static ssize_t receive_joined(sock_t *s)
{
    static char in[1 << 16];

    return recv(sock_fd(s), in, sizeof in, MSG_DONTWAIT);
}

static bool joins(sock_t *s)
{
    const int on = 1;

    return !setsockopt(sock_fd(s), SOL_UDP, UDP_GRO, &on, sizeof on);
}

static void they_go_as_one(void **state)
{
    static const size_t sizes[] = {1000, 1000, 1000, 1000, 500, 1000, 1000};
    sock_t             *pair[2];
    ssize_t             first = 0, second = 0;

    (void)state;
    open_pair(AF_INET, pair);
    if (joins(pair[1])) {
        open_messages(sizes, COUNT(sizes));
        send_all(pair[0], COUNT(sizes));
        first  = receive_joined(pair[1]);
        second = receive_joined(pair[1]);
        close_messages(COUNT(sizes));
    }
    close_pair(pair);
    if (!first)
        skip_aloud("no UDP_GRO here");
    assert_int_equal(first, 4500);
    assert_int_equal(second, 2000);
}

static void name_all(size_t count, int port)
{
    for (size_t i = 0; i < count; i++)
        assert_true(sock_message_set_name(messages[i], "127.0.0.1", port));
}

/* They are refused as one, and one by one: so it was not the cutting. */
static void a_place_that_cannot_be_spoils_no_other(void **state)
{
    static const size_t none[] = {1, 1}, burst[] = {1000, 1000, 1000};
    sock_t             *from = sock_create(AF_INET, SOCK_DGRAM, 0), *to;
    ssize_t             came = 0;

    (void)state;
    to = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_bind(to, "127.0.0.1", 0));
    open_messages(none, COUNT(none));
    name_all(COUNT(none), 0);
    assert_int_equal(sock_sendmmsg(from, messages, COUNT(none), 0), -1);
    close_messages(COUNT(none));
    if (joins(to)) {
        open_messages(burst, COUNT(burst));
        name_all(COUNT(burst), port_of(to));
        send_all(from, COUNT(burst));
        came = receive_joined(to);
        close_messages(COUNT(burst));
    }
    sock_close(from);
    sock_close(to);
    if (!came)
        skip_aloud("no UDP_GRO here");
    assert_int_equal(came, 3000);
}

/* ---- what cannot go as one ---- */

static void four_arrive(sock_t *pair[2], size_t size)
{
    const struct row four = {{size, size, size, size / 2}, 4};

    row_arrives(&four, pair);
}

/* The system cuts nothing without checksums. */
static void what_the_system_refuses_goes_one_by_one(void **state)
{
    sock_t *pair[2];

    (void)state;
    open_pair(AF_INET, pair);
    four_arrive(pair, 1000);
    assert_true(sock_set_option_int(pair[0], SOL_SOCKET, SO_NO_CHECK, 1));
    for (size_t size = 1; size < 3000; size = size * 3 + 1)
        four_arrive(pair, size);
    assert_true(sock_set_option_int(pair[0], SOL_SOCKET, SO_NO_CHECK, 0));
    four_arrive(pair, 1000);
    close_pair(pair);
}

/* A group that goes, one that does not, one that would. */
static void a_refusal_in_the_middle_loses_nothing(void **state)
{
    static const size_t sizes[] = {300, 300, 300, 2500, 2500, 2500, 400, 400};
    sock_t             *pair[2];

    (void)state;
    if (!netns_enter())
        skip();
    assert_true(netns_run("ip link set lo mtu 1500"));
    for (int domain = 0; domain < 2; domain++) {
        open_pair(domain ? AF_INET6 : AF_INET, pair);
        for (int again = 0; again < 2; again++) {
            open_messages(sizes, COUNT(sizes));
            assert_int_equal(sock_sendmmsg(pair[0], messages, COUNT(sizes), 0),
                             COUNT(sizes));
            for (size_t i = 0; i < COUNT(sizes); i++)
                arrives(pair[1], i, sizes[i]);
            no_more(pair[1]);
            close_messages(COUNT(sizes));
        }
        close_pair(pair);
    }
}

static void an_error_is_told_when_it_is_first(void **state)
{
    static const size_t sizes[] = {300, 300, 300, 300, 300};
    sock_t             *pair[2];

    (void)state;
    open_pair(AF_INET, pair);
    open_messages(sizes, COUNT(sizes));
    parts[3][2].iov_base = (void *)8;
    assert_int_equal(sock_sendmmsg(pair[0], messages, COUNT(sizes), 0), 3);
    assert_fails(pair[0], sock_sendmmsg(pair[0], messages + 3, 2, 0), EFAULT);
    for (size_t i = 0; i < 3; i++)
        arrives(pair[1], i, 300);
    no_more(pair[1]);
    close_messages(COUNT(sizes));
    close_pair(pair);
}

static void nobody_there_is_told_once(void **state)
{
    static const size_t sizes[] = {300, 300, 300};
    sock_t             *pair[2];

    (void)state;
    open_pair(AF_INET, pair);
    open_messages(sizes, COUNT(sizes));
    sock_close(pair[1]);
    assert_int_equal(sock_sendmmsg(pair[0], messages, 3, 0), 3);
    assert_fails(pair[0], sock_sendmmsg(pair[0], messages, 3, 0), ECONNREFUSED);
    assert_int_equal(sock_sendmmsg(pair[0], messages, 3, 0), 3);
    close_messages(COUNT(sizes));
    sock_close(pair[0]);
}

/* ---- options that say how datagrams go ---- */

static void who_has_them_cut_already_has_them_cut(void **state)
{
    static const size_t sizes[] = {1000, 1000, 1000};
    sock_t             *pair[2];
    char                in[2000];

    (void)state;
    open_pair(AF_INET, pair);
    four_arrive(pair, 1000); /* the options are known from here on */
    assert_true(sock_set_option_int(pair[0], SOL_UDP, UDP_SEGMENT, 400));
    open_messages(sizes, COUNT(sizes));
    send_all(pair[0], COUNT(sizes));
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(sock_recv(pair[1], in, sizeof in, MSG_DONTWAIT),
                         i % 3 == 2 ? 200 : 400);
    no_more(pair[1]);
    close_messages(COUNT(sizes));
    close_pair(pair);
}

static void who_corks_has_one_datagram(void **state)
{
    static const size_t sizes[] = {100, 100, 50};
    sock_t             *pair[2];
    char                in[2000];

    (void)state;
    open_pair(AF_INET, pair);
    four_arrive(pair, 1000);
    open_messages(sizes, COUNT(sizes));
    assert_true(sock_set_option_int(pair[0], SOL_UDP, UDP_CORK, 1));
    send_all(pair[0], COUNT(sizes));
    no_more(pair[1]);
    assert_true(sock_set_option_int(pair[0], SOL_UDP, UDP_CORK, 0));
    assert_int_equal(sock_recv(pair[1], in, sizeof in, MSG_DONTWAIT), 250);
    assert_int_equal(sock_sendmmsg(pair[0], messages, 2, MSG_MORE), 2);
    no_more(pair[1]);
    assert_int_equal(sock_send(pair[0], in, 50, 0), 50);
    assert_int_equal(sock_recv(pair[1], in, sizeof in, MSG_DONTWAIT), 250);
    close_messages(COUNT(sizes));
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_datagram_is_as_long_as_it_was),
        cmocka_unit_test(long_bursts_arrive_whole),
        cmocka_unit_test(each_goes_to_its_own_place),
        cmocka_unit_test(they_go_as_one),
        cmocka_unit_test(a_place_that_cannot_be_spoils_no_other),
        cmocka_unit_test(what_the_system_refuses_goes_one_by_one),
        cmocka_unit_test(an_error_is_told_when_it_is_first),
        cmocka_unit_test(nobody_there_is_told_once),
        cmocka_unit_test(who_has_them_cut_already_has_them_cut),
        cmocka_unit_test(who_corks_has_one_datagram),
        cmocka_unit_test(a_refusal_in_the_middle_loses_nothing),
    };

    return cmocka_run_group_tests_name("burst", tests, count_descriptors,
                                       compare_descriptors);
}
