/* irc_client.c - logs into an IRC server and shows what it says, line by line.
 *
 * LIBSOCK_NORMAL_READ stops at the first "\r" or "\n", as PHP does: of "\r\n"
 * the "\n" is still to be read, or it would come as a line of its own.
 *
 * Try it: nc -C -l 127.0.0.1 6667, where you type lines of IRC
 *         and in another terminal: ./irc_client 127.0.0.1 6667
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

/* The word that says what a line is: the first, or that behind a prefix. */
static size_t type_of(const char *line, size_t len, const char **type)
{
    const char *space, *end = line + len;

    if (len > 0 && line[0] == ':' && (space = memchr(line, ' ', len)))
        line = space + 1;
    *type = line;
    space = memchr(line, ' ', (size_t)(end - line));
    return (size_t)((space ? space : end) - line);
}

int main(int argc, char **argv)
{
    const char *address = "chat.stackoverflow.com", *port = "6667";
    const char *login = "NICK Alice\r\nUSER alice 0 * :Alice\r\n", *type;
    char        line[1024], dropped;
    sock_t     *socket;
    ssize_t     got, next = 0;
    size_t      len, type_len;

    begin(argc, argv, &address, &port);

    socket = sock_create(AF_INET, SOCK_STREAM, SOL_TCP);
    if (!socket || !sock_connect(socket, address, port_number(port)))
        die("Failed to connect to %s:%s: %s", address, port,
            sock_strerror(sock_last_error(NULL)));
    sock_write_all(socket, login, strlen(login), NULL);

    while (next >= 0 && (got = sock_read(socket, line, sizeof line,
                                         LIBSOCK_NORMAL_READ)) > 0) {
        len = (size_t)got;
        if (line[len - 1] == '\r')
            next = sock_read(socket, &dropped, 1, LIBSOCK_BINARY_READ);
        while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
            len--;

        type_len = type_of(line, len, &type);
        putchar('[');
        fwrite(type, 1, type_len, stdout);
        printf("] ");
        fwrite(line, 1, len, stdout);
        putchar('\n');
        if (same(type, type_len, "QUIT")) {
            sock_close(socket);
            return 0;
        }
    }
    if (next < 0 || got < 0)
        printf("Failed to receive data: %s",
               sock_strerror(sock_last_error(socket)));
    sock_close(socket);
    return 0;
}
