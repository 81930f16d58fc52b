/* engine_glib.c - the work done by GIO, the input and output of GLib.
 *
 * GSocket for bytes, GDataInputStream for lines. An address of GIO is an object
 * that never changes: each text becomes a new one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <gio/gio.h>

#include <string.h>

static char bytes[64 * 1024];

static bool start_pair(GSocket *ends[2])
{
    int fd[2];

    memset(bytes, 'x', sizeof bytes);
    if (!bench_pair(fd))
        return false;
    ends[0] = g_socket_new_from_fd(fd[0], NULL);
    ends[1] = g_socket_new_from_fd(fd[1], NULL);
    return (ends[0] && ends[1]) || bench_failed("g_socket_new_from_fd");
}

static void close_pair(GSocket *ends[2])
{
    g_object_unref(ends[0]);
    g_object_unref(ends[1]);
}

static bool send_all(GSocket *s, size_t size)
{
    for (size_t done = 0; done < size;) {
        gssize n = g_socket_send(s, bytes + done, size - done, NULL, NULL);

        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool recv_all(GSocket *s, size_t size)
{
    for (size_t done = 0; done < size;) {
        gssize n = g_socket_receive(s, bytes + done, size - done, NULL, NULL);

        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool ping(const struct job *job)
{
    GSocket *ends[2];

    if (!start_pair(ends))
        return false;
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_all(ends[0], job->size) || !recv_all(ends[1], job->size) ||
            !send_all(ends[1], job->size) || !recv_all(ends[0], job->size))
            return bench_failed("a ping got lost");
    bench_end();
    close_pair(ends);
    return true;
}

static bool bulk(const struct job *job)
{
    GSocket *ends[2];

    if (!start_pair(ends))
        return false;
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_all(ends[0], job->size) || !recv_all(ends[1], job->size))
            return bench_failed("bytes got lost");
    bench_end();
    close_pair(ends);
    return true;
}

/* ---- lines ---- */

/* A line comes without its end, in memory of its own. */
static bool read_lines(GDataInputStream *lines, size_t size, long count)
{
    while (count--) {
        gsize n;
        char *line = g_data_input_stream_read_line(lines, &n, NULL, NULL);

        if (!line || n != size - 1)
            return false;
        g_free(line);
    }
    return true;
}

static bool lines(const struct job *job)
{
    GSocket           *ends[2];
    GSocketConnection *c;
    GDataInputStream  *d;
    long               n;

    if (!start_pair(ends))
        return false;
    c = g_socket_connection_factory_create_connection(ends[1]);
    d = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(c)));
    g_buffered_input_stream_set_buffer_size(G_BUFFERED_INPUT_STREAM(d), 16384);
    for (long left = job->count; left; left -= n) {
        if (!(n = bench_lines(g_socket_get_fd(ends[0]), job->size, left)))
            return false;
        bench_begin();
        if (!read_lines(d, job->size, n))
            return bench_failed("a line got lost");
        bench_end();
    }
    g_object_unref(d);
    g_object_unref(c);
    close_pair(ends);
    return true;
}

/* ---- connecting ---- */

static GSocket *socket_new(GSocketType type)
{
    return g_socket_new(G_SOCKET_FAMILY_IPV4, type, G_SOCKET_PROTOCOL_DEFAULT,
                        NULL);
}

/* At a port of 127.0.0.1 that *at tells. */
static GSocket *bind_new(GSocketType type, GSocketAddress **at)
{
    GSocket        *s  = socket_new(type);
    GSocketAddress *a  = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    bool            ok = s && a && g_socket_bind(s, a, TRUE, NULL);

    if (ok && type == G_SOCKET_TYPE_STREAM) {
        g_socket_set_listen_backlog(s, 4096);
        ok = g_socket_listen(s, NULL);
    }
    g_object_unref(a);
    *at = ok ? g_socket_get_local_address(s, NULL) : NULL;
    return *at ? s : NULL;
}

static int port_of(GSocketAddress *a)
{
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(a));
}

static bool connect_one(GSocket *listener, GSocketAddress *at)
{
    GSocket *ends[2];

    if (!(ends[0] = socket_new(G_SOCKET_TYPE_STREAM)) ||
        !g_socket_connect(ends[0], at, NULL, NULL) ||
        !(ends[1] = g_socket_accept(listener, NULL, NULL)))
        return false;
    close_pair(ends);
    return true;
}

static bool connect_many(const struct job *job)
{
    GSocketAddress *at;
    GSocket        *listener = bind_new(G_SOCKET_TYPE_STREAM, &at);

    if (!listener)
        return bench_failed("listen");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!connect_one(listener, at))
            return bench_failed("connect");
    bench_end();
    g_object_unref(at);
    g_object_unref(listener);
    return true;
}

/* ---- datagrams, by address text ---- */

static bool send_to(GSocket *s, const char *text, int port, size_t size)
{
    GSocketAddress *to =
        g_inet_socket_address_new_from_string(text, (guint)port);
    gssize n = g_socket_send_to(s, to, bytes, size, NULL, NULL);

    g_object_unref(to);
    return n == (gssize)size;
}

/* The text is the caller's to free. */
static char *recv_from(GSocket *s, int *port, size_t size)
{
    GSocketAddress *from;
    GInetAddress   *address;
    char           *text;

    if (g_socket_receive_from(s, &from, bytes, sizeof bytes, NULL, NULL) !=
        (gssize)size)
        return NULL;
    address = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(from));
    text    = g_inet_address_to_string(address);
    *port   = port_of(from);
    g_object_unref(from);
    return text;
}

/* There, and back to where it came from. */
static bool exchange(GSocket *ends[2], int port, size_t size)
{
    char *text = NULL, *back = NULL;
    int   from, to;
    bool  ok = send_to(ends[0], "127.0.0.1", port, size) &&
              (text = recv_from(ends[1], &from, size)) &&
              send_to(ends[1], text, from, size) &&
              (back = recv_from(ends[0], &to, size)) && to == port;

    g_free(text);
    g_free(back);
    return ok;
}

static bool datagram(const struct job *job)
{
    GSocketAddress *at, *other;
    GSocket        *ends[2] = {bind_new(G_SOCKET_TYPE_DATAGRAM, &other),
                               bind_new(G_SOCKET_TYPE_DATAGRAM, &at)};

    memset(bytes, 'x', sizeof bytes);
    if (!ends[0] || !ends[1])
        return bench_failed("datagram sockets");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!exchange(ends, port_of(at), job->size))
            return bench_failed("a datagram got lost");
    bench_end();
    g_object_unref(at);
    g_object_unref(other);
    close_pair(ends);
    return true;
}

static const char *version(void)
{
    static char text[32];

    g_snprintf(text, sizeof text, "%u.%u.%u", glib_major_version,
               glib_minor_version, glib_micro_version);
    return text;
}

const struct engine engine_glib[] = {
    {
        .name    = "GLib",
        .version = version,
        .work =
            {
                [WORK_PING]     = ping,
                [WORK_BULK]     = bulk,
                [WORK_LINES]    = lines,
                [WORK_CONNECT]  = connect_many,
                [WORK_DATAGRAM] = datagram,
            },
    },
    {0},
};
