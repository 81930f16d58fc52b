/* echo_threads.c - the echo server on every core.
 *
 * Each thread has a listener of its own at the same address (SO_REUSEPORT), and
 * a poll set: the system deals the clients out, and the threads share nothing.
 * So does it to another such program of the same user at that address.
 *
 * Try it: ./echo_threads 127.0.0.1 10007
 *         and in another terminal: nc 127.0.0.1 10007
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#include <pthread.h>
#include <sched.h>

struct client {
    sock_t  *sock;
    unsigned watched;  /* LIBSOCK_POLL_READ, or _WRITE: it takes no more now */
    size_t   from, to; /* what is in buf and still to be sent */
    char     buf[4096];
};

/* What a thread has for itself. */
struct worker {
    pthread_t    thread;
    sock_poll_t *set;
    sock_t      *server;
    bool         full; /* no descriptors: let others wait */
};

/* Take one who waits; when nothing is left for another, take a rest. */
static void welcome(struct worker *w)
{
    sock_t        *sock = sock_accept(w->server);
    struct client *c;

    if (!sock && sock_last_error(w->server) != EAGAIN)
        w->full = sock_poll_modify(w->set, w->server, 0, NULL);
    if (!sock)
        return;
    c = calloc(1, sizeof *c);
    if (!c || !sock_poll_add(w->set, sock, LIBSOCK_POLL_READ, c)) {
        free(c);
        sock_close(sock);
        return;
    }
    c->sock    = sock;
    c->watched = LIBSOCK_POLL_READ;
}

/* There may be descriptors again. */
static void listen_again(struct worker *w)
{
    w->full = !sock_poll_modify(w->set, w->server, LIBSOCK_POLL_READ, NULL);
}

static void leave(struct worker *w, struct client *c)
{
    sock_close(c->sock);
    free(c);
    if (w->full)
        listen_again(w);
}

/* Read, or send what was left; false: the client is gone. */
static bool echo(struct worker *w, struct client *c)
{
    unsigned want;
    ssize_t  n;

    if (c->from == c->to) {
        n = sock_recv(c->sock, c->buf, sizeof c->buf, MSG_DONTWAIT);
        if (n <= 0)
            return n < 0 && sock_last_error(c->sock) == EAGAIN;
        c->from = 0;
        c->to   = (size_t)n;
    }
    n = sock_send(c->sock, c->buf + c->from, c->to - c->from, MSG_DONTWAIT);
    if (n < 0 && sock_last_error(c->sock) != EAGAIN)
        return false;
    c->from += n > 0 ? (size_t)n : 0;

    want = c->from < c->to ? LIBSOCK_POLL_WRITE : LIBSOCK_POLL_READ;
    if (want != c->watched && !sock_poll_modify(w->set, c->sock, want, c))
        return false;
    c->watched = want;
    return true;
}

static void *work(void *argument)
{
    struct worker *w = argument;
    sock_event_t   events[256];
    int            i, n;

    do {
        n = sock_poll_wait(w->set, events, 256, w->full ? 1000 : -1);
        if (w->full)
            listen_again(w);
        for (i = 0; i < n; i++)
            if (events[i].sock == w->server)
                welcome(w);
            else if (!echo(w, events[i].data))
                leave(w, events[i].data);
    } while (n >= 0 || sock_last_error(NULL) == EINTR);
    fprintf(stderr, "%s\n", sock_last_message(NULL));
    return NULL;
}

/* A listener at the address, and the set that watches it. The first learns the
 * port, should the system choose it. */
static bool open_worker(struct worker *w, const char *address, int *port)
{
    return (w->server = sock_create(AF_INET, SOCK_STREAM, SOL_TCP)) &&
           sock_set_option_int(w->server, SOL_SOCKET, SO_REUSEADDR, 1) &&
           sock_set_option_int(w->server, SOL_SOCKET, SO_REUSEPORT, 1) &&
           sock_bind(w->server, address, *port) && sock_listen(w->server, -1) &&
           sock_set_nonblock(w->server) &&
           sock_getsockname(w->server, NULL, 0, port) &&
           (w->set = sock_poll_create()) &&
           sock_poll_add(w->set, w->server, LIBSOCK_POLL_READ, NULL);
}

int main(int argc, char **argv)
{
    const char          *address = "127.0.0.1", *service = "10007";
    static struct worker workers[CPU_SETSIZE];
    cpu_set_t            cpus;
    int                  i, port, cores = 1;

    begin(argc, argv, &address, &service);
    port = port_number(service);
    if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
        cores = CPU_COUNT(&cpus);

    for (i = 0; i < cores; i++)
        if (!open_worker(&workers[i], address, &port)) {
            fprintf(stderr, "%s\n", sock_last_message(NULL));
            return 1;
        }
    for (i = 0; i < cores; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) {
            fprintf(stderr, "no thread for core %d\n", i);
            return 1;
        }
    printf("%d threads listen on %s:%d\n", cores, address, port);
    for (i = 0; i < cores; i++)
        pthread_join(workers[i].thread, NULL);
    return 1; /* waiting has failed everywhere */
}
