/* connect_client.c - connects to a server, and no more.
 *
 * The first step of every client: a socket, then a connection.
 *
 * Try it: nc -l 127.0.0.1 8080
 *         and in another terminal: ./connect_client 127.0.0.1 8080
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char *address = "74.125.235.20", *port = "80";
    sock_t     *sock;
    int         code;

    begin(argc, argv, &address, &port);

    if (!(sock = sock_create(AF_INET, SOCK_STREAM, 0))) {
        code = sock_last_error(NULL);
        die("Couldn't create socket: [%d] %s \n", code, sock_strerror(code));
    }
    printf("Socket created \n");

    if (!sock_connect(sock, address, port_number(port))) {
        code = sock_last_error(sock);
        die("Could not connect: [%d] %s \n", code, sock_strerror(code));
    }
    printf("Connection established \n");
    sock_close(sock);
    return 0;
}
