/* echo_many.c - gives tens of thousands of clients back what they send, in one
 * thread.
 *
 * A poll set keeps its members between waits: 10,000 idle clients cost no more
 * than ten. A client is not read from while it does not take what it is sent,
 * so one buffer is all that it can ever use. A signal handler ends the wait.
 *
 * Try it: ./echo_many 127.0.0.1 10007
 *         and in another terminal: nc 127.0.0.1 10007
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#include <signal.h>

#include <sys/resource.h>

struct client {
    sock_t  *sock;
    unsigned watched;  /* LIBSOCK_POLL_READ, or _WRITE: it takes no more now */
    size_t   from, to; /* what is in buf and still to be sent */
    char     buf[4096];
};

static sock_poll_t          *set;
static sock_t               *server;
static bool                  full; /* no descriptors: let others wait */
static volatile sig_atomic_t ending;

static void end(int number)
{
    (void)number;
    ending = 1;
    sock_poll_wake(set);
}

/* Take some of those who wait; without descriptors, take a rest. */
static void welcome(void)
{
    struct client *c;
    sock_t        *sock;
    int            i;

    for (i = 0; i < 64 && (sock = sock_accept(server)); i++) {
        if (!(c = calloc(1, sizeof *c)) ||
            !sock_poll_add(set, sock, LIBSOCK_POLL_READ, c)) {
            free(c);
            sock_close(sock);
            continue;
        }
        c->sock    = sock;
        c->watched = LIBSOCK_POLL_READ;
    }
    if (i < 64 && sock_last_error(server) != EAGAIN)
        full = sock_poll_modify(set, server, 0, NULL);
}

/* There may be descriptors again. */
static void listen_again(void)
{
    full = !sock_poll_modify(set, server, LIBSOCK_POLL_READ, NULL);
}

static void leave(struct client *c)
{
    sock_close(c->sock);
    free(c);
    if (full)
        listen_again();
}

/* Read, or send what was left; false: the client is gone. */
static bool echo(struct client *c)
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
    if (want != c->watched && !sock_poll_modify(set, c->sock, want, c))
        return false;
    c->watched = want;
    return true;
}

/* As many descriptors as this process may have. */
static void raise_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int failed(void)
{
    fprintf(stderr, "%s\n", sock_last_message(NULL));
    return 1;
}

int main(int argc, char **argv)
{
    const char      *address = "127.0.0.1", *port = "10007";
    char             ip[LIBSOCK_ADDRSTRLEN];
    sock_event_t     events[256];
    struct sigaction on_end = {.sa_handler = end};
    int              i, n = 0, number;

    begin(argc, argv, &address, &port);
    raise_limit();

    if (!(server = sock_create(AF_INET, SOCK_STREAM, SOL_TCP)) ||
        !sock_set_option_int(server, SOL_SOCKET, SO_REUSEADDR, 1) ||
        !sock_bind(server, address, port_number(port)) ||
        !sock_listen(server, -1) || !sock_set_nonblock(server) ||
        !sock_getsockname(server, ip, sizeof ip, &number) ||
        !(set = sock_poll_create()) ||
        !sock_poll_add(set, server, LIBSOCK_POLL_READ, NULL))
        return failed();
    sigaction(SIGTERM, &on_end, NULL);
    sigaction(SIGINT, &on_end, NULL);
    printf("Listening on %s:%d\n", ip, number);

    while (!ending) {
        n = sock_poll_wait(set, events, 256, full ? 1000 : -1);
        if (n < 0 && sock_last_error(NULL) != EINTR)
            return failed();
        if (n == 0 && full)
            listen_again();
        for (i = 0; i < n; i++)
            if (events[i].sock == server)
                welcome();
            else if (!echo(events[i].data))
                leave(events[i].data);
    }
    return 0; /* the system closes and frees what is left */
}
