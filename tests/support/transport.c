/* transport.c - connected pairs of every transport, made as a program makes
 * them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/transport.h"

#include "support/aside.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE 20000

/* ---- by URL ---- */

void client_url(const char *server_url, sock_t *server, char *url, size_t size)
{
    char        name[LIBSOCK_NAMESTRLEN];
    const char *scheme_end = strstr(server_url, "://");

    assert_true(sock_stream_get_name(server, false, name, sizeof name));
    snprintf(url, size, "%.*s://%s", (int)(scheme_end - server_url), server_url,
             name);
}

struct client {
    const struct transport *t;
    char                    url[LIBSOCK_NAMESTRLEN + 16];
    sock_t                 *s;
    char                    why[LIBSOCK_MESSAGE_MAX];
};

static void become_client(void *with)
{
    struct client *c = with;

    c->s = sock_stream_client(c->url, PATIENCE, 0, c->t->client);
    if (!c->s)
        snprintf(c->why, sizeof c->why, "%s", sock_last_message(NULL));
}

static sock_t *serve(const struct transport *t, sock_t *server)
{
    sock_t *s = sock_stream_accept(server, PATIENCE, NULL, 0);

    assert_non_null(s);
    if (t->is & IS_TLS) {
        sock_set_timeout(s, PATIENCE);
        if (!sock_stream_enable_crypto(s, true, 0, NULL))
            fail_msg("%s", sock_last_message(s));
        sock_set_timeout(s, -1);
    }
    return s;
}

void greet(sock_t *pair[2])
{
    char byte;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(sock_write(pair[i], "h", 1), 1);
        assert_int_equal(sock_read(pair[1 - i], &byte, 1, LIBSOCK_BINARY_READ),
                         1);
    }
}

void pair_by_url(const struct transport *t, sock_t *pair[2])
{
    struct client c      = {.t = t};
    struct aside  aside  = {0};
    sock_t       *server = sock_stream_server(t->url, 0, t->server);

    if (!server)
        fail_msg("%s", sock_last_message(NULL));
    client_url(t->url, server, c.url, sizeof c.url);
    aside_start(&aside, become_client, &c);
    pair[1] = serve(t, server);
    aside_join(&aside);
    if (!c.s)
        fail_msg("%s", c.why);
    pair[0] = c.s;
    sock_close(server);
    if (t->is & IS_TLS)
        greet(pair);
}

/* ---- without ---- */

static void stream_pair(const struct transport *t, sock_t *pair[2])
{
    int type = t->is & IS_STREAM ? SOCK_STREAM : SOCK_DGRAM;

    assert_true(sock_stream_pair(AF_UNIX, type, 0, pair));
}

/* Who is accepted has sent something. */
static void udp_by_url(const struct transport *t, sock_t *pair[2])
{
    sock_t *server = sock_stream_server(t->url, 0, NULL);
    char    url[LIBSOCK_NAMESTRLEN + 16];
    char    byte;

    assert_non_null(server);
    client_url(t->url, server, url, sizeof url);
    pair[0] = sock_stream_client(url, PATIENCE, 0, NULL);
    assert_non_null(pair[0]);
    assert_int_equal(sock_write(pair[0], "h", 1), 1);
    pair[1] = sock_stream_accept(server, PATIENCE, NULL, 0);
    assert_non_null(pair[1]);
    assert_int_equal(sock_read(pair[1], &byte, 1, LIBSOCK_BINARY_READ), 1);
    sock_close(server);
}

/* A client by URL, and a socket that is connected back to it. */
static void udp_pair(const struct transport *t, sock_t *pair[2])
{
    bool six = strchr(t->url, '[');
    char url[LIBSOCK_NAMESTRLEN + 16], address[LIBSOCK_ADDRSTRLEN];
    int  port;

    pair[1] = sock_create(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_bind(pair[1], six ? "::1" : "127.0.0.1", 0));
    client_url(t->url, pair[1], url, sizeof url);
    pair[0] = sock_stream_client(url, PATIENCE, 0, NULL);
    assert_non_null(pair[0]);
    assert_true(sock_getsockname(pair[0], address, sizeof address, &port));
    assert_true(sock_connect(pair[1], address, port));
}

/* An abstract name that no other process has. */
static void unix_by_url(const struct transport *t, sock_t *pair[2])
{
    struct transport own = *t;
    char             url[64];

    snprintf(url, sizeof url, "%s-%ld", t->url, (long)getpid());
    own.url = url;
    pair_by_url(&own, pair);
}

#define TCP (IS_STREAM | IS_INET | IS_PLAIN | IS_FILLING)
#define UDP (IS_DATAGRAM | IS_INET | IS_PLAIN)
#define LOCAL (IS_LOCAL | IS_PLAIN | IS_FILLING)

const struct transport transports_tcp[] = {
    {"tcp", "tcp", TCP, "tcp://127.0.0.1:0", pair_by_url, NULL, NULL},
    {"tcp6", "tcp", TCP, "tcp://[::1]:0", pair_by_url, NULL, NULL},
};

const struct transport transports_udp[] = {
    {"udp, a pair", "udp", UDP | IS_EVEN, "udp://127.0.0.1:0", udp_pair, NULL,
     NULL},
    {"udp6, a pair", "udp", UDP | IS_EVEN, "udp://[::1]:0", udp_pair, NULL,
     NULL},
    {"udp", "udp", UDP | IS_SERVED, "udp://127.0.0.1:0", udp_by_url, NULL,
     NULL},
    {"udp6", "udp", UDP | IS_SERVED, "udp://[::1]:0", udp_by_url, NULL, NULL},
};

const struct transport transports_local[] = {
    {"unix", "unix", LOCAL | IS_STREAM, "unix://@libsock-promises", unix_by_url,
     NULL, NULL},
    {"unix, a pair", "unix", LOCAL | IS_STREAM | IS_EVEN, NULL, stream_pair,
     NULL, NULL},
    {"udg", "udg", LOCAL | IS_DATAGRAM | IS_EVEN, NULL, stream_pair, NULL,
     NULL},
};

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

const size_t transport_count_tcp   = COUNT_OF(transports_tcp);
const size_t transport_count_udp   = COUNT_OF(transports_udp);
const size_t transport_count_local = COUNT_OF(transports_local);
