/* udp_indexed_server.c - counts the packets of each peer and tells it.
 *
 * Datagrams have no connection: who sent one is known by its address, which
 * indexes what the server knows about that peer, as $clients["$ip:$port"] does.
 * Nobody is ever forgotten here: a server for strangers forgets, for senders of
 * UDP are easily forged.
 *
 * Try it: ./udp_indexed_server 127.0.0.1 9000
 *         and in another terminal: nc -u 127.0.0.1 9000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#include <search.h>

struct client {
    char          address[LIBSOCK_NAMESTRLEN]; /* "IP:PORT" */
    unsigned long packets;
};

static int by_address(const void *a, const void *b)
{
    return strcmp(((const struct client *)a)->address,
                  ((const struct client *)b)->address);
}

/* The client with this address; a new one the first time. */
static struct client *find(const char *ip, int port)
{
    static void   *clients;
    struct client *wanted = calloc(1, sizeof *wanted), **slot;

    if (!wanted)
        abort();
    snprintf(wanted->address, sizeof wanted->address, "%s:%d", ip, port);
    if (!(slot = tsearch(wanted, &clients, by_address)))
        abort();
    if (*slot != wanted)
        free(wanted);
    return *slot;
}

int main(int argc, char **argv)
{
    const char    *address = "0.0.0.0", *service = "9000";
    static char    buffer[32768], packet[32768 + 64];
    char           ip[LIBSOCK_ADDRSTRLEN];
    struct client *client;
    sock_t        *socket;
    ssize_t        got;
    size_t         n;
    int            port;

    begin(argc, argv, &address, &service);

    socket = sock_create(AF_INET, SOCK_DGRAM, SOL_UDP);
    if (!socket || !sock_bind(socket, address, port_number(service))) {
        printf("Failed to bind to %s:%s: %s", address, service,
               sock_strerror(sock_last_error(NULL)));
        return 0;
    }

    while ((got = sock_recvfrom(socket, buffer, sizeof buffer, 0, ip, sizeof ip,
                                &port)) >= 0) {
        client = find(ip, port);
        n      = (size_t)sprintf(packet, "packet %lu: ", ++client->packets);
        n      = append(packet, n, buffer, (size_t)got);
        printf("%s ", client->address);
        fwrite(packet, 1, n, stdout);
        putchar('\n');
        if (sock_sendto(socket, packet, n, 0, ip, port) < 0)
            continue; /* a peer that is gone is no failure of ours */
    }
    printf("Failed to receive packet: %s",
           sock_strerror(sock_last_error(socket)));
    sock_close(socket);
    return 0;
}
