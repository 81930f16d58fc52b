/* http_head_client.c - asks a web server for the head of its first page.
 *
 * The second program of PHP's socket manual: look up, connect, write, read to
 * the end.
 *
 * Try it: http_head_client www.example.com www
 *
 * SPDX-License-Identifier: MIT
 */
#define _DEFAULT_SOURCE /* getaddrinfo(), also in strict C modes */

#include "example.h"

#include <arpa/inet.h>
#include <netdb.h>

/* The port of a service, by its name or as a number; -1 if there is none. */
static int service(const char *name)
{
    struct servent *entry = getservbyname(name, "tcp");

    return entry ? ntohs((in_port_t)entry->s_port) : port_number(name);
}

/* As PHP's gethostbyname(): the IPv4 address, or the name if it has none. */
static const char *host(const char *name)
{
    static char      ip[INET_ADDRSTRLEN];
    struct addrinfo  hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;

    if (getaddrinfo(name, NULL, &hints, &list))
        return name;
    getnameinfo(list->ai_addr, list->ai_addrlen, ip, sizeof ip, NULL, 0,
                NI_NUMERICHOST);
    freeaddrinfo(list);
    return ip;
}

int main(int argc, char **argv)
{
    const char *address = "www.example.com", *port = "www";
    const char *in = "HEAD / HTTP/1.1\r\n"
                     "Host: www.example.com\r\n"
                     "Connection: Close\r\n\r\n";
    char        out[2048];
    sock_t     *socket;
    ssize_t     n;
    int         service_port;

    begin(argc, argv, &address, &port);
    printf("<h2>TCP/IP Connection</h2>\n");

    /* Get the port of the WWW service, and the IP address of the host. */
    if ((service_port = service(port)) < 0) {
        fprintf(stderr, "%s: no such service\n", port);
        return 1;
    }
    address = host(address);

    socket = sock_create(AF_INET, SOCK_STREAM, SOL_TCP);
    if (!socket) {
        printf("socket_create() failed: reason: %s\n",
               sock_strerror(sock_last_error(NULL)));
        return 0;
    }
    printf("OK.\n");

    printf("Attempting to connect to '%s' on port '%d'...", address,
           service_port);
    if (!sock_connect(socket, address, service_port))
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
