/* free_port.c - has the system pick a free UDP port, and tells which.
 *
 * sock_stream_get_name() tells the address that a socket got.
 *
 * Try it: ./free_port 127.0.0.1 0
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "0";
    char        url[512], name[LIBSOCK_NAMESTRLEN];
    sock_t     *socket;
    int         code;

    begin(argc, argv, &address, &port);
    snprintf(url, sizeof url, "udp://%s:%s", address, port);

    socket = sock_stream_server(url, LIBSOCK_SERVER_BIND, NULL);
    if (!socket || !sock_stream_get_name(socket, false, name, sizeof name)) {
        code = sock_last_error(NULL);
        die("ERROR: %d - %s<br />\n", code, sock_strerror(code));
    }
    printf("%s", name);
    sock_close(socket);
    return 0;
}
