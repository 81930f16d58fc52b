/* test_option_kinds.c - proves that options of every kind go through and do
 * what they are for, and what the system says of an option on a socket that
 * has no use for it.
 *
 * An option that the system lacks is skipped. The errors for a wrong kind of
 * socket are the system's own: they stand here for documentation.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <limits.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        sock_clear_error(s);                                                   \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

static int get(sock_t *s, int level, int option)
{
    int value = -99;

    assert_true(sock_get_option_int(s, level, option, &value));
    return value;
}

/* What just failed on s: only for want of the option, or of the right? */
static void skip_option(sock_t *s, const char *name)
{
    int error = sock_last_error(s);

    if (error != ENOPROTOOPT && error != EPERM)
        fail_msg("%s: %s", name, sock_last_message(s));
    printf("SKIPPED: %s: %s\n", name, sock_strerror(error));
}

/* ---- numbers ---- */

static const struct number {
    const char *name;
    int         domain, type, level, option, value;
} numbers[] = {
#define TCP(o, v)                                                              \
    {                                                                          \
#o, AF_INET, SOCK_STREAM, SOL_TCP, o, v                                \
    }
#define UDP(o, v)                                                              \
    {                                                                          \
#o, AF_INET, SOCK_DGRAM, SOL_UDP, o, v                                 \
    }
#define IP4(o, v)                                                              \
    {                                                                          \
#o, AF_INET, SOCK_DGRAM, IPPROTO_IP, o, v                              \
    }
#define IP6(o, v)                                                              \
    {                                                                          \
#o, AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, o, v                           \
    }
#define ANY(o, v)                                                              \
    {                                                                          \
#o, AF_INET, SOCK_DGRAM, SOL_SOCKET, o, v                              \
    }
    TCP(TCP_NODELAY, 1),
    TCP(TCP_CORK, 1),
    TCP(TCP_MAXSEG, 1000),
    TCP(TCP_KEEPIDLE, 31),
    TCP(TCP_KEEPINTVL, 7),
    TCP(TCP_KEEPCNT, 3),
    TCP(TCP_SYNCNT, 3),
    TCP(TCP_LINGER2, 5),
    TCP(TCP_USER_TIMEOUT, 1234),
    TCP(TCP_FASTOPEN_CONNECT, 1),
    TCP(TCP_NOTSENT_LOWAT, 4096),
    TCP(TCP_QUICKACK, 0),
    UDP(UDP_CORK, 1),
    UDP(UDP_SEGMENT, 1200),
    UDP(UDP_GRO, 1),
    IP4(IP_TTL, 9),
    IP4(IP_TOS, 0x10),
    IP4(IP_PKTINFO, 1),
    IP4(IP_RECVTTL, 1),
    IP4(IP_RECVTOS, 1),
    IP4(IP_RECVERR, 1),
    IP4(IP_MTU_DISCOVER, IP_PMTUDISC_DO),
    IP4(IP_FREEBIND, 1),
    IP4(IP_BIND_ADDRESS_NO_PORT, 1),
    IP6(IPV6_V6ONLY, 1),
    IP6(IPV6_UNICAST_HOPS, 9),
    IP6(IPV6_TCLASS, 0x10),
    IP6(IPV6_RECVPKTINFO, 1),
    IP6(IPV6_RECVHOPLIMIT, 1),
    IP6(IPV6_RECVTCLASS, 1),
    IP6(IPV6_RECVERR, 1),
    IP6(IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO),
    ANY(SO_REUSEADDR, 1),
    ANY(SO_REUSEPORT, 1),
    ANY(SO_BROADCAST, 1),
    ANY(SO_KEEPALIVE, 1),
    ANY(SO_DONTROUTE, 1),
    ANY(SO_RCVLOWAT, 5),
    ANY(SO_PRIORITY, 5),
    ANY(SO_TIMESTAMP, 1),
    ANY(SO_RXQ_OVFL, 1),
    ANY(SO_INCOMING_CPU, 0),
    ANY(SO_ZEROCOPY, 1),
    {"SO_ZEROCOPY", AF_INET, SOCK_STREAM, SOL_SOCKET, SO_ZEROCOPY, 1},
    {"SO_PASSCRED", AF_UNIX, SOCK_DGRAM, SOL_SOCKET, SO_PASSCRED, 1},
    {"IP_TTL", AF_INET6, SOCK_DGRAM, IPPROTO_IP, IP_TTL, 9},
};

static void a_number_reads_back(void **state)
{
    (void)state;
    for (const struct number *n = numbers; n < numbers + COUNT(numbers); n++) {
        sock_t *s = sock_create(n->domain, n->type, 0);

        if (!sock_set_option_int(s, n->level, n->option, n->value))
            skip_option(s, n->name);
        else if (get(s, n->level, n->option) != n->value)
            fail_msg("%s: %d became %d", n->name, n->value,
                     get(s, n->level, n->option));
        sock_close(s);
    }
}

/* The system doubles a buffer's size, and rounds a time to retransmissions. */
static void
a_number_that_the_system_rounds_is_at_least_what_was_set(void **state)
{
    static const int options[][3] = {{SOL_SOCKET, SO_RCVBUF, 20000},
                                     {SOL_SOCKET, SO_SNDBUF, 20000},
                                     {SOL_TCP, TCP_DEFER_ACCEPT, 5}};
    sock_t          *s            = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        if (!sock_set_option_int(s, options[i][0], options[i][1],
                                 options[i][2])) {
            skip_option(s, "a rounded option");
            continue;
        }
        assert_in_range(get(s, options[i][0], options[i][1]), options[i][2],
                        options[i][2] * 2);
    }
    sock_close(s);
}

static void what_only_tells_cannot_be_set(void **state)
{
    static const int options[] = {SO_TYPE, SO_DOMAIN, SO_PROTOCOL,
                                  SO_ACCEPTCONN, SO_ERROR};
    sock_t          *s         = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    for (size_t i = 0; i < COUNT(options); i++)
        assert_fails(s, sock_set_option_int(s, SOL_SOCKET, options[i], 1),
                     ENOPROTOOPT);
    assert_fails(s, sock_set_option_int(s, SOL_TCP, TCP_INFO, 1), ENOPROTOOPT);
    sock_close(s);
}

/* ---- the wrong kind of socket ---- */

static const struct wrong {
    const char *name;
    int         domain, type, level, option, error;
} wrongs[] = {
#define WRONG(d, t, l, o, e)                                                   \
    {                                                                          \
#o, AF_##d, SOCK_##t, l, o, e                                          \
    }
    WRONG(INET, DGRAM, SOL_TCP, TCP_NODELAY, ENOPROTOOPT),
    WRONG(INET6, DGRAM, SOL_TCP, TCP_NODELAY, ENOPROTOOPT),
    WRONG(UNIX, STREAM, SOL_TCP, TCP_NODELAY, EOPNOTSUPP),
    WRONG(UNIX, DGRAM, SOL_TCP, TCP_NODELAY, EOPNOTSUPP),
    WRONG(INET, STREAM, SOL_UDP, UDP_SEGMENT, ENOPROTOOPT),
    WRONG(INET, DGRAM, IPPROTO_IPV6, IPV6_V6ONLY, ENOPROTOOPT),
    WRONG(INET, STREAM, IPPROTO_IPV6, IPV6_V6ONLY, ENOPROTOOPT),
    WRONG(UNIX, STREAM, IPPROTO_IPV6, IPV6_V6ONLY, EOPNOTSUPP),
    WRONG(UNIX, DGRAM, IPPROTO_IP, IP_TTL, EOPNOTSUPP),
    WRONG(UNIX, DGRAM, IPPROTO_IP, IP_PKTINFO, EOPNOTSUPP),
    WRONG(UNIX, STREAM, SOL_SOCKET, SO_ZEROCOPY, EOPNOTSUPP),
};

static void an_option_of_another_kind_of_socket_is_refused(void **state)
{
    (void)state;
    for (const struct wrong *w = wrongs; w < wrongs + COUNT(wrongs); w++) {
        sock_t *s = sock_create(w->domain, w->type, 0);

        assert_false(sock_set_option_int(s, w->level, w->option, 1));
        if (sock_last_error(s) != w->error)
            fail_msg("%s: %s", w->name, sock_last_message(s));
        sock_close(s);
    }
}

/* Linux uses both codes, at SOL_SOCKET none: there it tells the usual. */
static void reading_an_option_of_another_kind_is_refused(void **state)
{
    (void)state;
    for (const struct wrong *w = wrongs; w < wrongs + COUNT(wrongs); w++) {
        sock_t *s     = sock_create(w->domain, w->type, 0);
        int     value = 42;

        if (w->level != SOL_SOCKET) {
            assert_false(sock_get_option_int(s, w->level, w->option, &value));
            assert_true(sock_last_error(s) == ENOPROTOOPT ||
                        sock_last_error(s) == EOPNOTSUPP);
            assert_int_equal(value, 42);
        }
        sock_close(s);
    }
}

static void numbers_out_of_range_are_refused(void **state)
{
    static const struct {
        int level, option, value;
    } bad[] = {
        {IPPROTO_IP, IP_TTL, 256},        {IPPROTO_IP, IP_TTL, 0},
        {SOL_TCP, TCP_MAXSEG, 1},         {SOL_TCP, TCP_KEEPCNT, 128},
        {SOL_TCP, TCP_SYNCNT, 0},         {SOL_TCP, TCP_USER_TIMEOUT, -1},
        {IPPROTO_IP, IP_MTU_DISCOVER, 99}};
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_fails(
            s,
            sock_set_option_int(s, bad[i].level, bad[i].option, bad[i].value),
            EINVAL);
    sock_close(s);
}

/* ---- texts ---- */

static void a_congestion_control_is_set_by_name(void **state)
{
    sock_t *s        = sock_create(AF_INET, SOCK_STREAM, 0);
    char    name[32] = "";
    size_t  size     = sizeof name;

    (void)state;
    if (!sock_set_option(s, SOL_TCP, TCP_CONGESTION, "reno", 4)) {
        skip_option(s, "TCP_CONGESTION");
        sock_close(s);
        skip();
    }
    assert_true(sock_get_option(s, SOL_TCP, TCP_CONGESTION, name, &size));
    assert_string_equal(name, "reno");
    assert_fails(s, sock_set_option(s, SOL_TCP, TCP_CONGESTION, "nosuch", 6),
                 ENOENT);
    assert_fails(s, sock_set_option(s, SOL_TCP, TCP_CONGESTION, "", 0), EINVAL);
    size = sizeof name;
    assert_true(sock_get_option(s, SOL_TCP, TCP_CONGESTION, name, &size));
    assert_string_equal(name, "reno");
    sock_close(s);
}

static bool bind_to_device(sock_t *s, const char *name)
{
    return sock_set_option(s, SOL_SOCKET, SO_BINDTODEVICE, name, strlen(name));
}

static void is_bound_to_device(sock_t *s, const char *wanted)
{
    char   name[IF_NAMESIZE + 1] = "";
    size_t size                  = IF_NAMESIZE;

    assert_true(sock_get_option(s, SOL_SOCKET, SO_BINDTODEVICE, name, &size));
    assert_string_equal(name, wanted);
    assert_true(size <= strlen(wanted) + 1);
}

/* A name that is too long is cut by the system, and then missing. */
static void a_device_is_set_by_name(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    is_bound_to_device(s, "");
    if (!bind_to_device(s, "lo")) {
        skip_option(s, "SO_BINDTODEVICE");
        sock_close(s);
        skip();
    }
    is_bound_to_device(s, "lo");
    if (!geteuid()) {
        assert_fails(s, bind_to_device(s, "nosuch0"), ENODEV);
        assert_fails(s, bind_to_device(s, "a-name-of-more-than-16-bytes"),
                     ENODEV);
        is_bound_to_device(s, "lo");
        assert_true(bind_to_device(s, ""));
        is_bound_to_device(s, "");
    }
    sock_close(s);
}

static void a_room_too_short_for_a_device_is_refused(void **state)
{
    sock_t *s       = sock_create(AF_INET, SOCK_STREAM, 0);
    char    name[2] = "";
    size_t  size    = sizeof name;

    (void)state;
    if (!bind_to_device(s, "lo")) {
        skip_option(s, "SO_BINDTODEVICE");
        sock_close(s);
        skip();
    }
    assert_fails(s,
                 sock_get_option(s, SOL_SOCKET, SO_BINDTODEVICE, name, &size),
                 EINVAL);
    assert_int_equal(size, sizeof name);
    sock_close(s);
}

/* ---- sharing a port ---- */

static void reuseport_lets_two_sockets_have_one_port(void **state)
{
    sock_t *s[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        s[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_set_option_int(s[0], SOL_SOCKET, SO_REUSEPORT, 1));
    assert_true(sock_set_option_int(s[1], SOL_SOCKET, SO_REUSEPORT, 1));
    assert_true(sock_bind(s[0], "127.0.0.1", 0));
    assert_true(sock_bind(s[1], "127.0.0.1", port_of(s[0])));
    assert_fails(s[2], sock_bind(s[2], "127.0.0.1", port_of(s[0])), EADDRINUSE);
    for (int i = 0; i < 3; i++)
        sock_close(s[i]);
}

static void v6only_leaves_the_port_to_ipv4(void **state)
{
    sock_t *s4   = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *both = sock_create(AF_INET6, SOCK_STREAM, 0);
    sock_t *only = sock_create(AF_INET6, SOCK_STREAM, 0);

    (void)state;
    assert_true(sock_set_option_int(both, IPPROTO_IPV6, IPV6_V6ONLY, 0));
    assert_true(sock_set_option_int(only, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    assert_true(sock_bind(s4, "0.0.0.0", 0));
    assert_fails(both, sock_bind(both, "::", port_of(s4)), EADDRINUSE);
    assert_true(sock_bind(only, "::", port_of(s4)));
    assert_true(sock_listen(s4, 1) && sock_listen(only, 1));
    assert_fails(only, sock_set_option_int(only, IPPROTO_IPV6, IPV6_V6ONLY, 0),
                 EINVAL);
    sock_close(s4);
    sock_close(both);
    sock_close(only);
}

static void defer_accept_waits_for_the_first_bytes(void **state)
{
    sock_t *server   = sock_create_listen(0, 1);
    sock_t *client   = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *accepted = NULL;

    (void)state;
    if (!sock_set_option_int(server, SOL_TCP, TCP_DEFER_ACCEPT, 30)) {
        skip_option(server, "TCP_DEFER_ACCEPT");
    } else {
        assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
        assert_false(is_readable(server));
        put(client, "x");
        wait_readable(server);
        accepted = sock_accept(server);
        assert_non_null(accepted);
    }
    sock_close(accepted);
    sock_close(client);
    sock_close(server);
}

/* ---- filters ---- */

/* A receiver that waits at most some seconds, and its sender. */
static void udp_pair(sock_t *pair[2])
{
    pair[0] = sock_create(AF_INET, SOCK_DGRAM, 0);
    pair[1] = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_bind(pair[1], "127.0.0.1", 0));
    assert_true(sock_set_timeout(pair[1], 5000));
    assert_true(sock_connect(pair[0], "127.0.0.1", port_of(pair[1])));
}

/* A program that keeps `bytes` of every datagram, its UDP header of 8 bytes
 * included; 0 drops it. */
static bool attach(sock_t *s, int option, unsigned bytes)
{
    struct sock_filter       code = BPF_STMT(BPF_RET | BPF_K, bytes);
    static struct sock_fprog program; /* its padding is sent, too */

    program.len    = 1;
    program.filter = &code;
    return sock_set_option(s, SOL_SOCKET, option, &program, sizeof program);
}

static void a_filter_drops_or_passes_datagrams(void **state)
{
    sock_t *pair[2];
    char    in[16] = "";

    (void)state;
    udp_pair(pair);
    if (!attach(pair[1], SO_ATTACH_FILTER, 0)) {
        skip_option(pair[1], "SO_ATTACH_FILTER");
    } else {
        put(pair[0], "dropped");
        assert_true(attach(pair[1], SO_ATTACH_FILTER, UINT_MAX));
        put(pair[0], "passed");
        assert_int_equal(sock_recv(pair[1], in, sizeof in, 0), 6);
        assert_memory_equal(in, "passed", 6);
        assert_true(attach(pair[1], SO_ATTACH_FILTER, 8 + 3));
        put(pair[0], "shortened");
        assert_int_equal(sock_recv(pair[1], in, sizeof in, 0), 3);
    }
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_detached_filter_drops_no_more(void **state)
{
    sock_t *pair[2];
    char    in[16] = "";

    (void)state;
    udp_pair(pair);
    if (!attach(pair[1], SO_ATTACH_FILTER, 0)) {
        skip_option(pair[1], "SO_ATTACH_FILTER");
    } else {
        put(pair[0], "dropped");
        assert_true(
            sock_set_option_int(pair[1], SOL_SOCKET, SO_DETACH_FILTER, 0));
        put(pair[0], "passed");
        assert_int_equal(sock_recv(pair[1], in, sizeof in, 0), 6);
        assert_memory_equal(in, "passed", 6);
        assert_fails(
            pair[1],
            sock_set_option_int(pair[1], SOL_SOCKET, SO_DETACH_FILTER, 0),
            ENOENT);
    }
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void a_filter_that_is_none_is_refused(void **state)
{
    static struct sock_filter endless = BPF_STMT(BPF_LD | BPF_IMM, 0);
    static struct sock_fprog  program = {1, &endless};
    sock_t                   *s       = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    if (!attach(s, SO_ATTACH_FILTER, 0)) {
        skip_option(s, "SO_ATTACH_FILTER");
    } else {
        assert_fails(s,
                     sock_set_option(s, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                                     sizeof program),
                     EINVAL);
        assert_fails(s,
                     sock_set_option(s, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                                     sizeof program - 1),
                     EINVAL);
    }
    sock_close(s);
}

/* The program's result is the number of the socket, in order of binding. */
static void a_filter_chooses_among_sockets_of_one_port(void **state)
{
    sock_t *pair[2], *third = sock_create(AF_INET, SOCK_DGRAM, 0);
    char    byte;

    (void)state;
    pair[0] = sock_create(AF_INET, SOCK_DGRAM, 0);
    pair[1] = sock_create(AF_INET, SOCK_DGRAM, 0);
    for (int i = 0; i < 2; i++) {
        assert_true(sock_set_option_int(pair[i], SOL_SOCKET, SO_REUSEPORT, 1));
        assert_true(sock_bind(pair[i], "127.0.0.1", i ? port_of(pair[0]) : 0));
        assert_true(sock_set_timeout(pair[i], 5000));
    }
    assert_true(sock_connect(third, "127.0.0.1", port_of(pair[0])));
    for (unsigned i = 0; i < 2; i++) {
        if (!attach(pair[0], SO_ATTACH_REUSEPORT_CBPF, i)) {
            skip_option(pair[0], "SO_ATTACH_REUSEPORT_CBPF");
            break;
        }
        put(third, "x");
        assert_int_equal(sock_recv(pair[i], &byte, 1, 0), 1);
    }
    sock_close(pair[0]);
    sock_close(pair[1]);
    sock_close(third);
}

/* ---- times ---- */

static bool set_time(sock_t *s, int option, long seconds, long microseconds)
{
    struct timeval t = {seconds, microseconds};

    return sock_set_option(s, SOL_SOCKET, option, &t, sizeof t);
}

static int64_t time_of(sock_t *s, int option)
{
    struct timeval t    = {0, 0};
    size_t         size = sizeof t;

    assert_true(sock_get_option(s, SOL_SOCKET, option, &t, &size));
    assert_int_equal(size, sizeof t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static void times_set_one_way_read_back_the_other(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_true(sock_set_timeout(s, 1500));
    assert_int_equal(time_of(s, SO_RCVTIMEO), 1500000);
    assert_int_equal(time_of(s, SO_SNDTIMEO), 1500000);
    assert_true(set_time(s, SO_SNDTIMEO, 2, 0));
    assert_int_equal(time_of(s, SO_RCVTIMEO), 1500000);
    assert_int_equal(time_of(s, SO_SNDTIMEO), 2000000);
    assert_true(sock_set_timeout(s, 7));
    assert_int_equal(time_of(s, SO_SNDTIMEO), 7000);
    assert_true(set_time(s, SO_RCVTIMEO, 0, 0));
    assert_int_equal(time_of(s, SO_RCVTIMEO), 0);
    assert_int_equal(time_of(s, SO_SNDTIMEO), 7000);
    sock_close(s);
}

/* In milliseconds, never shorter than asked for. */
static void a_time_is_rounded_up(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_true(set_time(s, SO_RCVTIMEO, 0, 1));
    assert_int_equal(time_of(s, SO_RCVTIMEO), 1000);
    assert_true(set_time(s, SO_RCVTIMEO, 3, 999001));
    assert_int_equal(time_of(s, SO_RCVTIMEO), 4000000);
    sock_close(s);
}

static void a_time_for_reading_is_for_reading_alone(void **state)
{
    sock_t *pair[2];
    char    byte;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_true(set_time(pair[0], SO_RCVTIMEO, 0, 20000));
    assert_int_equal(sock_recv(pair[0], &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(pair[0]), ETIMEDOUT);
    assert_true(set_time(pair[0], SO_RCVTIMEO, 60, 0));
    assert_true(set_time(pair[0], SO_SNDTIMEO, 0, 20000));
    fill(pair[0]);
    assert_int_equal(sock_send(pair[0], "x", 1, 0), -1);
    assert_int_equal(sock_last_error(pair[0]), ETIMEDOUT);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_reads_back),
        cmocka_unit_test(
            a_number_that_the_system_rounds_is_at_least_what_was_set),
        cmocka_unit_test(what_only_tells_cannot_be_set),
        cmocka_unit_test(an_option_of_another_kind_of_socket_is_refused),
        cmocka_unit_test(reading_an_option_of_another_kind_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_congestion_control_is_set_by_name),
        cmocka_unit_test(a_device_is_set_by_name),
        cmocka_unit_test(a_room_too_short_for_a_device_is_refused),
        cmocka_unit_test(reuseport_lets_two_sockets_have_one_port),
        cmocka_unit_test(v6only_leaves_the_port_to_ipv4),
        cmocka_unit_test(defer_accept_waits_for_the_first_bytes),
        cmocka_unit_test(a_filter_drops_or_passes_datagrams),
        cmocka_unit_test(a_detached_filter_drops_no_more),
        cmocka_unit_test(a_filter_that_is_none_is_refused),
        cmocka_unit_test(a_filter_chooses_among_sockets_of_one_port),
        cmocka_unit_test(times_set_one_way_read_back_the_other),
        cmocka_unit_test(a_time_is_rounded_up),
        cmocka_unit_test(a_time_for_reading_is_for_reading_alone),
    };

    return cmocka_run_group_tests_name("option kinds", tests, count_descriptors,
                                       compare_descriptors);
}
