/* http_head_client.c - asks a web server for the head of its first page.
 *
 * The second program of PHP's socket manual: look up, connect, write, read to
 * the end. As in PHP's, a failed connect is told and the rest done all the
 * same: a program of your own ends there.
 *
 * Try it: ./http_head_client www.example.com www
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

int main(int argc, char **argv)
{
    const char           *address = "www.example.com", *service_port = "www";
    const char           *in = "HEAD / HTTP/1.1\r\n"
                               "Host: www.example.com\r\n"
                               "Connection: Close\r\n\r\n";
    char                  out[2048];
    const struct addrinfo hints = {.ai_family   = AF_INET,
                                   .ai_socktype = SOCK_STREAM};
    sock_addrinfo_t      *list;
    sock_addrinfo_info_t  host;
    sock_t               *socket;
    ssize_t               n;

    begin(argc, argv, &address, &service_port);
    printf("<h2>TCP/IP Connection</h2>\n");

    /* Get the port of the WWW service, and the IP address of the host. */
    if (!sock_addrinfo_lookup(address, service_port, &hints, &list))
        die("%s\n", sock_last_message(NULL));
    sock_addrinfo_explain(list, &host, sizeof host);
    sock_addrinfo_free(list);

    socket = sock_create(AF_INET, SOCK_STREAM, SOL_TCP);
    if (!socket)
        die("socket_create() failed: reason: %s\n",
            sock_strerror(sock_last_error(NULL)));
    printf("OK.\n");

    printf("Attempting to connect to '%s' on port '%d'...", host.address,
           host.port);
    if (!sock_connect(socket, host.address, host.port))
        printf("socket_connect() failed.\nReason: () %s\n",
               sock_strerror(sock_last_error(socket)));
    else
        printf("OK.\n");

    printf("Sending HTTP HEAD request...");
    sock_write_all(socket, in, strlen(in), NULL);
    printf("OK.\n");

    printf("Reading response:\n\n");
    while ((n = sock_read(socket, out, sizeof out, LIBSOCK_BINARY_READ)) > 0)
        fwrite(out, 1, (size_t)n, stdout);

    printf("Closing socket...");
    sock_close(socket);
    printf("OK.\n\n");
    return 0;
}
