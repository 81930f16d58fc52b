/* php4_talkback_server.c - the talkback server as PHP 4.0 had it.
 *
 * The verbs were called socket(), bind(), listen(), accept_connect(), read(),
 * write() and close() then; C has functions of these names already, so here
 * they are sock_create(), sock_bind() and so on. The first client that quits
 * ends the server.
 *
 * Try it: ./php4_talkback_server 127.0.0.1 10000
 *         and in another terminal: telnet 127.0.0.1 10000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

static int failed(const char *what, sock_t *sock)
{
    printf("%s%s\n", what, sock_strerror(sock_last_error(sock)));
    return 1;
}

int main(int argc, char **argv)
{
    const char *address = "192.168.1.53", *port = "10000";
    char        buf[2048], talkback[2048 + 64];
    sock_t     *sock, *msgsock;
    ssize_t     ret;
    size_t      len, n;

    begin(argc, argv, &address, &port);

    if (!(sock = sock_create(AF_INET, SOCK_STREAM, 0)))
        return failed("socket() a échoué : raison : ", NULL);
    sock_set_option_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!sock_bind(sock, address, port_number(port)))
        return failed("bind() a échoué : raison: ", sock);
    if (!sock_listen(sock, 5))
        return failed("listen() a échoué : raison : ", sock);

    if (!(msgsock = sock_accept(sock))) {
        failed("accept_connect() a échoué : raison : ", sock);
        return 0;
    }
    while ((ret = sock_read(msgsock, buf, sizeof buf, LIBSOCK_NORMAL_READ)) >
           0) {
        len = trim(buf, (size_t)ret);
        if (same(buf, len, "quit"))
            break;
        n = append(talkback, 0, "PHP: Vous avez dit '", 20);
        n = append(talkback, n, buf, len);
        n = append(talkback, n, "'.\n", 3);
        sock_write_all(msgsock, talkback, n, NULL);
        fwrite(buf, 1, len, stdout);
        putchar('\n');
    }
    if (ret < 0)
        failed("read() a échoué : raison : ", msgsock);

    sock_close(msgsock);
    sock_close(sock);
    return 0;
}
