/* daytime_udp_server.c - answers every packet with the time.
 *
 * Accepting on UDP: the handle is one peer. Its first read is the packet that
 * brought it, its writes answer, and what it has not read when it is closed
 * comes with the next accept. (Senders of UDP are easily forged: a server for
 * strangers sends no more than it was sent.)
 *
 * Try it: ./daytime_udp_server 127.0.0.1 8013
 *         and in another terminal: nc -u 127.0.0.1 8013
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char *address = "0.0.0.0", *port = "13";
    char        url[512], packet[1], text[64];
    sock_t     *socket, *conn;
    struct tm  *t;
    time_t      now;
    size_t      n;
    int         code;

    begin(argc, argv, &address, &port);
    snprintf(url, sizeof url, "udp://%s:%s", address, port);

    if (!(socket = sock_stream_server(url, 0, NULL))) {
        code = sock_last_error(NULL);
        die("ERROR: %d - %s<br />\n", code, sock_strerror(code));
    }
    while ((conn = sock_stream_accept(socket, -1, NULL, 0))) {
        /* date("D M j H:i:s Y") */
        now = time(NULL);
        t   = localtime(&now);
        n   = strftime(text, sizeof text, "%a %b ", t);
        n += (size_t)sprintf(text + n, "%d", t->tm_mday);
        n += strftime(text + n, sizeof text - n, " %H:%M:%S %Y\r\n", t);

        /* What it says does not matter, but it has to be taken. */
        if (sock_read(conn, packet, sizeof packet, LIBSOCK_BINARY_READ) >= 0)
            sock_write_all(conn, text, n, NULL);
        sock_close(conn);
    }
    die("%s\n", sock_last_message(socket));
}
