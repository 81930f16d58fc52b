/* multi_talkback_server.c - repeats every line to the client that said it, for
 * any number of clients at once.
 *
 * PHP's select server: one loop, one sock_select(), one line from each client
 * that has one.  Half a line stalls nobody: it stays with the socket until the
 * rest arrives.  Clients that take no answers are dropped, and all of them
 * together hold a round up for little more than half a second.
 *
 * Try it: ./multi_talkback_server 127.0.0.1 10000
 *         and in two other terminals: telnet 127.0.0.1 10000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#define MOST 10000

/* clients[0] is the server's own socket. */
static sock_t   *clients[MOST], *readable[MOST];
static long      keys[MOST];
static size_t    count;
static long long round_ends; /* by hrtime() */
static bool      full; /* no descriptors: let others wait in the backlog */

static int failed(const char *verb, sock_t *sock)
{
    printf("%s() falló: razón: %s\n", verb,
           sock_strerror(sock_last_error(sock)));
    return 1;
}

/* Close a client; the last one takes its place. */
static void drop(size_t i)
{
    sock_close(clients[i]);
    clients[i] = clients[--count];
    keys[i]    = keys[count];
    full       = false;
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
    clients[count] = msgsock;
    keys[count++]  = key++;
}

/* Send all of it, or drop who does not take it: all who are sent to in one
 * round have half a second together, and one millisecond each when that is
 * over. */
static void say(size_t i, const char *text, size_t n)
{
    long long left = round_ends - hrtime();

    sock_set_deadline(clients[i], left > 1 ? (int)left : 1);
    if (!sock_write_all(clients[i], text, n, NULL) &&
        sock_last_error(clients[i]) == ETIMEDOUT)
        drop(i);
    else
        sock_set_deadline(clients[i], -1);
}

/* One line of a client; false if it was "shutdown". */
static bool handle_input(size_t i)
{
    char    buf[2048], talkback[2048 + 64];
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

    n = (size_t)sprintf(talkback, "Cliente %ld: Usted dijo '", keys[i]);
    n = append(talkback, n, buf, len);
    n = append(talkback, n, "'.\n", 3);
    fwrite(buf, 1, len, stdout);
    putchar('\n');
    say(i, talkback, n);
    return true;
}

int main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "10000";
    bool        running = true;
    sock_t     *sock, *msgsock;
    size_t      i, ready;
    int         selected;

    begin(argc, argv, &address, &port);

    if (!(sock = sock_create(AF_INET, SOCK_STREAM, SOL_TCP)))
        return failed("socket_create", NULL);
    sock_set_option_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!sock_bind(sock, address, port_number(port)))
        return failed("socket_bind", sock);
    if (!sock_listen(sock, 5))
        return failed("socket_listen", sock);
    sock_set_nonblock(sock);
    clients[count++] = sock;

    while (running) {
        memcpy(readable, clients, count * sizeof *clients);
        if (full || count == MOST)
            readable[0] = NULL;
        ready    = count;
        selected = sock_select(readable, ready, NULL, 0, NULL, 0, 5000);
        if (selected < 0) {
            failed("socket_select", NULL);
            break;
        }
        if (selected == 0) {
            full = false;
            continue;
        }
        round_ends = hrtime() + 500;
        /* Handle new connections. */
        if (readable[0] && (msgsock = sock_accept(sock))) {
            welcome(msgsock);
        } else if (readable[0] && sock_last_error(sock) != EAGAIN) {
            failed("socket_accept", sock);
            full = count > 1;
        }
        /* Handle input; backwards, as drop() fills a gap with the last. */
        for (i = ready - 1; running && i > 0; i--)
            if (readable[i])
                running = handle_input(i);
    }

    while (count > 0)
        sock_close(clients[--count]);
    return 0;
}
