/* scene.c - every situation in which a call waits, and how it is relieved.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

/* ---- small steps ---- */

void put(sock_t *s, const char *text)
{
    assert_true(sock_write_all(s, text, strlen(text), NULL));
}

void drain(sock_t *s)
{
    static char block[65536];

    while (sock_recv(s, block, sizeof block, MSG_DONTWAIT) > 0)
        ;
}

void close_with_reset(sock_t *s)
{
    assert_true(sock_set_linger(s, 0));
    assert_true(sock_close(s));
}

bool is_readable(sock_t *s)
{
    sock_t *reads[] = {s};

    return sock_select(reads, 1, NULL, 0, NULL, 0, 0) == 1;
}

bool is_writable(sock_t *s)
{
    sock_t *writes[] = {s};

    return sock_select(NULL, 0, writes, 1, NULL, 0, 0) == 1;
}

void wait_readable(sock_t *s)
{
    sock_t *reads[] = {s};

    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 5000), 1);
}

/* ---- every situation in which a call waits ---- */

static void open_tcp(struct scene *c)
{
    sock_t *pair[2];

    tcp_pair(pair);
    c->s    = pair[0];
    c->peer = pair[1];
}

static void open_unix(struct scene *c)
{
    sock_t *pair[2];

    unix_pair(SOCK_STREAM, pair);
    c->s    = pair[0];
    c->peer = pair[1];
}

static void open_full_tcp(struct scene *c)
{
    open_tcp(c);
    fill(c->s);
}

static void open_full_unix(struct scene *c)
{
    open_unix(c);
    fill(c->s);
}

static void open_full_seqpacket(struct scene *c)
{
    sock_t *pair[2];

    unix_pair(SOCK_SEQPACKET, pair);
    c->s    = pair[0];
    c->peer = pair[1];
    while (sock_send(c->s, "x", 1, MSG_DONTWAIT) == 1)
        ; /* as many packets as may wait, with room for their bytes left */
}

static void open_udp(struct scene *c)
{
    c->s    = sock_create(AF_INET, SOCK_DGRAM, 0);
    c->peer = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_true(sock_bind(c->s, "127.0.0.1", 0));
    assert_true(sock_connect(c->peer, "127.0.0.1", port_of(c->s)));
}

static void open_unix_dgram(struct scene *c)
{
    c->s    = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    c->peer = full_receiver(c->address, sizeof c->address);
}

static void open_connected_dgram(struct scene *c)
{
    open_unix_dgram(c);
    assert_true(sock_connect(c->s, c->address, 0));
}

static void open_listener(struct scene *c)
{
    c->s    = sock_create_listen(0, 1);
    c->port = port_of(c->s);
    strcpy(c->address, "127.0.0.1");
    c->peer = sock_create(AF_INET, SOCK_STREAM, 0);
}

static void open_unix_listener(struct scene *c)
{
    c->s    = sock_create(AF_UNIX, SOCK_STREAM, 0);
    c->peer = sock_create(AF_UNIX, SOCK_STREAM, 0);
    assert_true(sock_bind(c->s, "", 0) && sock_listen(c->s, 1));
    assert_true(sock_getsockname(c->s, c->address, sizeof c->address, NULL));
}

static void open_full_backlog(struct scene *c, int domain)
{
    full_backlog(domain, &c->full);
    memcpy(c->address, c->full.address, sizeof c->address);
    c->port = c->full.port;
    c->s    = sock_create(domain, SOCK_STREAM, 0);
}

static void open_tcp_backlog(struct scene *c)
{
    open_full_backlog(c, AF_INET);
}

static void open_unix_backlog(struct scene *c)
{
    open_full_backlog(c, AF_UNIX);
}

static ssize_t call_read(struct scene *c)
{
    char byte;

    return sock_read(c->s, &byte, 1, LIBSOCK_BINARY_READ);
}

static ssize_t call_line(struct scene *c)
{
    char line[128];

    return sock_read(c->s, line, sizeof line, LIBSOCK_NORMAL_READ);
}

static ssize_t call_recv_all(struct scene *c)
{
    char bytes[2];

    return sock_recv(c->s, bytes, sizeof bytes, MSG_WAITALL);
}

static ssize_t call_recvfrom(struct scene *c)
{
    char bytes[2];

    return sock_recvfrom(c->s, bytes, sizeof bytes, 0, NULL, 0, NULL);
}

static ssize_t call_write(struct scene *c)
{
    return sock_write(c->s, "x", 1);
}

static ssize_t call_send(struct scene *c)
{
    return sock_send(c->s, "x", 1, 0);
}

static ssize_t call_write_all(struct scene *c)
{
    return sock_write_all(c->s, "x", 1, NULL) ? 1 : -1;
}

static ssize_t call_sendto(struct scene *c)
{
    return sock_sendto(c->s, "x", 1, 0, c->address, 0);
}

static ssize_t call_accept(struct scene *c)
{
    sock_t *client = sock_accept(c->s);

    if (!client)
        return -1;
    sock_close(client);
    return 1;
}

static ssize_t call_connect(struct scene *c)
{
    return sock_connect(c->s, c->address, c->port) ? 1 : -1;
}

/* With a message of two parts of a byte each. */
static ssize_t with_message(struct scene *c,
                            ssize_t (*call)(struct scene *c, sock_message_t *m))
{
    char            bytes[] = "xx";
    struct iovec    parts[] = {{bytes, 1}, {bytes + 1, 1}};
    sock_message_t *m       = sock_message_create(0);
    ssize_t         result;

    sock_message_set_parts(m, parts, 2);
    result = call(c, m);
    sock_message_free(m);
    return result;
}

static ssize_t send_message(struct scene *c, sock_message_t *m)
{
    return sock_sendmsg(c->s, m, 0);
}

static ssize_t call_sendmsg(struct scene *c)
{
    return with_message(c, send_message);
}

static ssize_t address_message(struct scene *c, sock_message_t *m)
{
    sock_message_set_name(m, c->address, 0);
    return sock_sendmsg(c->s, m, 0);
}

static ssize_t call_sendmsg_to(struct scene *c)
{
    return with_message(c, address_message);
}

static ssize_t send_batch(struct scene *c, sock_message_t *m)
{
    return sock_sendmmsg(c->s, &m, 1, 0);
}

static ssize_t call_sendmmsg(struct scene *c)
{
    return with_message(c, send_batch);
}

static ssize_t receive_message(struct scene *c, sock_message_t *m)
{
    return sock_recvmsg(c->s, m, 0);
}

static ssize_t call_recvmsg(struct scene *c)
{
    return with_message(c, receive_message);
}

static ssize_t receive_all_parts(struct scene *c, sock_message_t *m)
{
    return sock_recvmsg(c->s, m, MSG_WAITALL);
}

static ssize_t call_recvmsg_all(struct scene *c)
{
    return with_message(c, receive_all_parts);
}

static ssize_t receive_batch(struct scene *c, sock_message_t *m)
{
    return sock_recvmmsg(c->s, &m, 1, 0);
}

static ssize_t call_recvmmsg(struct scene *c)
{
    return with_message(c, receive_batch);
}

static ssize_t with_vector(struct scene *c, bool writes)
{
    const size_t  lengths[] = {1, 1};
    sock_iovec_t *v         = sock_iovec_alloc(2, lengths);
    ssize_t       result = writes ? sock_writev(c->s, v) : sock_readv(c->s, v);

    sock_iovec_free(v);
    return result;
}

static ssize_t call_readv(struct scene *c)
{
    return with_vector(c, false);
}

static ssize_t call_writev(struct scene *c)
{
    return with_vector(c, true);
}

static void relieve_reader(struct scene *c)
{
    put(c->peer, "x\n");
}

static void relieve_writer(struct scene *c)
{
    drain(c->peer);
}

static void relieve_accept(struct scene *c)
{
    assert_true(sock_connect(c->peer, c->address, c->port));
}

/* TCP needs more than one place, and its peer asks again after a second. */
static void relieve_connect(struct scene *c)
{
    sock_t *client;

    sock_set_nonblock(c->full.listener);
    while ((client = sock_accept(c->full.listener)))
        sock_close(client);
}

const struct situation situations[] = {
    {"read, TCP", open_tcp, call_read, relieve_reader, false, false},
    {"read, unix", open_unix, call_read, relieve_reader, false, false},
    {"line, TCP", open_tcp, call_line, relieve_reader, false, false},
    {"line, unix", open_unix, call_line, relieve_reader, false, false},
    {"recv all, TCP", open_tcp, call_recv_all, relieve_reader, false, false},
    {"recv all, unix", open_unix, call_recv_all, relieve_reader, false, false},
    {"recvfrom, UDP", open_udp, call_recvfrom, relieve_reader, false, false},
    {"recvfrom, TCP", open_tcp, call_recvfrom, relieve_reader, false, false},
    {"write, TCP", open_full_tcp, call_write, relieve_writer, false, false},
    {"send, TCP", open_full_tcp, call_send, relieve_writer, false, false},
    {"write, unix", open_full_unix, call_write, relieve_writer, false, false},
    {"write all, TCP", open_full_tcp, call_write_all, relieve_writer, false,
     false},
    {"write all, unix", open_full_unix, call_write_all, relieve_writer, false,
     false},
    {"write, seqpacket", open_full_seqpacket, call_write, relieve_writer, false,
     false},
    {"write, dgram", open_connected_dgram, call_write, relieve_writer, false,
     false},
    {"sendto, dgram", open_unix_dgram, call_sendto, relieve_writer, false,
     false},
    {"recvmsg, TCP", open_tcp, call_recvmsg, relieve_reader, false, false},
    {"recvmsg, unix", open_unix, call_recvmsg, relieve_reader, false, false},
    {"recvmsg, UDP", open_udp, call_recvmsg, relieve_reader, false, false},
    {"recvmsg all, TCP", open_tcp, call_recvmsg_all, relieve_reader, false,
     false},
    {"recvmsg all, unix", open_unix, call_recvmsg_all, relieve_reader, false,
     false},
    {"recvmmsg, UDP", open_udp, call_recvmmsg, relieve_reader, false, false},
    {"readv, TCP", open_tcp, call_readv, relieve_reader, false, false},
    {"sendmsg, TCP", open_full_tcp, call_sendmsg, relieve_writer, false, false},
    {"sendmsg, unix", open_full_unix, call_sendmsg, relieve_writer, false,
     false},
    {"sendmsg, seqpacket", open_full_seqpacket, call_sendmsg, relieve_writer,
     false, false},
    {"sendmsg, dgram", open_connected_dgram, call_sendmsg, relieve_writer,
     false, false},
    {"sendmsg to, dgram", open_unix_dgram, call_sendmsg_to, relieve_writer,
     false, false},
    {"sendmmsg, seqpacket", open_full_seqpacket, call_sendmmsg, relieve_writer,
     false, false},
    {"sendmmsg, dgram", open_connected_dgram, call_sendmmsg, relieve_writer,
     false, false},
    {"writev, TCP", open_full_tcp, call_writev, relieve_writer, false, false},
    {"accept, TCP", open_listener, call_accept, relieve_accept, true, false},
    {"accept, unix", open_unix_listener, call_accept, relieve_accept, true,
     false},
    {"connect, TCP", open_tcp_backlog, call_connect, relieve_connect, false,
     true},
    {"connect, unix", open_unix_backlog, call_connect, relieve_connect, false,
     true},
};
const size_t situation_count = sizeof situations / sizeof *situations;

const struct situation *situation_named(const char *name)
{
    for (size_t i = 0; i < situation_count; i++)
        if (!strcmp(situations[i].name, name))
            return &situations[i];
    fail_msg("there is no situation %s", name);
    return NULL;
}

void scene_open(struct scene *c, const struct situation *is)
{
    memset(c, 0, sizeof *c);
    c->is = is;
    is->open(c);
    assert_non_null(c->s);
}

void scene_run(struct scene *c)
{
    c->result = c->is->call(c);
    c->error  = c->result < 0 ? sock_last_error(c->s) : 0;
    c->ended  = now_ms();
}

static void *scene_thread(void *arg)
{
    struct scene *c = arg;

    c->tid = gettid();
    scene_run(c);
    return NULL;
}

void scene_start(struct scene *c)
{
    c->tid = 0;
    assert_int_equal(pthread_create(&c->thread, NULL, scene_thread, c), 0);
    while (!c->tid)
        sched_yield();
    wait_until_asleep(c->tid);
}

void scene_join(struct scene *c)
{
    pthread_join(c->thread, NULL);
}

void scene_close(struct scene *c)
{
    sock_close(c->s);
    if (c->peer)
        sock_close(c->peer);
    if (c->full.listener)
        close_full(&c->full);
}
