/* test_stream_open.c - proves what URLs, flags and the socket options of a
 * context make of a server and its clients.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/scene.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ENOUGH 20000

static sock_t *serve(const char *url, sock_context_t *ctx)
{
    sock_t *s = sock_stream_server(url, 0, ctx);

    if (!s)
        fail_msg("%s", sock_last_message(NULL));
    return s;
}

static sock_t *connect_to(const char *address, sock_t *server)
{
    char url[64];

    snprintf(url, sizeof url, "tcp://%s:%d", address, port_of(server));
    return sock_stream_client(url, ENOUGH, 0, NULL);
}

/* A client there is accepted, and its name is so. */
static void serves(sock_t *server, const char *address, const char *peer)
{
    sock_t *client = connect_to(address, server);
    char    name[LIBSOCK_NAMESTRLEN], want[LIBSOCK_NAMESTRLEN];
    sock_t *s;

    if (!client)
        fail_msg("%s", sock_last_message(NULL));
    s = sock_stream_accept(server, ENOUGH, name, sizeof name);
    assert_non_null(s);
    snprintf(want, sizeof want, "%s:%d", peer, port_of(client));
    assert_string_equal(name, want);
    sock_close(s);
    sock_close(client);
}

static void does_not_serve(sock_t *server, const char *address)
{
    assert_null(connect_to(address, server));
    assert_int_equal(sock_last_error(NULL), ECONNREFUSED);
}

/* ---- URLs ---- */

struct slip {
    const char *url;
    int         at; /* the byte that the message names; -1: none */
    const char *why;
};

static const struct slip slips[] = {
    {NULL, 0, "NULL"},
    {"", 0, "host is missing"},
    {"tcp://", 6, "host is missing"},
    {"localhost", 9, "port is missing"},
    {"tcp://localhost", 15, "port is missing"},
    {"tcp://localhost:", 16, "port is missing"},
    {"tcp://localhost:http", 16, "port is not a number"},
    {"tcp://localhost:80junk", 18, "port is not a number"},
    {"tcp://localhost:65536", 16, "above 65535"},
    {"tcp://localhost:99999999999999999999", 16, "above 65535"},
    {"tcp://localhost:-1", 16, "not a number"},
    {"tcp://localhost: 80", 16, "not a number"},
    {"tcp://:80", 6, "host is missing"},
    {"http://localhost:80", 0, "unknown transport"},
    {"TCP://localhost:80", 0, "small letters"},
    {"tcp:/localhost:80", 3, "ends a transport"},
    {"tcp://::1:80", 6, "stands in brackets"},
    {"tcp://[::1]", 11, "port is missing"},
    {"tcp://[::1]80", 11, "':'"},
    {"tcp://[::1:80", 13, "']' is missing"},
    {"tcp://[127.0.0.1]:80", 7, "IPv6"},
    {"tcp://[::1::2]:80", 7, "no IPv6 address"},
    {"tcp://[12345::]:80", 7, "no IPv6 address"},
    {"tcp://user@localhost:80", 10, "user name"},
    {"tcp://localhost:80/path", 18, "behind the port"},
    {"tcp://local host:80", 11, "letters"},
    {"tcp://localhost:80\n", 18, "not a number"},
    {"unix://", 7, "path is missing"},
    {"unix://@", 8, "name behind '@'"},
    {"fd://", 5, "missing"},
};

static void says_where_and_why(const struct slip *slip)
{
    const char *said = sock_last_message(NULL);
    char        at[32];

    assert_int_equal(sock_last_error(NULL), EINVAL);
    snprintf(at, sizeof at, "at byte %d:", slip->at);
    if (!strstr(said, at) || !strstr(said, slip->why) ||
        (slip->url && !strstr(said, slip->url)))
        fail_msg("%s", said);
}

static void a_bad_url_is_told_where_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        sock_clear_error(NULL);
        assert_null(sock_stream_client(slips[i].url, 1000, 0, NULL));
        says_where_and_why(&slips[i]);
        sock_clear_error(NULL);
        assert_null(sock_stream_server(slips[i].url, 0, NULL));
        says_where_and_why(&slips[i]);
    }
}

static void too_long_is_told_as_such(void **state)
{
    char url[400];

    (void)state;
    memset(url, 'a', sizeof url);
    memcpy(url, "unix:///", 8);
    url[7 + 108] = '\0';
    assert_null(sock_stream_client(url, 1000, 0, NULL));
    assert_int_equal(sock_last_error(NULL), ENAMETOOLONG);
    assert_null(sock_stream_server(url, 0, NULL));
    assert_int_equal(sock_last_error(NULL), ENAMETOOLONG);
    memset(url, 'a', sizeof url);
    memcpy(url + 256, ":80", 4);
    assert_null(sock_stream_client(url, 1000, 0, NULL));
    assert_int_equal(sock_last_error(NULL), ENAMETOOLONG);
}

static void what_is_for_servers_is_refused_to_clients(void **state)
{
    static const char *const urls[] = {"tcp://*:80", "*:80", "udp://*:80",
                                       "fd://3", "fd://name"};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        sock_clear_error(NULL);
        assert_null(sock_stream_client(urls[i], 1000, 0, NULL));
        assert_int_equal(sock_last_error(NULL), EINVAL);
        assert_non_null(strstr(sock_last_message(NULL), "for servers"));
    }
}

static void no_scheme_is_tcp(void **state)
{
    sock_t     *server = serve("127.0.0.1:0", NULL);
    char        url[64];
    sock_t     *s;
    sock_meta_t meta;

    (void)state;
    snprintf(url, sizeof url, "127.0.0.1:%d", port_of(server));
    s = sock_stream_client(url, ENOUGH, 0, NULL);
    assert_non_null(s);
    assert_true(sock_stream_get_meta_data(s, &meta, sizeof meta));
    assert_string_equal(meta.transport, "tcp");
    assert_true(sock_stream_get_meta_data(server, &meta, sizeof meta));
    assert_string_equal(meta.transport, "tcp");
    sock_close(s);
    sock_close(server);
}

static void a_port_of_zero_is_picked(void **state)
{
    sock_t *one = serve("tcp://127.0.0.1:0", NULL);
    sock_t *two = serve("tcp://127.0.0.1:0/", NULL);

    (void)state;
    assert_in_range(port_of(one), 1, 65535);
    assert_int_not_equal(port_of(one), port_of(two));
    sock_close(one);
    sock_close(two);
}

static void the_transports_are_named(void **state)
{
    static const char *const want[] = {"tcp", "udp", "unix", "udg", "fd"};
    const char *const       *got    = sock_stream_get_transports();

    (void)state;
    assert_non_null(got);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        size_t at = 0;

        while (got[at] && strcmp(got[at], want[i]))
            at++;
        assert_non_null(got[at]);
    }
    assert_ptr_equal(got, sock_stream_get_transports());
}

/* ---- flags ---- */

static void nonsense_flags_are_refused(void **state)
{
    static const struct {
        const char *url;
        int         flags;
    } no[] = {
        {"tcp://127.0.0.1:0", LIBSOCK_SERVER_LISTEN},
        {"tcp://127.0.0.1:0", 1},
        {"tcp://127.0.0.1:0", -1},
        {"tcp://127.0.0.1:0", LIBSOCK_SERVER_BIND | 16},
        {"udp://127.0.0.1:0", LIBSOCK_SERVER_LISTEN},
        {"udp://127.0.0.1:0", LIBSOCK_SERVER_BIND | LIBSOCK_SERVER_LISTEN},
        {"udg://@libsock-never", LIBSOCK_SERVER_BIND | LIBSOCK_SERVER_LISTEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        sock_clear_error(NULL);
        assert_null(sock_stream_server(no[i].url, no[i].flags, NULL));
        assert_int_equal(sock_last_error(NULL), EINVAL);
        assert_non_null(strstr(sock_last_message(NULL), "flags"));
    }
    sock_clear_error(NULL);
    assert_null(sock_stream_client("tcp://127.0.0.1:1", 1000, 0x1000, NULL));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_non_null(strstr(sock_last_message(NULL), "flag"));
}

static void what_is_only_bound_listens_later(void **state)
{
    sock_t *server =
        sock_stream_server("tcp://127.0.0.1:0", LIBSOCK_SERVER_BIND, NULL);

    (void)state;
    assert_non_null(server);
    does_not_serve(server, "127.0.0.1");
    assert_null(sock_stream_accept(server, 0, NULL, 0));
    assert_int_equal(sock_last_error(server), EINVAL);
    assert_true(sock_listen(server, 5));
    serves(server, "127.0.0.1", "127.0.0.1");
    sock_close(server);
}

/* ---- families ---- */

static int only_ipv6(sock_t *s)
{
    int value = -1;

    assert_true(sock_get_option_int(s, IPPROTO_IPV6, IPV6_V6ONLY, &value));
    return value;
}

static void every_address_is_of_both_families(void **state)
{
    static const char *const urls[] = {"tcp://[::]:0", "tcp://*:0", "*:0"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sock_t *server = serve(urls[i], NULL);

        assert_int_equal(only_ipv6(server), 0);
        serves(server, "127.0.0.1", "[::ffff:127.0.0.1]");
        serves(server, "[::1]", "[::1]");
        serves(server, "127.1.2.3", "[::ffff:127.0.0.1]");
        sock_close(server);
    }
}

static void ipv6_alone_is_had_by_its_option(void **state)
{
    static const char *const urls[] = {"tcp://[::]:0", "tcp://*:0"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sock_context_t *ctx = sock_context_create();
        sock_t         *server;

        assert_true(sock_context_set_bool(ctx, "socket.ipv6_v6only", true));
        server = serve(urls[i], ctx);
        sock_context_free(ctx);
        assert_int_equal(only_ipv6(server), 1);
        serves(server, "[::1]", "[::1]");
        does_not_serve(server, "127.0.0.1");
        sock_close(server);
    }
}

static void every_ipv4_address_is_of_one_family(void **state)
{
    sock_t *server = serve("tcp://0.0.0.0:0", NULL);

    (void)state;
    serves(server, "127.0.0.1", "127.0.0.1");
    serves(server, "127.9.9.9", "127.0.0.1");
    does_not_serve(server, "[::1]");
    sock_close(server);
}

static void one_address_is_one_address(void **state)
{
    sock_t *server = serve("tcp://127.0.0.1:0", NULL);
    sock_t *six    = serve("tcp://[::1]:0", NULL);

    (void)state;
    does_not_serve(server, "127.0.0.2");
    does_not_serve(server, "[::1]");
    does_not_serve(six, "127.0.0.1");
    serves(six, "[::1]", "[::1]");
    sock_close(server);
    sock_close(six);
}

static void a_server_by_name_is_reached_by_name(void **state)
{
    sock_t *server = serve("tcp://localhost:0", NULL);
    sock_t *client = connect_to("localhost", server);
    sock_t *s;

    (void)state;
    assert_non_null(client);
    s = sock_stream_accept(server, ENOUGH, NULL, 0);
    put(client, "x");
    wait_readable(s);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

/* ---- addresses that cannot be had ---- */

static void an_address_of_somebody_else_is_refused(void **state)
{
    sock_t *server = serve("tcp://127.0.0.1:0", NULL);
    char    url[64];

    (void)state;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    assert_null(sock_stream_server(url, 0, NULL));
    assert_int_equal(sock_last_error(NULL), EADDRINUSE);
    assert_non_null(strstr(sock_last_message(NULL), url));
    snprintf(url, sizeof url, "tcp://*:%d", port_of(server));
    assert_null(sock_stream_server(url, 0, NULL));
    assert_int_equal(sock_last_error(NULL), EADDRINUSE);
    sock_close(server);
    assert_null(sock_stream_server("tcp://192.0.2.1:0", 0, NULL));
    assert_int_equal(sock_last_error(NULL), EADDRNOTAVAIL);
    assert_null(sock_stream_server("tcp://[2001:db8::1]:0", 0, NULL));
    assert_int_equal(sock_last_error(NULL), EADDRNOTAVAIL);
}

static void a_port_of_the_superuser_is_refused(void **state)
{
    sock_t *s;

    (void)state;
    if (!geteuid()) {
        print_message("SKIPPED: the superuser may have any port\n");
        skip();
    }
    s = sock_stream_server("tcp://127.0.0.1:1", 0, NULL);
    if (s)
        sock_close(s); /* the system was told to let anybody have it */
    else
        assert_int_equal(sock_last_error(NULL), EACCES);
}

/* Its connections are still in TIME_WAIT, and one is even open. */
static void a_server_starts_again_at_once(void **state)
{
    sock_t *server = serve("tcp://127.0.0.1:0", NULL);
    sock_t *client = connect_to("127.0.0.1", server);
    sock_t *s      = sock_stream_accept(server, ENOUGH, NULL, 0);
    sock_t *open   = connect_to("127.0.0.1", server);
    sock_t *held   = sock_stream_accept(server, ENOUGH, NULL, 0);
    char    url[64];

    (void)state;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    sock_close(s); /* the server is first to close: it keeps TIME_WAIT */
    sock_close(client);
    sock_close(server);
    server = serve(url, NULL);
    serves(server, "127.0.0.1", "127.0.0.1");
    sock_close(server);
    sock_close(held);
    sock_close(open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_url_is_told_where_and_why),
        cmocka_unit_test(too_long_is_told_as_such),
        cmocka_unit_test(what_is_for_servers_is_refused_to_clients),
        cmocka_unit_test(no_scheme_is_tcp),
        cmocka_unit_test(a_port_of_zero_is_picked),
        cmocka_unit_test(the_transports_are_named),
        cmocka_unit_test(nonsense_flags_are_refused),
        cmocka_unit_test(what_is_only_bound_listens_later),
        cmocka_unit_test(every_address_is_of_both_families),
        cmocka_unit_test(ipv6_alone_is_had_by_its_option),
        cmocka_unit_test(every_ipv4_address_is_of_one_family),
        cmocka_unit_test(one_address_is_one_address),
        cmocka_unit_test(a_server_by_name_is_reached_by_name),
        cmocka_unit_test(an_address_of_somebody_else_is_refused),
        cmocka_unit_test(a_port_of_the_superuser_is_refused),
        cmocka_unit_test(a_server_starts_again_at_once),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
