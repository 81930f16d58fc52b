/* consumer.c - a stranger's program: one line over TCP, one over a stream, and
 * the beginning of TLS, if there is any. Also compiles as C++.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sock/sock.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A line over sockets. */
static bool use_sockets(void)
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
        !sock_write_all(client, "hello\nworld", 11, NULL))
        return false;
    n = sock_read(peer, line, sizeof line, LIBSOCK_NORMAL_READ);
    sock_close(peer);
    sock_close(client);
    sock_close(server);
    return n == 6 && memcmp(line, "hello\n", 6) == 0;
}

/* A line over streams; the server stays for the next. */
static bool use_streams(sock_t *server, const char *name)
{
    char    line[64];
    sock_t *client = sock_stream_client(name, 5000, 0, NULL);
    sock_t *peer   = sock_stream_accept(server, 5000, NULL, 0);
    bool    good;

    good = sock_printf(client, "hello %d\n", 7) == 8 &&
           sock_gets(peer, line, sizeof line) == 8 &&
           strcmp(line, "hello 7\n") == 0;
    sock_close(peer);
    sock_close(client);
    return good;
}

/* The first byte of a handshake arrives, or TLS is not there and says so. */
static bool use_tls(sock_t *server, const char *name, bool wanted)
{
    char    url[LIBSOCK_NAMESTRLEN + 8], first = 0;
    sock_t *client, *peer;
    bool    good;

    snprintf(url, sizeof url, "tls://%s", name);
    client = sock_stream_client(url, 5000, LIBSOCK_CLIENT_ASYNC, NULL);
    if (!wanted)
        return !client && sock_last_error(NULL) == EOPNOTSUPP &&
               strstr(sock_last_message(NULL), "TLS is not built in");
    peer = sock_stream_accept(server, 5000, NULL, 0);
    good = sock_set_nonblock(client) && sock_write(client, "x", 1) == -1 &&
           sock_last_error(client) == EAGAIN &&
           sock_read(peer, &first, 1, LIBSOCK_BINARY_READ) == 1 && first == 22;
    sock_close(peer);
    sock_close(client);
    return good;
}

int main(int argc, char **argv)
{
    bool    tls    = argc > 1 && strcmp(argv[1], "tls") == 0;
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    char    name[LIBSOCK_NAMESTRLEN];

    if (!use_sockets() ||
        !sock_stream_get_name(server, false, name, sizeof name) ||
        !use_streams(server, name) || !use_tls(server, name, tls)) {
        fprintf(stderr, "%s\n", sock_last_message(NULL));
        return 1;
    }
    sock_close(server);
    printf("libsock %s, %s: ok\n", sock_version(), tls ? "tls" : "no tls");
    return 0;
}
