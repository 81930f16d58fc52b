/* udpserver.h - UDP sockets that accept, and peers that write to them.
 *
 * For programs that are linked with the static library: what makes such a
 * socket is not public.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_UDPSERVER_H
#define TESTS_SUPPORT_UDPSERVER_H

#include "core/addr.h"
#include "core/handle.h"
#include "core/socket.h"
#include "stream/udp.h"
#include "support/message.h"

#include <string.h>

static inline sock_t *udp_server(int domain, const char *address)
{
    struct sk_sock *s;
    struct sk_addr  at;

    assert_int_equal(sk_socket_make(domain, SOCK_DGRAM, 0, &s), 0);
    assert_int_equal(sk_addr_parse(domain, address, 0, &at), 0);
    assert_int_equal(sk_plat_bind(s->fd, &at), 0);
    assert_int_equal(sk_udp_serve(s), 0);
    return sk_handle_publish(s);
}

/* One that gives up rather than wait for ever. */
static inline sock_t *patient_server(void)
{
    sock_t *server = udp_server(AF_INET, "127.0.0.1");

    assert_true(sock_set_timeout(server, 10000));
    return server;
}

/* Connected to the server's port at this address. */
static inline sock_t *udp_peer(sock_t *server, const char *address)
{
    sock_t *peer =
        sock_create(strchr(address, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

    assert_true(sock_connect(peer, address, port_of(server)));
    assert_true(sock_set_timeout(peer, 10000));
    return peer;
}

static inline void say(sock_t *s, const char *text)
{
    assert_int_equal(sock_send(s, text, strlen(text), 0), strlen(text));
}

/* The next datagram, which is there, is this one. */
static inline void hears(sock_t *s, const char *text)
{
    char    bytes[64] = "";
    ssize_t n         = sock_recv(s, bytes, sizeof bytes - 1, 0);

    if (n < 0)
        fail_msg("\"%s\" expected: %s", text, sock_last_message(s));
    assert_string_equal(bytes, text);
}

static inline void hears_nothing(sock_t *s)
{
    char byte;

    assert_fails(s, sock_recv(s, &byte, 1, MSG_DONTWAIT), EAGAIN);
}

/* The next peer, whose first datagram is this one. */
static inline sock_t *accepts(sock_t *server, const char *text)
{
    sock_t *s = sock_accept(server);

    if (!s)
        fail_msg("\"%s\" expected: %s", text, sock_last_message(server));
    assert_true(sock_set_timeout(s, 10000));
    hears(s, text);
    return s;
}

static inline void accepts_nobody(sock_t *server)
{
    assert_true(sock_set_nonblock(server));
    sock_clear_error(server);
    assert_null(sock_accept(server));
    assert_int_equal(sock_last_error(server), EAGAIN);
    assert_true(sock_set_block(server));
}

#endif
