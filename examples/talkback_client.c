/* talkback_client.c - says lines to a server and shows the dialogue.
 *
 * Nothing in the protocol tells how many lines an answer has, so the client
 * waits up to two seconds for the first, and then until the server was silent
 * for 200 ms: sock_set_timeout() and ETIMEDOUT.  A line that was cut off by the
 * limit stays for the next read.
 *
 * Try it: ./talkback_client 127.0.0.1 10000 hello 'how are you?' quit
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

static int failed(sock_t *sock)
{
    fprintf(stderr, "%s\n", sock_last_message(sock));
    return 1;
}

/* Show lines until a silence: 1; until the end: 0; until a failure: -1. */
static int listen_to(sock_t *sock)
{
    char    buf[2048];
    ssize_t n;

    sock_set_timeout(sock, 2000);
    while ((n = sock_read(sock, buf, sizeof buf, LIBSOCK_NORMAL_READ)) > 0) {
        if (buf[n - 1] == '\n' || buf[n - 1] == '\r')
            n--;
        printf("< ");
        fwrite(buf, 1, (size_t)n, stdout);
        putchar('\n');
        sock_set_timeout(sock, 200);
    }
    if (n < 0 && sock_last_error(sock) == ETIMEDOUT)
        return 1;
    return (int)n;
}

int main(int argc, char **argv)
{
    sock_t *sock;
    int     i, more;

    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        usage(argv[0], "ADDRESS PORT LINE...", 0);
    if (argc < 3)
        usage(argv[0], "ADDRESS PORT LINE...", 2);

    sock = sock_create(AF_INET, SOCK_STREAM, SOL_TCP);
    if (!sock || !sock_connect(sock, argv[1], port_number(argv[2])))
        return failed(NULL);

    more = listen_to(sock);
    for (i = 3; more > 0 && i < argc; i++) {
        printf("> %s\n", argv[i]);
        if (!sock_write_all(sock, argv[i], strlen(argv[i]), NULL) ||
            !sock_write_all(sock, "\n", 1, NULL))
            return failed(sock);
        more = listen_to(sock);
    }
    if (more < 0)
        return failed(sock);
    sock_close(sock);
    return 0;
}
