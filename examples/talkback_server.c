/* talkback_server.c - repeats every line to the client that said it.
 *
 * The first program of PHP's socket manual: create, bind, listen, then one
 * client at a time.  A client that leaves does not end the server.
 *
 * Try it: ./talkback_server 127.0.0.1 10000
 *         and in another terminal: telnet 127.0.0.1 10000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

static int failed(const char *verb, sock_t *sock)
{
    printf("%s() failed: reason: %s\n", verb,
           sock_strerror(sock_last_error(sock)));
    return 1;
}

int main(int argc, char **argv)
{
    const char *address = "192.168.1.53", *port = "10000";
    const char *msg = "\nWelcome to the PHP Test Server. \n"
                      "To quit, type 'quit'. To shut down the server type "
                      "'shutdown'.\n";
    char        buf[2048], talkback[2048 + 64];
    bool        running = true;
    sock_t     *sock, *msgsock;
    ssize_t     got;
    size_t      len, n;

    begin(argc, argv, &address, &port);

    if (!(sock = sock_create(AF_INET, SOCK_STREAM, SOL_TCP)))
        return failed("socket_create", NULL);
    sock_set_option_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!sock_bind(sock, address, port_number(port)))
        return failed("socket_bind", sock);
    if (!sock_listen(sock, 5))
        return failed("socket_listen", sock);

    do {
        if (!(msgsock = sock_accept(sock))) {
            failed("socket_accept", sock);
            break;
        }
        /* Send instructions. */
        sock_write_all(msgsock, msg, strlen(msg), NULL);

        while ((got = sock_read(msgsock, buf, sizeof buf,
                                LIBSOCK_NORMAL_READ)) > 0) {
            len = trim(buf, (size_t)got);
            if (len == 0 || same(buf, len, "0"))
                continue;
            if (same(buf, len, "quit"))
                break;
            if (same(buf, len, "shutdown")) {
                running = false;
                break;
            }
            n = append(talkback, 0, "PHP: You said '", 15);
            n = append(talkback, n, buf, len);
            n = append(talkback, n, "'.\n", 3);
            sock_write_all(msgsock, talkback, n, NULL);
            fwrite(buf, 1, len, stdout);
            putchar('\n');
        }
        if (got < 0)
            failed("socket_read", msgsock);
        sock_close(msgsock);
    } while (running);

    sock_close(sock);
    return 0;
}
