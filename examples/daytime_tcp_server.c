/* daytime_tcp_server.c - tells every client the time.
 *
 * A server by its URL: "[::1]" as the address makes it one of IPv6.
 *
 * Try it: ./daytime_tcp_server 127.0.0.1 8000
 *         and in another terminal: nc 127.0.0.1 8000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char *address = "0.0.0.0", *port = "8000";
    char        url[512];
    sock_t     *socket, *conn;
    int         code;

    begin(argc, argv, &address, &port);
    snprintf(url, sizeof url, "tcp://%s:%s", address, port);

    if (!(socket = sock_stream_server(url, 0, NULL))) {
        code = sock_last_error(NULL);
        die("%s (%d)<br />\n", sock_strerror(code), code);
    }
    while ((conn = sock_stream_accept(socket, -1, NULL, 0))) {
        sock_printf(conn, "L'heure locale est %s\n", date());
        sock_close(conn);
    }
    die("%s\n", sock_last_message(socket));
}
