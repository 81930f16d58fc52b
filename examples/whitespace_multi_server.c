/* whitespace_multi_server.c - gives ten clients back what they say, without the
 * white space.
 *
 * While ten are there a further one is accepted and closed at once: a server
 * that would rather have it wait leaves the listener out of the select, as
 * chat_server.c does.
 *
 * Try it: ./whitespace_multi_server 127.0.0.1 9000
 *         and in another terminal: telnet 127.0.0.1 9000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#define MAX_CLIENTS 10

/* NULL: a free place. */
static sock_t   *clients[MAX_CLIENTS];
static int       count;
static long long round_ends; /* by hrtime() */
static bool full; /* no descriptors: let others wait until somebody leaves */

/* ereg_replace("[ \t\n\r]", "", $input), in place; returns the new length. */
static size_t strip(char *buf, size_t len)
{
    size_t i, n = 0;

    for (i = 0; i < len; i++)
        if (!memchr(" \t\n\r", buf[i], 4))
            buf[n++] = buf[i];
    return n;
}

static void drop(int i)
{
    sock_close(clients[i]);
    clients[i] = NULL;
    full       = false;
    count--;
}

/* Give a client the first free place, or none. */
static void seat(sock_t *client)
{
    int i = 0;

    while (i < MAX_CLIENTS && clients[i])
        i++;
    if (i == MAX_CLIENTS) {
        printf("too many clients");
        sock_close(client);
        return;
    }
    clients[i] = client;
    count++;
    sock_set_timeout(client, 500);
}

/* Send all of it, or drop who does not take it: all who are sent to in one
 * round have half a second together, and one millisecond each when that is
 * over. */
static void say(int i, const char *text, size_t n)
{
    long long left = round_ends - hrtime();

    sock_set_deadline(clients[i], left > 1 ? (int)left : 1);
    if (sock_write_all(clients[i], text, n, NULL))
        sock_set_deadline(clients[i], -1);
    else
        drop(i);
}

/* Read what a client says, and answer. */
static void answer(int i)
{
    char    input[1024 + 1], word[1024];
    ssize_t got = sock_read(clients[i], input, 1024, LIBSOCK_BINARY_READ);
    size_t  n;

    if (got <= 0) {
        drop(i);
        return;
    }
    memcpy(word, input, (size_t)got);
    if (same(word, trim(word, (size_t)got), "exit")) {
        drop(i);
        return;
    }
    if (same(input, (size_t)got, "0"))
        return;
    n          = strip(input, (size_t)got);
    input[n++] = '\0';
    say(i, input, n);
}

int main(int argc, char **argv)
{
    const char *address = "0.0.0.0", *port = "9000";
    sock_t     *sock, *client, *read[MAX_CLIENTS + 1];
    int         i;

    begin(argc, argv, &address, &port);

    /* Create a TCP stream socket, bind it, and listen for connections. */
    if (!(sock = sock_create(AF_INET, SOCK_STREAM, 0)))
        die("Could not create socket");
    sock_set_option_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!sock_bind(sock, address, port_number(port)))
        die("Could not bind to address");
    if (!sock_listen(sock, 5))
        die("Could not listen");
    sock_set_nonblock(sock);

    for (;;) {
        /* Watch the listener and all clients. */
        read[0] = full ? NULL : sock;
        memcpy(read + 1, clients, sizeof clients);
        if (sock_select(read, MAX_CLIENTS + 1, NULL, 0, NULL, 0, -1) < 0)
            die("Could not select");

        /* Clients first: who leaves makes room for who comes. */
        round_ends = hrtime() + 500;
        for (i = 0; i < MAX_CLIENTS; i++)
            if (read[i + 1])
                answer(i);
        if (read[0] && (client = sock_accept(sock)))
            seat(client);
        else if (read[0] && sock_last_error(sock) != EAGAIN)
            full = count > 0;
    }
}
