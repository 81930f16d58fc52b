/* test_multicast6.c - proves IPv6 multicast between the two ends of a wire, va
 * and vb, in a network of the test's own; and of IPv4 what takes more than lo.
 *
 * That nothing came of a datagram shows when a later one, to a group that is
 * always joined, is the first to arrive.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"
#include "support/netns.h"

#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define GROUP "ff15::7:7"
#define ALWAYS "ff15::e0d"
#define A "fe80::a"
#define B "fe80::b"

/* Not in the C library's headers yet. */
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        sock_clear_error(s);                                                   \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

/* ---- the network ---- */

static bool has_network;

static void need_network(void)
{
    if (!has_network)
        skip();
}

/* A link is up a moment after it was told to be. */
static bool wait_until_usable(void)
{
    bool usable = false;

    for (int i = 0; i < 5000 && !usable; i++) {
        sock_t *s = sock_create(AF_INET6, SOCK_DGRAM, 0);

        usable = sock_set_multicast_interface(s, "va") &&
                 sock_bind(s, A "%va", 0) &&
                 sock_sendto(s, "x", 1, 0, ALWAYS, 9) == 1;
        sock_close(s);
        if (!usable)
            poll(NULL, 0, 1);
    }
    return usable;
}

/* Addresses that nobody else can have need no detection of duplicates. */
static bool build_network(void)
{
    static const char *const commands[] = {
        "ip link add va type veth peer name vb",
        "ip link set va addrgenmode none && ip link set vb addrgenmode none",
        "ip addr add " A "/64 dev va nodad",
        "ip addr add " B "/64 dev va nodad",
        "ip addr add fe80::1/64 dev vb nodad",
        "ip addr add 10.193.7.1/24 dev va label va:1",
        "ip link set va up && ip link set vb up",
        "ip route add 239.193.0.0/16 dev va",
    };

    if (!netns_enter())
        return false;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!netns_run(commands[i])) {
            printf("SKIPPED: no success with: %s\n", commands[i]);
            return false;
        }
    if (!wait_until_usable()) {
        printf("SKIPPED: no IPv6 on the wire\n");
        return false;
    }
    return true;
}

static int set_up(void **state)
{
    has_network = build_network();
    return count_descriptors(state);
}

/* ---- a receiver and two senders ---- */

struct air {
    sock_t *in;   /* bound to every address; at vb a member of ALWAYS */
    sock_t *a;    /* sends from A through va */
    sock_t *b;    /* sends from B through va */
    int     port; /* of `in` */
};

static sock_t *open_sender(const char *address)
{
    sock_t *s = sock_create(AF_INET6, SOCK_DGRAM, 0);

    assert_true(sock_bind(s, address, 0));
    assert_true(sock_set_multicast_interface(s, "va"));
    return s;
}

static void open_air(struct air *x)
{
    need_network();
    x->in = sock_create(AF_INET6, SOCK_DGRAM, 0);
    assert_true(sock_bind(x->in, "", 0));
    assert_true(
        sock_set_option_int(x->in, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0));
    assert_true(sock_set_timeout(x->in, 5000));
    assert_true(sock_join_group(x->in, ALWAYS, "vb"));
    x->a    = open_sender(A "%va");
    x->b    = open_sender(B "%va");
    x->port = port_of(x->in);
}

static void close_air(struct air *x)
{
    sock_close(x->in);
    sock_close(x->a);
    sock_close(x->b);
}

static void say_to(struct air *x, sock_t *from, const char *group,
                   const char *text)
{
    size_t len = strlen(text);

    assert_int_equal(sock_sendto(from, text, len, 0, group, x->port),
                     (ssize_t)len);
}

static void say(struct air *x, sock_t *from, const char *text)
{
    say_to(x, from, GROUP, text);
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
    say_to(x, x->a, ALWAYS, "end");
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
    assert_true(sock_join_group(x.in, GROUP, "vb"));
    assert_fails(x.in, sock_join_group(x.in, GROUP, "vb"), EADDRINUSE);
    say(&x, x.a, "from a");
    hear(&x, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    assert_true(sock_leave_group(x.in, GROUP, "vb"));
    assert_fails(x.in, sock_leave_group(x.in, GROUP, "vb"), EADDRNOTAVAIL);
    say(&x, x.a, "late");
    hear_no_more(&x);
    close_air(&x);
}

static void groups_of_every_scope_cross_the_wire(void **state)
{
    static const char *const groups[] = {"ff02::7:7", "ff05::7:7", "ff0e::7:7",
                                         "ff32::7:7"};
    struct air               x;

    (void)state;
    open_air(&x);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        assert_true(sock_join_group(x.in, groups[i], "vb"));
        say_to(&x, x.a, groups[i], groups[i]);
        hear(&x, groups[i]);
        assert_true(sock_leave_group(x.in, groups[i], "vb"));
    }
    close_air(&x);
}

static void a_group_of_the_interface_alone_stays_there(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_group(x.in, "ff01::7:7", "vb"));
    say_to(&x, x.a, "ff01::7:7", "inside");
    hear_no_more(&x);
    close_air(&x);
}

static void the_other_end_of_the_wire_is_another_interface(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_set_multicast_loop(x.a, false));
    assert_true(sock_join_group(x.in, GROUP, "va"));
    say(&x, x.a, "to vb");
    hear_no_more(&x);
    close_air(&x);
}

/* ---- which interface ---- */

static void an_interface_has_a_number_and_a_name(void **state)
{
    struct air x;
    char       number[16];

    (void)state;
    open_air(&x);
    snprintf(number, sizeof number, "%u", if_nametoindex("vb"));
    assert_true(sock_join_group(x.in, GROUP, number));
    say(&x, x.a, "hello");
    hear(&x, "hello");
    assert_true(sock_leave_group(x.in, GROUP, "vb"));
    close_air(&x);
}

static void a_scope_names_the_interface(void **state)
{
    struct air x;
    char       scoped[64];

    (void)state;
    open_air(&x);
    assert_true(sock_join_group(x.in, GROUP "%vb", NULL));
    say(&x, x.a, "hello");
    hear(&x, "hello");
    snprintf(scoped, sizeof scoped, GROUP "%%%u", if_nametoindex("vb"));
    assert_fails(x.in, sock_join_group(x.in, scoped, ""), EADDRINUSE);
    assert_true(sock_leave_group(x.in, GROUP "%vb", "vb"));
    assert_true(sock_join_source_group(x.in, GROUP, A "%vb", NULL));
    say(&x, x.b, "from b");
    say(&x, x.a, "from a");
    hear(&x, "from a");
    assert_true(sock_leave_source_group(x.in, GROUP, A, "vb"));
    close_air(&x);
}

static void a_scope_and_an_interface_must_agree(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_fails(x.in, sock_join_group(x.in, GROUP "%va", "vb"), EINVAL);
    assert_fails(x.in, sock_join_source_group(x.in, GROUP, A "%va", "vb"),
                 EINVAL);
    assert_fails(x.in, sock_join_source_group(x.in, GROUP "%vb", A "%va", NULL),
                 EINVAL);
    assert_fails(x.in, sock_leave_group(x.in, GROUP, "vb"), EADDRNOTAVAIL);
    close_air(&x);
}

/* Who joins and who sends get the same answer. */
static void the_system_chooses_an_interface_by_its_routes(void **state)
{
    static const struct {
        int         domain;
        const char *group;
    } families[] = {{AF_INET6, GROUP}, {AF_INET, "239.193.7.7"}};

    (void)state;
    need_network();
    for (int f = 0; f < 2; f++) {
        sock_t *in  = sock_create(families[f].domain, SOCK_DGRAM, 0);
        sock_t *out = sock_create(families[f].domain, SOCK_DGRAM, 0);
        char    byte;

        assert_true(sock_bind(in, "", 0));
        assert_true(sock_set_timeout(in, 5000));
        assert_true(sock_join_group(in, families[f].group, NULL));
        assert_int_equal(
            sock_sendto(out, "x", 1, 0, families[f].group, port_of(in)), 1);
        assert_int_equal(sock_recv(in, &byte, 1, 0), 1);
        assert_true(sock_leave_group(in, families[f].group, ""));
        sock_close(in);
        sock_close(out);
    }
}

static void no_route_and_no_interface_is_told(void **state)
{
    sock_t *s;

    (void)state;
    need_network();
    s = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_fails(s, sock_join_group(s, "239.255.7.7", NULL), ENODEV);
    assert_fails(s, sock_leave_group(s, "239.255.7.7", NULL), ENODEV);
    sock_close(s);
}

/* Links of less than 1,280 bytes carry none. */
static void an_interface_without_ipv6_has_no_such_addresses(void **state)
{
    sock_t *s;

    (void)state;
    need_network();
    s = sock_create(AF_INET6, SOCK_DGRAM, 0);
    assert_true(netns_run("ip link add na mtu 1000 type veth peer name nb"));
    assert_fails(s, sock_join_group(s, GROUP, "na"), EADDRNOTAVAIL);
    assert_fails(s, sock_join_source_group(s, GROUP, A, "na"), EADDRNOTAVAIL);
    assert_true(netns_run("ip link del na"));
    sock_close(s);
}

/* ---- chosen sources ---- */

static void only_the_chosen_source_is_heard(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_source_group(x.in, GROUP, A, "vb"));
    say(&x, x.b, "from b");
    say(&x, x.a, "from a");
    hear(&x, "from a");
    assert_fails(x.in, sock_join_source_group(x.in, GROUP, A, "vb"),
                 EADDRNOTAVAIL);
    assert_true(sock_leave_source_group(x.in, GROUP, A, "vb"));
    assert_true(sock_join_source_group(x.in, GROUP, B, "vb"));
    say(&x, x.a, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    assert_true(sock_leave_group(x.in, GROUP, "vb"));
    say(&x, x.b, "from b");
    hear_no_more(&x);
    close_air(&x);
}

static void a_blocked_source_is_not_heard_until_unblocked(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_group(x.in, GROUP, "vb"));
    assert_true(sock_block_source(x.in, GROUP, A, "vb"));
    say(&x, x.a, "from a");
    say(&x, x.b, "from b");
    hear(&x, "from b");
    hear_no_more(&x);
    assert_fails(x.in, sock_block_source(x.in, GROUP, A, "vb"), EADDRNOTAVAIL);
    assert_true(sock_unblock_source(x.in, GROUP, A, "vb"));
    say(&x, x.a, "from a");
    hear(&x, "from a");
    assert_fails(x.in, sock_unblock_source(x.in, GROUP, A, "vb"),
                 EADDRNOTAVAIL);
    close_air(&x);
}

static void a_member_for_any_source_cannot_choose(void **state)
{
    static const char *const interfaces[] = {"vb", NULL};
    struct air               x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_group(x.in, GROUP, "vb"));
    for (int i = 0; i < 2; i++) {
        assert_fails(x.in,
                     sock_join_source_group(x.in, GROUP, B, interfaces[i]),
                     EINVAL);
        assert_fails(x.in,
                     sock_leave_source_group(x.in, GROUP, B, interfaces[i]),
                     EINVAL);
        say(&x, x.a, "from a");
        hear(&x, "from a");
    }
    assert_true(sock_join_source_group(x.in, GROUP, B, "va"));
    close_air(&x);
}

static void calls_that_do_not_fit_what_is_joined_are_told(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_fails(x.in, sock_block_source(x.in, GROUP, A, "vb"), EINVAL);
    assert_fails(x.in, sock_unblock_source(x.in, GROUP, A, "vb"), EINVAL);
    assert_fails(x.in, sock_leave_source_group(x.in, GROUP, A, "vb"), EINVAL);
    assert_true(sock_join_source_group(x.in, GROUP, A, "vb"));
    assert_fails(x.in, sock_join_group(x.in, GROUP, "vb"), EADDRINUSE);
    assert_fails(x.in, sock_block_source(x.in, GROUP, A, "vb"), EINVAL);
    assert_fails(x.in, sock_leave_source_group(x.in, GROUP, B, "vb"),
                 EADDRNOTAVAIL);
    close_air(&x);
}

static void too_many_memberships_are_told(void **state)
{
    char    group[INET6_ADDRSTRLEN];
    sock_t *s;
    int     count = 0;

    (void)state;
    need_network();
    s = sock_create(AF_INET6, SOCK_DGRAM, 0);
    do {
        snprintf(group, sizeof group, "ff15::7:%x", count);
    } while (sock_join_group(s, group, "lo") && ++count < 50000);
    if (count < 50000)
        assert_int_equal(sock_last_error(s), ENOBUFS);
    sock_close(s);
    if (count < 50000)
        return;
    printf("SKIPPED: the system has no limit\n");
    skip();
}

/* ---- how datagrams are sent ---- */

static void
without_loop_a_member_on_the_same_interface_hears_nothing(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    assert_true(sock_join_group(x.in, GROUP, "va"));
    assert_true(sock_set_multicast_loop(x.a, false));
    say(&x, x.a, "unlooped");
    hear_no_more(&x);
    assert_true(sock_set_multicast_loop(x.a, true));
    say(&x, x.a, "looped");
    hear(&x, "looped");
    close_air(&x);
}

/* IPv4 on one interface; the address is va's, told by the system as va:1's. */
static void without_loop_ipv4_is_silent_too(void **state)
{
    struct air x                 = {NULL, NULL, NULL, 0};
    char       from[IF_NAMESIZE] = "";

    (void)state;
    need_network();
    x.in = sock_create(AF_INET, SOCK_DGRAM, 0);
    x.a  = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_bind(x.in, "", 0));
    assert_true(sock_set_timeout(x.in, 5000));
    x.port = port_of(x.in);
    assert_true(sock_join_group(x.in, "239.193.7.7", "va"));
    assert_true(sock_set_multicast_interface(x.a, "va"));
    assert_true(sock_get_multicast_interface(x.a, from, sizeof from));
    assert_string_equal(from, "va");
    assert_true(sock_set_multicast_loop(x.a, false));
    say_to(&x, x.a, "239.193.7.7", "unlooped");
    assert_true(sock_set_multicast_loop(x.a, true));
    say_to(&x, x.a, "239.193.7.7", "looped");
    hear(&x, "looped");
    close_air(&x);
}

static void the_interface_decides_where_datagrams_go(void **state)
{
    struct air x;

    (void)state;
    open_air(&x);
    sock_close(x.a);
    x.a = sock_create(AF_INET6, SOCK_DGRAM, 0);
    assert_true(sock_join_group(x.in, GROUP, "vb"));
    assert_true(sock_set_multicast_loop(x.a, false));
    assert_true(sock_set_multicast_interface(x.a, "vb"));
    say(&x, x.a, "to va");
    assert_true(sock_set_multicast_interface(x.a, "va"));
    say(&x, x.a, "to vb");
    hear(&x, "to vb");
    close_air(&x);
}

/* Used all the same: the route would lead to va. */
static void an_interface_without_ipv4_reads_back_as_none(void **state)
{
    char    name[IF_NAMESIZE] = "x", byte;
    sock_t *s, *in;

    (void)state;
    need_network();
    s  = sock_create(AF_INET, SOCK_DGRAM, 0);
    in = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_set_multicast_interface(s, "vb"));
    assert_true(sock_get_multicast_interface(s, name, sizeof name));
    assert_string_equal(name, "");
    assert_true(sock_bind(in, "", 0));
    assert_true(sock_set_timeout(in, 5000));
    assert_true(sock_join_group(in, "239.193.7.7", "vb"));
    assert_int_equal(sock_sendto(s, "x", 1, 0, "239.193.7.7", port_of(in)), 1);
    assert_int_equal(sock_recv(in, &byte, 1, 0), 1);
    sock_close(s);
    sock_close(in);
}

static void an_interface_that_is_gone_reads_back_as_its_number(void **state)
{
    char    name[IF_NAMESIZE] = "", number[16];
    sock_t *s;

    (void)state;
    need_network();
    s = sock_create(AF_INET6, SOCK_DGRAM, 0);
    assert_true(netns_run("ip link add na type veth peer name nb"));
    snprintf(number, sizeof number, "%u", if_nametoindex("na"));
    assert_true(sock_set_multicast_interface(s, "na"));
    assert_true(netns_run("ip link del na"));
    assert_true(sock_get_multicast_interface(s, name, sizeof name));
    assert_string_equal(name, number);
    assert_fails(s, sock_set_multicast_interface(s, number), ENODEV);
    sock_close(s);
}

static void a_socket_bound_to_an_interface_sends_through_no_other(void **state)
{
    static const int families[] = {AF_INET, AF_INET6};

    (void)state;
    need_network();
    for (int f = 0; f < 2; f++) {
        sock_t *s = sock_create(families[f], SOCK_DGRAM, 0);

        assert_true(sock_set_option(s, SOL_SOCKET, SO_BINDTODEVICE, "vb", 2));
        assert_fails(s, sock_set_multicast_interface(s, "va"), EINVAL);
        assert_true(sock_set_multicast_interface(s, "vb"));
        assert_true(sock_set_multicast_interface(s, NULL));
        sock_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_receives_until_it_leaves),
        cmocka_unit_test(groups_of_every_scope_cross_the_wire),
        cmocka_unit_test(a_group_of_the_interface_alone_stays_there),
        cmocka_unit_test(the_other_end_of_the_wire_is_another_interface),
        cmocka_unit_test(an_interface_has_a_number_and_a_name),
        cmocka_unit_test(a_scope_names_the_interface),
        cmocka_unit_test(a_scope_and_an_interface_must_agree),
        cmocka_unit_test(the_system_chooses_an_interface_by_its_routes),
        cmocka_unit_test(no_route_and_no_interface_is_told),
        cmocka_unit_test(an_interface_without_ipv6_has_no_such_addresses),
        cmocka_unit_test(only_the_chosen_source_is_heard),
        cmocka_unit_test(a_blocked_source_is_not_heard_until_unblocked),
        cmocka_unit_test(a_member_for_any_source_cannot_choose),
        cmocka_unit_test(calls_that_do_not_fit_what_is_joined_are_told),
        cmocka_unit_test(too_many_memberships_are_told),
        cmocka_unit_test(
            without_loop_a_member_on_the_same_interface_hears_nothing),
        cmocka_unit_test(without_loop_ipv4_is_silent_too),
        cmocka_unit_test(the_interface_decides_where_datagrams_go),
        cmocka_unit_test(an_interface_without_ipv4_reads_back_as_none),
        cmocka_unit_test(an_interface_that_is_gone_reads_back_as_its_number),
        cmocka_unit_test(a_socket_bound_to_an_interface_sends_through_no_other),
    };

    return cmocka_run_group_tests_name("multicast6", tests, set_up,
                                       compare_descriptors);
}
