/* test_multicast.c - proves that groups on IPv4's loopback interface are
 * joined, filtered and left so that datagrams come or do not, and what misuse
 * of the multicast calls is told, in both families.
 *
 * That nothing came of a datagram shows when a later one is the first to
 * arrive.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define GROUP "239.193.7.7"

#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        sock_clear_error(s);                                                   \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

/* ---- a receiver and two senders ---- */

struct air {
    sock_t *in;   /* bound to every address */
    sock_t *a;    /* sends from 127.0.0.1 */
    sock_t *b;    /* sends from 127.0.0.2 */
    int     port; /* of `in` */
};

/* Emulators lack these options. */
static void skip_without_groups(void)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);
    bool    missing =
        !sock_join_group(s, GROUP, "lo") && sock_last_error(s) == ENOPROTOOPT;

    sock_close(s);
    if (!missing)
        return;
    printf("SKIPPED: the system has no MCAST_JOIN_GROUP\n");
    skip();
}

static sock_t *open_sender(const char *address)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    assert_true(sock_bind(s, address, 0));
    assert_true(sock_set_multicast_interface(s, "lo"));
    return s;
}

/* Only what it joined itself: other programs' groups are none of its own. */
static sock_t *open_receiver(void)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    assert_true(sock_bind(s, "", 0));
    assert_true(sock_set_option_int(s, IPPROTO_IP, IP_MULTICAST_ALL, 0));
    assert_true(sock_set_timeout(s, 5000));
    return s;
}

static void open_air(struct air *x)
{
    skip_without_groups();
    x->in   = open_receiver();
    x->a    = open_sender("127.0.0.1");
    x->b    = open_sender("127.0.0.2");
    x->port = port_of(x->in);
}

static void close_air(struct air *x)
{
    sock_close(x->in);
    sock_close(x->a);
    sock_close(x->b);
}

static void say(struct air *x, sock_t *from, const char *text)
{
    size_t len = strlen(text);

    assert_int_equal(sock_sendto(from, text, len, 0, GROUP, x->port),
                     (ssize_t)len);
}

/* The next datagram is this one. */
static void hear(struct air *x, const char *text)
{
    char in[16] = "";

    assert_true(sock_recv(x->in, in, sizeof in - 1, 0) > 0);
    assert_string_equal(in, text);
}

/* None that was sent before has come. */
static void hear_no_more(struct air *x)
{
    assert_int_equal(sock_sendto(x->a, "end", 3, 0, "127.0.0.1", x->port), 3);
    hear(x, "end");
}

/* ---- members ---- */

static void a_member_receives_until_it_leaves(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    say(&x, x.a, "early");
    hear_no_more(&x);
    assert_true(sock_join_group(x.in, GROUP, "lo"));
    say(&x, x.a, "from a");
    hear(&x, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    assert_true(sock_leave_group(x.in, GROUP, "lo"));
    say(&x, x.a, "late");
    hear_no_more(&x);
    close_air(&x);
}

static void an_interface_has_a_number_and_a_name(void **state)
{
    struct air x;
    char       number[16];

    (void)state;
    open_air(&x);
    snprintf(number, sizeof number, "%u", if_nametoindex("lo"));
    assert_true(sock_join_group(x.in, GROUP, number));
    assert_fails(x.in, sock_join_group(x.in, GROUP, "lo"), EADDRINUSE);
    say(&x, x.a, "hello");
    hear(&x, "hello");
    assert_true(sock_leave_group(x.in, GROUP, "lo"));
    assert_fails(x.in, sock_leave_group(x.in, GROUP, number), EADDRNOTAVAIL);
    close_air(&x);
}

static void a_raw_socket_may_join(void **state)
{
    sock_t *s;

    (void)state;
    skip_without_groups();
    if (!(s = sock_create(AF_INET, SOCK_RAW, IPPROTO_UDP))) {
        printf("SKIPPED: raw sockets are for the superuser\n");
        skip();
    }
    assert_true(sock_join_group(s, GROUP, "lo"));
    assert_true(sock_leave_group(s, GROUP, "lo"));
    sock_close(s);
}

/* What the header says of sockets that are bound to every address. */
static void groups_of_others_come_too_unless_an_option_says_no(void **state)
{
    struct air x;
    sock_t    *other;

    (void)state;
    open_air(&x);
    other = open_receiver();
    assert_true(sock_set_option_int(x.in, IPPROTO_IP, IP_MULTICAST_ALL, 1));
    assert_true(sock_join_group(other, GROUP, "lo"));
    say(&x, x.a, "others'");
    hear(&x, "others'");
    assert_true(sock_set_option_int(x.in, IPPROTO_IP, IP_MULTICAST_ALL, 0));
    say(&x, x.a, "others'");
    hear_no_more(&x);
    sock_close(other);
    close_air(&x);
}

/* ---- chosen sources ---- */

static void only_the_chosen_source_is_heard(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_source_group(x.in, GROUP, "127.0.0.1", "lo"));
    say(&x, x.b, "from b");
    say(&x, x.a, "from a");
    hear(&x, "from a");
    assert_true(sock_leave_source_group(x.in, GROUP, "127.0.0.1", "lo"));
    assert_true(sock_join_source_group(x.in, GROUP, "127.0.0.2", "lo"));
    say(&x, x.a, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    hear_no_more(&x);
    close_air(&x);
}

static void several_sources_may_be_chosen(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_source_group(x.in, GROUP, "127.0.0.1", "lo"));
    assert_true(sock_join_source_group(x.in, GROUP, "127.0.0.2", "lo"));
    say(&x, x.a, "from a");
    hear(&x, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    assert_true(sock_leave_source_group(x.in, GROUP, "127.0.0.1", "lo"));
    say(&x, x.a, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    assert_true(sock_leave_group(x.in, GROUP, "lo"));
    say(&x, x.b, "from b");
    hear_no_more(&x);
    close_air(&x);
}

static void a_blocked_source_is_not_heard_until_unblocked(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_group(x.in, GROUP, "lo"));
    assert_true(sock_block_source(x.in, GROUP, "127.0.0.1", "lo"));
    say(&x, x.a, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    hear_no_more(&x);
    assert_true(sock_unblock_source(x.in, GROUP, "127.0.0.1", "lo"));
    say(&x, x.a, "from a");
    hear(&x, "from a");
    assert_true(sock_leave_group(x.in, GROUP, "lo"));
    say(&x, x.a, "from a");
    hear_no_more(&x);
    close_air(&x);
}

/* ---- calls that do not fit what is joined ---- */

static void a_member_for_any_source_cannot_choose(void **state)
{
    static const char *const interfaces[] = {"lo", NULL};
    struct air               x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_group(x.in, GROUP, "lo"));
    for (int i = 0; i < 2; i++) {
        assert_fails(
            x.in,
            sock_join_source_group(x.in, GROUP, "127.0.0.2", interfaces[i]),
            EINVAL);
        assert_fails(
            x.in,
            sock_leave_source_group(x.in, GROUP, "127.0.0.2", interfaces[i]),
            EINVAL);
        say(&x, x.a, "from a");
        hear(&x, "from a");
    }
    assert_true(sock_block_source(x.in, GROUP, "127.0.0.1", "lo"));
    assert_fails(x.in, sock_join_source_group(x.in, GROUP, "127.0.0.1", "lo"),
                 EINVAL);
    close_air(&x);
}

static void a_member_for_chosen_sources_cannot_have_any(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_source_group(x.in, GROUP, "127.0.0.1", "lo"));
    assert_fails(x.in, sock_join_group(x.in, GROUP, "lo"), EADDRINUSE);
    assert_fails(x.in, sock_block_source(x.in, GROUP, "127.0.0.1", "lo"),
                 EINVAL);
    assert_fails(x.in, sock_unblock_source(x.in, GROUP, "127.0.0.1", "lo"),
                 EINVAL);
    say(&x, x.b, "from b");
    say(&x, x.a, "from a");
    hear(&x, "from a");
    close_air(&x);
}

static void what_is_done_twice_is_told(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_source_group(x.in, GROUP, "127.0.0.1", "lo"));
    assert_fails(x.in, sock_join_source_group(x.in, GROUP, "127.0.0.1", "lo"),
                 EADDRNOTAVAIL);
    assert_fails(x.in, sock_leave_source_group(x.in, GROUP, "127.0.0.2", "lo"),
                 EADDRNOTAVAIL);
    assert_true(sock_leave_group(x.in, GROUP, "lo"));
    assert_true(sock_join_group(x.in, GROUP, "lo"));
    assert_fails(x.in, sock_join_group(x.in, GROUP, "lo"), EADDRINUSE);
    assert_true(sock_block_source(x.in, GROUP, "127.0.0.1", "lo"));
    assert_fails(x.in, sock_block_source(x.in, GROUP, "127.0.0.1", "lo"),
                 EADDRNOTAVAIL);
    assert_fails(x.in, sock_unblock_source(x.in, GROUP, "127.0.0.2", "lo"),
                 EADDRNOTAVAIL);
    close_air(&x);
}

static void what_was_not_joined_is_told(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_fails(x.in, sock_leave_group(x.in, GROUP, "lo"), EADDRNOTAVAIL);
    assert_fails(x.in, sock_leave_source_group(x.in, GROUP, "127.0.0.1", "lo"),
                 EINVAL);
    assert_fails(x.in, sock_block_source(x.in, GROUP, "127.0.0.1", "lo"),
                 EINVAL);
    assert_fails(x.in, sock_unblock_source(x.in, GROUP, "127.0.0.1", "lo"),
                 EINVAL);
    close_air(&x);
}

static void too_many_memberships_are_told(void **state)
{
    char    group[INET_ADDRSTRLEN];
    sock_t *s;
    int     count = 0;

    (void)state;
    skip_without_groups();
    s = sock_create(AF_INET, SOCK_DGRAM, 0);
    do {
        snprintf(group, sizeof group, "239.193.%d.%d", count / 250,
                 count % 250);
    } while (sock_join_group(s, group, "lo") && ++count < 50000);
    if (count == 50000) {
        printf("SKIPPED: the system has no limit\n");
        sock_close(s);
        skip();
    }
    assert_int_equal(sock_last_error(s), ENOBUFS);
    sock_close(s);
}

/* ---- every call that changes a membership ---- */

static bool join(sock_t *s, const char *group, const char *source,
                 const char *interface_name)
{
    (void)source;
    return sock_join_group(s, group, interface_name);
}

static bool leave(sock_t *s, const char *group, const char *source,
                  const char *interface_name)
{
    (void)source;
    return sock_leave_group(s, group, interface_name);
}

static const struct {
    bool (*call)(sock_t *, const char *, const char *, const char *);
    bool takes_source;
} calls[] = {
    {join, false},
    {leave, false},
    {sock_join_source_group, true},
    {sock_leave_source_group, true},
    {sock_block_source, true},
    {sock_unblock_source, true},
};
#define CALLS (sizeof calls / sizeof *calls)

/* An address that is none, and what is said of it. */
struct bad {
    const char *text;
    int         error;
};

static char long_text[400];

static void refuse_groups(int domain, const char *source, const struct bad *bad,
                          size_t count)
{
    sock_t *s = sock_create(domain, SOCK_DGRAM, 0);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < CALLS; k++)
            assert_fails(s, calls[k].call(s, bad[i].text, source, NULL),
                         bad[i].error);
    sock_close(s);
}

static void what_is_no_ipv4_group_is_refused(void **state)
{
    static const struct bad bad[] = {
        {NULL, EINVAL},        {"", EINVAL},
        {"localhost", EINVAL}, {"239.193.7", EINVAL},
        {"127.0.0.1", EINVAL}, {"223.255.255.255", EINVAL},
        {"240.0.0.0", EINVAL}, {"255.255.255.255", EINVAL},
        {long_text, EINVAL},   {"ff02::7", EAFNOSUPPORT},
        {"::1", EAFNOSUPPORT}, {"ff02::7%lo", EAFNOSUPPORT},
        {"ff02:::7", EINVAL},  {GROUP "%lo", EINVAL},
    };

    (void)state;
    refuse_groups(AF_INET, "127.0.0.1", bad, sizeof bad / sizeof *bad);
}

static void what_is_no_ipv6_group_is_refused(void **state)
{
    static const struct bad bad[] = {
        {NULL, EINVAL},
        {"", EINVAL},
        {"localhost", EINVAL},
        {"::1", EINVAL},
        {"fe80::1%lo", EINVAL},
        {"ff02:::7", EINVAL},
        {long_text, EINVAL},
        {GROUP, EAFNOSUPPORT},
        {"127.0.0.1", EAFNOSUPPORT},
        {"::ffff:" GROUP, EAFNOSUPPORT},
        {"ff02::7%nosuch0", ENODEV},
        {"ff02::7%999999", ENODEV},
        {"ff02::7%", ENODEV},
    };

    (void)state;
    refuse_groups(AF_INET6, "::1", bad, sizeof bad / sizeof *bad);
}

static void what_is_no_source_is_refused(void **state)
{
    static const struct bad bad4[] = {{NULL, EINVAL},
                                      {"", EINVAL},
                                      {"localhost", EINVAL},
                                      {GROUP, EINVAL},
                                      {"::1", EAFNOSUPPORT}};
    static const struct bad bad6[] = {{NULL, EINVAL},
                                      {"localhost", EINVAL},
                                      {"ff02::7", EINVAL},
                                      {"127.0.0.1", EAFNOSUPPORT},
                                      {"fe80::1%nosuch0", ENODEV}};
    sock_t                 *s4     = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t                 *s6     = sock_create(AF_INET6, SOCK_DGRAM, 0);

    (void)state;
    for (size_t k = 0; k < CALLS; k++)
        for (size_t i = 0; i < 5 && calls[k].takes_source; i++) {
            assert_fails(s4, calls[k].call(s4, GROUP, bad4[i].text, "lo"),
                         bad4[i].error);
            assert_fails(s6, calls[k].call(s6, "ff02::7", bad6[i].text, "lo"),
                         bad6[i].error);
        }
    sock_close(s4);
    sock_close(s6);
}

static void an_interface_that_does_not_exist_is_told(void **state)
{
    static const char *const missing[] = {
        "nosuch0", "999999", "0", "-1", "4294967297", "lo ", " ", long_text};
    static const struct {
        int         domain;
        const char *group, *source;
    } families[] = {{AF_INET, GROUP, "127.0.0.1"},
                    {AF_INET6, "ff02::7", "::1"}};

    (void)state;
    for (int f = 0; f < 2; f++) {
        sock_t *s = sock_create(families[f].domain, SOCK_DGRAM, 0);

        for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
            for (size_t k = 0; k < CALLS; k++)
                assert_fails(s,
                             calls[k].call(s, families[f].group,
                                           families[f].source, missing[i]),
                             ENODEV);
            assert_fails(s, sock_set_multicast_interface(s, missing[i]),
                         ENODEV);
        }
        sock_close(s);
    }
}

/* Every multicast call, with nothing wrong but the socket. */
static void refuse_socket(sock_t *s, int error)
{
    char name[IF_NAMESIZE];
    int  hops = 42;
    bool on;

    for (size_t k = 0; k < CALLS; k++)
        assert_fails(s, calls[k].call(s, GROUP, "127.0.0.1", "lo"), error);
    assert_fails(s, sock_set_multicast_interface(s, "lo"), error);
    assert_fails(s, sock_get_multicast_interface(s, name, sizeof name), error);
    assert_fails(s, sock_set_multicast_ttl(s, 1), error);
    assert_fails(s, sock_set_multicast_ttl(s, 256), error);
    assert_fails(s, sock_get_multicast_ttl(s, &hops), error);
    assert_fails(s, sock_set_multicast_loop(s, true), error);
    assert_fails(s, sock_get_multicast_loop(s, &on), error);
    assert_int_equal(hops, 42);
}

static void groups_are_for_datagrams_of_the_internet(void **state)
{
    static const int kinds[][2] = {{AF_INET, SOCK_STREAM},
                                   {AF_INET6, SOCK_STREAM},
                                   {AF_UNIX, SOCK_STREAM},
                                   {AF_UNIX, SOCK_DGRAM},
                                   {AF_UNIX, SOCK_SEQPACKET}};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sock_t *s = sock_create(kinds[i][0], kinds[i][1], 0);

        refuse_socket(s, EOPNOTSUPP);
        sock_close(s);
    }
}

static void a_handle_that_is_not_open_is_refused(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_true(sock_close(s));
    refuse_socket(s, EBADF);
    refuse_socket(NULL, EBADF);
}

/* ---- how datagrams are sent ---- */

static const int families[] = {AF_INET, AF_INET6};

static void hops_read_back(void **state)
{
    static const int values[][2] = {
        {0, 0}, {1, 1}, {32, 32}, {255, 255}, {-1, 1}};

    (void)state;
    for (int f = 0; f < 2; f++) {
        sock_t *s    = sock_create(families[f], SOCK_DGRAM, 0);
        int     hops = 42;

        assert_true(sock_get_multicast_ttl(s, &hops));
        assert_int_equal(hops, 1);
        for (int i = 0; i < 5; i++) {
            assert_true(sock_set_multicast_ttl(s, values[i][0]));
            assert_true(sock_get_multicast_ttl(s, &hops));
            assert_int_equal(hops, values[i][1]);
        }
        sock_close(s);
    }
}

static void loop_reads_back(void **state)
{
    (void)state;
    for (int f = 0; f < 2; f++) {
        sock_t *s  = sock_create(families[f], SOCK_DGRAM, 0);
        bool    on = false;

        assert_true(sock_get_multicast_loop(s, &on));
        assert_true(on);
        assert_true(sock_set_multicast_loop(s, false));
        assert_true(sock_get_multicast_loop(s, &on));
        assert_false(on);
        assert_true(sock_set_multicast_loop(s, true));
        assert_true(sock_get_multicast_loop(s, &on));
        assert_true(on);
        sock_close(s);
    }
}

static void the_interface_reads_back_by_name(void **state)
{
    const char *const given[]  = {"lo", NULL, "1", ""};
    const char *const wanted[] = {"lo", "", "lo", ""};

    (void)state;
    assert_int_equal(if_nametoindex("lo"), 1);
    for (int f = 0; f < 2; f++) {
        sock_t *s                 = sock_create(families[f], SOCK_DGRAM, 0);
        char    name[IF_NAMESIZE] = "x";

        assert_true(sock_get_multicast_interface(s, name, sizeof name));
        assert_string_equal(name, "");
        for (int i = 0; i < 4; i++) {
            assert_true(sock_set_multicast_interface(s, given[i]));
            assert_true(sock_get_multicast_interface(s, name, sizeof name));
            assert_string_equal(name, wanted[i]);
        }
        sock_close(s);
    }
}

/* ... of a sender that is bound to no other. */
static void datagrams_come_from_the_interfaces_address(void **state)
{
    struct air x;
    sock_t    *sender;
    char       from[LIBSOCK_ADDRSTRLEN];
    char       byte;

    (void)state;
    open_air(&x);
    sender = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_set_multicast_interface(sender, "lo"));
    assert_true(sock_join_group(x.in, GROUP, "lo"));
    say(&x, sender, "x");
    assert_int_equal(sock_recvfrom(x.in, &byte, 1, 0, from, sizeof from, NULL),
                     1);
    assert_string_equal(from, "127.0.0.1");
    sock_close(sender);
    close_air(&x);
}

static void hops_out_of_range_are_refused(void **state)
{
    static const int bad[] = {256, -2, INT_MAX, INT_MIN};

    (void)state;
    for (int f = 0; f < 2; f++) {
        sock_t *s    = sock_create(families[f], SOCK_DGRAM, 0);
        int     hops = 42;

        assert_true(sock_set_multicast_ttl(s, 7));
        for (int i = 0; i < 4; i++)
            assert_fails(s, sock_set_multicast_ttl(s, bad[i]), EINVAL);
        assert_true(sock_get_multicast_ttl(s, &hops));
        assert_int_equal(hops, 7);
        sock_close(s);
    }
}

static void places_that_are_missing_or_short_are_refused(void **state)
{
    (void)state;
    for (int f = 0; f < 2; f++) {
        sock_t *s                 = sock_create(families[f], SOCK_DGRAM, 0);
        char    name[IF_NAMESIZE] = "as it was";

        assert_fails(s, sock_get_multicast_ttl(s, NULL), EINVAL);
        assert_fails(s, sock_get_multicast_loop(s, NULL), EINVAL);
        assert_fails(s, sock_get_multicast_interface(s, NULL, 99), EINVAL);
        assert_fails(s, sock_get_multicast_interface(s, name, 0), EINVAL);
        assert_fails(s, sock_get_multicast_interface(s, name, IF_NAMESIZE - 1),
                     EINVAL);
        assert_string_equal(name, "as it was");
        sock_close(s);
    }
}

/* ---- sentences ---- */

static void a_failure_tells_group_and_interface(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    sock_join_group(s, GROUP, "nosuch0");
    assert_string_equal(sock_last_message(s),
                        "join_group " GROUP ": No such device (nosuch0)");
    sock_leave_group(s, "127.0.0.1", NULL);
    assert_string_equal(sock_last_message(s),
                        "leave_group 127.0.0.1: Invalid argument");
    sock_block_source(s, "ff02::7", "::1", "");
    assert_string_equal(sock_last_message(s),
                        "block_source ff02::7: Address family not supported "
                        "by protocol");
    sock_set_multicast_interface(s, "nosuch0");
    assert_string_equal(sock_last_message(s),
                        "set_multicast_interface nosuch0: No such device");
    assert_true(sock_bind(s, "127.0.0.1", 0));
    sock_join_group(s, NULL, "lo");
    assert_non_null(strstr(sock_last_message(s), "join_group 127.0.0.1:"));
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_receives_until_it_leaves),
        cmocka_unit_test(an_interface_has_a_number_and_a_name),
        cmocka_unit_test(a_raw_socket_may_join),
        cmocka_unit_test(groups_of_others_come_too_unless_an_option_says_no),
        cmocka_unit_test(only_the_chosen_source_is_heard),
        cmocka_unit_test(several_sources_may_be_chosen),
        cmocka_unit_test(a_blocked_source_is_not_heard_until_unblocked),
        cmocka_unit_test(a_member_for_any_source_cannot_choose),
        cmocka_unit_test(a_member_for_chosen_sources_cannot_have_any),
        cmocka_unit_test(what_is_done_twice_is_told),
        cmocka_unit_test(what_was_not_joined_is_told),
        cmocka_unit_test(too_many_memberships_are_told),
        cmocka_unit_test(what_is_no_ipv4_group_is_refused),
        cmocka_unit_test(what_is_no_ipv6_group_is_refused),
        cmocka_unit_test(what_is_no_source_is_refused),
        cmocka_unit_test(an_interface_that_does_not_exist_is_told),
        cmocka_unit_test(groups_are_for_datagrams_of_the_internet),
        cmocka_unit_test(a_handle_that_is_not_open_is_refused),
        cmocka_unit_test(hops_read_back),
        cmocka_unit_test(loop_reads_back),
        cmocka_unit_test(the_interface_reads_back_by_name),
        cmocka_unit_test(datagrams_come_from_the_interfaces_address),
        cmocka_unit_test(hops_out_of_range_are_refused),
        cmocka_unit_test(places_that_are_missing_or_short_are_refused),
        cmocka_unit_test(a_failure_tells_group_and_interface),
    };

    memset(long_text, '2', sizeof long_text - 1);
    return cmocka_run_group_tests_name("multicast", tests, count_descriptors,
                                       compare_descriptors);
}
