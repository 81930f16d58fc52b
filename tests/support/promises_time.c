/* promises_time.c - what is promised of time: a limit ends a call once, in
 * time, and nothing is lost by it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/promises.h"
#include "support/scene.h"

#include <string.h>
#include <sys/time.h>

#define LIMIT 30

static void took(int64_t begin, int64_t least)
{
    int64_t ms = now_ms() - begin;

    if (ms < least - 10 || ms > least + SLACK)
        fail_msg("it took %ld ms, not %ld", (long)ms, (long)least);
}

static ssize_t read_one(sock_t *s)
{
    char byte;

    return sock_read(s, &byte, 1, LIBSOCK_BINARY_READ);
}

static ssize_t write_one(sock_t *s)
{
    return sock_write(s, "x", 1);
}

/* ---- reading ---- */

static void a_timeout_ends_a_read(void **state)
{
    struct ends e = ends_open(state);
    int64_t     begin;

    assert_true(sock_set_timeout(e.self, LIMIT));
    for (int i = 0; i < 2; i++) {
        begin = now_ms();
        failed_with(e.self, read_one(e.self), ETIMEDOUT);
        took(begin, LIMIT);
    }
    put_text(e.peer, "then go on");
    take_text(e.self, "then go on");
    ends_close(&e);
}

static void a_timeout_of_nothing_only_looks(void **state)
{
    struct ends e     = ends_open(state);
    int64_t     begin = now_ms();

    assert_true(sock_set_timeout(e.self, 0));
    failed_with(e.self, read_one(e.self), ETIMEDOUT);
    took(begin, 0);
    put_text(e.peer, "x");
    while (read_one(e.self) != 1)
        assert_int_equal(sock_last_error(e.self), ETIMEDOUT);
    assert_int_equal(write_one(e.self), 1);
    take_text(e.peer, "x");
    ends_close(&e);
}

static void a_deadline_holds_over_several_calls(void **state)
{
    struct ends e     = ends_open(state);
    int64_t     begin = now_ms();

    assert_true(sock_set_deadline(e.self, 2 * LIMIT));
    put_text(e.peer, "x");
    take_text(e.self, "x");
    put_text(e.self, "y");
    take_text(e.peer, "y");
    failed_with(e.self, read_one(e.self), ETIMEDOUT);
    took(begin, 2 * LIMIT);
    begin = now_ms();
    failed_with(e.self, read_one(e.self), ETIMEDOUT);
    failed_with(e.self, write_one(e.self), ETIMEDOUT);
    took(begin, 0);
    ends_close(&e);
}

static void a_deadline_in_the_past_ends_all_until_it_is_lifted(void **state)
{
    struct ends e = ends_open(state);

    put_text(e.peer, "there");
    assert_true(sock_set_deadline(e.self, 0));
    failed_with(e.self, read_one(e.self), ETIMEDOUT);
    failed_with(e.self, write_one(e.self), ETIMEDOUT);
    assert_true(sock_set_deadline(e.self, -1));
    take_text(e.self, "there");
    put_text(e.self, "back");
    take_text(e.peer, "back");
    ends_close(&e);
}

static void a_deadline_far_away_is_not_met(void **state)
{
    struct ends e = ends_open(state);

    assert_true(sock_set_deadline(e.self, 2147483647));
    put_text(e.peer, "x");
    take_text(e.self, "x");
    put_text(e.self, "y");
    take_text(e.peer, "y");
    ends_close(&e);
}

static void the_two_limits_are_apart(void **state)
{
    struct ends    e         = ends_open(state);
    struct timeval short_one = {0, LIMIT * 1000};
    int64_t        begin     = now_ms();

    assert_true(sock_set_option(e.self, SOL_SOCKET, SO_RCVTIMEO, &short_one,
                                sizeof short_one));
    failed_with(e.self, read_one(e.self), ETIMEDOUT);
    took(begin, LIMIT);
    assert_int_equal(write_one(e.self), 1);
    take_text(e.peer, "x");
    ends_close(&e);
}

static void a_negative_time_is_refused(void **state)
{
    struct ends e = ends_open(state);

    assert_false(sock_set_timeout(e.self, -2));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    assert_false(sock_set_deadline(e.self, -2));
    assert_int_equal(sock_last_error(e.self), EINVAL);
    ends_close(&e);
}

static void meta_data_tell_of_a_timeout_until_the_next_read(void **state)
{
    struct ends e = ends_open(state);
    sock_meta_t meta;

    assert_true(sock_set_timeout(e.self, 1));
    failed_with(e.self, read_one(e.self), ETIMEDOUT);
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    assert_true(meta.timed_out);
    sock_set_timeout(e.self, -1);
    put_text(e.peer, "x");
    take_text(e.self, "x");
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    assert_false(meta.timed_out);
    ends_close(&e);
}

/* ---- writing ---- */

/* Write until the system takes no more, and count. */
static size_t fill_and_count(sock_t *s, size_t piece)
{
    unsigned char bytes[9000];
    size_t        count = 0;
    ssize_t       n;

    for (;;) {
        make_bytes(bytes, count, piece);
        n = sock_send(s, bytes, piece, MSG_DONTWAIT);
        if (n <= 0)
            break;
        count += (size_t)n;
    }
    assert_int_equal(n, -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
    return count;
}

static void a_timeout_ends_a_write(void **state)
{
    struct ends e = ends_open(state);
    int64_t     begin;

    fill(e.self);
    assert_true(sock_set_timeout(e.self, LIMIT));
    for (int i = 0; i < 2; i++) {
        begin = now_ms();
        failed_with(e.self, write_one(e.self), ETIMEDOUT);
        took(begin, LIMIT);
    }
    assert_true(sock_set_timeout(e.self, 0));
    begin = now_ms();
    failed_with(e.self, write_one(e.self), ETIMEDOUT);
    took(begin, 0);
    ends_close(&e);
}

static void a_deadline_ends_a_write(void **state)
{
    struct ends e = ends_open(state);
    int64_t     begin;

    fill(e.self);
    begin = now_ms();
    assert_true(sock_set_deadline(e.self, LIMIT));
    failed_with(e.self, write_one(e.self), ETIMEDOUT);
    failed_with(e.self, write_one(e.self), ETIMEDOUT);
    took(begin, LIMIT);
    ends_close(&e);
}

/* What TLS has kept for want of room goes out with any call on its handle. */
static size_t take_some(struct ends *e, unsigned char *in, size_t most)
{
    ssize_t n;

    while ((n = sock_recv(e->peer, in, most, MSG_DONTWAIT)) < 0) {
        assert_int_equal(sock_last_error(e->peer), EAGAIN);
        is_writable(e->self);
    }
    assert_true(n > 0);
    return (size_t)n;
}

static void take_in_order(struct ends *e, size_t count)
{
    unsigned char in[5000];
    size_t        some;

    for (size_t had = 0; had < count; had += some) {
        some = count - had < sizeof in ? count - had : sizeof in;
        some = take_some(e, in, some);
        are_bytes(in, had, some);
    }
}

/* The same byte as often as the system takes it. */
static size_t fill_with(sock_t *s, char what)
{
    static char bytes[70000];
    size_t      count = 0;
    ssize_t     n;

    memset(bytes, what, sizeof bytes);
    while ((n = sock_send(s, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        count += (size_t)n;
    sock_set_timeout(s, 20);
    while ((n = sock_write(s, bytes, sizeof bytes)) > 0)
        count += (size_t)n;
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    sock_set_timeout(s, -1);
    return count;
}

/* What was not taken was not sent: other bytes may follow. */
static void a_refused_write_leaves_nothing_behind(void **state)
{
    struct ends   e     = ends_open(state);
    size_t        count = fill_and_count(e.self, 8999);
    size_t        more  = fill_with(e.self, '#');
    unsigned char byte;

    take_in_order(&e, count);
    for (size_t i = 0; i < more; i++) {
        take_some(&e, &byte, 1);
        assert_int_equal(byte, '#');
    }
    failed_with(e.peer, sock_recv(e.peer, &byte, 1, MSG_DONTWAIT), EAGAIN);
    put_text(e.self, "behind");
    take_text(e.peer, "behind");
    ends_close(&e);
}

static void a_short_write_says_how_much(void **state)
{
    static unsigned char bytes[12 << 20];
    struct ends          e    = ends_open(state);
    size_t               done = 0;
    char                 byte;

    make_bytes(bytes, 0, sizeof bytes);
    sock_set_timeout(e.self, LIMIT);
    assert_false(sock_write_all(e.self, bytes, sizeof bytes, &done));
    assert_int_equal(sock_last_error(e.self), ETIMEDOUT);
    assert_in_range(done, 1, sizeof bytes - 1);
    take_in_order(&e, done);
    failed_with(e.peer, sock_recv(e.peer, &byte, 1, MSG_DONTWAIT), EAGAIN);
    ends_close(&e);
}

/* ---- without waiting ---- */

static void a_non_blocking_read_is_refused(void **state)
{
    struct ends e = ends_open(state);
    sock_meta_t meta;

    assert_true(sock_set_nonblock(e.self));
    failed_with(e.self, read_one(e.self), EAGAIN);
    assert_true(sock_set_timeout(e.self, 5000));
    failed_with(e.self, read_one(e.self), EAGAIN);
    assert_true(sock_stream_get_meta_data(e.self, &meta, sizeof meta));
    assert_false(meta.blocked);
    put_text(e.peer, "x");
    while (read_one(e.self) != 1)
        assert_int_equal(sock_last_error(e.self), EAGAIN);
    assert_true(sock_set_block(e.self));
    sock_set_timeout(e.self, 20);
    failed_with(e.self, read_one(e.self), ETIMEDOUT);
    ends_close(&e);
}

static void a_non_blocking_write_is_refused(void **state)
{
    struct ends e = ends_open(state);

    fill(e.self);
    assert_true(sock_set_nonblock(e.self));
    failed_with(e.self, write_one(e.self), EAGAIN);
    ends_close(&e);
}

static void a_single_call_can_be_told_not_to_wait(void **state)
{
    struct ends e = ends_open(state);
    char        byte;

    failed_with(e.self, sock_recv(e.self, &byte, 1, MSG_DONTWAIT), EAGAIN);
    failed_with(
        e.self,
        sock_read(e.self, &byte, 1, LIBSOCK_BINARY_READ | LIBSOCK_DONTWAIT),
        EAGAIN);
    sock_set_timeout(e.self, 20);
    failed_with(e.self, sock_recv(e.self, &byte, 1, 0), ETIMEDOUT);
    ends_close(&e);
}

#define P(name, needs)                                                         \
    {                                                                          \
#name, name, needs                                                     \
    }

const struct promise promises_of_time[] = {
    P(a_timeout_ends_a_read, 0),
    P(a_timeout_of_nothing_only_looks, 0),
    P(a_deadline_holds_over_several_calls, 0),
    P(a_deadline_in_the_past_ends_all_until_it_is_lifted, 0),
    P(a_deadline_far_away_is_not_met, 0),
    P(the_two_limits_are_apart, 0),
    P(a_negative_time_is_refused, 0),
    P(meta_data_tell_of_a_timeout_until_the_next_read, 0),
    P(a_timeout_ends_a_write, IS_FILLING),
    P(a_deadline_ends_a_write, IS_FILLING),
    P(a_refused_write_leaves_nothing_behind, IS_STREAM),
    P(a_short_write_says_how_much, IS_STREAM),
    P(a_non_blocking_read_is_refused, 0),
    P(a_non_blocking_write_is_refused, IS_FILLING),
    P(a_single_call_can_be_told_not_to_wait, 0),
    {NULL, NULL, 0},
};
