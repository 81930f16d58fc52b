/* accept_once_server.c - accepts one client, says who it is, and ends.
 *
 * The steps of every server: bind, listen, accept. sock_getpeername() tells
 * the other end.
 *
 * Try it: ./accept_once_server 127.0.0.1 5000
 *         and in another terminal: telnet 127.0.0.1 5000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "5000";
    char        peer[LIBSOCK_ADDRSTRLEN];
    sock_t     *sock, *client;
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

    /* Accept an incoming connection: this waits for one. */
    if (!(client = sock_accept(sock))) {
        code = sock_last_error(sock);
        die("Could not accept : [%d] %s \n", code, sock_strerror(code));
    }

    /* Show who is at the other end. */
    if (sock_getpeername(client, peer, sizeof peer, &peer_port))
        printf("Client %s : %d is now connected to us.", peer, peer_port);

    sock_close(client);
    sock_close(sock);
    return 0;
}
