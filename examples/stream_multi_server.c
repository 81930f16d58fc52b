/* stream_multi_server.c - greets any number of clients, and repeats the first
 * thing each one says.
 *
 * The select server once more, with streams.
 *
 * Try it: ./stream_multi_server 127.0.0.1 8000
 *         and in another terminal: telnet 127.0.0.1 8000
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#define MOST 10000

/* master[0] is the server, the others are clients. */
static sock_t *master[MOST], *read[MOST];
static size_t  count;
static bool    full; /* no descriptors: let others wait in the backlog */

/* Close a client; the last one takes its place. */
static void drop(size_t i)
{
    sock_close(master[i]);
    master[i] = master[--count];
    full      = false;
}

/* Greet who has come. */
static void greet(sock_t *conn)
{
    sock_set_timeout(conn, 500); /* to take its bytes, or be dropped */
    sock_printf(conn, "Hello! The time is %s\n", date());
    master[count++] = conn;
}

/* Read what a client says, repeat it, and close. */
static void answer(size_t i)
{
    char    sock_data[1024], reply[1024 + 32];
    ssize_t got =
        sock_read(master[i], sock_data, sizeof sock_data, LIBSOCK_BINARY_READ);
    size_t n;

    if (got < 0)
        printf("bool(false)\n");
    else
        var_dump(sock_data, (size_t)got);
    if (got > 0) {
        printf("The client has sent :");
        var_dump(sock_data, (size_t)got);
        n = append(reply, 0, "You have sent :[", 16);
        n = append(reply, n, sock_data, (size_t)got);
        n = append(reply, n, "]\n", 2);
        sock_write_all(master[i], reply, n, NULL);
    }
    drop(i);
}

int main(int argc, char **argv)
{
    const char *address = "0.0.0.0", *port = "8000";
    char        url[512];
    sock_t     *conn;
    size_t      i, mod_fd;
    int         code, selected;

    begin(argc, argv, &address, &port);
    snprintf(url, sizeof url, "tcp://%s:%s", address, port);

    master[0] = sock_stream_server(url, 0, NULL);
    if (!master[0]) {
        code = sock_last_error(NULL);
        die("%s (%d)<br />\n", sock_strerror(code), code);
    }
    for (count = 1;;) {
        memcpy(read, master, count * sizeof *master);
        if (full || count == MOST)
            read[0] = NULL;
        mod_fd   = count;
        selected = sock_select(read, mod_fd, NULL, 0, NULL, 0, 5000);
        if (selected < 0)
            die("%s\n", sock_last_message(NULL));
        if (selected == 0) {
            full = false;
            continue;
        }
        if (read[0] && (conn = sock_stream_accept(master[0], 0, NULL, 0)))
            greet(conn);
        else if (read[0])
            full = count > 1 && sock_last_error(master[0]) != ETIMEDOUT;
        /* Backwards, as drop() fills a gap with the last. */
        for (i = mod_fd - 1; i > 0; i--)
            if (read[i])
                answer(i);
    }
}
