/* chat_server.c - passes what one client says on to all others, up to ten.
 *
 * One sock_select() watches the listener and the clients. While all places are
 * taken the listener is left out: who comes then waits in the backlog. Clients
 * that do not take their bytes within half a second are dropped.
 *
 * Try it: ./chat_server 127.0.0.1 5007
 *         and in two other terminals: telnet 127.0.0.1 5007
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#define MAX_CLIENTS 10

/* NULL: a free place. */
static sock_t   *client_socks[MAX_CLIENTS];
static long long round_ends; /* by hrtime() */
static bool full; /* no descriptors: let others wait until somebody leaves */

/* Greet who has come, and give it a place. */
static void greet(sock_t *client)
{
    const char *message = "Welcome to php socket server version 1.0 \n"
                          "Enter a message and press enter, and i shall reply "
                          "back \n";
    char        address[LIBSOCK_ADDRSTRLEN];
    int         port, i = 0;

    if (sock_getpeername(client, address, sizeof address, &port))
        printf("Client %s : %d is now connected to us. \n", address, port);
    while (client_socks[i])
        i++;
    client_socks[i] = client;
    sock_set_timeout(client, 500);
    sock_write_all(client, message, strlen(message), NULL);
}

/* Close it and forget it. */
static void drop(int i)
{
    sock_close(client_socks[i]);
    client_socks[i] = NULL;
    full            = false;
}

/* Send all of it, or drop who does not take it: all who are sent to in one
 * round have half a second together, and one millisecond each when that is
 * over. */
static void say(int i, const char *text, size_t n)
{
    long long left = round_ends - hrtime();

    sock_set_deadline(client_socks[i], left > 1 ? (int)left : 1);
    if (sock_write_all(client_socks[i], text, n, NULL))
        sock_set_deadline(client_socks[i], -1);
    else
        drop(i);
}

/* Read what a client says, and pass it on to all others. */
static void pass_on(int from)
{
    char    input[1024], output[64 + sizeof input];
    ssize_t got =
        sock_read(client_socks[from], input, sizeof input, LIBSOCK_BINARY_READ);
    size_t n;
    int    i;

    if (got <= 0) {
        drop(from);
        return;
    }
    n = (size_t)sprintf(output, "Resource id #%ld Said: ... ",
                        sock_id(client_socks[from]));
    n = append(output, n, input, (size_t)got);
    printf("Sending output to client \n");
    for (i = 0; i < MAX_CLIENTS; i++)
        if (i != from && client_socks[i])
            say(i, output, n);
}

int main(int argc, char **argv)
{
    const char *address = "0.0.0.0", *port = "5007";
    sock_t     *sock, *client, *read[MAX_CLIENTS + 1];
    int         code, i, places;

    begin(argc, argv, &address, &port);

    if (!(sock = sock_create(AF_INET, SOCK_STREAM, 0))) {
        code = sock_last_error(NULL);
        die("Couldn't create socket: [%d] %s \n", code, sock_strerror(code));
    }
    printf("Socket created \n");
    sock_set_option_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);

    /* Bind the source address. */
    if (!sock_bind(sock, address, port_number(port))) {
        code = sock_last_error(sock);
        die("Could not bind socket : [%d] %s \n", code, sock_strerror(code));
    }
    printf("Socket bind OK \n");

    if (!sock_listen(sock, 10)) {
        code = sock_last_error(sock);
        die("Could not listen on socket : [%d] %s \n", code,
            sock_strerror(code));
    }
    printf("Socket listen OK \n");
    printf("Waiting for incoming connections... \n");

    /* A client may be gone again when select has told of it. */
    sock_set_nonblock(sock);

    for (;;) {
        /* All clients; the listener, too, if there is a free place. */
        for (i = places = 0; i < MAX_CLIENTS; i++)
            if (!(read[i] = client_socks[i]))
                places++;
        read[i] = places > 0 && !full ? sock : NULL;

        if (sock_select(read, MAX_CLIENTS + 1, NULL, 0, NULL, 0, -1) < 0) {
            code = sock_last_error(NULL);
            die("Could not select : [%d] %s \n", code, sock_strerror(code));
        }
        round_ends = hrtime() + 500;
        if (read[MAX_CLIENTS] && (client = sock_accept(sock)))
            greet(client);
        else if (read[MAX_CLIENTS] && sock_last_error(sock) != EAGAIN)
            full = places < MAX_CLIENTS;
        for (i = 0; i < MAX_CLIENTS; i++)
            if (read[i] && client_socks[i])
                pass_on(i);
    }
}
