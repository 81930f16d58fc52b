/* whitespace_server.c - gives one client back what it said, without the white
 * space, and ends.
 *
 * Try it: ./whitespace_server 127.0.0.1 9000
 *         and in another terminal: telnet 127.0.0.1 9000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

/* ereg_replace("[ \t\n\r]", "", $input), in place; returns the new length. */
static size_t strip(char *buf, size_t len)
{
    size_t i, n = 0;

    for (i = 0; i < len; i++)
        if (!memchr(" \t\n\r", buf[i], 4))
            buf[n++] = buf[i];
    return n;
}

int main(int argc, char **argv)
{
    const char *address = "0.0.0.0", *port = "9000";
    char        input[1024 + 1];
    sock_t     *sock, *client;
    ssize_t     got;
    size_t      n;

    begin(argc, argv, &address, &port);

    /* Create a TCP stream socket, bind it, and listen for connections. */
    if (!(sock = sock_create(AF_INET, SOCK_STREAM, 0)))
        die("Could not create socket");
    sock_set_option_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!sock_bind(sock, address, port_number(port)))
        die("Could not bind to address");
    if (!sock_listen(sock, 5))
        die("Could not listen");

    /* Accept the one client. */
    if (!(client = sock_accept(sock)))
        die("Could not accept");

    /* Read the input, strip all white space, and send it back. */
    got        = sock_read(client, input, 1024, LIBSOCK_BINARY_READ);
    n          = strip(input, got > 0 ? (size_t)got : 0);
    input[n++] = '\0';
    sock_write_all(client, input, n, NULL);

    sock_close(client);
    sock_close(sock);
    return 0;
}
