/* test_rights_room.c - proves that no received descriptor leaks: those that
 * nobody took, those without room, those that a plain receive passes over.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <unistd.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

#define ROOM(count) sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, count)

static void close_all(const int *fds, ssize_t count)
{
    for (ssize_t i = 0; i < count; i++)
        close(fds[i]);
}

/* ---- untaken ---- */

static void to_be_closed(struct letter *l, sock_t *a, sock_t *b)
{
    int before = open_descriptors(), fd;

    send_descriptors(a, 3);
    assert_int_equal(letter_receive(l, b, 0), 1);
    assert_int_equal(open_descriptors(), before + 3);
    assert_int_equal(sock_message_take_fds(l->m, &fd, 1), 1);
    close(fd);
    assert_int_equal(open_descriptors(), before + 2);
}

static void cleared(sock_t *a, sock_t *b, const struct kind *kind)
{
    int           before = open_descriptors(), fd;
    struct letter l;

    (void)kind;
    letter_open(&l, ROOM(3));
    for (int i = 0; i < 2; i++) {
        to_be_closed(&l, a, b);
        sock_message_clear(l.m);
        assert_int_equal(open_descriptors(), before);
        assert_int_equal(sock_message_take_fds(l.m, &fd, 1), 0);
    }
    letter_close(&l);
}

static void a_clear_closes_what_nobody_took(void **state)
{
    (void)state;
    each_unix_kind(cleared);
}

static void freed(sock_t *a, sock_t *b, const struct kind *kind)
{
    int           before = open_descriptors();
    struct letter l;

    (void)kind;
    letter_open(&l, ROOM(3));
    to_be_closed(&l, a, b);
    letter_close(&l);
    assert_int_equal(open_descriptors(), before);
}

static void a_free_closes_what_nobody_took(void **state)
{
    (void)state;
    each_unix_kind(freed);
}

/* One that succeeds, and one that fails. */
static void received_into(sock_t *a, sock_t *b, const struct kind *kind)
{
    int           before = open_descriptors();
    struct letter l;

    letter_open(&l, ROOM(3));
    to_be_closed(&l, a, b);
    put(a, "x");
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_int_equal(open_descriptors(), before);
    to_be_closed(&l, a, b);
    assert_fails(b, letter_receive(&l, b, MSG_DONTWAIT), EAGAIN);
    assert_int_equal(open_descriptors(), before);
    if (!kind->stream) {
        to_be_closed(&l, a, b);
        send_descriptors(a, 2);
        assert_int_equal(sock_recvmmsg(b, &l.m, 1, 0), 1);
        assert_int_equal(open_descriptors(), before + 2);
    }
    letter_close(&l);
}

static void the_next_receive_closes_what_nobody_took(void **state)
{
    (void)state;
    each_unix_kind(received_into);
}

/* What was taken is the taker's, whatever becomes of the message. */
static void taken(sock_t *a, sock_t *b, const struct kind *kind)
{
    int           before = open_descriptors(), fds[3];
    struct letter l;

    (void)kind;
    letter_open(&l, ROOM(3));
    send_descriptors(a, 3);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_int_equal(sock_message_take_fds(l.m, fds, 3), 3);
    sock_message_clear(l.m);
    letter_close(&l);
    assert_int_equal(open_descriptors(), before + 3);
    close_all(fds, 3);
}

static void what_was_taken_stays_open(void **state)
{
    (void)state;
    each_unix_kind(taken);
}

/* ---- too little room ---- */

/* So many must fit; padding may have room for one more. */
static size_t at_least(size_t room, size_t sent)
{
    size_t fit = 0;

    while (fit < sent && ROOM(fit + 1) <= room)
        fit++;
    return fit;
}

static void receive_some(sock_t *a, sock_t *b, size_t room, size_t sent)
{
    int           before = open_descriptors(), fds[4];
    struct letter l;
    ssize_t       count;

    send_descriptors(a, sent);
    letter_open(&l, room);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    letter_is(&l, "x");
    count = sock_message_take_fds(l.m, fds, 4);
    assert_in_range(count, at_least(room, sent), sent);
    assert_int_equal(sock_message_flags(l.m),
                     (size_t)count < sent ? MSG_CTRUNC : 0);
    assert_int_equal(open_descriptors(), before + count);
    sock_message_clear(l.m);
    assert_int_equal(open_descriptors(), before + count);
    close_all(fds, count);
    letter_close(&l);
}

static void every_room(sock_t *a, sock_t *b, const struct kind *kind)
{
    (void)kind;
    for (size_t room = 0; room <= 64; room++)
        for (size_t sent = 1; sent <= 4; sent++)
            receive_some(a, b, room, sent);
}

static void those_without_room_are_closed_and_that_is_told(void **state)
{
    (void)state;
    each_unix_kind(every_room);
}

static void untaken(sock_t *a, sock_t *b, size_t room, size_t sent)
{
    int           before = open_descriptors();
    struct letter l;

    send_descriptors(a, sent);
    letter_open(&l, room);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    sock_message_clear(l.m);
    assert_int_equal(open_descriptors(), before);
    letter_close(&l);
}

static void every_room_untaken(sock_t *a, sock_t *b, const struct kind *kind)
{
    (void)kind;
    for (size_t room = 0; room <= 64; room++)
        for (size_t sent = 1; sent <= 4; sent++)
            untaken(a, b, room, sent);
}

static void none_leaks_whatever_the_room(void **state)
{
    (void)state;
    each_unix_kind(every_room_untaken);
}

/* Credentials come first and take their part of the room. */
static void beside_others(sock_t *a, sock_t *b, const struct kind *kind)
{
    int before = open_descriptors();

    (void)kind;
    assert_true(sock_set_option_int(b, SOL_SOCKET, SO_PASSCRED, 1));
    for (size_t room = 0; room <= 128; room++) {
        struct letter l;
        int           fds[2];

        letter_open(&l, room);
        send_descriptors(a, 2);
        assert_int_equal(letter_receive(&l, b, 0), 1);
        close_all(fds, sock_message_take_fds(l.m, fds, 2));
        assert_int_equal(open_descriptors(), before);
        letter_close(&l);
    }
}

static void none_leaks_beside_other_items(void **state)
{
    (void)state;
    each_unix_kind(beside_others);
}

/* ---- other receivers ---- */

static ssize_t by_recv(sock_t *s)
{
    return sock_recv(s, &(char){0}, 1, 0);
}

static ssize_t by_peek(sock_t *s)
{
    char byte;

    return sock_recv(s, &byte, 1, MSG_PEEK) == 1 ? sock_recv(s, &byte, 1, 0)
                                                 : -1;
}

static ssize_t by_read(sock_t *s)
{
    return sock_read(s, &(char){0}, 1, LIBSOCK_BINARY_READ);
}

static ssize_t by_recvfrom(sock_t *s)
{
    return sock_recvfrom(s, &(char){0}, 1, 0, NULL, 0, NULL);
}

static ssize_t by_readv(sock_t *s)
{
    const size_t  length = 1;
    sock_iovec_t *v      = sock_iovec_alloc(1, &length);
    ssize_t       n      = sock_readv(s, v);

    sock_iovec_free(v);
    return n;
}

static ssize_t by_message_peek(sock_t *s)
{
    struct letter l;
    ssize_t       n = -1;

    letter_open(&l, ROOM(4));
    for (int i = 0; i < 4; i++)
        n = letter_receive(&l, s, i < 3 ? MSG_PEEK : 0);
    letter_close(&l);
    return n;
}

static void passed_over(sock_t *a, sock_t *b, const struct kind *kind)
{
    static ssize_t (*const receivers[])(sock_t * s) = {
        by_recv, by_peek, by_read, by_recvfrom, by_readv, by_message_peek};
    int before = open_descriptors();

    (void)kind;
    for (size_t i = 0; i < COUNT(receivers); i++) {
        send_descriptors(a, 4);
        assert_int_equal(receivers[i](b), 1);
        assert_int_equal(open_descriptors(), before);
    }
}

static void a_receive_that_takes_no_descriptors_leaks_none(void **state)
{
    (void)state;
    each_unix_kind(passed_over);
}

/* Each look brings its own; they are good while the message holds them. */
static void looked_at(sock_t *a, sock_t *b, const struct kind *kind)
{
    int           before = open_descriptors(), fds[3];
    struct letter l;

    (void)kind;
    letter_open(&l, ROOM(1));
    send_descriptors(a, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(letter_receive(&l, b, i < 2 ? MSG_PEEK : 0), 1);
        assert_int_equal(sock_message_take_fds(l.m, &fds[i], 1), 1);
        assert_int_equal(open_descriptors(), before + i + 1);
    }
    close_all(fds, 3);
    letter_close(&l);
}

static void a_peek_brings_descriptors_of_its_own(void **state)
{
    (void)state;
    each_unix_kind(looked_at);
}

/* Nobody receives them. */
static void unreceived(sock_t *a, sock_t *b, const struct kind *kind)
{
    (void)b;
    (void)kind;
    send_descriptors(a, 4);
}

static void what_nobody_receives_leaks_not(void **state)
{
    int before = open_descriptors();

    (void)state;
    each_unix_kind(unreceived);
    assert_int_equal(open_descriptors(), before);
}

/* The system can send one that no call here takes. */
static void process(sock_t *a, sock_t *b, const struct kind *kind)
{
    int before = open_descriptors();

    (void)kind;
    if (!sock_set_option_int(b, SOL_SOCKET, SO_PASSPIDFD, 1))
        return;
    for (size_t room = 0; room <= 64; room++) {
        struct letter l;
        int           fd;

        letter_open(&l, room);
        for (int i = 0; i < 2; i++) {
            put(a, "x");
            assert_int_equal(letter_receive(&l, b, 0), 1);
            assert_int_equal(sock_message_take_fds(l.m, &fd, 1), 0);
        }
        letter_close(&l);
        assert_int_equal(open_descriptors(), before);
    }
    put(a, "x");
    assert_int_equal(by_recv(b), 1);
    assert_int_equal(open_descriptors(), before);
}

static void the_descriptor_of_a_process_leaks_not(void **state)
{
    (void)state;
    each_unix_kind(process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_closes_what_nobody_took),
        cmocka_unit_test(a_free_closes_what_nobody_took),
        cmocka_unit_test(the_next_receive_closes_what_nobody_took),
        cmocka_unit_test(what_was_taken_stays_open),
        cmocka_unit_test(those_without_room_are_closed_and_that_is_told),
        cmocka_unit_test(none_leaks_whatever_the_room),
        cmocka_unit_test(none_leaks_beside_other_items),
        cmocka_unit_test(a_receive_that_takes_no_descriptors_leaks_none),
        cmocka_unit_test(a_peek_brings_descriptors_of_its_own),
        cmocka_unit_test(what_nobody_receives_leaks_not),
        cmocka_unit_test(the_descriptor_of_a_process_leaks_not),
    };

    return cmocka_run_group_tests_name("rights_room", tests, count_descriptors,
                                       compare_descriptors);
}
