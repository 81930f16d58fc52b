/* test_fit.c - proves that sockets have what a context asks for, as the system
 * itself tells, and nothing that it does not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/fit.h"

#include "core/addr.h"
#include "core/handle.h"

#include "support/net.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* What a test asks for, from the defaults on. */
static sock_context_t    *context;
static struct sk_options *o;

static int set_up(void **state)
{
    (void)state;
    context = sock_context_create();
    SK_ASSERT(context);
    o = &context->options;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sock_context_free(context);
    return 0;
}

static int get(const struct sk_sock *s, int level, int option)
{
    int    value = -99;
    size_t size  = sizeof value;

    assert_int_equal(sk_plat_get_option(s->fd, level, option, &value, &size),
                     0);
    return value;
}

typedef sk_err fit_fn(int domain, int type, const struct sk_options *options,
                      struct sk_sock **out);

static struct sk_sock *fitted(fit_fn *fit, int domain, int type)
{
    struct sk_sock *s   = NULL;
    sk_err          err = fit(domain, type, o, &s);

    if (err)
        fail_msg("%s", sock_strerror(err));
    assert_non_null(s);
    assert_int_equal(s->domain, domain);
    assert_int_equal(s->type, type & ~SOCK_NONBLOCK);
    return s;
}

static void refuses(fit_fn *fit, int domain, int type, sk_err code)
{
    struct sk_sock *s = (void *)&s;

    assert_int_equal(fit(domain, type, o, &s), code);
    assert_null(s);
}

#define client(domain, type) fitted(sk_fit_client, domain, type)
#define server(domain, type) fitted(sk_fit_server, domain, type)

/* ---- the options of TCP ---- */

static void set_everything_of_tcp(void)
{
    o->tcp_nodelay   = true;
    o->keepalive     = true;
    o->tcp_keepidle  = 77;
    o->tcp_keepintvl = 7;
    o->tcp_keepcnt   = 5;
}

static void assert_everything_of_tcp(const struct sk_sock *s)
{
    assert_int_equal(get(s, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(get(s, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_KEEPIDLE), 77);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_KEEPCNT), 5);
}

static void assert_plain_tcp(const struct sk_sock *s)
{
    assert_int_equal(get(s, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_equal(get(s, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    assert_int_equal(get(s, SOL_SOCKET, SO_REUSEPORT), 0);
    assert_int_equal(get(s, SOL_SOCKET, SO_BROADCAST), 0);
}

static void without_options_a_socket_is_plain(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6};

    (void)state;
    for (size_t i = 0; i < SK_COUNT(domains); i++) {
        struct sk_sock *c = client(domains[i], SOCK_STREAM);
        struct sk_sock *s = server(domains[i], SOCK_STREAM);

        assert_plain_tcp(c);
        assert_plain_tcp(s);
        assert_int_equal(get(c, SOL_SOCKET, SO_REUSEADDR), 0);
        assert_int_equal(get(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT), 0);
        assert_int_equal(get(s, IPPROTO_TCP, TCP_FASTOPEN), 0);
        sk_handle_discard(c);
        sk_handle_discard(s);
    }
}

static void a_client_has_the_options_of_tcp(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6};

    (void)state;
    set_everything_of_tcp();
    o->user_timeout = 1234;
    for (size_t i = 0; i < SK_COUNT(domains); i++) {
        struct sk_sock *s = client(domains[i], SOCK_STREAM);

        assert_everything_of_tcp(s);
        assert_int_equal(get(s, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
        sk_handle_discard(s);
    }
}

static void the_whole_range_is_taken_by_the_system(void **state)
{
    struct sk_sock *s;

    (void)state;
    o->tcp_keepidle = o->tcp_keepintvl = 32767;
    o->tcp_keepcnt                     = 127;
    o->user_timeout                    = INT_MAX;
    s                                  = client(AF_INET, SOCK_STREAM);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_KEEPIDLE), 32767);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_USER_TIMEOUT), INT_MAX);
    sk_handle_discard(s);
    o->tcp_keepidle = o->tcp_keepintvl = o->tcp_keepcnt = 1;
    o->user_timeout                                     = 0;
    s = client(AF_INET, SOCK_STREAM);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_KEEPCNT), 1);
    sk_handle_discard(s);
}

static void a_refused_option_is_a_failure(void **state)
{
    int before = open_descriptors();

    (void)state;
    o->tcp_keepcnt = 128; /* more than the system takes */
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EINVAL);
    refuses(sk_fit_server, AF_INET, SOCK_STREAM, EINVAL);
    assert_int_equal(open_descriptors(), before);
}

static void a_socket_may_be_non_blocking(void **state)
{
    struct sk_sock *s;

    (void)state;
    set_everything_of_tcp();
    o->mptcp = SK_TRY;
    s        = client(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    assert_everything_of_tcp(s);
    assert_true(sk_sock_flags(s) & SK_NONBLOCK);
    sk_handle_discard(s);
}

/* ---- servers ---- */

static void a_server_of_tcp_takes_its_address_again(void **state)
{
    struct sk_sock *s = server(AF_INET, SOCK_STREAM);

    (void)state;
    assert_int_equal(get(s, SOL_SOCKET, SO_REUSEADDR), 1);
    sk_handle_discard(s);
    o->so_reuseaddr = 0;
    s               = server(AF_INET, SOCK_STREAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_REUSEADDR), 0);
    sk_handle_discard(s);
}

static void a_server_of_udp_does_so_when_asked(void **state)
{
    struct sk_sock *s = server(AF_INET, SOCK_DGRAM);

    (void)state;
    assert_int_equal(get(s, SOL_SOCKET, SO_REUSEADDR), 0);
    sk_handle_discard(s);
    o->so_reuseaddr = 1;
    s               = server(AF_INET6, SOCK_DGRAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_REUSEADDR), 1);
    sk_handle_discard(s);
}

static void servers_share_a_port_when_asked(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    o->so_reuseport = true;
    for (size_t i = 0; i < SK_COUNT(types); i++) {
        struct sk_sock *a = server(AF_INET, types[i]);
        struct sk_sock *b = server(AF_INET, types[i]);
        struct sk_addr  at;

        assert_int_equal(get(a, SOL_SOCKET, SO_REUSEPORT), 1);
        assert_int_equal(sk_addr_parse(AF_INET, "127.0.0.1", 0, &at), 0);
        assert_int_equal(sk_plat_bind(a->fd, &at), 0);
        assert_int_equal(sk_plat_sockname(a->fd, &at), 0);
        assert_int_equal(sk_plat_bind(b->fd, &at), 0);
        sk_handle_discard(a);
        sk_handle_discard(b);
    }
}

static void a_server_of_ipv6_says_whether_it_takes_ipv4(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    for (size_t i = 0; i < SK_COUNT(types); i++) {
        struct sk_sock *s = server(AF_INET6, types[i]);

        assert_int_equal(get(s, IPPROTO_IPV6, IPV6_V6ONLY), 0);
        sk_handle_discard(s);
        o->ipv6_v6only = true;
        s              = server(AF_INET6, types[i]);
        assert_int_equal(get(s, IPPROTO_IPV6, IPV6_V6ONLY), 1);
        sk_handle_discard(s);
        s = server(AF_INET, types[i]); /* it has nothing to say */
        sk_handle_discard(s);
        o->ipv6_v6only = false;
    }
}

/* A server at 127.0.0.1, whose address goes to *at. */
static struct sk_sock *listener(struct sk_addr *at)
{
    struct sk_sock *s = server(AF_INET, SOCK_STREAM);

    assert_int_equal(sk_addr_parse(AF_INET, "127.0.0.1", 0, at), 0);
    assert_int_equal(sk_plat_bind(s->fd, at), 0);
    assert_int_equal(sk_plat_listen(s->fd, o->backlog), 0);
    assert_int_equal(sk_plat_sockname(s->fd, at), 0);
    return s;
}

/* The connection that l accepts from c, a connected client. */
static struct sk_sock *accepted(const struct sk_sock *l, struct sk_sock *c,
                                const struct sk_addr *at)
{
    struct sk_sock *s = NULL;

    assert_int_equal(sk_plat_connect(c->fd, at), 0);
    SK_ASSERT(!sk_handle_reserve(&s));
    assert_int_equal(sk_plat_accept(l->fd, NULL, &s->fd), 0);
    s->domain = AF_INET;
    s->type   = SOCK_STREAM;
    assert_int_equal(sk_fit_accepted(s, o), 0);
    return s;
}

static void an_accepted_socket_has_its_servers_options(void **state)
{
    struct sk_addr  at;
    struct sk_sock *l, *c, *s;

    (void)state;
    set_everything_of_tcp();
    o->user_timeout = 1234;
    l               = listener(&at);
    c               = client(AF_INET, SOCK_STREAM);
    s               = accepted(l, c, &at);
    assert_everything_of_tcp(s);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
    sk_handle_discard(s);
    sk_handle_discard(c);
    sk_handle_discard(l);
}

/* ---- datagrams, AF_UNIX ---- */

static void udp_broadcasts_when_asked_and_knows_no_tcp(void **state)
{
    struct sk_sock *s;

    (void)state;
    s = client(AF_INET, SOCK_DGRAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_BROADCAST), 0);
    sk_handle_discard(s);
    set_everything_of_tcp();
    o->mptcp = o->tfo = SK_REQUIRE;
    o->so_broadcast   = true;
    s                 = client(AF_INET, SOCK_DGRAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_BROADCAST), 1);
    assert_int_equal(get(s, SOL_SOCKET, SO_KEEPALIVE), 0);
    sk_handle_discard(s);
    s = server(AF_INET, SOCK_DGRAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_BROADCAST), 1);
    assert_int_equal(get(s, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
    sk_handle_discard(s);
}

static void tcp_does_not_broadcast(void **state)
{
    struct sk_sock *c, *s;

    (void)state;
    o->so_broadcast = true;
    c               = client(AF_INET, SOCK_STREAM);
    s               = server(AF_INET, SOCK_STREAM);
    assert_int_equal(get(c, SOL_SOCKET, SO_BROADCAST), 0);
    assert_int_equal(get(s, SOL_SOCKET, SO_BROADCAST), 0);
    sk_handle_discard(c);
    sk_handle_discard(s);
}

static void unix_sockets_are_left_as_they_are(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    set_everything_of_tcp();
    o->so_broadcast = o->so_reuseport = o->ipv6_v6only = true;
    o->so_reuseaddr                                    = 1;
    o->mptcp = o->tfo = SK_REQUIRE;
    assert_true(
        sock_context_set_string(context, "socket.bindto", "127.0.0.1:0"));
    for (size_t i = 0; i < SK_COUNT(types); i++) {
        struct sk_sock *c = client(AF_UNIX, types[i]);
        struct sk_sock *s = server(AF_UNIX, types[i]);

        assert_int_equal(get(c, SOL_SOCKET, SO_KEEPALIVE), 0);
        assert_int_equal(get(s, SOL_SOCKET, SO_REUSEADDR), 0);
        assert_int_equal(get(s, SOL_SOCKET, SO_REUSEPORT), 0);
        assert_int_equal(get(s, SOL_SOCKET, SO_BROADCAST), 0);
        sk_handle_discard(c);
        sk_handle_discard(s);
    }
}

static void another_domain_is_refused(void **state)
{
    (void)state;
    refuses(sk_fit_client, AF_UNSPEC, SOCK_STREAM, EAFNOSUPPORT);
    refuses(sk_fit_server, AF_PACKET, SOCK_DGRAM, EAFNOSUPPORT);
    o->mptcp = SK_TRY;
    refuses(sk_fit_client, AF_UNSPEC, SOCK_STREAM, EAFNOSUPPORT);
    o->mptcp = SK_REQUIRE;
    refuses(sk_fit_client, AF_UNSPEC, SOCK_STREAM, EAFNOSUPPORT);
}

/* ---- wishes ---- */

static bool system_has_mptcp(void)
{
    int    fd;
    sk_err err = sk_plat_socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, &fd);

    if (!err)
        sk_plat_close(fd, false);
    return !err;
}

static void mptcp_is_as_wished(void **state)
{
    int             protocol;
    struct sk_sock *s;

    (void)state;
    protocol = system_has_mptcp() ? IPPROTO_MPTCP : IPPROTO_TCP;
    set_everything_of_tcp();
    o->mptcp = SK_TRY;
    s        = client(AF_INET, SOCK_STREAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_PROTOCOL), protocol);
    assert_everything_of_tcp(s);
    sk_handle_discard(s);
    s = server(AF_INET6, SOCK_STREAM);
    assert_int_equal(get(s, SOL_SOCKET, SO_PROTOCOL), protocol);
    sk_handle_discard(s);
    o->mptcp = SK_REQUIRE;
    if (protocol == IPPROTO_TCP)
        refuses(sk_fit_client, AF_INET, SOCK_STREAM, EOPNOTSUPP);
    else
        sk_handle_discard(client(AF_INET, SOCK_STREAM));
}

/* A user timeout is refused by MPTCP and taken by TCP; a count of 128 is
 * refused by both. */
static void mptcp_gives_way_to_an_option_it_cannot_do(void **state)
{
    int before = open_descriptors();

    (void)state;
    o->user_timeout = 1234;
    o->mptcp        = SK_TRY;
    for (int i = 0; i < 2; i++) {
        struct sk_sock *s =
            fitted(i ? sk_fit_server : sk_fit_client, AF_INET, SOCK_STREAM);

        assert_int_equal(get(s, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
        sk_handle_discard(s);
    }
    o->tcp_keepcnt = 128;
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EINVAL);
    o->mptcp = SK_REQUIRE;
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EOPNOTSUPP);
    assert_int_equal(open_descriptors(), before);
}

static void an_accepted_mptcp_socket_has_its_servers_options(void **state)
{
    static const enum sk_wish clients[] = {SK_OFF, SK_TRY};
    struct sk_addr            at;
    struct sk_sock           *l, *c, *s;

    (void)state;
    set_everything_of_tcp();
    for (size_t i = 0; i < SK_COUNT(clients); i++) {
        o->mptcp = SK_TRY;
        l        = listener(&at);
        o->mptcp = clients[i];
        c        = client(AF_INET, SOCK_STREAM);
        s        = accepted(l, c, &at);
        assert_everything_of_tcp(s);
        sk_handle_discard(s);
        sk_handle_discard(c);
        sk_handle_discard(l);
    }
}

static bool system_has_fast_open(int option)
{
    int    fd, on = 1;
    sk_err err;

    SK_ASSERT(!sk_plat_socket(AF_INET, SOCK_STREAM, 0, &fd));
    err = sk_plat_set_option(fd, IPPROTO_TCP, option, &on, sizeof on);
    sk_plat_close(fd, false);
    return !err;
}

static void fast_open_of_a_client_is_as_wished(void **state)
{
    bool            there = system_has_fast_open(TCP_FASTOPEN_CONNECT);
    struct sk_sock *s;

    (void)state;
    o->tfo = SK_TRY;
    s      = client(AF_INET6, SOCK_STREAM);
    assert_int_equal(get(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT), there);
    sk_handle_discard(s);
    o->tfo = SK_REQUIRE;
    if (there)
        sk_handle_discard(client(AF_INET, SOCK_STREAM));
    else
        refuses(sk_fit_client, AF_INET, SOCK_STREAM, EOPNOTSUPP);
}

static void fast_open_of_a_server_queues_as_many_as_the_backlog(void **state)
{
    static const int queues[][2] = {{-1, 256}, {0, 256}, {1, 1}, {17, 17}};

    (void)state;
    if (!system_has_fast_open(TCP_FASTOPEN))
        skip();
    o->tfo = SK_REQUIRE;
    for (size_t i = 0; i < SK_COUNT(queues); i++) {
        struct sk_sock *s;

        o->backlog = queues[i][0];
        s          = server(AF_INET, SOCK_STREAM);
        assert_int_equal(get(s, IPPROTO_TCP, TCP_FASTOPEN), queues[i][1]);
        sk_handle_discard(s);
    }
}

/* "try" forgives what the system cannot do, not that it is out of something. */
static void no_descriptor_left_is_told_as_it_is(void **state)
{
    struct rlimit before, none;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none          = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    o->mptcp = SK_REQUIRE;
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EMFILE);
    o->mptcp = SK_TRY;
    refuses(sk_fit_server, AF_INET, SOCK_STREAM, EMFILE);
    o->mptcp = SK_OFF;
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* ---- bindto ---- */

static void bind_to(const char *text)
{
    if (!sock_context_set_string(context, "socket.bindto", text))
        fail_msg("%s", sock_last_message(NULL));
}

/* A client's own address, once it is bound. */
static const char *own_name(const struct sk_sock *s, int *port)
{
    static char    text[LIBSOCK_ADDRSTRLEN];
    struct sk_addr at;

    assert_int_equal(sk_plat_sockname(s->fd, &at), 0);
    assert_int_equal(sk_addr_text(&at, text, sizeof text, port), 0);
    return text;
}

static void bindto_is_the_clients_own_address(void **state)
{
    static const struct {
        const char *text;
        int         domain;
        const char *address;
    } all[] = {
        {"127.0.0.1:0", AF_INET, "127.0.0.1"},
        {"127.9.8.7:0", AF_INET, "127.9.8.7"},
        {"[::1]:0", AF_INET6, "::1"},
        {"0:0", AF_INET, "0.0.0.0"},
        {"0:0", AF_INET6, "::"},
        {"*:0", AF_INET, "0.0.0.0"},
        {"*:0", AF_INET6, "::"},
        {"0.0.0.0:0", AF_INET, "0.0.0.0"},
        {"[::]:0", AF_INET6, "::"},
    };
    int port;

    (void)state;
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        struct sk_sock *s;

        bind_to(all[i].text);
        s = client(all[i].domain, SOCK_STREAM);
        assert_string_equal(own_name(s, &port), all[i].address);
        assert_int_equal(port, 0); /* the system chooses when it connects */
        assert_int_equal(get(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT), 1);
        sk_handle_discard(s);
        s = client(all[i].domain, SOCK_DGRAM);
        assert_string_equal(own_name(s, &port), all[i].address);
        assert_int_not_equal(port, 0);
        sk_handle_discard(s);
    }
}

/* A port that nobody has, as nobody has it yet. */
static int free_port(int domain)
{
    struct sk_sock *s;
    int             port;

    bind_to("*:0");
    s = client(domain, SOCK_DGRAM);
    own_name(s, &port);
    sk_handle_discard(s);
    return port;
}

static void bindto_may_have_a_port(void **state)
{
    char            text[32];
    int             port;
    struct sk_sock *s;

    (void)state;
    snprintf(text, sizeof text, "127.0.0.1:%d", free_port(AF_INET));
    bind_to(text);
    s = client(AF_INET, SOCK_DGRAM);
    assert_string_equal(own_name(s, &port), "127.0.0.1");
    assert_int_equal(port, atoi(text + strlen("127.0.0.1:")));
    refuses(sk_fit_client, AF_INET, SOCK_DGRAM, EADDRINUSE);
    sk_handle_discard(s);
}

static void bindto_of_the_other_family_is_refused(void **state)
{
    int before = open_descriptors();

    (void)state;
    bind_to("127.0.0.1:0");
    refuses(sk_fit_client, AF_INET6, SOCK_STREAM, EAFNOSUPPORT);
    bind_to("[::1]:0");
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EAFNOSUPPORT);
    refuses(sk_fit_client, AF_INET, SOCK_DGRAM, EAFNOSUPPORT);
    bind_to("[::ffff:127.0.0.1]:0");
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EAFNOSUPPORT);
    assert_int_equal(open_descriptors(), before);
}

static void bindto_to_an_address_of_nobodys_is_a_failure(void **state)
{
    int before = open_descriptors();

    (void)state;
    bind_to("192.0.2.1:0");
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EADDRNOTAVAIL);
    o->mptcp = SK_TRY;
    refuses(sk_fit_client, AF_INET, SOCK_STREAM, EADDRNOTAVAIL);
    bind_to("[fe80::1%nosuchdevice]:0");
    refuses(sk_fit_client, AF_INET6, SOCK_STREAM, ENODEV);
    assert_int_equal(open_descriptors(), before);
}

static void a_server_has_no_use_for_bindto(void **state)
{
    struct sk_sock *s;
    int             port;

    (void)state;
    bind_to("127.0.0.1:0");
    s = server(AF_INET6, SOCK_DGRAM);
    own_name(s, &port);
    assert_int_equal(port, 0);
    sk_handle_discard(s);
}

static void a_bound_client_connects(void **state)
{
    struct sk_addr  at;
    struct sk_sock *l, *c, *s;
    int             port;

    (void)state;
    l = listener(&at);
    bind_to("127.1.2.3:0");
    c = client(AF_INET, SOCK_STREAM);
    s = accepted(l, c, &at);
    assert_string_equal(own_name(c, &port), "127.1.2.3");
    assert_int_not_equal(port, 0);
    sk_handle_discard(s);
    sk_handle_discard(c);
    sk_handle_discard(l);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(without_options_a_socket_is_plain),
        EACH(a_client_has_the_options_of_tcp),
        EACH(the_whole_range_is_taken_by_the_system),
        EACH(a_refused_option_is_a_failure),
        EACH(a_socket_may_be_non_blocking),
        EACH(a_server_of_tcp_takes_its_address_again),
        EACH(a_server_of_udp_does_so_when_asked),
        EACH(servers_share_a_port_when_asked),
        EACH(a_server_of_ipv6_says_whether_it_takes_ipv4),
        EACH(an_accepted_socket_has_its_servers_options),
        EACH(udp_broadcasts_when_asked_and_knows_no_tcp),
        EACH(tcp_does_not_broadcast),
        EACH(unix_sockets_are_left_as_they_are),
        EACH(another_domain_is_refused),
        EACH(mptcp_is_as_wished),
        EACH(mptcp_gives_way_to_an_option_it_cannot_do),
        EACH(an_accepted_mptcp_socket_has_its_servers_options),
        EACH(fast_open_of_a_client_is_as_wished),
        EACH(fast_open_of_a_server_queues_as_many_as_the_backlog),
        EACH(no_descriptor_left_is_told_as_it_is),
        EACH(bindto_is_the_clients_own_address),
        EACH(bindto_may_have_a_port),
        EACH(bindto_of_the_other_family_is_refused),
        EACH(bindto_to_an_address_of_nobodys_is_a_failure),
        EACH(a_server_has_no_use_for_bindto),
        EACH(a_bound_client_connects),
    };

    return cmocka_run_group_tests_name("fit", tests, count_descriptors,
                                       compare_descriptors);
}
