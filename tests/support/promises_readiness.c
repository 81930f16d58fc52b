/* promises_readiness.c - what is promised of select and poll sets: they agree
 * with what a call finds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/pollset.h"
#include "support/promises.h"
#include "support/scene.h"

#include <string.h>

static void nothing_is_ready_to_be_read(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);

    assert_false(is_readable(e.self));
    assert_true(is_silent(set));
    sock_poll_free(set);
    ends_close(&e);
}

static void bytes_make_readable(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);

    put_text(e.peer, "x");
    wait_readable(e.self);
    assert_int_equal(told(set, e.self), LIBSOCK_POLL_READ);
    take_text(e.self, "x");
    assert_false(is_readable(e.self));
    assert_true(is_silent(set));
    sock_poll_free(set);
    ends_close(&e);
}

static void room_makes_writable(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_WRITE);

    assert_true(is_writable(e.self));
    assert_int_equal(told(set, e.self), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    ends_close(&e);
}

/* The reader is relieved until the writer can go on. */
static void no_room_is_told_by_all(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_WRITE);
    sock_t      *one = e.self;

    fill(e.self);
    assert_false(is_writable(e.self));
    assert_true(is_silent(set));
    for (int i = 0; i < 10000 && !is_writable(e.self); i++)
        drain(e.peer);
    assert_int_equal(sock_select(NULL, 0, &one, 1, NULL, 0, 0), 1);
    assert_true(told(set, e.self) & LIBSOCK_POLL_WRITE);
    assert_int_equal(sock_send(e.self, "x", 1, MSG_DONTWAIT), 1);
    sock_poll_free(set);
    ends_close(&e);
}

/* Bytes that libsock has already count as much as the system's. */
static void what_is_left_of_a_read_is_readable(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);

    put_text(e.peer, "0123456789");
    for (char c = '0'; c <= '9'; c++) {
        const char text[2] = {c, '\0'};

        if (c == '0')
            wait_readable(e.self);
        assert_true(is_readable(e.self));
        assert_int_equal(told(set, e.self), LIBSOCK_POLL_READ);
        take_text(e.self, text);
    }
    assert_false(is_readable(e.self));
    assert_true(is_silent(set));
    sock_poll_free(set);
    ends_close(&e);
}

/* Many small ones come together: what was fetched with the first counts. */
static void every_piece_that_came_together_is_told(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);
    int          n   = 0;

    for (int i = 0; i < 50; i++)
        put_text(e.peer, "ab");
    for (; n < 100; n++) {
        wait_readable(e.self);
        assert_true(told(set, e.self) & LIBSOCK_POLL_READ);
        take_text(e.self, n % 2 ? "b" : "a");
    }
    assert_false(is_readable(e.self));
    assert_true(is_silent(set));
    sock_poll_free(set);
    ends_close(&e);
}

static void a_peek_leaves_it_readable(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);
    char         in[8];

    put_text(e.peer, "peek");
    assert_int_equal(sock_recv(e.self, in, 8, MSG_PEEK), 4);
    for (int i = 0; i < 3; i++) {
        assert_true(is_readable(e.self));
        assert_int_equal(told(set, e.self), LIBSOCK_POLL_READ);
    }
    take_text(e.self, "peek");
    assert_true(is_silent(set));
    sock_poll_free(set);
    ends_close(&e);
}

static void an_edge_is_told_once(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ | LIBSOCK_POLL_EDGE);
    char         in[64];

    for (int i = 0; i < 3; i++) {
        put_text(e.peer, "bytes");
        assert_true(told(set, e.self) & LIBSOCK_POLL_READ);
        while (sock_recv(e.self, in, sizeof in, MSG_DONTWAIT) > 0)
            ;
        assert_int_equal(sock_last_error(e.self), EAGAIN);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
    ends_close(&e);
}

static void an_end_is_readable_for_ever(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);
    char         byte;

    sock_close(e.peer);
    for (int i = 0; i < 3; i++) {
        wait_readable(e.self);
        assert_true(told(set, e.self) & LIBSOCK_POLL_READ);
        assert_int_equal(sock_read(e.self, &byte, 1, LIBSOCK_BINARY_READ), 0);
    }
    sock_poll_free(set);
    ends_close(&e);
}

/* ---- while another thread waits ---- */

struct chosen {
    sock_t *s;
    int     ready;
};

static void choose(void *with)
{
    struct chosen *c   = with;
    sock_t        *one = c->s;

    c->ready = sock_select(&one, 1, NULL, 0, NULL, 0, 20000);
}

static void a_select_that_waits_is_woken(void **state)
{
    struct ends   e = ends_open(state);
    struct chosen c = {e.self, -1};
    struct aside  a;

    aside_start_asleep(&a, choose, &c);
    put_text(e.peer, "x");
    aside_join(&a);
    assert_int_equal(c.ready, 1);
    take_text(e.self, "x");
    ends_close(&e);
}

static void a_select_sees_a_close(void **state)
{
    struct ends   e = ends_open(state);
    struct chosen c = {e.self, -1};
    struct aside  a;
    int64_t       begin = now_ms();

    aside_start_asleep(&a, choose, &c);
    sock_close(e.self);
    aside_join(&a);
    assert_int_equal(c.ready, 1);
    assert_true(now_ms() - begin < 10000);
    ends_close(&e);
}

static void a_set_that_waits_is_woken(void **state)
{
    struct ends   e   = ends_open(state);
    sock_poll_t  *set = set_of(e.self, LIBSOCK_POLL_READ);
    struct waiter w;

    waiter_start(&w, set);
    put_text(e.peer, "x");
    has_told(&w, e.self, LIBSOCK_POLL_READ);
    take_text(e.self, "x");
    sock_poll_free(set);
    ends_close(&e);
}

static void a_member_that_is_closed_is_gone(void **state)
{
    struct ends  e   = ends_open(state);
    sock_poll_t *set = set_of(e.self, LIBSOCK_POLL_READ);

    put_text(e.peer, "x");
    sock_close(e.self);
    assert_true(is_silent(set));
    assert_false(sock_poll_remove(set, e.self));
    sock_poll_free(set);
    ends_close(&e);
}

#define P(name, needs)                                                         \
    {                                                                          \
#name, name, needs                                                     \
    }

const struct promise promises_of_readiness[] = {
    P(nothing_is_ready_to_be_read, 0),
    P(bytes_make_readable, 0),
    P(room_makes_writable, 0),
    P(no_room_is_told_by_all, IS_STREAM),
    P(what_is_left_of_a_read_is_readable, IS_STREAM),
    P(every_piece_that_came_together_is_told, IS_STREAM),
    P(a_peek_leaves_it_readable, 0),
    P(an_edge_is_told_once, 0),
    P(an_end_is_readable_for_ever, IS_STREAM),
    P(a_select_that_waits_is_woken, 0),
    P(a_select_sees_a_close, 0),
    P(a_set_that_waits_is_woken, 0),
    P(a_member_that_is_closed_is_gone, 0),
    {NULL, NULL, 0},
};
