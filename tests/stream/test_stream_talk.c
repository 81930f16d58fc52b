/* test_stream_talk.c - proves what a stream accepts and when, what options its
 * connections have, and what names its datagrams may go to.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/scene.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ENOUGH 20000

/* A call of s's was refused, with that error; an earlier one does not do. */
#define refused(s, call, error)                                                \
    do {                                                                       \
        sock_clear_error(s);                                                   \
        assert_true((call) < 0);                                               \
        assert_int_equal(sock_last_error(s), error);                           \
    } while (0)

#define accepts_nobody(s, timeout_ms, peer, size, error)                       \
    do {                                                                       \
        sock_clear_error(s);                                                   \
        assert_null(sock_stream_accept(s, timeout_ms, peer, size));            \
        assert_int_equal(sock_last_error(s), error);                           \
    } while (0)

static sock_t *serve(sock_context_t *ctx)
{
    sock_t *s = sock_stream_server("tcp://127.0.0.1:0", 0, ctx);

    if (!s)
        fail_msg("%s", sock_last_message(NULL));
    return s;
}

static sock_t *client_with(sock_t *server, sock_context_t *ctx)
{
    char    url[64];
    sock_t *s;

    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    s = sock_stream_client(url, ENOUGH, 0, ctx);
    if (!s)
        fail_msg("%s", sock_last_message(NULL));
    return s;
}

static int option(sock_t *s, int level, int name)
{
    int value = -1;

    assert_true(sock_get_option_int(s, level, name, &value));
    return value;
}

/* ---- accepting ---- */

static void an_accept_does_not_wait_longer_than_told(void **state)
{
    sock_t *server = serve(NULL);
    int64_t begin  = now_ms();

    (void)state;
    accepts_nobody(server, 0, NULL, 0, ETIMEDOUT);
    assert_true(now_ms() - begin < SLACK);
    begin = now_ms();
    accepts_nobody(server, 50, NULL, 0, ETIMEDOUT);
    assert_in_range(now_ms() - begin, 45, 50 + SLACK);
    accepts_nobody(server, -2, NULL, 0, EINVAL);
    sock_close(server);
}

static void who_waits_already_is_accepted_at_once(void **state)
{
    sock_t *server = serve(NULL);
    sock_t *client = client_with(server, NULL);
    sock_t *s;

    (void)state;
    wait_readable(server);
    s = sock_stream_accept(server, 0, NULL, 0);
    assert_non_null(s);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

struct connecting {
    sock_t *server, *client;
    int     tid; /* of the thread that is to be asleep before */
};

static void connect_later(void *with)
{
    struct connecting *c = with;

    wait_until_asleep(c->tid);
    c->client = client_with(c->server, NULL);
}

static void an_accept_waits_for_ever_if_it_is_told_so(void **state)
{
    static const int  times[] = {-1, ENOUGH};
    struct connecting c       = {serve(NULL), NULL, gettid()};

    (void)state;
    sock_set_timeout(c.server, 1); /* which does not count then */
    for (int i = 0; i < 2; i++) {
        struct aside a;
        char         name[LIBSOCK_NAMESTRLEN];
        sock_t      *s;

        aside_start(&a, connect_later, &c);
        s = sock_stream_accept(c.server, times[i], name, sizeof name);
        aside_join(&a);
        assert_non_null(s);
        assert_memory_equal(name, "127.0.0.1:", 10);
        sock_close(s);
        sock_close(c.client);
    }
    sock_close(c.server);
}

static void no_room_for_the_peers_name_accepts_nobody(void **state)
{
    sock_t *server = serve(NULL);
    sock_t *client = client_with(server, NULL);
    char    name[LIBSOCK_NAMESTRLEN];
    sock_t *s;

    (void)state;
    accepts_nobody(server, ENOUGH, name, 0, EINVAL);
    accepts_nobody(server, ENOUGH, name, 10, EINVAL);
    s = sock_stream_accept(server, ENOUGH, name, sizeof name);
    assert_non_null(s); /* it was not lost */
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

static void a_listener_that_does_not_wait_is_refused(void **state)
{
    sock_t *server = serve(NULL);
    sock_t *client, *s;

    (void)state;
    assert_true(sock_set_nonblock(server));
    accepts_nobody(server, ENOUGH, NULL, 0, EAGAIN);
    accepts_nobody(server, -1, NULL, 0, EAGAIN);
    client = client_with(server, NULL);
    wait_readable(server);
    s = sock_stream_accept(server, 0, NULL, 0);
    assert_non_null(s);
    sock_set_timeout(s, 10); /* what is accepted waits */
    refused(s, sock_recv(s, &(char){0}, 1, 0), ETIMEDOUT);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

struct accepting {
    sock_t *server, *s;
    int     error;
};

static void accept_for_ever(void *with)
{
    struct accepting *w = with;

    w->s     = sock_stream_accept(w->server, -1, NULL, 0);
    w->error = sock_last_error(w->server);
}

static void a_close_releases_an_accept(void **state)
{
    struct accepting w = {serve(NULL), NULL, 0};
    struct aside     a;
    int64_t          begin;

    (void)state;
    aside_start_asleep(&a, accept_for_ever, &w);
    begin = now_ms();
    assert_true(sock_close(w.server));
    aside_join(&a);
    assert_true(a.ended - begin < SLACK);
    assert_null(w.s);
    assert_int_equal(w.error, ECANCELED);
}

static void what_does_not_listen_accepts_nobody(void **state)
{
    char    url[64];
    sock_t *udg, *pair[2];

    (void)state;
    snprintf(url, sizeof url, "udg://@libsock-talk-%ld", (long)getpid());
    udg = sock_stream_server(url, 0, NULL);
    assert_non_null(udg);
    accepts_nobody(udg, 10, NULL, 0, EOPNOTSUPP);
    sock_close(udg);
    tcp_pair(pair);
    accepts_nobody(pair[0], 10, NULL, 0, EINVAL);
    close_pair(pair);
    accepts_nobody(NULL, 10, NULL, 0, EBADF);
}

static void what_is_accepted_has_its_servers_timeouts(void **state)
{
    sock_t *server = serve(NULL);
    sock_t *client = client_with(server, NULL);
    int64_t begin;
    sock_t *s;

    (void)state;
    sock_set_timeout(server, 50);
    s     = sock_stream_accept(server, ENOUGH, NULL, 0);
    begin = now_ms();
    refused(s, sock_recv(s, &(char){0}, 1, 0), ETIMEDOUT);
    assert_in_range(now_ms() - begin, 45, 50 + SLACK);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

/* ---- options ---- */

static void options_reach_both_ends(void **state)
{
    sock_context_t *ctx = sock_context_create();
    sock_t         *server, *ends[2];

    (void)state;
    assert_true(sock_context_set_bool(ctx, "socket.tcp_nodelay", true));
    assert_true(sock_context_set_bool(ctx, "socket.keepalive", true));
    assert_true(sock_context_set_int(ctx, "socket.tcp_keepidle", 77));
    assert_true(sock_context_set_int(ctx, "socket.user_timeout", 4321));
    server  = serve(ctx);
    ends[0] = client_with(server, ctx);
    ends[1] = sock_stream_accept(server, ENOUGH, NULL, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(option(ends[i], SOL_TCP, TCP_NODELAY), 1);
        assert_int_equal(option(ends[i], SOL_SOCKET, SO_KEEPALIVE), 1);
        assert_int_equal(option(ends[i], SOL_TCP, TCP_KEEPIDLE), 77);
        assert_int_equal(option(ends[i], SOL_TCP, TCP_USER_TIMEOUT), 4321);
    }
    close_pair(ends);
    sock_close(server);
    sock_context_free(ctx);
}

static void without_options_all_is_as_the_system_has_it(void **state)
{
    sock_t *server = serve(NULL);
    sock_t *client = client_with(server, NULL);

    (void)state;
    assert_int_equal(option(client, SOL_TCP, TCP_NODELAY), 0);
    assert_int_equal(option(client, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option(server, SOL_SOCKET, SO_REUSEADDR), 1);
    assert_int_equal(option(server, SOL_SOCKET, SO_REUSEPORT), 0);
    sock_close(client);
    sock_close(server);
}

static void a_client_has_its_own_address(void **state)
{
    sock_context_t *ctx    = sock_context_create();
    sock_t         *server = serve(NULL);
    sock_t         *client, *s;
    char            name[LIBSOCK_NAMESTRLEN];

    (void)state;
    assert_true(sock_context_set_string(ctx, "socket.bindto", "127.0.0.77:0"));
    client = client_with(server, ctx);
    s      = sock_stream_accept(server, ENOUGH, name, sizeof name);
    assert_memory_equal(name, "127.0.0.77:", 11);
    sock_close(s);
    sock_close(client);
    sock_close(server);
    sock_context_free(ctx);
}

static void an_own_address_of_the_other_family_is_refused(void **state)
{
    sock_context_t *ctx    = sock_context_create();
    sock_t         *server = serve(NULL);
    char            url[64];

    (void)state;
    assert_true(sock_context_set_string(ctx, "socket.bindto", "[::1]:0"));
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    sock_clear_error(NULL);
    assert_null(sock_stream_client(url, ENOUGH, 0, ctx));
    assert_int_not_equal(sock_last_error(NULL), 0);
    sock_close(server);
    sock_context_free(ctx);
}

/* The system lets one more wait than it was told. */
static void a_backlog_is_kept(void **state)
{
    sock_context_t *ctx = sock_context_create();
    sock_t         *server, *clients[8] = {NULL};
    char            url[64];
    int             count = 0;

    (void)state;
    assert_true(sock_context_set_int(ctx, "socket.backlog", 1));
    server = serve(ctx);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port_of(server));
    while (count < 8 &&
           (clients[count] = sock_stream_client(url, 100, 0, NULL)))
        count++;
    assert_in_range(count, 1, 3);
    assert_int_equal(sock_last_error(NULL), ETIMEDOUT);
    for (int i = 0; i < count; i++)
        sock_close(clients[i]);
    sock_close(server);
    sock_context_free(ctx);
}

/* ---- datagrams and their names ---- */

static void a_datagram_goes_where_its_name_says(void **state)
{
    static const struct {
        int         domain;
        const char *address, *host;
    } to[] = {{AF_INET, "127.0.0.1", "127.0.0.1"},
              {AF_INET, "127.0.0.1", "localhost"},
              {AF_INET6, "::1", "[::1]"},
              {AF_INET6, "::ffff:127.0.0.1", "127.0.0.1"},
              {AF_INET6, "::ffff:127.0.0.1", "[::ffff:127.0.0.1]"}};

    (void)state;
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        sock_t *a = sock_create(to[i].domain, SOCK_DGRAM, 0);
        sock_t *b = sock_create(to[i].domain, SOCK_DGRAM, 0);
        char    name[LIBSOCK_NAMESTRLEN], from[LIBSOCK_NAMESTRLEN], in[8];

        assert_true(sock_bind(a, to[i].address, 0));
        assert_true(sock_bind(b, to[i].address, 0));
        snprintf(name, sizeof name, "%s:%d", to[i].host, port_of(b));
        assert_int_equal(sock_stream_sendto(a, "hello", 5, 0, name), 5);
        assert_int_equal(
            sock_stream_recvfrom(b, in, sizeof in, 0, from, sizeof from), 5);
        assert_int_equal(sock_stream_sendto(b, "back", 4, 0, from), 4);
        assert_int_equal(sock_stream_recvfrom(a, in, sizeof in, 0, NULL, 0), 4);
        sock_close(a);
        sock_close(b);
    }
}

struct no_name {
    const char *name;
    const char *at; /* what the message has */
};

static void a_bad_name_is_refused_where_it_is_wrong(void **state)
{
    static const struct no_name no[] = {{"127.0.0.1", "at byte 9"},
                                        {"127.0.0.1:", "at byte 10"},
                                        {"127.0.0.1:x", "at byte 10"},
                                        {"127.0.0.1:70000", "at byte 10"},
                                        {":5", "at byte 0"},
                                        {"::1:5", "at byte 0"},
                                        {"udp://127.0.0.1:5", "at byte"},
                                        {"*:5", "for servers"},
                                        {"127.0.0.1:5/", "at byte 11"},
                                        {"a b:5", "at byte 1"}};
    sock_t                     *s    = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        refused(s, sock_stream_sendto(s, "x", 1, 0, no[i].name), EINVAL);
        if (!strstr(sock_last_message(s), no[i].at) ||
            !strstr(sock_last_message(s), no[i].name))
            fail_msg("%s", sock_last_message(s));
    }
    refused(s, sock_stream_sendto(s, "x", 1, 0, "[::1]:5"), EAFNOSUPPORT);
    sock_close(s);
}

static void no_name_is_the_fixed_peer(void **state)
{
    sock_t *s    = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *peer = sock_create(AF_INET, SOCK_DGRAM, 0);
    char    in[8];

    (void)state;
    assert_true(sock_bind(peer, "127.0.0.1", 0));
    refused(s, sock_stream_sendto(s, "x", 1, 0, NULL), EDESTADDRREQ);
    refused(s, sock_stream_sendto(s, "x", 1, 0, ""), EDESTADDRREQ);
    assert_true(sock_connect(s, "127.0.0.1", port_of(peer)));
    assert_int_equal(sock_stream_sendto(s, "x", 1, 0, NULL), 1);
    assert_int_equal(sock_stream_sendto(s, "y", 1, 0, ""), 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sock_recv(peer, in, sizeof in, 0), 1);
    sock_close(s);
    sock_close(peer);
}

static void no_room_for_the_senders_name_receives_nothing(void **state)
{
    sock_t *pair[2];
    char    in[8], name[12];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "kept");
    refused(pair[1], sock_stream_recvfrom(pair[1], in, 8, 0, name, sizeof name),
            EINVAL);
    refused(pair[1], sock_stream_recvfrom(pair[1], in, 0, 0, NULL, 0), EINVAL);
    refused(pair[1], sock_stream_recvfrom(pair[1], NULL, 4, 0, NULL, 0),
            EINVAL);
    assert_int_equal(sock_stream_recvfrom(pair[1], in, 8, 0, NULL, 0), 4);
    close_pair(pair);
}

/* ---- pairs ---- */

static void a_pair_is_connected(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    sock_t          *pair[2];
    char             in[4];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(sock_stream_pair(AF_UNIX, types[i], 0, pair));
        put(pair[0], "x");
        assert_int_equal(sock_recv(pair[1], in, sizeof in, 0), 1);
        close_pair(pair);
    }
}

static void a_pair_that_cannot_be_is_refused(void **state)
{
    sock_t *mark    = (sock_t *)&mark;
    sock_t *pair[2] = {mark, mark};

    (void)state;
    sock_clear_error(NULL);
    assert_false(sock_stream_pair(AF_INET, SOCK_STREAM, 0, pair));
    assert_int_equal(sock_last_error(NULL), EOPNOTSUPP);
    assert_false(sock_stream_pair(12345, SOCK_STREAM, 0, pair));
    assert_int_equal(sock_last_error(NULL), EAFNOSUPPORT);
    assert_false(sock_stream_pair(AF_UNIX, SOCK_STREAM, 0, NULL));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_ptr_equal(pair[0], mark);
    assert_ptr_equal(pair[1], mark);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accept_does_not_wait_longer_than_told),
        cmocka_unit_test(who_waits_already_is_accepted_at_once),
        cmocka_unit_test(an_accept_waits_for_ever_if_it_is_told_so),
        cmocka_unit_test(no_room_for_the_peers_name_accepts_nobody),
        cmocka_unit_test(a_listener_that_does_not_wait_is_refused),
        cmocka_unit_test(a_close_releases_an_accept),
        cmocka_unit_test(what_does_not_listen_accepts_nobody),
        cmocka_unit_test(what_is_accepted_has_its_servers_timeouts),
        cmocka_unit_test(options_reach_both_ends),
        cmocka_unit_test(without_options_all_is_as_the_system_has_it),
        cmocka_unit_test(a_client_has_its_own_address),
        cmocka_unit_test(an_own_address_of_the_other_family_is_refused),
        cmocka_unit_test(a_backlog_is_kept),
        cmocka_unit_test(a_datagram_goes_where_its_name_says),
        cmocka_unit_test(a_bad_name_is_refused_where_it_is_wrong),
        cmocka_unit_test(no_name_is_the_fixed_peer),
        cmocka_unit_test(no_room_for_the_senders_name_receives_nothing),
        cmocka_unit_test(a_pair_is_connected),
        cmocka_unit_test(a_pair_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
