/* port.c - print a TCP port of the loopback address that nobody has just now,
 * for servers that cannot be told to take any.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sock/sock.h>

#include <stdio.h>

int main(void)
{
    sock_t *s    = sock_create(AF_INET, SOCK_STREAM, 0);
    int     port = 0;

    if (!sock_bind(s, "127.0.0.1", 0) || !sock_getsockname(s, NULL, 0, &port)) {
        fprintf(stderr, "%s\n", sock_last_message(NULL));
        return 1;
    }
    printf("%d\n", port);
    sock_close(s);
    return 0;
}
