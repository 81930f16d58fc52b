/* promises_bytes.c - what is promised of bytes: their order, their number, and
 * the many ways to ask for them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/message.h"
#include "support/promises.h"
#include "support/vector.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BIG (3u << 20)

static void bytes_arrive_in_order(void **state)
{
    struct ends   e = ends_open(state);
    unsigned char out[1000], in[1000];

    for (size_t i = 0, at = 0; i < 100; i++) {
        size_t count = i * 37 % 900 + 1;

        make_bytes(out, at, count);
        assert_true(sock_write_all(e.self, out, count, NULL));
        take_exactly(e.peer, in, count);
        are_bytes(in, at, count);
        at += count;
    }
    ends_close(&e);
}

static void a_datagram_is_one_piece(void **state)
{
    struct ends e = ends_open(state);
    char        in[32];

    for (int i = 1; i <= 5; i++)
        assert_int_equal(sock_send(e.self, "12345", (size_t)i, 0), i);
    for (int i = 1; i <= 5; i++)
        assert_int_equal(sock_recv(e.peer, in, sizeof in, 0), i);
    ends_close(&e);
}

/* ---- both ways at once ---- */

struct flow {
    sock_t *s;
    bool    failed;
};

static void write_big(void *with)
{
    struct flow   *f     = with;
    unsigned char *bytes = malloc(BIG);

    make_bytes(bytes, 0, BIG);
    f->failed = !sock_write_all(f->s, bytes, BIG, NULL);
    free(bytes);
}

static void read_big(void *with)
{
    struct flow  *f = with;
    unsigned char in[9000];
    size_t        had = 0;
    ssize_t       n   = 1;

    while (had < BIG && n > 0) {
        n = sock_read(f->s, in, sizeof in, LIBSOCK_BINARY_READ);
        for (ssize_t i = 0; i < n; i++)
            f->failed = f->failed || in[i] != byte_at(had + (size_t)i);
        had += n > 0 ? (size_t)n : 0;
    }
    f->failed = f->failed || n <= 0;
}

static void much_goes_both_ways_at_once(void **state)
{
    struct ends e    = ends_open(state);
    struct flow f[4] = {
        {e.self, false}, {e.peer, false}, {e.self, false}, {e.peer, false}};
    struct aside a[4];

    for (int i = 0; i < 4; i++)
        aside_start(&a[i], i < 2 ? write_big : read_big, &f[i]);
    for (int i = 0; i < 4; i++)
        aside_join(&a[i]);
    for (int i = 0; i < 4; i++)
        assert_false(f[i].failed);
    ends_close(&e);
}

/* ---- two readers ---- */

struct tally {
    sock_t *s;
    size_t  count;
    size_t  sum;
};

static void count_bytes(void *with)
{
    struct tally *t = with;
    unsigned char in[777];
    ssize_t       n;

    while ((n = sock_read(t->s, in, sizeof in, LIBSOCK_BINARY_READ)) > 0) {
        t->count += (size_t)n;
        for (ssize_t i = 0; i < n; i++)
            t->sum += in[i];
    }
}

static void two_readers_lose_and_double_nothing(void **state)
{
    struct ends  e    = ends_open(state);
    struct tally t[2] = {{e.peer, 0, 0}, {e.peer, 0, 0}};
    struct flow  f    = {e.self, false};
    struct aside a[2];
    size_t       sum = 0;

    for (size_t i = 0; i < BIG; i++)
        sum += byte_at(i);
    for (int i = 0; i < 2; i++)
        aside_start(&a[i], count_bytes, &t[i]);
    write_big(&f);
    assert_false(f.failed);
    assert_true(sock_shutdown(e.self, SHUT_WR));
    for (int i = 0; i < 2; i++)
        aside_join(&a[i]);
    assert_int_equal(t[0].count + t[1].count, BIG);
    assert_int_equal(t[0].sum + t[1].sum, sum);
    ends_close(&e);
}

/* ---- looking, and waiting for all ---- */

static void a_peek_sees_the_same_bytes_again(void **state)
{
    struct ends e      = ends_open(state);
    char        in[16] = "";

    put_text(e.self, "twice");
    for (int i = 0; i < 3; i++) {
        memset(in, 0, sizeof in);
        assert_int_equal(sock_recv(e.peer, in, sizeof in, MSG_PEEK), 5);
        assert_string_equal(in, "twice");
    }
    take_text(e.peer, "twice");
    failed_with(e.peer, sock_recv(e.peer, in, 1, MSG_DONTWAIT), EAGAIN);
    ends_close(&e);
}

static void a_short_peek_takes_nothing(void **state)
{
    struct ends e      = ends_open(state);
    char        in[16] = "";

    put_text(e.self, "whole");
    assert_int_equal(sock_recv(e.peer, in, 2, MSG_PEEK), 2);
    assert_string_equal(in, "wh");
    take_text(e.peer, "who");
    assert_int_equal(sock_recv(e.peer, in, 1, MSG_PEEK), 1);
    assert_int_equal(*in, 'l');
    put_text(e.self, "ness");
    take_text(e.peer, "leness");
    ends_close(&e);
}

static void a_peek_at_nothing_is_refused(void **state)
{
    struct ends e = ends_open(state);
    char        in[16];

    failed_with(e.peer, sock_recv(e.peer, in, 16, MSG_PEEK | MSG_DONTWAIT),
                EAGAIN);
    sock_set_timeout(e.peer, 20);
    failed_with(e.peer, sock_recv(e.peer, in, 16, MSG_PEEK), ETIMEDOUT);
    put_text(e.self, "x");
    take_text(e.peer, "x");
    ends_close(&e);
}

struct pieces {
    sock_t *s;
    int     reader; /* thread that is to be asleep before each piece */
};

static void put_pieces(void *with)
{
    struct pieces *p = with;

    for (int i = 0; i < 3; i++) {
        wait_until_asleep(p->reader);
        sock_write_all(p->s, "abc", 3, NULL);
    }
}

static void a_read_waits_for_all_if_it_is_told_so(void **state)
{
    struct ends   e      = ends_open(state);
    struct pieces p      = {e.self, gettid()};
    char          in[16] = "";
    struct aside  a;

    aside_start(&a, put_pieces, &p);
    assert_int_equal(sock_recv(e.peer, in, 9, MSG_WAITALL), 9);
    assert_string_equal(in, "abcabcabc");
    aside_join(&a);
    ends_close(&e);
}

static void waiting_for_all_ends_with_the_stream(void **state)
{
    struct ends e      = ends_open(state);
    char        in[16] = "";

    put_text(e.self, "part");
    assert_true(sock_shutdown(e.self, SHUT_WR));
    assert_int_equal(sock_recv(e.peer, in, 9, MSG_WAITALL), 4);
    assert_string_equal(in, "part");
    assert_int_equal(sock_recv(e.peer, in, 9, MSG_WAITALL), 0);
    ends_close(&e);
}

/* ---- parts and messages ---- */

static void parts_go_out_and_come_in_in_order(void **state)
{
    struct ends   e   = ends_open(state);
    sock_iovec_t *out = vector_of("one", "", "three");
    sock_iovec_t *in  = vector("1223");

    assert_int_equal(sock_writev(e.self, out), 8);
    for (ssize_t had = 0; had < 8;) {
        ssize_t n = sock_readv(e.peer, in);

        assert_in_range(n, 1, 8 - had);
        had += n;
        if (had == n && n == 8) {
            buffer_is(in, 0, "o", 1);
            buffer_is(in, 1, "ne", 2);
            buffer_is(in, 2, "th", 2);
            buffer_is(in, 3, "ree", 3);
        }
    }
    sock_iovec_free(in);
    sock_iovec_free(out);
    ends_close(&e);
}

static void a_message_comes_as_it_was_sent(void **state)
{
    struct ends   e = ends_open(state);
    struct letter out, in;

    letter_open(&out, 0);
    letter_open(&in, 0);
    assert_int_equal(letter_send(&out, e.self, "a message"), 9);
    assert_int_equal(letter_receive(&in, e.peer, MSG_PEEK), 9);
    letter_is(&in, "a message");
    assert_int_equal(letter_receive(&in, e.peer, 0), 9);
    letter_is(&in, "a message");
    failed_with(e.peer, letter_receive(&in, e.peer, MSG_DONTWAIT), EAGAIN);
    letter_close(&in);
    letter_close(&out);
    ends_close(&e);
}

static void a_batch_of_messages_is_sent(void **state)
{
    struct ends     e = ends_open(state);
    struct letter   one, two;
    sock_message_t *both[2];

    letter_open(&one, 0);
    letter_open(&two, 0);
    letter_write(&one, "1one");
    letter_write(&two, "2two");
    both[0] = one.m;
    both[1] = two.m;
    if (e.t->is & IS_STREAM) {
        failed_with(e.self, sock_sendmmsg(e.self, both, 2, 0), EOPNOTSUPP);
    } else {
        assert_int_equal(sock_sendmmsg(e.self, both, 2, 0), 2);
        take_text(e.peer, "1one");
        take_text(e.peer, "2two");
    }
    letter_close(&two);
    letter_close(&one);
    ends_close(&e);
}

/* ---- nothing, and nowhere ---- */

static void nothing_is_written_as_nothing(void **state)
{
    struct ends e = ends_open(state);
    char        in[4];

    assert_int_equal(sock_write(e.self, "", 0), 0);
    assert_int_equal(sock_write(e.self, NULL, 0), 0);
    assert_true(sock_write_all(e.self, NULL, 0, NULL));
    if (e.t->is & IS_DATAGRAM)
        for (int i = 0; i < 3; i++)
            assert_int_equal(sock_recv(e.peer, in, sizeof in, 0), 0);
    failed_with(e.peer, sock_recv(e.peer, in, sizeof in, MSG_DONTWAIT), EAGAIN);
    put_text(e.self, "x");
    take_text(e.peer, "x");
    ends_close(&e);
}

static void no_room_and_no_memory_are_refused(void **state)
{
    struct ends e = ends_open(state);
    char        in[4];

    put_text(e.peer, "kept");
    failed_with(e.self, sock_read(e.self, in, 0, LIBSOCK_BINARY_READ), EINVAL);
    failed_with(e.self, sock_read(e.self, NULL, 4, LIBSOCK_BINARY_READ),
                EINVAL);
    failed_with(e.self, sock_recv(e.self, NULL, 4, MSG_PEEK), EINVAL);
    failed_with(e.self, sock_write(e.self, NULL, 4), EINVAL);
    failed_with(e.self, sock_read(e.self, in, 4, 77), EINVAL);
    take_text(e.self, "kept");
    ends_close(&e);
}

static void an_urgent_byte_goes_only_in_the_clear(void **state)
{
    struct ends e = ends_open(state);
    bool        at;
    char        in[4];

    if (e.t->is & IS_TLS) {
        failed_with(e.self, sock_send(e.self, "!", 1, MSG_OOB), EOPNOTSUPP);
        failed_with(e.self, sock_recv(e.self, in, 1, MSG_OOB), EOPNOTSUPP);
        put_text(e.self, "goes on");
        take_text(e.peer, "goes on");
    } else if (e.t->is & IS_INET) {
        put_text(e.self, "a");
        assert_int_equal(sock_send(e.self, "!", 1, MSG_OOB), 1);
        put_text(e.self, "b");
        take_text(e.peer, "a");
        assert_true(sock_atmark(e.peer, &at) && at);
        assert_int_equal(sock_recv(e.peer, in, 1, MSG_OOB), 1);
        assert_int_equal(*in, '!');
        take_text(e.peer, "b");
    }
    ends_close(&e);
}

static void an_address_is_refused_on_a_connected_stream(void **state)
{
    struct ends e = ends_open(state);
    char        name[LIBSOCK_NAMESTRLEN];

    assert_true(sock_stream_get_name(e.self, true, name, sizeof name));
    failed_with(e.self, sock_sendto(e.self, "x", 1, 0, "127.0.0.1", 9),
                EISCONN);
    failed_with(e.self, sock_stream_sendto(e.self, "x", 1, 0, name), EISCONN);
    assert_int_equal(sock_stream_sendto(e.self, "y", 1, 0, NULL), 1);
    assert_int_equal(sock_stream_sendto(e.self, "z", 1, 0, ""), 1);
    take_text(e.peer, "yz");
    ends_close(&e);
}

#define P(name, needs)                                                         \
    {                                                                          \
#name, name, needs                                                     \
    }

const struct promise promises_of_bytes[] = {
    P(bytes_arrive_in_order, 0),
    P(a_datagram_is_one_piece, IS_DATAGRAM),
    P(much_goes_both_ways_at_once, IS_STREAM),
    P(two_readers_lose_and_double_nothing, IS_STREAM),
    P(a_peek_sees_the_same_bytes_again, 0),
    P(a_short_peek_takes_nothing, IS_STREAM),
    P(a_peek_at_nothing_is_refused, 0),
    P(a_read_waits_for_all_if_it_is_told_so, IS_STREAM),
    P(waiting_for_all_ends_with_the_stream, IS_STREAM),
    P(parts_go_out_and_come_in_in_order, 0),
    P(a_message_comes_as_it_was_sent, 0),
    P(a_batch_of_messages_is_sent, 0),
    P(nothing_is_written_as_nothing, 0),
    P(no_room_and_no_memory_are_refused, 0),
    P(an_urgent_byte_goes_only_in_the_clear, IS_STREAM),
    P(an_address_is_refused_on_a_connected_stream, IS_STREAM | IS_INET),
    {NULL, NULL, 0},
};
