/* own_datagram.c - datagrams by libsock: addresses as text, batches, and one
 * message that the system cuts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/own.h"

#include <stdlib.h>

#define BURST 64
#define SEGMENTS 54
#define ROOM (1 << 20)

static sock_t *open_at(int *port)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    if (s && sock_bind(s, "127.0.0.1", 0) &&
        sock_getsockname(s, NULL, 0, port) &&
        sock_set_option_int(s, SOL_SOCKET, SO_RCVBUF, ROOM))
        return s;
    own_failed();
    return NULL;
}

struct place {
    char address[LIBSOCK_ADDRSTRLEN];
    int  port;
};

static bool get(sock_t *s, char *bytes, size_t size, struct place *from)
{
    return sock_recvfrom(s, bytes, size, 0, from->address, sizeof from->address,
                         &from->port) == (ssize_t)size;
}

bool own_datagram(const struct job *job)
{
    struct place from;
    int          client_port, server_port;
    sock_t *client = open_at(&client_port), *server = open_at(&server_port);
    ssize_t size  = (ssize_t)job->size;
    char   *bytes = calloc(1, job->size);
    bool    ok    = bytes && client && server;

    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = sock_sendto(client, bytes, job->size, 0, "127.0.0.1",
                         server_port) == size &&
             get(server, bytes, job->size, &from) &&
             sock_sendto(server, bytes, job->size, 0, from.address,
                         from.port) == size &&
             get(client, bytes, job->size, &from);
    bench_end();
    free(bytes);
    return ok || own_failed();
}

/* ---- batches ---- */

struct batch {
    struct iovec    parts[BURST];
    sock_message_t *messages[BURST];
};

/* A port of 0: to receive. */
static bool make_batch(struct batch *b, size_t size, int port)
{
    char *bytes = calloc(BURST, size);

    for (size_t i = 0; bytes && i < BURST; i++) {
        b->parts[i].iov_base = bytes + i * size;
        b->parts[i].iov_len  = size;
        b->messages[i]       = sock_message_create(0);
        if (!b->messages[i] ||
            (port && !sock_message_set_name(b->messages[i], "127.0.0.1", port)))
            return own_failed();
        sock_message_set_parts(b->messages[i], &b->parts[i], 1);
    }
    return bytes != NULL;
}

static bool take_batch(sock_t *s, const struct batch *b, size_t count,
                       size_t size)
{
    ssize_t n;

    for (size_t got = 0; got < count; got += (size_t)n) {
        n = sock_recvmmsg(s, b->messages, count - got, 0);
        if (n <= 0)
            return false;
        for (ssize_t i = 0; i < n; i++)
            if (sock_message_length(b->messages[i]) != size)
                return false;
    }
    return true;
}

bool own_burst(const struct job *job)
{
    static struct batch out_batch, in_batch;
    int                 port;
    sock_t             *out = open_at(&port), *in = open_at(&port);
    size_t              n;
    bool ok = out && in && make_batch(&out_batch, job->size, port) &&
              make_batch(&in_batch, job->size, 0);

    bench_begin();
    for (size_t left = (size_t)job->count; ok && left > 0; left -= n) {
        n  = left < BURST ? left : BURST;
        ok = sock_sendmmsg(out, out_batch.messages, n, 0) == (ssize_t)n &&
             take_batch(in, &in_batch, n, job->size);
    }
    bench_end();
    return ok || own_failed();
}

/* ---- one message that the system cuts, and joins again ---- */

static sock_message_t *make_message(struct iovec *part, size_t size, int type)
{
    sock_message_t *m = sock_message_create(sock_cmsg_space(SOL_UDP, type, 1));

    part->iov_base = calloc(SEGMENTS, size);
    part->iov_len  = SEGMENTS * size;
    if (m && part->iov_base)
        sock_message_set_parts(m, part, 1);
    return m;
}

static bool take_joined(sock_t *s, sock_message_t *m, size_t size, size_t total)
{
    int each = 0;

    if (sock_recvmsg(s, m, 0) != (ssize_t)total)
        return false;
    return total == size || (sock_message_get_int(m, SOL_UDP, UDP_GRO, &each) &&
                             (size_t)each == size);
}

bool own_burst_gso(const struct job *job)
{
    struct iovec    to_part, from_part;
    int             port;
    sock_t         *out = open_at(&port), *in = open_at(&port);
    sock_message_t *to   = make_message(&to_part, job->size, UDP_SEGMENT),
                   *from = make_message(&from_part, job->size, UDP_GRO);
    size_t n;
    bool   ok = out && in && to && from &&
              sock_message_set_name(to, "127.0.0.1", port) &&
              sock_message_add_int(to, SOL_UDP, UDP_SEGMENT, (int)job->size) &&
              sock_set_option_int(in, SOL_UDP, UDP_GRO, 1);

    bench_begin();
    for (size_t left = (size_t)job->count; ok && left > 0; left -= n) {
        n               = left < SEGMENTS ? left : SEGMENTS;
        to_part.iov_len = n * job->size;
        ok = sock_sendmsg(out, to, 0) == (ssize_t)to_part.iov_len &&
             take_joined(in, from, job->size, to_part.iov_len);
    }
    bench_end();
    return ok || own_failed();
}
