/* promises_lines.c - what is promised of lines: where they end, and that a part
 * of one is kept whatever interrupts it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/pollset.h"
#include "support/promises.h"
#include "support/scene.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define TRY (LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT)

static ssize_t line_of(sock_t *s)
{
    char line[64];

    return sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ);
}

static void is_line(sock_t *s, const char *text)
{
    char    line[64] = "";
    ssize_t n        = sock_read(s, line, sizeof line - 1, LIBSOCK_NORMAL_READ);

    if (n < 0)
        fail_msg("%s", sock_last_message(s));
    assert_string_equal(line, text);
    assert_int_equal(n, strlen(text));
}

/* Have it in the buffer, and refused: there is no more of the line yet. */
static void buffer_part(struct ends *e, const char *part)
{
    char line[64];

    put_text(e->peer, part);
    wait_readable(e->self);
    failed_with(e->self, sock_read(e->self, line, sizeof line, TRY), EAGAIN);
}

static void lines_end_where_php_ends_them(void **state)
{
    struct ends e = ends_open(state);

    put_text(e.peer, "one\r\ntwo\r\n\nend");
    is_line(e.self, "one\r");
    is_line(e.self, "\n");
    is_line(e.self, "two\r");
    is_line(e.self, "\n");
    is_line(e.self, "\n");
    sock_shutdown(e.peer, SHUT_WR);
    is_line(e.self, "end");
    is_line(e.self, "");
    ends_close(&e);
}

static void a_long_line_comes_in_pieces(void **state)
{
    struct ends          e = ends_open(state);
    static unsigned char out[100000], in[7000];
    size_t               had = 0;

    make_bytes(out, 0, sizeof out - 1);
    for (size_t i = 0; i < sizeof out; i++)
        if (out[i] == '\r' || out[i] == '\n')
            out[i] = '.';
    out[sizeof out - 1] = '\n';
    assert_true(sock_write_all(e.peer, out, sizeof out, NULL));
    while (had < sizeof out) {
        size_t  left = sizeof out - had;
        ssize_t n    = sock_read(e.self, in, sizeof in, LIBSOCK_NORMAL_READ);

        assert_int_equal(n, left < sizeof in ? left : sizeof in);
        assert_memory_equal(in, out + had, (size_t)n);
        had += (size_t)n;
    }
    ends_close(&e);
}

static void bytes_behind_a_line_are_anybodys(void **state)
{
    struct ends e      = ends_open(state);
    char        in[16] = "", name[LIBSOCK_NAMESTRLEN];

    put_text(e.peer, "line\nabcdefghij");
    is_line(e.self, "line\n");
    assert_true(is_readable(e.self));
    assert_int_equal(sock_recv(e.self, in, 3, MSG_PEEK), 3);
    assert_string_equal(in, "abc");
    take_text(e.self, "ab");
    assert_int_equal(sock_recv(e.self, in, 2, MSG_WAITALL), 2);
    assert_memory_equal(in, "cd", 2);
    assert_int_equal(sock_stream_recvfrom(e.self, in, 2, 0, name, sizeof name),
                     2);
    assert_memory_equal(in, "ef", 2);
    assert_int_equal(sock_recv(e.self, in, 16, MSG_DONTWAIT), 4);
    assert_memory_equal(in, "ghij", 4);
    assert_false(is_readable(e.self));
    ends_close(&e);
}

/* ---- with a part of a line in hand ---- */

static void an_end_delivers_the_part(void **state)
{
    struct ends e = ends_open(state);

    buffer_part(&e, "par");
    assert_true(sock_shutdown(e.peer, SHUT_WR));
    is_line(e.self, "par");
    is_line(e.self, "");
    is_line(e.self, "");
    ends_close(&e);
}

/* Half a command is no command; a binary read still gets it. */
static void is_kept_through(struct ends *e, int error)
{
    char line[16];

    failed_with(e->self, line_of(e->self), error);
    failed_with(e->self, line_of(e->self), error);
    take_text(e->self, "par");
    failed_with(e->self, sock_read(e->self, line, 16, LIBSOCK_BINARY_READ),
                error);
    failed_with(e->self, line_of(e->self), error);
}

static void a_reset_keeps_the_part(void **state)
{
    struct ends e = ends_open(state);

    buffer_part(&e, "par");
    if (e.t->is & IS_TLS) {
        shutdown(sock_fd(e.peer), SHUT_WR); /* past TLS: it is cut off */
        is_kept_through(&e, LIBSOCK_ETLS_TRUNCATED);
    } else if (e.t->is & IS_INET) {
        close_with_reset(e.peer);
        is_kept_through(&e, ECONNRESET);
    } else {
        put_text(e.self, "not read");
        sock_close(e.peer); /* AF_UNIX resets then */
        is_kept_through(&e, ECONNRESET);
    }
    ends_close(&e);
}

static void eagain_keeps_the_part(void **state)
{
    struct ends e = ends_open(state);

    buffer_part(&e, "par");
    assert_true(sock_set_nonblock(e.self));
    failed_with(e.self, line_of(e.self), EAGAIN);
    put_text(e.peer, "tial\nnext\n");
    wait_readable(e.self);
    is_line(e.self, "partial\n");
    is_line(e.self, "next\n");
    failed_with(e.self, line_of(e.self), EAGAIN);
    ends_close(&e);
}

static void a_timeout_keeps_the_part(void **state)
{
    struct ends e = ends_open(state);

    put_text(e.peer, "par");
    sock_set_timeout(e.self, 30);
    failed_with(e.self, line_of(e.self), ETIMEDOUT);
    failed_with(e.self, line_of(e.self), ETIMEDOUT);
    sock_set_deadline(e.self, 30);
    failed_with(e.self, line_of(e.self), ETIMEDOUT);
    sock_set_deadline(e.self, -1);
    put_text(e.peer, "tial\n");
    is_line(e.self, "partial\n");
    ends_close(&e);
}

static _Atomic int handled;

static void on_signal(int number)
{
    (void)number;
    handled++;
}

struct pusher {
    pthread_t victim;
    int       tid;
    sock_t   *writer;
};

static void push(void *with)
{
    struct pusher *p = with;

    wait_until_asleep(p->tid);
    handled = 0;
    pthread_kill(p->victim, SIGUSR1);
    while (!handled)
        ;
    wait_until_asleep(p->tid);
    sock_write_all(p->writer, "tial\n", 5, NULL);
}

static void a_signal_keeps_the_part(void **state)
{
    struct ends      e      = ends_open(state);
    struct pusher    p      = {pthread_self(), gettid(), e.peer};
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct aside     a;

    sigaction(SIGUSR1, &action, &before);
    for (int limited = 0; limited < 2; limited++) {
        sock_set_timeout(e.self, limited ? 20000 : -1);
        put_text(e.peer, "par");
        aside_start(&a, push, &p);
        is_line(e.self, "partial\n");
        aside_join(&a);
    }
    sigaction(SIGUSR1, &before, NULL);
    ends_close(&e);
}

/* Else a select loop would spin. */
static void a_refused_part_wakes_nobody_again(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);

    buffer_part(&e, "par");
    assert_false(is_readable(e.self));
    assert_true(is_silent(set));
    put_text(e.peer, "t");
    wait_readable(e.self);
    assert_true(told(set, e.self) & LIBSOCK_POLL_READ);
    line_is_refused(e.self);
    assert_false(is_readable(e.self));
    sock_shutdown(e.peer, SHUT_WR);
    wait_readable(e.self);
    assert_true(told(set, e.self) & LIBSOCK_POLL_READ);
    is_line(e.self, "part");
    sock_poll_free(set);
    ends_close(&e);
}

static void a_refused_part_is_a_binary_readers(void **state)
{
    struct ends e = ends_open(state);
    char        in[8];

    buffer_part(&e, "part");
    assert_int_equal(sock_recv(e.self, in, 2, MSG_DONTWAIT), 2);
    assert_true(is_readable(e.self));
    take_text(e.self, "rt");
    assert_false(is_readable(e.self));
    ends_close(&e);
}

/* ---- elsewhere ---- */

static void a_datagram_has_no_lines(void **state)
{
    struct ends e = ends_open(state);

    put_text(e.peer, "line\n");
    failed_with(e.self, line_of(e.self), EOPNOTSUPP);
    take_text(e.self, "line\n");
    ends_close(&e);
}

static void meta_data_count_what_is_left_of_a_line(void **state)
{
    struct ends e = ends_open(state);
    sock_meta_t meta;

    put_text(e.peer, "line\nrest");
    is_line(e.self, "line\n");
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    if (!(e.t->is & IS_LOCAL)) /* which takes its line only */
        assert_int_equal(meta.unread_bytes, 4);
    take_text(e.self, "rest");
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    assert_int_equal(meta.unread_bytes, 0);
    ends_close(&e);
}

#define P(name, needs)                                                         \
    {                                                                          \
#name, name, needs                                                     \
    }

const struct promise promises_of_lines[] = {
    P(lines_end_where_php_ends_them, IS_STREAM),
    P(a_long_line_comes_in_pieces, IS_STREAM),
    P(bytes_behind_a_line_are_anybodys, IS_STREAM),
    P(an_end_delivers_the_part, IS_STREAM),
    P(a_reset_keeps_the_part, IS_STREAM),
    P(eagain_keeps_the_part, IS_STREAM),
    P(a_timeout_keeps_the_part, IS_STREAM),
    P(a_signal_keeps_the_part, IS_STREAM),
    P(a_refused_part_wakes_nobody_again, IS_STREAM),
    P(a_refused_part_is_a_binary_readers, IS_STREAM),
    P(a_datagram_has_no_lines, IS_DATAGRAM),
    P(meta_data_count_what_is_left_of_a_line, IS_STREAM),
    {NULL, NULL, 0},
};
