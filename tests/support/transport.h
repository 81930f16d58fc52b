/* transport.h - connected pairs of every transport, made as a program makes
 * them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_TRANSPORT_H
#define TESTS_SUPPORT_TRANSPORT_H

#include "support/net.h"

/* What a transport is. */
#define IS_STREAM 0x01u
#define IS_DATAGRAM 0x02u
#define IS_INET 0x04u    /* its names have ports */
#define IS_LOCAL 0x08u   /* AF_UNIX */
#define IS_TLS 0x10u     /* encrypted */
#define IS_PLAIN 0x20u   /* not encrypted */
#define IS_FILLING 0x40u /* who is not read has to wait */
#define IS_EVEN 0x80u    /* both ends are the same */
#define IS_SERVED 0x100u /* a server of UDP has accepted one end */

struct transport {
    const char *name;
    const char *meta; /* what sock_stream_get_meta_data() calls it */
    unsigned    is;
    const char *url; /* of a server; NULL: it needs none */
    void (*pair)(const struct transport *t, sock_t *pair[2]);
    sock_context_t *server, *client; /* what they are made with; NULL: none */
};

/* Without encryption. */
extern const struct transport transports_tcp[], transports_udp[],
    transports_local[];
extern const size_t transport_count_tcp, transport_count_udp,
    transport_count_local;

/* pair[0] is a client of t->url, pair[1] what its server accepted. With TLS the
 * handshake is done, and all that came with it is read. */
void pair_by_url(const struct transport *t, sock_t *pair[2]);

/* A server's URL for clients: what it was made with, and the port it got. */
void client_url(const char *server_url, sock_t *server, char *url, size_t size);

/* One byte each way: what TLS still had to say behind the handshake is read. */
void greet(sock_t *pair[2]);

#endif
