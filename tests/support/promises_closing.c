/* promises_closing.c - what is promised of ends: closing from any thread, half
 * an end, a peer that is gone, handles that were closed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/promises.h"
#include "support/scene.h"

#include <signal.h>
#include <string.h>

/* ---- closed under a call ---- */

struct call {
    sock_t *s;
    bool (*fails)(sock_t *s);
    bool failed;
    int  error;
};

static void make_call(void *with)
{
    struct call *c = with;

    c->failed = c->fails(c->s);
    c->error  = sock_last_error(c->s);
}

static void is_released(sock_t *s, bool (*fails)(sock_t *s))
{
    struct call  c = {s, fails, false, 0};
    struct aside a;
    int64_t      closed;

    aside_start_asleep(&a, make_call, &c);
    closed = now_ms();
    assert_true(sock_close(s));
    assert_true(now_ms() - closed < SLACK);
    aside_join(&a);
    assert_true(a.ended - closed < SLACK);
    assert_true(c.failed);
    assert_int_equal(c.error, ECANCELED);
    assert_false(sock_close(s));
    assert_int_equal(sock_last_error(s), EBADF);
}

static bool read_fails(sock_t *s)
{
    char byte;

    return sock_read(s, &byte, 1, LIBSOCK_BINARY_READ) < 0;
}

static bool line_fails(sock_t *s)
{
    char line[80];

    return sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ) < 0;
}

static bool peek_fails(sock_t *s)
{
    char byte;

    return sock_recv(s, &byte, 1, MSG_PEEK) < 0;
}

static bool recvfrom_fails(sock_t *s)
{
    char byte, name[LIBSOCK_NAMESTRLEN];

    return sock_stream_recvfrom(s, &byte, 1, 0, name, sizeof name) < 0;
}

static bool write_fails(sock_t *s)
{
    return sock_write(s, "x", 1) < 0;
}

static bool write_all_fails(sock_t *s)
{
    return !sock_write_all(s, "xyz", 3, NULL);
}

static void a_read_is_released_by_a_close(void **state)
{
    static bool (*const reads[])(sock_t *) = {read_fails, peek_fails,
                                              recvfrom_fails, line_fails};

    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        for (int limited = 0; limited < 2; limited++) {
            struct ends e = ends_open(state);

            if (limited)
                sock_set_deadline(e.self, 30000);
            if (reads[i] != line_fails || e.t->is & IS_STREAM)
                is_released(e.self, reads[i]);
            ends_close(&e);
        }
}

static void a_write_is_released_by_a_close(void **state)
{
    static bool (*const writes[])(sock_t *) = {write_fails, write_all_fails};

    for (size_t i = 0; i < 2; i++)
        for (int limited = 0; limited < 2; limited++) {
            struct ends e = ends_open(state);

            fill(e.self);
            if (limited)
                sock_set_timeout(e.self, 30000);
            is_released(e.self, writes[i]);
            ends_close(&e);
        }
}

static void a_reader_and_a_writer_are_released_together(void **state)
{
    struct ends  e = ends_open(state);
    struct call  c = {e.self, write_fails, false, 0};
    struct aside a;

    fill(e.self);
    aside_start_asleep(&a, make_call, &c);
    is_released(e.self, read_fails);
    aside_join(&a);
    assert_true(c.failed);
    assert_int_equal(c.error, ECANCELED);
    ends_close(&e);
}

/* ---- closed before a call ---- */

static bool verb_read(sock_t *s)
{
    return read_fails(s) && line_fails(s) && peek_fails(s);
}

static bool verb_write(sock_t *s)
{
    return write_fails(s) && write_all_fails(s) &&
           sock_send(s, "x", 1, 0) < 0 &&
           sock_sendto(s, "x", 1, 0, "127.0.0.1", 9) < 0 &&
           sock_stream_sendto(s, "x", 1, 0, "127.0.0.1:9") < 0 &&
           sock_stream_sendto(s, "x", 1, 0, NULL) < 0;
}

static bool verb_name(sock_t *s)
{
    char name[LIBSOCK_NAMESTRLEN];
    int  port;

    return !sock_stream_get_name(s, false, name, sizeof name) &&
           !sock_stream_get_name(s, true, name, sizeof name) &&
           !sock_getsockname(s, name, sizeof name, &port) &&
           !sock_getpeername(s, name, sizeof name, &port) && recvfrom_fails(s);
}

static bool verb_mode(sock_t *s)
{
    return !sock_set_block(s) && !sock_set_nonblock(s) &&
           !sock_set_timeout(s, 1) && !sock_set_deadline(s, 1) &&
           !sock_shutdown(s, SHUT_RDWR) && !sock_close(s) && sock_fd(s) < 0 &&
           sock_export_fd(s) < 0;
}

static bool verb_option(sock_t *s)
{
    int out;

    return !sock_set_option_int(s, SOL_SOCKET, SO_RCVBUF, 1) &&
           !sock_get_option_int(s, SOL_SOCKET, SO_RCVBUF, &out) &&
           !sock_set_linger(s, 0) && !sock_set_keepalive(s, 1, 1, 1);
}

static bool verb_stream(sock_t *s)
{
    sock_meta_t meta;
    char        pem[8];

    return !sock_stream_get_meta_data(s, &meta, sizeof meta) &&
           !sock_stream_enable_crypto(s, true, 0, NULL) &&
           !sock_stream_enable_crypto(s, false, 0, NULL) &&
           !sock_stream_set_context(s, NULL) &&
           sock_stream_get_peer_certificate(s, 0, pem, sizeof pem) < 0 &&
           !sock_stream_accept(s, 0, NULL, 0) && !sock_accept(s);
}

static bool verb_file(sock_t *s)
{
    char   text[8];
    size_t length;

    return sock_gets(s, text, sizeof text) < 0 &&
           sock_stream_get_line(s, text, sizeof text, "\n", &length) < 0 &&
           sock_stream_get_contents(s, text, sizeof text) < 0 &&
           sock_printf(s, "%d", 1) < 0 && sock_eof(s);
}

/* Each tried with both: closed, and none at all. */
static void every_verb_refuses_a_closed_handle(void **state)
{
    static bool (*const verbs[])(sock_t *) = {
        verb_read,   verb_write,  verb_name, verb_mode,
        verb_option, verb_stream, verb_file};
    struct ends e = ends_open(state);

    sock_close(e.self);
    for (size_t i = 0; i < 2 * sizeof verbs / sizeof *verbs; i++) {
        sock_t *s = i % 2 ? NULL : e.self;

        sock_clear_error(s);
        assert_true(verbs[i / 2](s));
        assert_int_equal(sock_last_error(s), EBADF);
    }
    ends_close(&e);
}

static void a_second_close_is_refused(void **state)
{
    struct ends e = ends_open(state);

    assert_true(sock_close(e.self));
    for (int i = 0; i < 3; i++) {
        sock_clear_error(NULL);
        assert_false(sock_close(e.self));
        assert_int_equal(sock_last_error(NULL), EBADF);
    }
    ends_close(&e);
}

/* ---- half an end ---- */

static void half_an_end_leaves_the_other_half(void **state)
{
    struct ends e = ends_open(state);

    put_text(e.self, "last words");
    assert_true(sock_shutdown(e.self, SHUT_WR));
    assert_true(write_fails(e.self));
    assert_int_equal(sock_last_error(e.self), EPIPE);
    take_text(e.peer, "last words");
    for (int i = 0; i < 3; i++) {
        char byte;

        assert_int_equal(sock_read(e.peer, &byte, 1, LIBSOCK_BINARY_READ), 0);
    }
    put_text(e.peer, "an answer");
    take_text(e.self, "an answer");
    ends_close(&e);
}

static void who_hears_no_more_can_speak(void **state)
{
    struct ends e = ends_open(state);
    char        byte;

    assert_true(sock_shutdown(e.self, SHUT_RD));
    assert_int_equal(sock_read(e.self, &byte, 1, LIBSOCK_BINARY_READ), 0);
    put_text(e.self, "still here");
    take_text(e.peer, "still here");
    ends_close(&e);
}

static void an_end_of_nonsense_is_refused(void **state)
{
    struct ends e = ends_open(state);

    assert_false(sock_shutdown(e.self, 77));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    assert_false(sock_shutdown(e.self, -1));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    put_text(e.self, "goes on");
    take_text(e.peer, "goes on");
    ends_close(&e);
}

static void shut_both_ways(void *with)
{
    struct call *c = with;

    c->failed = !sock_shutdown(c->s, SHUT_RDWR);
}

static void both_can_end_it_at_once(void **state)
{
    struct ends  e   = ends_open(state);
    struct call  one = {.s = e.self}, other = {.s = e.peer};
    int64_t      begin = now_ms();
    struct aside a;
    char         byte;

    aside_start(&a, shut_both_ways, &other);
    shut_both_ways(&one);
    aside_join(&a);
    assert_false(one.failed);
    assert_false(other.failed);
    assert_true(now_ms() - begin < 1000 * SLOWNESS);
    assert_int_equal(sock_read(e.self, &byte, 1, LIBSOCK_BINARY_READ), 0);
    assert_true(write_fails(e.self));
    assert_int_equal(sock_last_error(e.self), EPIPE);
    ends_close(&e);
}

/* ---- gone ---- */

static void a_peer_that_is_gone_raises_no_signal(void **state)
{
    struct ends      e = ends_open(state);
    struct sigaction pipe;
    char             byte;
    int              error;

    sigaction(SIGPIPE, NULL, &pipe);
    assert_true(pipe.sa_handler == SIG_DFL);
    sock_close(e.peer);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sock_read(e.self, &byte, 1, LIBSOCK_BINARY_READ), 0);
    for (int i = 0; i < 10000 && sock_write(e.self, "x", 1) == 1; i++)
        ;
    error = sock_last_error(e.self);
    assert_true(error == EPIPE || error == ECONNRESET);
    for (int i = 0; i < 3; i++)
        assert_true(write_fails(e.self));
    ends_close(&e);
}

static void what_a_peer_sent_before_it_left_is_read(void **state)
{
    struct ends e = ends_open(state);
    char        byte;

    put_text(e.peer, "a testament");
    sock_close(e.peer);
    take_text(e.self, "a testament");
    assert_int_equal(sock_read(e.self, &byte, 1, LIBSOCK_BINARY_READ), 0);
    ends_close(&e);
}

static void write_until_it_fails(void *with)
{
    struct call *c = with;
    static char  bytes[20000];

    while (sock_write(c->s, bytes, sizeof bytes) > 0)
        ;
    c->error = sock_last_error(c->s);
}

static void a_blocked_writer_learns_that_its_peer_is_gone(void **state)
{
    struct ends  e = ends_open(state);
    struct call  c = {.s = e.self};
    struct aside a;

    aside_start_asleep(&a, write_until_it_fails, &c);
    sock_close(e.peer);
    aside_join(&a);
    assert_true(c.error == EPIPE || c.error == ECONNRESET);
    ends_close(&e);
}

static void a_blocked_reader_learns_that_its_peer_is_gone(void **state)
{
    struct ends  e = ends_open(state);
    struct call  c = {e.self, read_fails, true, 0};
    struct aside a;

    aside_start_asleep(&a, make_call, &c);
    sock_close(e.peer);
    aside_join(&a);
    assert_false(c.failed);
    ends_close(&e);
}

static void meta_data_tell_of_the_end(void **state)
{
    struct ends e = ends_open(state);
    sock_meta_t meta;
    char        in[8];

    put_text(e.peer, "x");
    sock_close(e.peer);
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    assert_false(meta.eof);
    assert_int_equal(sock_read(e.self, in, 8, LIBSOCK_BINARY_READ), 1);
    assert_int_equal(sock_read(e.self, in, 8, LIBSOCK_BINARY_READ), 0);
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    assert_true(meta.eof);
    assert_int_equal(meta.unread_bytes, 0);
    ends_close(&e);
}

#define P(name, needs)                                                         \
    {                                                                          \
#name, name, needs                                                     \
    }

const struct promise promises_of_closing[] = {
    P(a_read_is_released_by_a_close, 0),
    P(a_write_is_released_by_a_close, IS_FILLING),
    P(a_reader_and_a_writer_are_released_together, IS_FILLING),
    P(every_verb_refuses_a_closed_handle, 0),
    P(a_second_close_is_refused, 0),
    P(half_an_end_leaves_the_other_half, IS_STREAM),
    P(who_hears_no_more_can_speak, IS_STREAM),
    P(an_end_of_nonsense_is_refused, 0),
    P(both_can_end_it_at_once, IS_STREAM),
    P(a_peer_that_is_gone_raises_no_signal, IS_STREAM),
    P(what_a_peer_sent_before_it_left_is_read, IS_STREAM),
    P(a_blocked_writer_learns_that_its_peer_is_gone, IS_STREAM),
    P(a_blocked_reader_learns_that_its_peer_is_gone, IS_STREAM),
    P(meta_data_tell_of_the_end, IS_STREAM),
    {NULL, NULL, 0},
};
