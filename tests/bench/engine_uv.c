/* engine_uv.c - the work done by libuv.
 *
 * All it has for streams is asynchronous, so the works that block are left out:
 * a loop turned for each of them would measure something else.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <uv.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static uv_loop_t *loop;

static bool fail(const char *what, int err)
{
    char text[128];

    snprintf(text, sizeof text, "%s: %s", what, uv_strerror(err));
    return bench_failed(text);
}

/* ---- one that gets a byte ---- */

static long woken;

static void take_byte(uv_poll_t *s, int status, int events)
{
    const int *fd = s->data;
    char       byte;

    (void)events;
    woken += !status && recv(*fd, &byte, 1, 0) == 1;
}

static bool wake_one(int poke, long i)
{
    if (send(poke, "x", 1, MSG_NOSIGNAL) != 1)
        return false;
    while (woken <= i)
        uv_run(loop, UV_RUN_ONCE);
    return woken == i + 1;
}

static bool watch(uv_poll_t *s, int *fd)
{
    if (uv_poll_init(loop, s, *fd))
        return false;
    s->data = fd;
    return !uv_poll_start(s, UV_READABLE, take_byte);
}

static bool wake(const struct job *job)
{
    int        poke, *fds = bench_crowd(job->idle, &poke);
    uv_poll_t *all = calloc(job->idle + 1, sizeof *all);
    bool       ok  = fds && all && (loop = uv_default_loop());

    for (size_t i = 0; i <= job->idle && ok; i++)
        ok = watch(&all[i], &fds[i]);
    if (!ok)
        return bench_failed("connections");
    uv_run(loop, UV_RUN_NOWAIT); /* tells the system of them */
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!wake_one(poke, i))
            return bench_failed("wake-up");
    bench_end();
    free(all);
    free(fds);
    return true;
}

/* ---- bursts ---- */

#define BURST 64

static char room[64 * 1024];

static long   arrived, whole;
static size_t expected;

static void took_datagram(uv_udp_t *s, ssize_t n, const uv_buf_t *from,
                          const struct sockaddr *peer, unsigned flags)
{
    (void)s;
    (void)from;
    (void)flags;
    arrived += peer != NULL; /* else none is left */
    whole += peer && n == (ssize_t)expected;
}

/* Room for several at a time: the loop then takes them with one call. */
static void lend_much(uv_handle_t *s, size_t wanted, uv_buf_t *into)
{
    static char much[20 * 64 * 1024];

    (void)s;
    (void)wanted;
    *into = uv_buf_init(much, sizeof much);
}

static int open_at(uv_udp_t *s, struct sockaddr_in *at)
{
    int err, much = 1 << 20, size = sizeof *at;

    if ((err = uv_ip4_addr("127.0.0.1", 0, at)) ||
        (err = uv_udp_init_ex(loop, s, AF_INET | UV_UDP_RECVMMSG)) ||
        (err = uv_udp_bind(s, (const struct sockaddr *)at, 0)) ||
        (err = uv_recv_buffer_size((uv_handle_t *)s, &much)))
        return err;
    return uv_udp_getsockname(s, (struct sockaddr *)at, &size);
}

static bool burst_once(uv_udp_t *out, const struct sockaddr_in *to, long n)
{
    uv_buf_t sent = uv_buf_init(room, (unsigned)expected);

    arrived = whole = 0;
    for (long i = 0; i < n; i++)
        if (uv_udp_try_send(out, &sent, 1, (const struct sockaddr *)to) < 0)
            return false;
    while (arrived < n)
        uv_run(loop, UV_RUN_ONCE);
    return whole == n;
}

static bool burst(const struct job *job)
{
    struct sockaddr_in out_at, in_at;
    uv_udp_t           out, in;
    long               n;
    int                err;

    loop     = uv_default_loop();
    expected = job->size;
    if ((err = open_at(&out, &out_at)) || (err = open_at(&in, &in_at)) ||
        (err = uv_udp_recv_start(&in, lend_much, took_datagram)))
        return fail("datagram sockets", err);
    uv_run(loop, UV_RUN_NOWAIT);
    bench_begin();
    for (long left = job->count; left; left -= n) {
        n = left < BURST ? left : BURST;
        if (!burst_once(&out, &in_at, n))
            return bench_failed("burst");
    }
    bench_end();
    return true;
}

/* ---- the server ---- */

/* A read that does not fill it is not followed by a second one. */
static void lend_room(uv_handle_t *s, size_t wanted, uv_buf_t *into)
{
    (void)s;
    (void)wanted;
    *into = uv_buf_init(room, sizeof room);
}

static void let_go(uv_handle_t *s)
{
    free(s);
}

static void answer(uv_stream_t *s, ssize_t n, const uv_buf_t *from)
{
    uv_buf_t sent = uv_buf_init(from->base, n > 0 ? (unsigned)n : 0);

    if (n < 0 || (n > 0 && uv_try_write(s, &sent, 1) != n))
        uv_close((uv_handle_t *)s, let_go);
}

static void welcome(uv_stream_t *listener, int status)
{
    uv_tcp_t *s = status ? NULL : malloc(sizeof *s);

    if (!s || uv_tcp_init(loop, s))
        return;
    if (uv_accept(listener, (uv_stream_t *)s) || uv_tcp_nodelay(s, 1) ||
        uv_read_start((uv_stream_t *)s, lend_room, answer))
        uv_close((uv_handle_t *)s, let_go);
}

static int port_of(const uv_tcp_t *s)
{
    struct sockaddr_in at;
    int                size = sizeof at;

    uv_tcp_getsockname(s, (struct sockaddr *)&at, &size);
    return ntohs(at.sin_port);
}

static bool echo(const struct job *job)
{
    struct sockaddr_in at;
    uv_tcp_t           listener;
    int                err;

    loop = uv_default_loop();
    if ((err = uv_ip4_addr("127.0.0.1", job->port, &at)) ||
        (err = uv_tcp_init(loop, &listener)) ||
        (err = uv_tcp_bind(&listener, (const struct sockaddr *)&at, 0)) ||
        (err = uv_listen((uv_stream_t *)&listener, 4096, welcome)))
        return fail("listen", err);
    bench_listens(port_of(&listener));
    uv_run(loop, UV_RUN_DEFAULT);
    return bench_failed("echo");
}

const struct engine engine_uv[] = {
    {
        .name    = "libuv",
        .version = uv_version_string,
        .work =
            {
                [WORK_WAKE]  = wake,
                [WORK_BURST] = burst,
                [WORK_ECHO]  = echo,
            },
    },
    {0},
};
