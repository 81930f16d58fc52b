/* test_system_calls.c - proves that a call of the fast path makes the system
 * call that was asked for, and no other.
 *
 * The program runs itself under strace. Before each call stands a write to no
 * descriptor, which names it in the trace.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"
#include "support/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMES 3
#define LINES 100 /* of 15 bytes: more than a reader of one asks for */

static sock_t      *tcp[2], *udp[2], *listener, *client;
static sock_poll_t *set;
static char         bytes[64];
static int          port, udp_ports[2];

/* ---- the calls ---- */

static bool feed(sock_t *s, const char *text)
{
    return sock_write_all(s, text, strlen(text), NULL);
}

static bool nothing(void)
{
    return true;
}

static bool feed_byte(void)
{
    return feed(tcp[0], "x");
}

static bool feed_lines(void)
{
    char lines[LINES * 15];

    for (int i = 0; i < LINES; i++)
        memcpy(lines + i * 15, "fifteen bytes.\n", 15);
    return sock_write_all(tcp[0], lines, sizeof lines, NULL);
}

static bool feed_datagram(void)
{
    return sock_sendto(udp[0], "x", 1, 0, "127.0.0.1", udp_ports[1]) == 1;
}

static bool feed_connection(void)
{
    sock_close(client);
    client = sock_create(AF_INET, SOCK_STREAM, 0);
    return sock_connect(client, "127.0.0.1", port);
}

static bool feed_client(void)
{
    sock_close(client);
    client = sock_create(AF_INET, SOCK_STREAM, 0);
    return client;
}

static bool feed_timed(void)
{
    return sock_set_timeout(tcp[1], 5000) && feed_byte();
}

static bool call_send(void)
{
    return sock_send(tcp[1], "x", 1, 0) == 1;
}

static bool call_write(void)
{
    return sock_write(tcp[1], "x", 1) == 1;
}

static bool call_write_all(void)
{
    return sock_write_all(tcp[1], bytes, sizeof bytes, NULL);
}

static bool call_recv(void)
{
    return sock_recv(tcp[1], bytes, sizeof bytes, 0) == 1;
}

static bool call_read(void)
{
    return sock_read(tcp[1], bytes, sizeof bytes, LIBSOCK_BINARY_READ) == 1;
}

static bool call_sendto(void)
{
    return sock_sendto(udp[1], "x", 1, 0, "127.0.0.1", udp_ports[0]) == 1;
}

static bool call_recvfrom(void)
{
    char address[LIBSOCK_ADDRSTRLEN];
    int  from;

    return sock_recvfrom(udp[1], bytes, sizeof bytes, 0, address,
                         sizeof address, &from) == 1;
}

static bool call_gets(void)
{
    for (int i = 0; i < LINES; i++)
        if (sock_gets(tcp[1], bytes, 20) != 15)
            return false;
    return true;
}

static bool call_read_lines(void)
{
    for (int i = 0; i < LINES; i++)
        if (sock_read(tcp[1], bytes, 20, LIBSOCK_NORMAL_READ) != 15)
            return false;
    return true;
}

static bool call_accept(void)
{
    sock_t *s = sock_accept(listener);

    return sock_close(s);
}

static bool call_connect(void)
{
    return sock_connect(client, "127.0.0.1", port);
}

static bool call_select(void)
{
    sock_t *read[] = {tcp[1], udp[1]};

    return sock_select(read, 2, NULL, 0, NULL, 0, 0) == 0;
}

static bool call_poll_wait(void)
{
    sock_event_t event;

    return sock_poll_wait(set, &event, 1, 0) == 0;
}

static bool call_poll_modify(void)
{
    static bool on;

    on = !on;
    return sock_poll_modify(
        set, tcp[1], LIBSOCK_POLL_READ | (on ? LIBSOCK_POLL_RDHUP : 0), NULL);
}

static const struct row {
    const char *name;
    bool (*feed)(void);
    bool (*call)(void);
    const char *made[3]; /* the system calls; NULL: any that waits */
    int         count;
} rows[] = {
    {"send", nothing, call_send, {"sendto("}, 1},
    {"write", nothing, call_write, {"sendto("}, 1},
    {"write_all", nothing, call_write_all, {"sendto("}, 1},
    {"recv", feed_byte, call_recv, {"recvfrom("}, 1},
    {"read", feed_byte, call_read, {"recvfrom("}, 1},
    {"sendto", nothing, call_sendto, {"sendto("}, 1},
    {"recvfrom", feed_datagram, call_recvfrom, {"recvfrom("}, 1},
    {"gets", feed_lines, call_gets, {"recvfrom("}, 1},
    {"read_lines", feed_lines, call_read_lines, {"recvfrom("}, 1},
    {"accept_close", feed_connection, call_accept, {"accept4(", "close("}, 2},
    {"connect", feed_client, call_connect, {"connect("}, 1},
    {"poll_wait", nothing, call_poll_wait, {NULL}, 1},
    {"poll_modify", nothing, call_poll_modify, {"epoll_ctl("}, 1},
    {"select", nothing, call_select, {NULL}, 1},
    {"timed_recv", feed_timed, call_recv, {"recvfrom("}, 1},
};

/* ---- under strace ---- */

static void mark(const char *name)
{
    ssize_t none = write(-1, name, strlen(name));

    (void)none;
}

static bool open_all(void)
{
    tcp_pair(tcp);
    udp_pair(udp);
    for (int i = 0; i < 2; i++)
        udp_ports[i] = port_of(udp[i]);
    listener = sock_create_listen(0, 8);
    port     = port_of(listener);
    set      = sock_poll_create();
    return sock_poll_add(set, tcp[1], LIBSOCK_POLL_READ, NULL);
}

/* The first of each is not marked: it may make what the others use. */
static int make_calls(void)
{
    if (!open_all())
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int n = 0; n <= TIMES; n++) {
            if (!rows[i].feed())
                return 1;
            if (n)
                mark(rows[i].name);
            if (!rows[i].call())
                return 2 + (int)i;
            mark("-");
        }
    return 0;
}

static char itself[4096], trace[] = "/tmp/libsock-calls-XXXXXX";

/* False: strace is not there, or must not trace. */
static bool trace_itself(void)
{
    char command[5000];

    snprintf(command, sizeof command,
             "strace -qq -o %s %s --child >/dev/null 2>&1", trace, itself);
    return system(command) == 0;
}

/* ---- what the trace tells ---- */

static bool waits(const char *line)
{
    return !strncmp(line, "poll(", 5) || !strncmp(line, "ppoll(", 6) ||
           !strncmp(line, "epoll_wait(", 11) ||
           !strncmp(line, "epoll_pwait", 11);
}

static void is_expected(const struct row *row, int at, const char *line)
{
    const char *due = at < row->count ? row->made[at] : "nothing more";

    if (due ? strncmp(line, due, strlen(due)) : !waits(line))
        fail_msg("%s: %s", row->name, line);
}

/* The calls between a mark and the next: so many times, all as they should. */
static void row_is_made(const struct row *row)
{
    FILE *file = fopen(trace, "r");
    char  line[4096], begin[64];
    int   marks = 0, made = 0, at = -1;

    assert_non_null(file);
    snprintf(begin, sizeof begin, "write(-1, \"%s\"", row->name);
    while (fgets(line, sizeof line, file)) {
        if (!strncmp(line, begin, strlen(begin))) {
            marks++;
            at = 0;
        } else if (!strncmp(line, "write(-1, \"-\"", 13)) {
            at = -1;
        } else if (at >= 0) {
            is_expected(row, at++, line);
            made++;
        }
    }
    fclose(file);
    assert_int_equal(marks, TIMES);
    assert_int_equal(made, TIMES * row->count);
}

static void each_call_is_what_was_asked_for(void **state)
{
    int fd = mkstemp(trace);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    if (SANITIZED || !trace_itself()) {
        unlink(trace);
        skip_aloud("strace is not there, or cannot trace this program");
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        row_is_made(&rows[i]);
    unlink(trace);
}

/* So the trace is not needed to know that the calls succeed. */
static void each_call_succeeds(void **state)
{
    (void)state;
    assert_int_equal(make_calls(), 0);
    sock_poll_free(set);
    close_pair(tcp);
    close_pair(udp);
    sock_close(listener);
    sock_close(client);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_succeeds),
        cmocka_unit_test(each_call_is_what_was_asked_for),
    };

    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return make_calls();
    assert_true(readlink("/proc/self/exe", itself, sizeof itself - 1) > 0);
    return cmocka_run_group_tests_name("system_calls", tests, count_descriptors,
                                       compare_descriptors);
}
