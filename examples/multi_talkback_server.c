/* multi_talkback_server.c - repeats every line to the client that said it, for
 * any number of clients at once.
 *
 * PHP's select server: one loop, one sock_select(), one line from each client
 * that has one.  Half a line stalls nobody: it stays with the socket until the
 * rest arrives.  A client that takes no answers is dropped after half a second.
 *
 * Try it: multi_talkback_server 127.0.0.1 10000, and telnet in two terminals
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

/* A slot each; NULL in clients: free. Slot 0 is the server's own socket. */
static sock_t **clients, **readable;
static long    *keys;
static size_t   count;

static int failed(const char *verb, sock_t *sock)
{
    printf("%s() falló: razón: %s\n", verb,
           sock_strerror(sock_last_error(sock)));
    return 1;
}

/* Put a socket into the first free slot. */
static void add(sock_t *sock, long key)
{
    size_t i = 0;

    while (i < count && clients[i])
        i++;
    if (i == count) {
        count++;
        clients  = realloc(clients, count * sizeof(sock_t *));
        readable = realloc(readable, count * sizeof(sock_t *));
        keys     = realloc(keys, count * sizeof(long));
        if (!clients || !readable || !keys)
            abort();
    }
    clients[i]  = sock;
    readable[i] = NULL;
    keys[i]     = key;
}

static void drop(size_t i)
{
    sock_close(clients[i]);
    clients[i] = NULL;
}

static void welcome(sock_t *msgsock)
{
    static long key;
    char        msg[256];
    int         n;

    n = snprintf(msg, sizeof msg,
                 "\nBienvenido al Servidor De Prueba de PHP. \n"
                 "Usted es el cliente numero: %ld\nPara salir, escriba "
                 "'quit'. Para cerrar el servidor escriba 'shutdown'.\n",
                 key);
    sock_set_timeout(msgsock, 500);
    sock_write_all(msgsock, msg, (size_t)n, NULL);
    add(msgsock, key++);
}

/* One line of a client; false if it was "shutdown". */
static bool handle_input(size_t i)
{
    char    buf[2048], talkback[2048 + 64];
    bool    sent;
    size_t  len, n;
    ssize_t got = sock_read(clients[i], buf, sizeof buf,
                            LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT);

    if (got < 0 && sock_last_error(clients[i]) == EAGAIN)
        return true;
    if (got < 0)
        failed("socket_read", clients[i]);
    len = got > 0 ? trim(buf, (size_t)got) : 0;
    if (got <= 0 || same(buf, len, "quit")) {
        drop(i);
        return true;
    }
    if (len == 0 || same(buf, len, "0"))
        return true;
    if (same(buf, len, "shutdown"))
        return false;

    n    = (size_t)sprintf(talkback, "Cliente %ld: Usted dijo '", keys[i]);
    n    = append(talkback, n, buf, len);
    n    = append(talkback, n, "'.\n", 3);
    sent = sock_write_all(clients[i], talkback, n, NULL);
    fwrite(buf, 1, len, stdout);
    putchar('\n');
    if (!sent && sock_last_error(clients[i]) == ETIMEDOUT)
        drop(i);
    return true;
}

int main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "10000";
    bool        running = true;
    sock_t     *sock, *msgsock;
    size_t      i;

    begin(argc, argv, &address, &port);

    if (!(sock = sock_create(AF_INET, SOCK_STREAM, SOL_TCP)))
        return failed("socket_create", NULL);
    sock_set_option_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!sock_bind(sock, address, port_number(port)))
        return failed("socket_bind", sock);
    if (!sock_listen(sock, 5))
        return failed("socket_listen", sock);
    sock_set_nonblock(sock);
    add(sock, 0);

    while (running) {
        memcpy(readable, clients, count * sizeof(sock_t *));
        if (sock_select(readable, count, NULL, 0, NULL, 0, 5000) < 1)
            continue;
        /* Handle new connections. */
        if (readable[0] && (msgsock = sock_accept(sock))) {
            welcome(msgsock);
        } else if (readable[0] && sock_last_error(sock) != EAGAIN) {
            failed("socket_accept", sock);
            break;
        }
        /* Handle input. */
        for (i = 1; running && i < count; i++)
            if (readable[i])
                running = handle_input(i);
    }

    for (i = 0; i < count; i++)
        sock_close(clients[i]);
    free(clients);
    free(readable);
    free(keys);
    return 0;
}
