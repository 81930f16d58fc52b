/* engine_glib_wait.c - waiting for one of many, and a server of many, by GIO:
 * sources of a GMainContext, each of which calls a function.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <gio/gio.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

static long woken;

static gboolean take_byte(GSocket *s, GIOCondition events, gpointer unused)
{
    char byte;

    (void)events;
    (void)unused;
    woken += g_socket_receive(s, &byte, 1, NULL, NULL) == 1;
    return G_SOURCE_CONTINUE;
}

/* A source that may recurse need not be taken out of the loop and put back
 * while it is called, which would cost three system calls. */
static void watch(GSocket *s, GSocketSourceFunc call)
{
    GSource *source = g_socket_create_source(s, G_IO_IN, NULL);

    g_source_set_callback(source, G_SOURCE_FUNC(call), NULL, NULL);
    g_source_set_can_recurse(source, TRUE);
    g_source_attach(source, NULL);
    g_source_unref(source);
}

static bool watch_all(const int *fds, size_t count)
{
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++) {
        GSocket *s = g_socket_new_from_fd(fds[i], NULL);

        if ((ok = s != NULL))
            watch(s, take_byte);
    }
    return ok;
}

static bool wake_one(GSocket *peer, long i)
{
    if (g_socket_send(peer, "x", 1, NULL, NULL) != 1)
        return false;
    while (woken <= i)
        g_main_context_iteration(NULL, TRUE);
    return woken == i + 1;
}

static bool wake(const struct job *job)
{
    int      poke, *fds = bench_crowd(job->idle, &poke);
    GSocket *peer = fds ? g_socket_new_from_fd(poke, NULL) : NULL;

    if (!peer || !watch_all(fds, job->idle + 1))
        return bench_failed("connections");
    g_main_context_iteration(NULL, FALSE);
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!wake_one(peer, i))
            return bench_failed("wake-up");
    bench_end();
    free(fds);
    return true;
}

/* ---- a server of many ---- */

static gboolean serve(GSocket *s, GIOCondition events, gpointer unused)
{
    static char bytes[4096];
    gssize      n = g_socket_receive(s, bytes, sizeof bytes, NULL, NULL);

    (void)events;
    (void)unused;
    if (n > 0 && g_socket_send(s, bytes, (gsize)n, NULL, NULL) == n)
        return G_SOURCE_CONTINUE;
    g_socket_close(s, NULL);
    g_object_unref(s);
    return G_SOURCE_REMOVE;
}

static gboolean welcome(GSocket *listener, GIOCondition events, gpointer unused)
{
    GSocket *s = g_socket_accept(listener, NULL, NULL);

    (void)events;
    (void)unused;
    if (s) {
        g_socket_set_blocking(s, FALSE);
        g_socket_set_option(s, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
        watch(s, serve);
    }
    return G_SOURCE_CONTINUE;
}

static GSocket *listen_new(int port)
{
    GSocket        *s = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                     G_SOCKET_PROTOCOL_DEFAULT, NULL);
    GSocketAddress *at =
        g_inet_socket_address_new_from_string("127.0.0.1", (guint)port);
    bool ok = s && at && g_socket_bind(s, at, TRUE, NULL);

    g_object_unref(at);
    if (!ok)
        return NULL;
    g_socket_set_listen_backlog(s, 4096);
    return g_socket_listen(s, NULL) ? s : NULL;
}

static int port_of(GSocket *s)
{
    GSocketAddress *at = g_socket_get_local_address(s, NULL);
    int port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(at));

    g_object_unref(at);
    return port;
}

static bool echo(const struct job *job)
{
    GSocket *listener = listen_new(job->port);

    if (!listener)
        return bench_failed("listen");
    watch(listener, welcome);
    bench_listens(port_of(listener));
    g_main_loop_run(g_main_loop_new(NULL, FALSE));
    return bench_failed("echo");
}

static const char *version(void)
{
    static char text[32];

    g_snprintf(text, sizeof text, "%u.%u.%u", glib_major_version,
               glib_minor_version, glib_micro_version);
    return text;
}

const struct engine engine_glib_wait[] = {
    {
        .name    = "GLib",
        .version = version,
        .work    = {[WORK_WAKE] = wake, [WORK_ECHO] = echo},
    },
    {0},
};
