/* test_rights_bytes.c - proves that descriptors stay with the bytes they came
 * with, whoever reads those before them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/receiver.h"

#include <string.h>
#include <unistd.h>

#define ROOM(count) sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, count)

static void line_is(sock_t *s, const char *text)
{
    char line[64];

    assert_int_equal(sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ),
                     strlen(text));
    assert_memory_equal(line, text, strlen(text));
}

static void send_text_with_one(sock_t *s, const char *text)
{
    struct letter l;

    letter_open(&l, ROOM(1));
    assert_true(sock_message_add_fds(l.m, &(int){STDERR_FILENO}, 1));
    assert_int_equal(letter_send(&l, s, text), strlen(text));
    letter_close(&l);
}

static ssize_t take_and_close(struct letter *l)
{
    int     fds[4];
    ssize_t count = sock_message_take_fds(l->m, fds, 4);

    for (ssize_t i = 0; i < count; i++)
        close(fds[i]);
    return count;
}

/* How many descriptors came with this text? */
static ssize_t come_with(sock_t *s, int flags, const char *text)
{
    struct letter l;
    ssize_t       count;

    letter_open(&l, ROOM(4));
    assert_int_equal(letter_receive(&l, s, flags), strlen(text));
    letter_is(&l, text);
    count = take_and_close(&l);
    letter_close(&l);
    return count;
}

static void a_line_read_leaves_descriptors_with_the_bytes_behind(void **state)
{
    sock_t *pair[2];
    int     before;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    before = open_descriptors();
    put(pair[0], "one\n");
    send_text_with_one(pair[0], "two\n");
    line_is(pair[1], "one\n");
    assert_int_equal(come_with(pair[1], 0, "two\n"), 1);
    put(pair[0], "three\n");
    send_text_with_one(pair[0], "four\nfive");
    line_is(pair[1], "three\n");
    line_is(pair[1], "four\n"); /* these bytes had it */
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(come_with(pair[1], 0, "five"), 0);
    close_pair(pair);
}

static void a_part_of_a_line_does_not_take_what_comes_later(void **state)
{
    sock_t *pair[2];
    char    line[8];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    put(pair[0], "part");
    assert_fails(
        pair[1],
        sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT),
        EAGAIN);
    send_text_with_one(pair[0], "x");
    assert_int_equal(come_with(pair[1], 0, "part"), 0);
    assert_int_equal(come_with(pair[1], 0, "x"), 1);
    close_pair(pair);
}

/* With two descriptors one after the other, and with plain bytes behind. */
static void bytes_with_descriptors_are_not_joined_with_later_ones(void **state)
{
    static const int flags[] = {0, MSG_WAITALL};
    sock_t          *pair[2];

    (void)state;
    for (size_t i = 0; i < COUNT(flags); i++) {
        unix_pair(SOCK_STREAM, pair);
        send_text_with_one(pair[0], "ab");
        send_text_with_one(pair[0], "cd");
        put(pair[0], "ef");
        assert_int_equal(come_with(pair[1], flags[i], "ab"), 1);
        assert_int_equal(come_with(pair[1], flags[i], "cd"), 1);
        assert_true(sock_shutdown(pair[0], SHUT_WR));
        assert_int_equal(come_with(pair[1], flags[i], "ef"), 0);
        close_pair(pair);
    }
}

/* A receive that ends in time was not waiting for its limit. */
enum { LIMIT = 10000, SOON = 5000 };

/* Bytes are there already, or a line read left them, when the others come. */
static void come_late(bool   buffered, bool (*limit)(sock_t *s, int ms),
                      size_t room)
{
    struct receiver r;
    sock_t         *pair[2];
    char            line[8];
    int64_t         before = now_ms();

    unix_pair(SOCK_STREAM, pair);
    limit(pair[1], LIMIT);
    put(pair[0], "ab");
    if (buffered)
        assert_fails(
            pair[1],
            sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT),
            EAGAIN);
    receiver_start(&r, pair[1], room);
    send_text_with_one(pair[0], "cd");
    receiver_join(&r);
    assert_int_equal(r.result, 4);
    letter_is(&r.l, "abcd");
    assert_int_equal(sock_message_flags(r.l.m), room ? 0 : MSG_CTRUNC);
    assert_int_equal(take_and_close(&r.l), room ? 1 : 0);
    assert_true(now_ms() - before < SOON);
    letter_close(&r.l);
    close_pair(pair);
}

static void waitall_takes_what_comes_with_a_later_piece(void **state)
{
    (void)state;
    for (int buffered = 0; buffered < 2; buffered++) {
        come_late(buffered, sock_set_timeout, ROOM(1));
        come_late(buffered, sock_set_deadline, ROOM(1));
    }
}

/* Whether there is room for it makes no difference. */
static void waitall_ends_with_a_descriptor_that_has_no_room(void **state)
{
    int before = open_descriptors();

    (void)state;
    for (int buffered = 0; buffered < 2; buffered++) {
        come_late(buffered, sock_set_timeout, 0);
        come_late(buffered, sock_set_deadline, 0);
    }
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_read_leaves_descriptors_with_the_bytes_behind),
        cmocka_unit_test(a_part_of_a_line_does_not_take_what_comes_later),
        cmocka_unit_test(bytes_with_descriptors_are_not_joined_with_later_ones),
        cmocka_unit_test(waitall_takes_what_comes_with_a_later_piece),
        cmocka_unit_test(waitall_ends_with_a_descriptor_that_has_no_room),
    };

    return cmocka_run_group_tests_name("rights_bytes", tests, count_descriptors,
                                       compare_descriptors);
}
