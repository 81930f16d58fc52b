/* https_get.c - fetches a page of a web server whose certificate it verifies.
 *
 * No option is set: chain and name are verified, look-up, connecting,
 * handshake, request and response have ten seconds together, and a response
 * that somebody has cut off is told from one that is complete.
 *
 * Try it: ./https_get https://www.example.com/
 *         SSL_CERT_FILE names the certificates to trust instead of the system's
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    char        host[256], buf[16384], server[300];
    const char *path, *name_end;
    sock_t     *s;
    ssize_t     n  = -1;
    int         at = 0;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        usage(argv[0], "https://HOST[:PORT]/PATH", 0);
    if (argc != 2 || strpbrk(argv[1], " \t\r\n#") ||
        sscanf(argv[1], "https://%255[^/?]%n", host, &at) != 1 ||
        (argv[1][at] && argv[1][at] != '/'))
        usage(argv[0], "https://HOST[:PORT]/PATH", 2);
    setvbuf(stdout, NULL, _IONBF, 0);
    path     = argv[1][at] ? argv[1] + at : "/";
    name_end = strchr(host, ']') ? strchr(host, ']') : host;
    snprintf(server, sizeof server, "tls://%s%s", host,
             strchr(name_end, ':') ? "" : ":443");

    s = sock_stream_client(server, 10000, LIBSOCK_CLIENT_DEADLINE, NULL);
    if (s &&
        sock_printf(s, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host) > 0)
        while ((n = sock_read(s, buf, sizeof buf, LIBSOCK_BINARY_READ)) > 0)
            fwrite(buf, 1, (size_t)n, stdout);
    if (n < 0)
        fprintf(stderr, "%s\n", sock_last_message(s));
    sock_close(s);
    return n < 0 ? 1 : 0;
}
