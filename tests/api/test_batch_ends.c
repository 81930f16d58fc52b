/* test_batch_ends.c - proves where sock_sendmmsg() and sock_recvmmsg() end
 * before their batch does, and what they refuse.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/batch.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void nothing_more(sock_t *s)
{
    assert_fails(s, sock_recv(s, &(char){0}, 1, MSG_DONTWAIT), EAGAIN);
}

static void a_datagram_that_is_too_long_ends_it(void **state)
{
    static char  big[70000];
    struct iovec part = {big, sizeof big};
    sock_t      *pair[2];

    (void)state;
    udp_pair(pair);
    batch_open(5);
    batch_write(5);
    sock_message_set_parts(batch[2], &part, 1);
    assert_int_equal(sock_sendmmsg(pair[0], batch, 5, 0), 2);
    assert_fails(pair[0], sock_sendmmsg(pair[0], batch + 2, 3, 0), EMSGSIZE);
    assert_int_equal(sock_sendmmsg(pair[0], batch + 3, 2, 0), 2);
    batch_make_room(5);
    assert_int_equal(sock_recvmmsg(pair[1], batch, 5, 0), 4);
    batch_close(5);
    close_pair(pair);
}

/* A message that is refused without asking the system ends it, too. */
static void bad_one(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct iovec part   = {NULL, 5};
    sock_t      *closed = sock_create(AF_INET, SOCK_DGRAM, 0);

    if (kind->stream || !kind->is_unix) {
        sock_close(closed);
        return;
    }
    batch_open(5);
    batch_write(5);
    sock_message_set_parts(batch[2], &part, 1);
    assert_int_equal(sock_sendmmsg(a, batch, 5, 0), 2);
    assert_fails(a, sock_sendmmsg(a, batch + 2, 3, 0), EINVAL);
    batch_write(5);
    assert_true(sock_message_add_handles(batch[2], &closed, 1));
    sock_close(closed);
    assert_int_equal(sock_sendmmsg(a, batch, 5, 0), 2);
    assert_fails(a, sock_sendmmsg(a, batch + 2, 3, 0), EBADF);
    assert_int_equal(sock_sendmmsg(a, batch + 3, 2, 0), 2);
    batch_make_room(5);
    assert_int_equal(sock_recvmmsg(b, batch, 5, 0), 5);
    assert_int_equal(sock_recvmmsg(b, batch, 5, 0), 1);
    batch_close(5);
}

static void a_message_that_cannot_be_sent_ends_it(void **state)
{
    (void)state;
    each_unix_kind(bad_one);
}

static void a_name_that_nobody_has_ends_it(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_true(sock_bind(s, "127.0.0.1", 0));
    batch_open(3);
    batch_write(3);
    for (size_t i = 0; i < 3; i++)
        assert_true(sock_message_set_name(
            batch[i], i == 1 ? "::1" : "127.0.0.1", port_of(s)));
    assert_int_equal(sock_sendmmsg(s, batch, 3, 0), 1);
    assert_fails(s, sock_sendmmsg(s, batch + 1, 2, 0), EAFNOSUPPORT);
    batch_make_room(3);
    assert_int_equal(sock_recvmmsg(s, batch, 3, 0), 1);
    batch_is(0, 1);
    batch_close(3);
    sock_close(s);
}

/* ---- what is refused ---- */

static void nonsense(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_message_t *with_null[3];

    if (kind->stream)
        return;
    batch_open(3);
    batch_write(3);
    memcpy(with_null, batch, sizeof with_null);
    with_null[1] = NULL;
    assert_fails(a, sock_sendmmsg(a, batch, 0, 0), EINVAL);
    assert_fails(a, sock_sendmmsg(a, NULL, 3, 0), EINVAL);
    assert_int_equal(sock_sendmmsg(a, with_null, 3, 0), 1);
    assert_fails(a, sock_sendmmsg(a, with_null + 1, 2, 0), EINVAL);
    batch_make_room(3);
    assert_fails(b, sock_recvmmsg(b, batch, 0, 0), EINVAL);
    assert_fails(b, sock_recvmmsg(b, NULL, 3, 0), EINVAL);
    assert_fails(b, sock_recvmmsg(b, with_null, 3, 0), EINVAL);
    for (size_t i = 0; i < 3; i++) {
        batch_make_room(3);
        sock_message_set_parts(batch[i], NULL, 0);
        assert_fails(b, sock_recvmmsg(b, batch, 3, 0), EINVAL);
    }
    batch_make_room(3);
    assert_int_equal(sock_recvmmsg(b, batch, 3, 0), 1);
    batch_close(3);
}

static void no_messages_and_no_room_are_refused(void **state)
{
    (void)state;
    each_kind(nonsense);
}

static void streams(sock_t *a, sock_t *b, const struct kind *kind)
{
    if (!kind->stream)
        return;
    batch_open(2);
    batch_write(2);
    assert_fails(a, sock_sendmmsg(a, batch, 2, 0), EOPNOTSUPP);
    put(a, "x");
    batch_make_room(2);
    assert_fails(b, sock_recvmmsg(b, batch, 2, 0), EOPNOTSUPP);
    assert_int_equal(sock_recv(b, &(char){0}, 1, 0), 1);
    nothing_more(b);
    batch_close(2);
}

static void a_stream_has_no_batches(void **state)
{
    (void)state;
    each_kind(streams);
}

static void a_handle_that_is_not_open_is_refused(void **state)
{
    sock_t *closed = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    sock_close(closed);
    batch_open(2);
    batch_write(2);
    assert_fails(closed, sock_sendmmsg(closed, batch, 2, 0), EBADF);
    assert_fails(closed, sock_recvmmsg(closed, batch, 2, 0), EBADF);
    assert_fails(NULL, sock_sendmmsg(NULL, batch, 2, 0), EBADF);
    assert_fails(NULL, sock_recvmmsg(NULL, batch, 2, 0), EBADF);
    batch_close(2);
}

/* ---- waiting ---- */

static void impatient(sock_t *a, sock_t *b, const struct kind *kind)
{
    if (kind->stream)
        return;
    batch_open(3);
    batch_make_room(3);
    assert_fails(b, sock_recvmmsg(b, batch, 3, MSG_DONTWAIT), EAGAIN);
    sock_set_nonblock(b);
    assert_fails(b, sock_recvmmsg(b, batch, 3, 0), EAGAIN);
    sock_set_block(b);
    sock_set_timeout(b, 30);
    assert_fails(b, sock_recvmmsg(b, batch, 3, 0), ETIMEDOUT);
    assert_int_equal(sock_message_length(batch[0]), 0);
    letter_is_from(&letters[0], "", 0);
    put(a, "x");
    assert_int_equal(sock_recvmmsg(b, batch, 3, MSG_DONTWAIT), 1);
    if (kind->is_unix) {
        fill(a);
        batch_write(3);
        assert_fails(a, sock_sendmmsg(a, batch, 3, MSG_DONTWAIT), EAGAIN);
        sock_set_timeout(a, 30);
        assert_fails(a, sock_sendmmsg(a, batch, 3, 0), ETIMEDOUT);
    }
    batch_close(3);
}

static void a_batch_waits_no_longer_than_it_may(void **state)
{
    (void)state;
    each_kind(impatient);
}

/* A receiver, and a sender that has room for some of a batch only. */
static void narrow_pair(sock_t **from, sock_t **to, char *name, size_t size)
{
    *to   = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    *from = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(sock_bind(*to, "", 0));
    assert_true(sock_getsockname(*to, name, size, NULL));
    assert_true(sock_set_option_int(*from, SOL_SOCKET, SO_SNDBUF, 1));
}

/* By the fixed peer, and by a name; with a timeout, and with a deadline. */
static void part_of_it_goes(bool connects, bool (*limit)(sock_t *s, int ms))
{
    char    name[LIBSOCK_ADDRSTRLEN];
    sock_t *from, *to;
    ssize_t sent;
    int64_t before;

    narrow_pair(&from, &to, name, sizeof name);
    batch_open(BATCH_MOST);
    batch_write(BATCH_MOST);
    for (size_t i = 0; i < BATCH_MOST && !connects; i++)
        assert_true(sock_message_set_name(batch[i], name, 0));
    assert_true(!connects || sock_connect(from, name, 0));
    assert_true(limit(from, 50));
    before = now_ms();
    sent   = sock_sendmmsg(from, batch, BATCH_MOST, 0);
    assert_in_range(sent, 1, BATCH_MOST - 1);
    assert_in_range(now_ms() - before, 0, 1000);
    assert_fails(from, sock_sendmmsg(from, batch + sent, 1, 0), ETIMEDOUT);
    batch_make_room(64);
    assert_int_equal(sock_recvmmsg(to, batch, 64, 0), sent);
    batch_is(0, (size_t)sent);
    batch_close(BATCH_MOST);
    sock_close(from);
    sock_close(to);
}

static void a_batch_that_may_not_wait_longer_ends_short(void **state)
{
    (void)state;
    part_of_it_goes(true, sock_set_timeout);
    part_of_it_goes(true, sock_set_deadline);
    part_of_it_goes(false, sock_set_timeout);
    part_of_it_goes(false, sock_set_deadline);
}

static void *send_whole_batch(void *s)
{
    return (void *)(intptr_t)sock_sendmmsg(s, batch, BATCH_MOST, 0);
}

/* It waits as often as the receiver is slow. */
static void a_batch_that_may_wait_goes_through(void **state)
{
    char      name[LIBSOCK_ADDRSTRLEN], text[24], in[24];
    sock_t   *from, *to;
    pthread_t thread;
    void     *sent;

    (void)state;
    narrow_pair(&from, &to, name, sizeof name);
    batch_open(BATCH_MOST);
    batch_write(BATCH_MOST);
    assert_true(sock_connect(from, name, 0));
    assert_int_equal(pthread_create(&thread, NULL, send_whole_batch, from), 0);
    for (int i = 0; i < BATCH_MOST; i++) {
        int len = snprintf(text, sizeof text, "%d", i);

        assert_int_equal(sock_recv(to, in, sizeof in, 0), len);
        assert_memory_equal(in, text, (size_t)len);
    }
    pthread_join(thread, &sent);
    assert_int_equal((intptr_t)sent, BATCH_MOST);
    nothing_more(to);
    batch_close(BATCH_MOST);
    sock_close(from);
    sock_close(to);
}

/* SIGPIPE has its default disposition here: it would end the test. */
static void no_batch_raises_sigpipe(void **state)
{
    sock_t *pair[2];

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    unix_pair(SOCK_SEQPACKET, pair);
    batch_open(3);
    batch_write(3);
    sock_close(pair[1]);
    assert_fails(pair[0], sock_sendmmsg(pair[0], batch, 3, 0), EPIPE);
    assert_fails(pair[0], letter_send(&letters[0], pair[0], "x"), EPIPE);
    batch_close(3);
    sock_close(pair[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_that_is_too_long_ends_it),
        cmocka_unit_test(a_message_that_cannot_be_sent_ends_it),
        cmocka_unit_test(a_name_that_nobody_has_ends_it),
        cmocka_unit_test(no_messages_and_no_room_are_refused),
        cmocka_unit_test(a_stream_has_no_batches),
        cmocka_unit_test(a_handle_that_is_not_open_is_refused),
        cmocka_unit_test(a_batch_waits_no_longer_than_it_may),
        cmocka_unit_test(a_batch_that_may_not_wait_longer_ends_short),
        cmocka_unit_test(a_batch_that_may_wait_goes_through),
        cmocka_unit_test(no_batch_raises_sigpipe),
    };

    return cmocka_run_group_tests_name("batch_ends", tests, count_descriptors,
                                       compare_descriptors);
}
