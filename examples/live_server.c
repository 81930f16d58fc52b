/* live_server.c - answers one client after the other, for ever.
 *
 * The next client waits in the backlog until the one before is done. See
 * chat_server.c for several at a time.
 *
 * Closing while something is unread resets the connection, and whoever is slow
 * may miss the end of the answer: a server that wants to be sure shuts down for
 * writing and reads on to the end, within a limit.
 *
 * Try it: ./live_server 127.0.0.1 5000
 *         and in another terminal: telnet 127.0.0.1 5000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    static char response[6 + 1024000]; /* "OK .. " and what was said */
    const char *address = "127.0.0.1", *port = "5000";
    char        peer[LIBSOCK_ADDRSTRLEN];
    sock_t     *sock, *client;
    ssize_t     n;
    int         code, peer_port;

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

    /* Loop to listen for client connections. */
    memcpy(response, "OK .. ", 6);
    while ((client = sock_accept(sock))) {
        if (sock_getpeername(client, peer, sizeof peer, &peer_port))
            printf("Client %s : %d is now connected to us. \n", peer,
                   peer_port);

        n = sock_read(client, response + 6, sizeof response - 6,
                      LIBSOCK_BINARY_READ);
        sock_write_all(client, response, 6 + (n > 0 ? (size_t)n : 0), NULL);
        sock_close(client);
    }
    code = sock_last_error(sock);
    die("Could not accept : [%d] %s \n", code, sock_strerror(code));
}
