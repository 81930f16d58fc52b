/* test_tls_ready.c - select and poll sets tell of TLS what a reader will find:
 * what is decrypted already, too, and nobody spins for what is not there.
 * On every backend of poll sets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/tls_pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MANY (1 << 20)
#define PATIENCE_MS 5000

/* ---- a mebibyte, read by the kibibyte ---- */

struct stream {
    sock_t *from;
    sock_t *to;
    size_t  sent;
    size_t  got;
    int     told; /* how often a wait told of something */
};

static char byte_at(size_t i)
{
    return (char)(i * 31 + (i >> 9));
}

/* As much as fits. */
static void send_more(struct stream *m)
{
    static char bytes[MANY];
    ssize_t     n;

    if (m->sent == MANY)
        return;
    for (size_t i = 0; i < MANY; i++)
        bytes[i] = byte_at(i);
    n = sock_send(m->from, bytes + m->sent, MANY - m->sent, MSG_DONTWAIT);
    if (n < 0)
        assert_int_equal(sock_last_error(m->from), EAGAIN);
    else
        m->sent += (size_t)n;
}

static bool read_once(struct stream *m)
{
    char    buf[1024];
    ssize_t n = sock_recv(m->to, buf, sizeof buf, MSG_DONTWAIT);

    if (n < 0) {
        assert_int_equal(sock_last_error(m->to), EAGAIN);
        return false;
    }
    assert_true(n > 0);
    for (ssize_t i = 0; i < n; i++)
        assert_true(buf[i] == byte_at(m->got + (size_t)i));
    m->got += (size_t)n;
    return true;
}

typedef void drive_fn(struct stream *m);

static void drive(int version, drive_fn *how)
{
    sock_t       *pair[2];
    struct stream m = {0};

    tls_pair(version, pair);
    m.from = pair[0];
    m.to   = pair[1];
    how(&m);
    assert_int_equal(m.got, MANY);
    assert_false(read_once(&m));
    close_pair(pair);
}

/* A wait that finds nothing although bytes are under way has stalled. */
static void by_select(struct stream *m)
{
    while (m->got < MANY) {
        sock_t *one = m->to;

        send_more(m);
        assert_int_equal(sock_select(&one, 1, NULL, 0, NULL, 0, PATIENCE_MS),
                         1);
        read_once(m);
    }
}

static void by_poll(struct stream *m, unsigned mode)
{
    sock_poll_t *set = set_of(m->to, LIBSOCK_POLL_READ | mode);

    while (m->got < MANY) {
        send_more(m);
        assert_int_equal(told(set, m->to), LIBSOCK_POLL_READ);
        while (read_once(m) && mode == LIBSOCK_POLL_EDGE)
            ;
        if (mode == LIBSOCK_POLL_ONESHOT)
            rewatch(set, m->to, LIBSOCK_POLL_READ | mode);
    }
    sock_poll_free(set);
}

static void by_level(struct stream *m)
{
    by_poll(m, 0);
}

static void by_edge(struct stream *m)
{
    by_poll(m, LIBSOCK_POLL_EDGE);
}

static void by_oneshot(struct stream *m)
{
    by_poll(m, LIBSOCK_POLL_ONESHOT);
}

static void each_way(int version)
{
    drive(version, by_select);
    drive(version, by_level);
    drive(version, by_edge);
    drive(version, by_oneshot);
}

static void many_bytes_read_piece_by_piece_never_stall(void **state)
{
    (void)state;
    tls_each(each_way);
}

/* ---- what is here already ---- */

static bool is_readable(sock_t *s, int within_ms)
{
    sock_t *one = s;

    return sock_select(&one, 1, NULL, 0, NULL, 0, within_ms) == 1;
}

static void peeked(int version)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    char         buf[8];

    tls_pair(version, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_false(is_readable(pair[1], 0));
    assert_int_equal(sock_write(pair[0], "abcdef", 6), 6);
    assert_int_equal(sock_recv(pair[1], buf, 3, MSG_PEEK), 3);
    for (int i = 0; i < 2; i++) {
        assert_true(is_readable(pair[1], 0));
        assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    }
    assert_int_equal(sock_recv(pair[1], buf, 6, MSG_WAITALL), 6);
    assert_memory_equal(buf, "abcdef", 6);
    assert_false(is_readable(pair[1], 0));
    assert_true(is_silent(set));
    sock_poll_free(set);
    close_pair(pair);
}

static void what_was_peeked_is_readable(void **state)
{
    (void)state;
    tls_each(peeked);
}

static void half_read(int version)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    char         buf[8];

    tls_pair(version, pair);
    assert_int_equal(sock_write(pair[0], "abcdef", 6), 6);
    assert_int_equal(sock_recv(pair[1], buf, 2, 0), 2);
    assert_true(is_readable(pair[1], 0));
    set = set_of(pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    assert_true(is_silent(set));
    rewatch(set, pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    assert_int_equal(sock_recv(pair[1], buf, 4, MSG_WAITALL), 4);
    assert_false(is_readable(pair[1], 0));
    sock_poll_free(set);
    close_pair(pair);
}

static void the_rest_of_a_record_is_readable(void **state)
{
    (void)state;
    tls_each(half_read);
}

static void lines(int version)
{
    sock_t *pair[2];
    char    buf[16];

    tls_pair(version, pair);
    assert_int_equal(sock_write(pair[0], "one\ntwo\n1234three\nxy", 20), 20);
    line_is(pair[1], "one\n");
    assert_true(is_readable(pair[1], 0));
    line_is(pair[1], "two\n");
    assert_int_equal(sock_recv(pair[1], buf, 4, 0), 4);
    assert_memory_equal(buf, "1234", 4);
    line_is(pair[1], "three\n");
    line_is_refused(pair[1]);
    assert_int_equal(sock_recv(pair[1], buf, 16, 0), 2);
    assert_memory_equal(buf, "xy", 2);
    close_pair(pair);
}

static void lines_and_bytes_may_be_mixed(void **state)
{
    (void)state;
    tls_each(lines);
}

static void half_a_line(int version)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    tls_pair(version, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_int_equal(sock_write(pair[0], "half", 4), 4);
    assert_true(is_readable(pair[1], PATIENCE_MS));
    line_is_refused(pair[1]);
    assert_false(is_readable(pair[1], 20));
    assert_true(is_silent(set));
    assert_int_equal(sock_write(pair[0], " more", 5), 5);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    line_is_refused(pair[1]);
    assert_true(is_silent(set));
    assert_int_equal(sock_write(pair[0], "\n", 1), 1);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    line_is(pair[1], "half more\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
    close_pair(pair);
}

static void half_a_line_that_was_refused_wakes_nobody(void **state)
{
    (void)state;
    tls_each(half_a_line);
}

/* ---- the handshake ---- */

/* What an end asks for: 0 done, else LIBSOCK_POLL_READ or _WRITE. */
struct end {
    sock_t  *s;
    unsigned wants;
    int      woken;
};

/* By a read or by a write, as it was waited for. */
static void go_on(struct end *e)
{
    ssize_t n = e->wants == LIBSOCK_POLL_READ
                    ? sock_recv(e->s, (char[1]){0}, 1, MSG_DONTWAIT)
                    : sock_send(e->s, "x", 1, MSG_DONTWAIT);

    e->woken++;
    if (n == 1)
        e->wants = 0;
    else
        assert_int_equal(sock_last_error(e->s), EAGAIN);
}

static void wait_by_select(struct end e[2])
{
    sock_t *read[2]  = {NULL, NULL};
    sock_t *write[2] = {NULL, NULL};

    for (int i = 0; i < 2; i++)
        *(e[i].wants == LIBSOCK_POLL_READ ? &read[i] : &write[i]) =
            e[i].wants ? e[i].s : NULL;
    assert_true(sock_select(read, 2, write, 2, NULL, 0, PATIENCE_MS) > 0);
    for (int i = 0; i < 2; i++)
        if (read[i] || write[i])
            go_on(&e[i]);
}

static void wait_by_poll(struct end e[2], sock_poll_t *set)
{
    sock_event_t events[2];
    int          n = sock_poll_wait(set, events, 2, PATIENCE_MS);

    assert_true(n > 0);
    while (n--) {
        struct end *one = events[n].sock == e[0].s ? &e[0] : &e[1];

        if (one->wants)
            go_on(one);
        if (one->wants)
            rewatch(set, one->s, one->wants | LIBSOCK_POLL_ONESHOT);
    }
}

/* The server reads what the client writes; either may do the first step. */
static void shake(int version, bool polls, bool client_writes)
{
    sock_t      *pair[2];
    struct end   e[2] = {{0}};
    sock_poll_t *set  = new_set();

    tls_begin(version, pair);
    for (int i = 0; i < 2; i++) {
        e[i].s = pair[i];
        e[i].wants =
            client_writes == (i == 0) ? LIBSOCK_POLL_WRITE : LIBSOCK_POLL_READ;
        go_on(&e[i]);
        watch(set, pair[i], e[i].wants | LIBSOCK_POLL_ONESHOT);
    }
    while (e[0].wants || e[1].wants) {
        if (polls)
            wait_by_poll(e, set);
        else
            wait_by_select(e);
        assert_true(e[0].woken + e[1].woken < 20);
    }
    sock_poll_free(set);
    close_pair(pair);
}

static void shake_each(int version)
{
    for (int i = 0; i < 4; i++)
        shake(version, i & 1, i & 2);
}

static void a_handshake_is_driven_by_waiting_for_what_was_called(void **state)
{
    (void)state;
    tls_each(shake_each);
}

/* The system could send, but the peer has not answered yet. */
static void waits_to_write(int version)
{
    sock_t      *pair[2], *one;
    sock_poll_t *set;

    tls_begin(version, pair);
    assert_int_equal(sock_send(pair[0], "x", 1, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    one = pair[0];
    assert_int_equal(sock_select(NULL, 0, &one, 1, NULL, 0, 30), 0);
    set = set_of(pair[0], LIBSOCK_POLL_WRITE);
    assert_true(is_silent(set));
    rewatch(set, pair[0], LIBSOCK_POLL_WRITE | LIBSOCK_POLL_EDGE);
    assert_true(is_silent(set));
    assert_int_equal(sock_recv(pair[1], (char[1]){0}, 1, MSG_DONTWAIT), -1);
    assert_int_equal(told(set, pair[0]), LIBSOCK_POLL_WRITE);
    assert_int_equal(sock_send(pair[0], "x", 1, MSG_DONTWAIT),
                     version == LIBSOCK_CRYPTO_PROTO_TLSv1_3 ? 1 : -1);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_write_that_awaits_the_handshake_does_not_spin(void **state)
{
    (void)state;
    tls_each(waits_to_write);
}

/* ---- with what is kept ---- */

/* A shot that sends what is kept, and tells of nothing, is not spent. */
static void one_shot(int version)
{
    static const char block[65536];
    sock_t           *pair[2];
    sock_poll_t      *set;
    char              buf[8192];
    int               rounds = 0;

    tls_pair(version, pair);
    tls_make_narrow(pair, 4096);
    while (sock_send(pair[0], block, sizeof block, MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    set = set_of(pair[0], LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT);
    for (int i = 0; i < 3; i++) {
        while (sock_recv(pair[1], buf, sizeof buf, MSG_DONTWAIT) > 0)
            rounds++;
        assert_true(is_silent(set));
    }
    assert_true(rounds > 0);
    assert_int_equal(sock_write(pair[1], "x", 1), 1);
    assert_int_equal(told(set, pair[0]), LIBSOCK_POLL_READ);
    rewatch(set, pair[0], LIBSOCK_POLL_WRITE | LIBSOCK_POLL_ONESHOT);
    while (sock_recv(pair[1], buf, sizeof buf, MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(told(set, pair[0]), LIBSOCK_POLL_WRITE);
    assert_int_equal(sock_send(pair[0], "x", 1, MSG_DONTWAIT), 1);
    sock_poll_free(set);
    close_pair(pair);
}

static void one_shot_is_not_spent_on_what_is_kept(void **state)
{
    (void)state;
    tls_each(one_shot);
}

/* ---- another thread reads ---- */

struct reader {
    sock_t   *s;
    size_t    got;
    pthread_t thread;
};

static void *read_all(void *arg)
{
    struct reader *r = arg;
    char           buf[1000];
    ssize_t        n;

    while ((n = sock_recv(r->s, buf, sizeof buf, 0)) > 0)
        r->got += (size_t)n;
    return NULL;
}

/* Whatever select says meanwhile: it ends, the reader gets all, and the end is
 * told to both. */
static void select_beside(int version)
{
    static const char block[16384];
    sock_t           *pair[2];
    struct reader     r = {0};

    tls_pair(version, pair);
    r.s = pair[1];
    assert_int_equal(pthread_create(&r.thread, NULL, read_all, &r), 0);
    for (int i = 0; i < 64; i++) {
        assert_true(sock_write_all(pair[0], block, sizeof block, NULL));
        is_readable(pair[1], 1);
    }
    assert_true(sock_shutdown(pair[0], SHUT_WR));
    assert_true(is_readable(pair[1], PATIENCE_MS));
    pthread_join(r.thread, NULL);
    assert_int_equal(r.got, 64 * sizeof block);
    assert_true(is_readable(pair[1], 0));
    close_pair(pair);
}

static void a_select_beside_a_reader_takes_nothing_from_it(void **state)
{
    (void)state;
    tls_each(select_beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_bytes_read_piece_by_piece_never_stall),
        cmocka_unit_test(what_was_peeked_is_readable),
        cmocka_unit_test(the_rest_of_a_record_is_readable),
        cmocka_unit_test(lines_and_bytes_may_be_mixed),
        cmocka_unit_test(half_a_line_that_was_refused_wakes_nobody),
        cmocka_unit_test(a_handshake_is_driven_by_waiting_for_what_was_called),
        cmocka_unit_test(a_write_that_awaits_the_handshake_does_not_spin),
        cmocka_unit_test(one_shot_is_not_spent_on_what_is_kept),
        cmocka_unit_test(a_select_beside_a_reader_takes_nothing_from_it),
    };

    return run_on_every_backend("tls_ready", tests);
}
