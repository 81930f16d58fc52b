/* consumer.c - a stranger's program: one line over TCP. Also compiles as C++.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sock/sock.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    char    line[64];
    int     port   = 0;
    sock_t *server = sock_create_listen(0, 1);
    sock_t *client = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *peer;
    ssize_t n;

    if (!sock_getsockname(server, NULL, 0, &port) ||
        !sock_connect(client, "127.0.0.1", port) ||
        !(peer = sock_accept(server)) ||
        !sock_write_all(client, "hello\nworld", 11, NULL)) {
        fprintf(stderr, "%s\n", sock_last_message(NULL));
        return 1;
    }
    n = sock_read(peer, line, sizeof line, LIBSOCK_NORMAL_READ);
    if (n != 6 || memcmp(line, "hello\n", 6) != 0)
        return 1;
    sock_close(peer);
    sock_close(client);
    sock_close(server);
    printf("libsock %s: ok\n", sock_version());
    return 0;
}
