/* talk.c - a client for other people's servers.
 *
 *     talk URL [option value]...
 *
 * It sends each line of its input and prints the line that answers it, then
 * says goodbye. What the connection is, and what failed, stands on stderr; 1 is
 * the exit code of a failure. Options are a context's, and
 *
 *     all 1       send all input, end writing, print all until the end
 *     listen 1    send nothing, print all until the end
 *     times N     the same N times, each with a new connection
 *     crypto 1    begin TLS on the connected socket
 *     awaits 1    the goodbye awaits the server's
 *     limit MS    for each call; 10000
 *
 * SPDX-License-Identifier: MIT
 */
#include "program.h"

#include <stdlib.h>
#include <string.h>

static int all, hark, times = 1, crypto, awaits, limit = 10000;

/* ---- one conversation ---- */

/* An answer is a line, or a datagram. "\r\n" comes as two lines. */
static bool print_answer(sock_t *s, bool datagram)
{
    char    line[70000];
    ssize_t n;

    do {
        n = sock_read(s, line, sizeof line,
                      datagram ? LIBSOCK_BINARY_READ : LIBSOCK_NORMAL_READ);
        if (n <= 0) {
            if (!n)
                fprintf(stderr, "no answer\n");
            return !n ? false : !program_failed(s);
        }
        fwrite(line, 1, (size_t)n, stdout);
    } while (!datagram && line[n - 1] != '\n');
    return true;
}

static bool print_rest(sock_t *s)
{
    char    buf[16384];
    ssize_t n;

    while ((n = sock_read(s, buf, sizeof buf, LIBSOCK_BINARY_READ)) > 0) {
        fwrite(buf, 1, (size_t)n, stdout);
        fflush(stdout);
    }
    return n ? !program_failed(s) : true;
}

/* Line by line, each answered before the next is sent. */
static bool converse(sock_t *s, char *text)
{
    int  type     = SOCK_STREAM;
    bool datagram = sock_get_option_int(s, SOL_SOCKET, SO_TYPE, &type) &&
                    type == SOCK_DGRAM;
    char *line = text;

    while (*line) {
        size_t length = strcspn(line, "\n");

        length += line[length] == '\n';
        if (!sock_write_all(s, line, length, NULL))
            return !program_failed(s);
        if (!print_answer(s, datagram))
            return false;
        line += length;
    }
    return true;
}

static bool send_all(sock_t *s, const char *text)
{
    if (!sock_write_all(s, text, strlen(text), NULL) ||
        !sock_shutdown(s, SHUT_WR))
        return !program_failed(s);
    return true;
}

static bool talk_on(sock_t *s, char *text)
{
    bool good;

    sock_set_timeout(s, limit);
    if (crypto && !sock_stream_enable_crypto(s, true, 0, NULL))
        return !program_failed(s);
    program_describe(s, stderr);
    if (hark)
        good = print_rest(s);
    else if (all)
        good = send_all(s, text) && print_rest(s);
    else
        good = converse(s, text);
    fflush(stdout);
    if (good && awaits && !sock_shutdown(s, SHUT_RDWR))
        good = !program_failed(s);
    return good;
}

/* ---- the program ---- */

static char *read_input(void)
{
    size_t size = 1 << 22;
    char  *text = malloc(size);
    size_t length;

    if (!text)
        exit(2);
    length       = hark ? 0 : fread(text, 1, size - 1, stdin);
    text[length] = '\0';
    return text;
}

int main(int argc, char **argv)
{
    const struct program_option own[] = {
        {"all", &all},       {"listen", &hark},   {"times", &times},
        {"crypto", &crypto}, {"awaits", &awaits}, {"limit", &limit}};
    sock_context_t *context;
    sock_t         *s;
    char           *text;
    bool            good = true;

    if (argc < 2)
        return 2;
    context = program_options(argv + 2, argc - 2, own, 6);
    text    = read_input();
    for (int i = 0; good && i < times; i++) {
        if ((s = sock_stream_client(argv[1], limit, 0, context))) {
            good = talk_on(s, text);
            sock_close(s);
        } else {
            good = !program_failed(NULL);
        }
    }
    sock_context_free(context);
    free(text);
    return good ? 0 : 1;
}
