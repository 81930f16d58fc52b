/* test_datagrams.c - proves that a datagram goes to the address that text says,
 * tells its sender as text, and that neither is ever almost right.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"
#include "support/netns.h"

#include <string.h>

/* Bound, each with a port of its own. No limits: those make calls go another
 * way. */
static void open_two(int domain, const char *address, sock_t *two[2])
{
    for (int i = 0; i < 2; i++) {
        two[i] = sock_create(domain, SOCK_DGRAM, 0);
        assert_true(sock_bind(two[i], address, 0));
    }
}

/* From one to the other: what the receiver is told of its sender. */
static void sender_is_with(int domain, const char *address, const char *told,
                           int timeout_ms)
{
    char    from[LIBSOCK_ADDRSTRLEN], bytes[8];
    sock_t *two[2];
    int     port = -1;

    open_two(domain, address, two);
    for (int i = 0; i < 2; i++)
        assert_true(sock_set_timeout(two[i], timeout_ms));
    assert_int_equal(sock_sendto(two[0], "hi", 2, 0, address, port_of(two[1])),
                     2);
    assert_int_equal(
        sock_recvfrom(two[1], bytes, 8, 0, from, sizeof from, &port), 2);
    assert_memory_equal(bytes, "hi", 2);
    assert_string_equal(from, told);
    assert_int_equal(port, port_of(two[0]));
    close_pair(two);
}

static void sender_is(int domain, const char *address, const char *told)
{
    sender_is_with(domain, address, told, -1);
    sender_is_with(domain, address, told, 5000);
}

static void the_sender_is_told_as_text(void **state)
{
    (void)state;
    sender_is(AF_INET, "127.0.0.1", "127.0.0.1");
    sender_is(AF_INET, "127.200.30.4", "127.200.30.4");
    sender_is(AF_INET6, "::1", "::1");
    sender_is(AF_INET6, "::1%lo", "::1");
    sender_is(AF_INET6, "127.0.0.1", "::ffff:127.0.0.1");
    sender_is(AF_INET6, "::ffff:127.0.0.9", "::ffff:127.0.0.9");
}

/* An address is there a moment after it was added. */
static void wait_until_reachable(const char *address)
{
    char    byte;
    sock_t *two[2];
    bool    got = false;

    open_two(AF_INET6, address, two);
    assert_true(sock_set_timeout(two[1], 1));
    for (int i = 0; i < 5000 && !got; i++)
        got = sock_sendto(two[0], "x", 1, 0, address, port_of(two[1])) == 1 &&
              sock_recv(two[1], &byte, 1, 0) == 1;
    assert_true(got);
    close_pair(two);
}

static void a_link_local_sender_comes_with_its_interface(void **state)
{
    (void)state;
    if (!netns_enter())
        skip();
    assert_true(netns_run("ip address add fe80::a/64 dev lo nodad"));
    wait_until_reachable("fe80::a%lo");
    sender_is(AF_INET6, "fe80::a%lo", "fe80::a%lo");
    sender_is(AF_INET6, "fe80::a%1", "fe80::a%lo");
}

static void almost_an_address_is_none(void **state)
{
    static const char *const texts[] = {"::1x", "::1 ", "[::1]", "1::2::3"};
    sock_t                  *two[2];
    char                     bytes[8];

    (void)state;
    open_two(AF_INET6, "::1", two);
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_fails(two[0],
                     sock_sendto(two[0], "x", 1, 0, texts[i], port_of(two[1])),
                     EINVAL);
    assert_fails(two[0], sock_sendto(two[0], "x", 1, 0, "::1%", 1), ENODEV);
    assert_fails(two[0], sock_sendto(two[0], "x", 1, 0, "::1", -1), EINVAL);
    assert_fails(two[0], sock_sendto(two[0], "x", 1, 0, "::1", 65536), EINVAL);
    assert_fails(two[0], sock_sendto(two[0], "x", 1, 0, NULL, 1), EINVAL);
    assert_fails(two[0], sock_sendto(two[0], NULL, 1, 0, "::1", 1), EINVAL);
    assert_fails(two[1], sock_recv(two[1], bytes, 8, MSG_DONTWAIT), EAGAIN);
    close_pair(two);
}

static void a_buffer_too_short_for_the_sender_loses_nothing(void **state)
{
    char    from[LIBSOCK_ADDRSTRLEN], bytes[8];
    sock_t *two[2];

    (void)state;
    open_two(AF_INET, "127.0.0.1", two);
    assert_int_equal(
        sock_sendto(two[0], "hi", 2, 0, "127.0.0.1", port_of(two[1])), 2);
    assert_fails(two[1], sock_recvfrom(two[1], bytes, 8, 0, from, 15, NULL),
                 EINVAL);
    assert_int_equal(sock_recvfrom(two[1], bytes, 8, 0, from, 16, NULL), 2);
    assert_string_equal(from, "127.0.0.1");
    close_pair(two);
}

static void who_is_not_asked_for_is_not_told(void **state)
{
    char    bytes[8];
    sock_t *two[2];
    int     port = -1;

    (void)state;
    open_two(AF_INET6, "::1", two);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            sock_sendto(two[0], "hi", 2, 0, "::1", port_of(two[1])), 2);
    assert_int_equal(sock_recvfrom(two[1], bytes, 8, 0, NULL, 0, &port), 2);
    assert_int_equal(port, port_of(two[0]));
    assert_int_equal(sock_recvfrom(two[1], bytes, 8, 0, NULL, 0, NULL), 2);
    close_pair(two);
}

static void an_empty_datagram_has_a_sender(void **state)
{
    char    from[LIBSOCK_ADDRSTRLEN] = "?", bytes[8];
    sock_t *two[2];
    int     port = -1;

    (void)state;
    open_two(AF_INET, "127.0.0.1", two);
    assert_int_equal(
        sock_sendto(two[0], NULL, 0, 0, "127.0.0.1", port_of(two[1])), 0);
    assert_int_equal(
        sock_recvfrom(two[1], bytes, 8, 0, from, sizeof from, &port), 0);
    assert_string_equal(from, "127.0.0.1");
    assert_int_equal(port, port_of(two[0]));
    close_pair(two);
}

static void a_datagram_that_is_refused_says_where(void **state)
{
    static char huge[70000];
    sock_t     *two[2];

    (void)state;
    open_two(AF_INET, "127.0.0.1", two);
    assert_fails(two[0],
                 sock_sendto(two[0], huge, sizeof huge, 0, "127.0.0.1", 9),
                 EMSGSIZE);
    assert_string_equal(sock_last_message(two[0]),
                        "sendto 127.0.0.1:9: Message too long");
    assert_fails(two[1],
                 sock_recvfrom(two[1], huge, 8, MSG_DONTWAIT, NULL, 0, NULL),
                 EAGAIN);
    close_pair(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sender_is_told_as_text),
        cmocka_unit_test(almost_an_address_is_none),
        cmocka_unit_test(a_buffer_too_short_for_the_sender_loses_nothing),
        cmocka_unit_test(who_is_not_asked_for_is_not_told),
        cmocka_unit_test(an_empty_datagram_has_a_sender),
        cmocka_unit_test(a_datagram_that_is_refused_says_where),
        cmocka_unit_test(a_link_local_sender_comes_with_its_interface),
    };

    return cmocka_run_group_tests_name("datagrams", tests, count_descriptors,
                                       compare_descriptors);
}
