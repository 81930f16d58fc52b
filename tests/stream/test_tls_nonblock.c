/* test_tls_nonblock.c - writing TLS without waiting: the peer gets what was
 * reported written, byte for byte, whatever is called after a refusal.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/tls_pair.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NARROW 4096
#define PATIENCE_MS 5000

/* ---- one direction, and what is known of it ---- */

struct way {
    sock_t  *from;
    sock_t  *to;
    char    *ledger; /* all that was reported written */
    size_t   room;
    size_t   written;
    size_t   got;
    int      refused;
    unsigned seed;
};

static unsigned any(struct way *w)
{
    w->seed = w->seed * 1664525u + 1013904223u;
    return w->seed >> 8;
}

static void note(struct way *w, const char *bytes, size_t count)
{
    if (w->written + count > w->room) {
        w->room   = 2 * w->room + count;
        w->ledger = realloc(w->ledger, w->room);
        assert_non_null(w->ledger);
    }
    memcpy(w->ledger + w->written, bytes, count);
    w->written += count;
}

static ssize_t write_parts(sock_t *s, const char *bytes, size_t len)
{
    const size_t  lengths[2] = {len / 3, len - len / 3};
    sock_iovec_t *v          = sock_iovec_alloc(2, lengths);
    ssize_t       n;

    assert_non_null(v);
    assert_true(sock_iovec_set(v, 0, bytes, lengths[0]));
    assert_true(sock_iovec_set(v, 1, bytes + lengths[0], lengths[1]));
    n = sock_writev(s, v);
    sock_iovec_free(v);
    return n;
}

static size_t any_length(struct way *w)
{
    unsigned kind = any(w) % 64;

    if (kind == 0)
        return 16000 + any(w) % 30000; /* around what a record carries */
    return kind < 8 ? 1 + any(w) % 4000 : 1 + any(w) % 200;
}

/* Other bytes each time, also after a refusal. */
static void write_some(struct way *w)
{
    static char bytes[48000];
    size_t      len = any_length(w);
    char        mix = (char)any(w);
    ssize_t     n;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(mix + (char)(i * 7));
    switch (any(w) % 3) {
    case 0:
        n = sock_write(w->from, bytes, len);
        break;
    case 1:
        n = sock_send(w->from, bytes, len, MSG_DONTWAIT);
        break;
    default:
        n = write_parts(w->from, bytes, len);
        break;
    }
    assert_true(n <= (ssize_t)len && n != 0);
    if (n > 0) {
        note(w, bytes, (size_t)n);
        return;
    }
    assert_int_equal(sock_last_error(w->from), EAGAIN);
    w->refused++;
}

/* False: nothing was there. */
static bool read_some(struct way *w, size_t most)
{
    char    bytes[20000];
    ssize_t n = sock_recv(w->to, bytes, most, MSG_DONTWAIT);

    if (n < 0) {
        assert_int_equal(sock_last_error(w->to), EAGAIN);
        return false;
    }
    assert_true(n > 0 && w->got + (size_t)n <= w->written);
    assert_memory_equal(bytes, w->ledger + w->got, (size_t)n);
    w->got += (size_t)n;
    return true;
}

/* Once nothing more is written, all of it arrives while `call` is all that the
 * writer does. */
static void arrives(struct way *w, void (*call)(sock_t *s))
{
    int64_t until = now_ms() + PATIENCE_MS;

    while (w->got < w->written && now_ms() < until) {
        call(w->from);
        while (read_some(w, 20000))
            ;
    }
    assert_int_equal(w->got, w->written);
    assert_false(read_some(w, 1));
}

static void way_start(struct way *w, sock_t *from, sock_t *to, unsigned seed)
{
    memset(w, 0, sizeof *w);
    w->from = from;
    w->to   = to;
    w->seed = seed;
}

static void narrow_pair(int version, sock_t *pair[2])
{
    tls_pair(version, pair);
    tls_make_narrow(pair, NARROW);
    assert_true(sock_set_nonblock(pair[0]) && sock_set_nonblock(pair[1]));
}

/* Until something is kept: then writes are refused. */
static void write_until_refused(struct way *w)
{
    int before = w->refused;

    while (w->refused == before)
        write_some(w);
}

/* ---- what a writer may call after a refusal ---- */

static void call_read(sock_t *s)
{
    char byte;

    assert_int_equal(sock_recv(s, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

static void call_peek(sock_t *s)
{
    char byte;

    assert_int_equal(sock_recv(s, &byte, 1, MSG_PEEK), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

static void call_read_line(sock_t *s)
{
    char byte;

    assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

static void call_select_to_read(sock_t *s)
{
    sock_t *one = s;

    assert_int_equal(sock_select(&one, 1, NULL, 0, NULL, 0, 0), 0);
}

static void call_select_to_write(sock_t *s)
{
    sock_t *one = s;

    assert_true(sock_select(NULL, 0, &one, 1, NULL, 0, 0) >= 0);
}

static void call_write_nothing(sock_t *s)
{
    assert_int_equal(sock_write(s, "", 0), 0);
}

static void call_poll_with(sock_t *s, unsigned events)
{
    sock_poll_t *set = set_of(s, events);

    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void call_poll(sock_t *s)
{
    call_poll_with(s, LIBSOCK_POLL_READ);
}

static void call_poll_edge(sock_t *s)
{
    call_poll_with(s, LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE);
}

static void call_poll_once(sock_t *s)
{
    call_poll_with(s, LIBSOCK_POLL_READ | LIBSOCK_POLL_ONESHOT);
}

static void (*const calls[])(sock_t *s) = {
    call_read,
    call_peek,
    call_read_line,
    call_select_to_read,
    call_select_to_write,
    call_write_nothing,
    call_poll,
    call_poll_edge,
    call_poll_once,
};

/* ---- tests ---- */

static void random_writes(int version)
{
    struct way way[2];
    sock_t    *pair[2];

    narrow_pair(version, pair);
    way_start(&way[0], pair[0], pair[1], 1);
    way_start(&way[1], pair[1], pair[0], 2);
    for (int i = 0; i < 10000; i++) {
        struct way *w = &way[i & 1];

        write_some(w);
        if (any(w) % 4 == 0)
            read_some(w, 1 + any(w) % 3000);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(way[i].refused > 100);
        arrives(&way[i], call_select_to_write);
        free(way[i].ledger);
    }
    close_pair(pair);
}

static void random_writes_both_ways_lose_and_double_nothing(void **state)
{
    (void)state;
    tls_each(random_writes);
}

static void each_call_sends(int version)
{
    struct way w;
    sock_t    *pair[2];

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        narrow_pair(version, pair);
        way_start(&w, pair[0], pair[1], (unsigned)i);
        write_until_refused(&w);
        arrives(&w, calls[i]);
        free(w.ledger);
        close_pair(pair);
    }
}

static void what_is_kept_goes_out_with_the_next_call_of_any_kind(void **state)
{
    (void)state;
    tls_each(each_call_sends);
}

/* A read that needs nothing from the system is a call, too. */
static void buffered_read(int version)
{
    struct way w;
    sock_t    *pair[2];
    char       byte;

    narrow_pair(version, pair);
    way_start(&w, pair[0], pair[1], 3);
    assert_int_equal(sock_write(pair[1], "abcdefgh", 8), 8);
    assert_true(sock_set_block(pair[0]));
    assert_int_equal(sock_recv(pair[0], &byte, 1, 0), 1);
    assert_true(sock_set_nonblock(pair[0]));
    write_until_refused(&w);
    while (read_some(&w, 20000))
        ;
    assert_true(w.got < w.written);
    assert_int_equal(sock_recv(pair[0], &byte, 1, 0), 1);
    while (read_some(&w, 20000))
        ;
    assert_int_equal(w.got, w.written);
    free(w.ledger);
    close_pair(pair);
}

static void what_is_kept_goes_out_with_a_read_of_what_is_here(void **state)
{
    (void)state;
    tls_each(buffered_read);
}

/* ---- a wait that asks only for reading ---- */

struct wait {
    sock_t   *s;
    unsigned  events; /* 0: a select */
    int       result;
    pthread_t thread;
};

static void *wait_to_read(void *arg)
{
    struct wait *w   = arg;
    sock_t      *one = w->s;

    if (w->events) {
        sock_poll_t *set = sock_poll_create();
        sock_event_t event;

        sock_poll_add(set, w->s, w->events, NULL);
        w->result = sock_poll_wait(set, &event, 1, PATIENCE_MS);
        sock_poll_free(set);
    } else {
        w->result = sock_select(&one, 1, NULL, 0, NULL, 0, PATIENCE_MS);
    }
    return NULL;
}

/* The peer answers once it has all: so the wait must have sent it. */
static void wait_sends(int version, unsigned events)
{
    struct way  w;
    struct wait wait = {.events = events};
    sock_t     *pair[2];
    int64_t     until = now_ms() + PATIENCE_MS;

    narrow_pair(version, pair);
    way_start(&w, pair[0], pair[1], events);
    write_until_refused(&w);
    wait.s = pair[0];
    assert_int_equal(pthread_create(&wait.thread, NULL, wait_to_read, &wait),
                     0);
    while (w.got < w.written && now_ms() < until) {
        sock_t *one = pair[1];

        sock_select(&one, 1, NULL, 0, NULL, 0, 100);
        read_some(&w, 20000);
    }
    assert_int_equal(w.got, w.written);
    assert_int_equal(sock_write(pair[1], "answer", 6), 6);
    pthread_join(wait.thread, NULL);
    assert_int_equal(wait.result, 1);
    free(w.ledger);
    close_pair(pair);
}

static void wait_of_each_kind(int version)
{
    static const unsigned modes[] = {0, LIBSOCK_POLL_EDGE,
                                     LIBSOCK_POLL_ONESHOT};

    wait_sends(version, 0);
    for (size_t i = 0; i < 3; i++)
        wait_sends(version, LIBSOCK_POLL_READ | modes[i]);
}

static void a_wait_to_read_sends_what_is_kept(void **state)
{
    (void)state;
    tls_each(wait_of_each_kind);
}

/* ---- counts ---- */

static void large(int version)
{
    struct way   w;
    sock_t      *pair[2];
    const size_t len   = 1 << 20;
    char        *bytes = malloc(len);
    ssize_t      n;

    narrow_pair(version, pair);
    way_start(&w, pair[0], pair[1], 4);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i ^ i >> 8);
    n = sock_write(pair[0], bytes, len);
    assert_true(n > 0 && (size_t)n < len);
    note(&w, bytes, (size_t)n);
    assert_int_equal(sock_write(pair[0], bytes, len), -1);
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    arrives(&w, call_read);
    free(w.ledger);
    free(bytes);
    close_pair(pair);
}

static void a_large_write_says_how_much_it_took(void **state)
{
    (void)state;
    tls_each(large);
}

static void nothing(int version)
{
    sock_t *pair[2];

    narrow_pair(version, pair);
    assert_int_equal(sock_write(pair[0], "", 0), 0);
    assert_int_equal(sock_write(pair[0], NULL, 0), 0);
    assert_int_equal(sock_send(pair[0], NULL, 0, 0), 0);
    assert_true(sock_write_all(pair[0], NULL, 0, NULL));
    assert_int_equal(sock_write(pair[0], NULL, 5), -1);
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    call_read(pair[1]);
    close_pair(pair);
}

static void a_write_of_nothing_sends_nothing(void **state)
{
    (void)state;
    tls_each(nothing);
}

/* What it says was written arrives, and behind it the end. */
static void far_as_it_came(int version)
{
    struct way   w;
    sock_t      *pair[2];
    const size_t len   = 4 << 20;
    char        *bytes = calloc(1, len);
    size_t       done  = 0;
    int64_t      before;
    char         byte;

    narrow_pair(version, pair);
    assert_true(sock_set_block(pair[0]));
    assert_true(sock_set_timeout(pair[0], 60));
    way_start(&w, pair[0], pair[1], 5);
    before = now_ms();
    assert_false(sock_write_all(pair[0], bytes, len, &done));
    assert_int_equal(sock_last_error(pair[0]), ETIMEDOUT);
    assert_true(now_ms() - before >= 60 && now_ms() - before < 3000);
    assert_true(done > 0 && done < len);
    note(&w, bytes, done);
    assert_true(sock_set_nonblock(pair[0]));
    arrives(&w, call_read);
    assert_true(sock_shutdown(pair[0], SHUT_WR));
    assert_true(sock_set_block(pair[1]));
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 0);
    free(w.ledger);
    free(bytes);
    close_pair(pair);
}

static void write_all_with_a_limit_tells_how_far_it_came(void **state)
{
    (void)state;
    tls_each(far_as_it_came);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_writes_both_ways_lose_and_double_nothing),
        cmocka_unit_test(what_is_kept_goes_out_with_the_next_call_of_any_kind),
        cmocka_unit_test(what_is_kept_goes_out_with_a_read_of_what_is_here),
        cmocka_unit_test(a_wait_to_read_sends_what_is_kept),
        cmocka_unit_test(a_large_write_says_how_much_it_took),
        cmocka_unit_test(a_write_of_nothing_sends_nothing),
        cmocka_unit_test(write_all_with_a_limit_tells_how_far_it_came),
    };

    return cmocka_run_group_tests_name("nonblock", tests, count_descriptors,
                                       compare_descriptors);
}
