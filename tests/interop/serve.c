/* serve.c - a server for other people's clients.
 *
 *     serve URL [option value]...
 *
 * It prints its name, then serves one client after the other: each line comes
 * back, "quit" ends the connection, "shutdown" the server. Of each client it
 * prints what the connection is, and how it ended. Options are a context's, and
 *
 *     http 1      answer a request, once for each connection
 *     crypto 1    begin TLS on an accepted socket
 *     awaits 1    a goodbye awaits the client's
 *     limit MS    for each call; 10000
 *
 * SPDX-License-Identifier: MIT
 */
#include "program.h"

#include <string.h>

static int http, crypto, awaits, limit = 10000;

static bool is_datagram(sock_t *s)
{
    int type = 0;

    return sock_get_option_int(s, SOL_SOCKET, SO_TYPE, &type) &&
           type == SOCK_DGRAM;
}

/* ---- one client ---- */

enum end { NEXT, STOP };

/* Lines, or datagrams. "\r\n" comes as two lines, so "quit\r" ends the
 * connection before its "\n" has come. */
static enum end echo(sock_t *client)
{
    char    line[66000];
    ssize_t n;
    int  mode = is_datagram(client) ? LIBSOCK_BINARY_READ : LIBSOCK_NORMAL_READ;
    bool told = false;

    while ((n = sock_read(client, line, sizeof line, mode)) > 0) {
        if (!told)
            program_describe(client, stdout);
        told = true;
        if (program_is(line, (size_t)n, "quit"))
            break;
        if (program_is(line, (size_t)n, "shutdown"))
            return STOP;
        if (!sock_write_all(client, line, (size_t)n, NULL))
            break;
    }
    if (n < 0)
        printf("failed %d: %s\n", sock_last_error(client),
               sock_last_message(client));
    else
        printf("%s\n", n ? "quit" : "end");
    return NEXT;
}

static enum end answer_http(sock_t *client)
{
    static const char answer[] = "HTTP/1.0 200 OK\r\n"
                                 "Content-Length: 6\r\n\r\nhello\n";
    char              request[8192];
    size_t            length = 0;
    ssize_t           n;

    request[0] = '\0';
    while (!strstr(request, "\r\n\r\n")) {
        n = sock_read(client, request + length, sizeof request - 1 - length,
                      LIBSOCK_BINARY_READ);
        if (n <= 0) {
            printf("failed %d: %s\n", n ? sock_last_error(client) : 0,
                   n ? sock_last_message(client) : "no request");
            return NEXT;
        }
        length += (size_t)n;
        request[length] = '\0';
    }
    program_describe(client, stdout);
    if (!sock_write_all(client, answer, strlen(answer), NULL))
        program_failed(client);
    return strstr(request, "/shutdown") ? STOP : NEXT;
}

static enum end serve_client(sock_t *client)
{
    enum end end;

    sock_set_timeout(client, limit);
    if (crypto && !sock_stream_enable_crypto(client, true, 0, NULL)) {
        printf("failed %d: %s\n", sock_last_error(client),
               sock_last_message(client));
        return NEXT;
    }
    end = http ? answer_http(client) : echo(client);
    if (awaits && !sock_shutdown(client, SHUT_RDWR))
        program_failed(client);
    return end;
}

/* ---- one server ---- */

/* Every connection, and on UDP every peer. */
static int serve_clients(sock_t *server)
{
    sock_t  *client;
    enum end end = NEXT;

    while (end == NEXT) {
        if (!(client = sock_stream_accept(server, -1, NULL, 0)))
            return program_failed(server);
        end = serve_client(client);
        sock_close(client);
        fflush(stdout);
    }
    return 0;
}

/* udg has no peers to accept: every datagram is answered. */
static int serve_datagrams(sock_t *server)
{
    char    datagram[65536], peer[LIBSOCK_NAMESTRLEN];
    ssize_t n;

    for (;;) {
        n = sock_stream_recvfrom(server, datagram, sizeof datagram, 0, peer,
                                 sizeof peer);
        if (n < 0)
            return program_failed(server);
        if (program_is(datagram, (size_t)n, "shutdown"))
            return 0;
        if (peer[0] &&
            sock_stream_sendto(server, datagram, (size_t)n, 0, peer) < 0)
            program_failed(server);
    }
}

int main(int argc, char **argv)
{
    const struct program_option own[] = {{"http", &http},
                                         {"crypto", &crypto},
                                         {"awaits", &awaits},
                                         {"limit", &limit}};
    char                        name[LIBSOCK_NAMESTRLEN];
    sock_context_t             *context;
    sock_t                     *server;
    int                         result;

    if (argc < 2)
        return 2;
    context = program_options(argv + 2, argc - 2, own, 4);
    server  = sock_stream_server(argv[1], 0, context);
    sock_context_free(context);
    if (!server)
        return program_failed(NULL);
    if (!sock_stream_get_name(server, false, name, sizeof name))
        return program_failed(server);
    printf("%s\n", name);
    fflush(stdout);
    result = is_datagram(server) && argv[1][0] == 'u' && argv[1][2] == 'g'
                 ? serve_datagrams(server)
                 : serve_clients(server);
    sock_close(server);
    return result;
}
