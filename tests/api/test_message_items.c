/* test_message_items.c - proves which items a message may hold, how much room
 * each takes, and what is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <limits.h>
#include <stdint.h>

#define UNTOUCHED 4711

static void number_is(const sock_message_t *m, int level, int type, int want)
{
    int value = UNTOUCHED;

    assert_true(sock_message_get_int(m, level, type, &value));
    assert_int_equal(value, want);
}

/* ---- the room for items ---- */

static void the_room_is_what_php_says(void **state)
{
    (void)state;
    if (sizeof(size_t) != 8)
        skip_aloud("the numbers are those of 64 bits");
    assert_int_equal(sock_cmsg_space(IPPROTO_IPV6, IPV6_PKTINFO, 1), 40);
    assert_int_equal(sock_cmsg_space(IPPROTO_IPV6, IPV6_HOPLIMIT, 1), 24);
    assert_int_equal(sock_cmsg_space(IPPROTO_IPV6, IPV6_TCLASS, 1), 24);
    assert_int_equal(sock_cmsg_space(SOL_SOCKET, SCM_CREDENTIALS, 1), 32);
    assert_int_equal(sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 0), 16);
    assert_int_equal(sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1), 24);
    assert_int_equal(sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 2), 24);
    assert_int_equal(sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 3), 32);
}

/* An error item holds the error and who reported it. */
static void every_known_pair_has_its_room(void **state)
{
    static const struct {
        int    level, type;
        size_t size;
    } pairs[] = {{SOL_SOCKET, SO_MARK, sizeof(int)},
                 {IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo)},
                 {IPPROTO_IP, IP_TTL, sizeof(int)},
                 {IPPROTO_IP, IP_TOS, sizeof(int)},
                 {IPPROTO_IP, IP_RECVERR, 16 + sizeof(struct sockaddr_in)},
                 {IPPROTO_IPV6, IPV6_RECVERR, 16 + sizeof(struct sockaddr_in6)},
                 {SOL_UDP, UDP_SEGMENT, sizeof(uint16_t)},
                 {SOL_UDP, UDP_GRO, sizeof(int)}};

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++)
        assert_int_equal(sock_cmsg_space(pairs[i].level, pairs[i].type, 1),
                         CMSG_SPACE(pairs[i].size));
}

static void an_unknown_pair_has_no_room(void **state)
{
    static const int pairs[][2] = {{SOL_SOCKET, SO_BROADCAST},
                                   {SOL_SOCKET, -1},
                                   {IPPROTO_IP, IP_RECVTTL},
                                   {IPPROTO_IPV6, IP_TTL},
                                   {SOL_UDP, 1},
                                   {SOL_TCP, TCP_NODELAY},
                                   {-1, SCM_RIGHTS},
                                   {INT_MAX, INT_MAX},
                                   {INT_MIN, INT_MIN}};

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++)
        assert_int_equal(sock_cmsg_space(pairs[i][0], pairs[i][1], 1), 0);
}

static void more_room_than_a_size_can_tell_is_none(void **state)
{
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2,
                                    SIZE_MAX / 4, SIZE_MAX / 4 - 3};

    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++)
        assert_int_equal(sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, counts[i]), 0);
    assert_int_equal(sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1 << 20),
                     CMSG_SPACE(sizeof(int) << 20));
}

/* Not one item fits, and the message stays without any. */
static void without_room_every_item_is_refused(void **state)
{
    static const size_t      rooms[] = {0, 1, 15, 16};
    const sock_credentials_t who     = {1, 1, 1};
    const int                fd      = 0;
    sock_t *const            handle  = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT(rooms); i++) {
        sock_message_t *m = new_message(rooms[i]);

        assert_refused(sock_message_add_int(m, IPPROTO_IP, IP_TTL, 1), ENOBUFS);
        assert_refused(sock_message_add_fds(m, &fd, 1), ENOBUFS);
        assert_refused(sock_message_add_handles(m, &handle, 1), ENOBUFS);
        assert_refused(sock_message_add_credentials(m, &who), ENOBUFS);
        assert_refused(sock_message_add_pktinfo(m, "::1", 0), ENOBUFS);
        assert_refused(sock_message_add_pktinfo(m, "127.0.0.1", 0), ENOBUFS);
        holds_no_item(m);
        sock_message_free(m);
    }
}

static void the_sum_of_the_rooms_is_enough_and_no_more(void **state)
{
    sock_message_t *m = new_message(sock_cmsg_space(IPPROTO_IP, IP_TTL, 1) +
                                    sock_cmsg_space(IPPROTO_IP, IP_TOS, 1) +
                                    sock_cmsg_space(IPPROTO_IP, IP_PKTINFO, 1));

    (void)state;
    assert_true(sock_message_add_int(m, IPPROTO_IP, IP_TTL, 7));
    assert_true(sock_message_add_pktinfo(m, "127.0.0.1", 0));
    assert_refused(sock_message_add_pktinfo(m, "::1", 0), ENOBUFS);
    assert_true(sock_message_add_int(m, IPPROTO_IP, IP_TOS, 8));
    assert_refused(sock_message_add_int(m, SOL_UDP, UDP_SEGMENT, 9), ENOBUFS);
    number_is(m, IPPROTO_IP, IP_TTL, 7);
    number_is(m, IPPROTO_IP, IP_TOS, 8);
    assert_true(sock_message_get_pktinfo(m, NULL, 0, NULL));
    assert_refused(sock_message_get_int(m, SOL_UDP, UDP_SEGMENT, &(int){0}),
                   ENOMSG);
    sock_message_free(m);
}

/* ---- numbers ---- */

static const int numbers[][2] = {
    {IPPROTO_IP, IP_TTL},          {IPPROTO_IP, IP_TOS},
    {IPPROTO_IPV6, IPV6_HOPLIMIT}, {IPPROTO_IPV6, IPV6_TCLASS},
    {SOL_UDP, UDP_SEGMENT},        {SOL_SOCKET, SO_MARK}};

static void a_number_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const int      *pair = numbers[i];
        sock_message_t *m = new_message(sock_cmsg_space(pair[0], pair[1], 1));
        int             value = UNTOUCHED;

        assert_refused(sock_message_get_int(m, pair[0], pair[1], &value),
                       ENOMSG);
        assert_int_equal(value, UNTOUCHED);
        assert_true(sock_message_add_int(m, pair[0], pair[1], 42));
        number_is(m, pair[0], pair[1], 42);
        sock_message_clear(m);
        assert_refused(sock_message_get_int(m, pair[0], pair[1], &value),
                       ENOMSG);
        sock_message_free(m);
    }
}

static void what_is_no_known_number_is_refused(void **state)
{
    static const int pairs[][2] = {
        {IPPROTO_IP, IP_PKTINFO},     {IPPROTO_IP, IP_RECVERR},
        {IPPROTO_IPV6, IPV6_PKTINFO}, {SOL_SOCKET, SCM_RIGHTS},
        {IPPROTO_IP, IP_RECVTTL},     {SOL_SOCKET, SCM_CREDENTIALS},
        {SOL_TCP, TCP_NODELAY},       {-1, -1}};
    sock_message_t *m     = new_message(256);
    int             value = UNTOUCHED;

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_refused(sock_message_add_int(m, pairs[i][0], pairs[i][1], 1),
                       EINVAL);
        assert_refused(
            sock_message_get_int(m, pairs[i][0], pairs[i][1], &value), EINVAL);
        assert_int_equal(value, UNTOUCHED);
    }
    holds_no_item(m);
    sock_message_free(m);
}

static void the_size_of_what_was_joined_is_only_read(void **state)
{
    sock_message_t *m     = new_message(256);
    int             value = UNTOUCHED;

    (void)state;
    assert_refused(sock_message_add_int(m, SOL_UDP, UDP_GRO, 100), EINVAL);
    assert_refused(sock_message_get_int(m, SOL_UDP, UDP_GRO, &value), ENOMSG);
    assert_int_equal(value, UNTOUCHED);
    sock_message_free(m);
}

static void a_number_that_does_not_fit_its_item_is_refused(void **state)
{
    static const int bad[] = {-1, 65536, INT_MIN, INT_MAX};
    sock_message_t  *m = new_message(sock_cmsg_space(SOL_UDP, UDP_SEGMENT, 1));

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_refused(sock_message_add_int(m, SOL_UDP, UDP_SEGMENT, bad[i]),
                       EINVAL);
    assert_true(sock_message_add_int(m, SOL_UDP, UDP_SEGMENT, 65535));
    number_is(m, SOL_UDP, UDP_SEGMENT, 65535);
    sock_message_free(m);
}

/* ---- the own address ---- */

static void an_own_address_reads_back(void **state)
{
    static const char *const sources[] = {
        "127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::", "2001:db8::1"};

    (void)state;
    for (size_t i = 0; i < COUNT(sources); i++) {
        sock_message_t *m = new_message(64);
        char            text[LIBSOCK_ADDRSTRLEN];
        unsigned        at = UNTOUCHED;

        assert_refused(sock_message_get_pktinfo(m, NULL, 0, &at), ENOMSG);
        assert_int_equal(at, UNTOUCHED);
        assert_true(sock_message_add_pktinfo(m, sources[i], 3));
        assert_true(sock_message_get_pktinfo(m, text, sizeof text, &at));
        assert_string_equal(text, sources[i]);
        assert_int_equal(at, 3);
        assert_refused(sock_message_get_pktinfo(m, text, 0, NULL), EINVAL);
        assert_refused(sock_message_get_pktinfo(m, text, 2, NULL), EINVAL);
        sock_message_free(m);
    }
}

static void what_is_no_own_address_is_refused(void **state)
{
    static const char *const bad[] = {
        NULL,           "",    "localhost", "1.2.3",  "1.2.3.4.", "256.1.1.1",
        "127.0.0.1%lo", ":::", "1:2:3",     "/tmp/x", "@name",    "::1 "};
    sock_message_t *m     = new_message(64);
    unsigned        index = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_refused(sock_message_add_pktinfo(m, bad[i], 0), EINVAL);
    assert_refused(sock_message_add_pktinfo(m, "fe80::1%nosuch", 0), ENODEV);
    assert_refused(sock_message_add_pktinfo(m, "fe80::1%lo", 99), EINVAL);
    holds_no_item(m);
    assert_true(sock_message_add_pktinfo(m, "fe80::1%lo", 0));
    assert_true(sock_message_get_pktinfo(m, NULL, 0, &index));
    assert_int_equal(index, if_nametoindex("lo"));
    sock_message_free(m);
}

/* ---- descriptors ---- */

static void descriptors_that_cannot_be_are_refused(void **state)
{
    static const int negative[] = {0, 1, -1};
    sock_message_t  *m          = new_message(4096);
    int              fds[254]   = {0};

    (void)state;
    assert_refused(sock_message_add_fds(NULL, fds, 1), EINVAL);
    assert_refused(sock_message_add_fds(m, NULL, 1), EINVAL);
    assert_refused(sock_message_add_fds(m, fds, 0), EINVAL);
    assert_refused(sock_message_add_fds(m, fds, 254), EINVAL);
    assert_refused(sock_message_add_fds(m, fds, SIZE_MAX), EINVAL);
    assert_refused(sock_message_add_fds(m, negative, 3), EBADF);
    assert_true(sock_message_add_fds(m, fds, 253));
    sock_message_free(m);
}

static void handles_that_cannot_be_are_refused(void **state)
{
    sock_message_t *m            = new_message(4096);
    sock_t         *handles[254] = {NULL};

    (void)state;
    assert_refused(sock_message_add_handles(NULL, handles, 1), EINVAL);
    assert_refused(sock_message_add_handles(m, NULL, 1), EINVAL);
    assert_refused(sock_message_add_handles(m, handles, 0), EINVAL);
    assert_refused(sock_message_add_handles(m, handles, 254), EINVAL);
    assert_refused(sock_message_add_handles(m, handles, SIZE_MAX), EINVAL);
    assert_true(sock_message_add_handles(m, handles, 253));
    sock_message_free(m);
}

static void there_are_253_descriptors_in_all(void **state)
{
    sock_message_t *m            = new_message(8192);
    sock_t         *handles[254] = {NULL};
    int             fds[254]     = {0};

    (void)state;
    assert_true(sock_message_add_fds(m, fds, 200));
    assert_refused(sock_message_add_fds(m, fds, 54), EINVAL);
    assert_refused(sock_message_add_handles(m, handles, 54), EINVAL);
    assert_true(sock_message_add_handles(m, handles, 53));
    assert_refused(sock_message_add_handles(m, handles, 1), EINVAL);
    assert_refused(sock_message_add_fds(m, fds, 1), EINVAL);
    sock_message_free(m);
}

/* What a message is to carry stays the caller's, whatever becomes of it. */
static void what_is_to_be_sent_is_neither_taken_nor_closed(void **state)
{
    sock_t         *s      = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_message_t *m      = new_message(256);
    int             fd     = sock_fd(s), taken;
    int             before = open_descriptors();

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(sock_message_add_fds(m, &fd, 1));
        assert_true(sock_message_add_handles(m, &s, 1));
        assert_int_equal(sock_message_take_fds(m, &taken, 1), 0);
        sock_message_clear(m);
    }
    assert_true(sock_message_add_handles(m, &s, 1));
    sock_message_free(m);
    assert_int_equal(open_descriptors(), before);
    assert_true(sock_close(s));
}

static void taking_needs_a_message_and_a_place(void **state)
{
    sock_message_t *m  = new_message(0);
    int             fd = UNTOUCHED;

    (void)state;
    assert_fails(NULL, sock_message_take_fds(NULL, &fd, 1), EINVAL);
    assert_fails(NULL, sock_message_take_fds(m, NULL, 1), EINVAL);
    assert_int_equal(sock_message_take_fds(m, NULL, 0), 0);
    assert_int_equal(sock_message_take_fds(m, &fd, 0), 0);
    assert_int_equal(sock_message_take_fds(m, &fd, SIZE_MAX), 0);
    assert_int_equal(fd, UNTOUCHED);
    sock_message_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_room_is_what_php_says),
        cmocka_unit_test(every_known_pair_has_its_room),
        cmocka_unit_test(an_unknown_pair_has_no_room),
        cmocka_unit_test(more_room_than_a_size_can_tell_is_none),
        cmocka_unit_test(without_room_every_item_is_refused),
        cmocka_unit_test(the_sum_of_the_rooms_is_enough_and_no_more),
        cmocka_unit_test(a_number_reads_back),
        cmocka_unit_test(what_is_no_known_number_is_refused),
        cmocka_unit_test(the_size_of_what_was_joined_is_only_read),
        cmocka_unit_test(a_number_that_does_not_fit_its_item_is_refused),
        cmocka_unit_test(an_own_address_reads_back),
        cmocka_unit_test(what_is_no_own_address_is_refused),
        cmocka_unit_test(descriptors_that_cannot_be_are_refused),
        cmocka_unit_test(handles_that_cannot_be_are_refused),
        cmocka_unit_test(there_are_253_descriptors_in_all),
        cmocka_unit_test(what_is_to_be_sent_is_neither_taken_nor_closed),
        cmocka_unit_test(taking_needs_a_message_and_a_place),
    };

    return cmocka_run_group_tests_name("message_items", tests,
                                       count_descriptors, compare_descriptors);
}
