/* test_sendmsg_parts.c - proves which parts a message may have, what becomes of
 * those that it may not, and that bytes a line read left fill the parts first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST 1024 /* parts that go at once */
#define MANY 10000

/* ---- what a line read left ---- */

static void line_is(sock_t *s, const char *text)
{
    char line[64];

    assert_int_equal(sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ),
                     strlen(text));
    assert_memory_equal(line, text, strlen(text));
}

/* A part of a line that was refused is buffered on every stream. */
static void leave_in_buffer(sock_t *a, sock_t *b, const char *text)
{
    char line[64];

    put(a, "line\n");
    line_is(b, "line\n");
    put(a, text);
    wait_readable(b);
    assert_fails(
        b,
        sock_read(b, line, sizeof line, LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT),
        EAGAIN);
}

static void scattered(sock_t *a, sock_t *b, const struct kind *kind)
{
    char            in[10] = "";
    struct iovec    parts[4];
    sock_message_t *m = new_message(0);

    if (kind->stream) {
        leave_in_buffer(a, b, "abcdef");
        put(a, "ghij");
        sock_message_set_parts(m, parts, cut(parts, in, "2305"));
        assert_int_equal(sock_recvmsg(b, m, MSG_WAITALL), 10);
        assert_memory_equal(in, "abcdefghij", 10);
        assert_int_equal(sock_message_length(m), 10);
        assert_int_equal(sock_message_flags(m), 0);
    }
    sock_message_free(m);
}

static void what_a_line_read_left_comes_first_then_the_systems(void **state)
{
    (void)state;
    each_kind(scattered);
}

/* Room for less than is buffered, twice: the rest stays, and nothing waits. */
static void in_two_goes(sock_t *a, sock_t *b, const struct kind *kind)
{
    char            in[4] = "";
    struct iovec    parts[2];
    sock_message_t *m = new_message(0);

    if (kind->stream) {
        leave_in_buffer(a, b, "abcdef");
        sock_message_set_parts(m, parts, cut(parts, in, "13"));
        assert_int_equal(sock_recvmsg(b, m, MSG_PEEK), 4);
        assert_memory_equal(in, "abcd", 4);
        assert_int_equal(sock_recvmsg(b, m, MSG_DONTWAIT), 4);
        assert_memory_equal(in, "abcd", 4);
        assert_true(is_readable(b));
        assert_int_equal(sock_recvmsg(b, m, 0), 2);
        assert_memory_equal(in, "ef", 2);
        assert_false(is_readable(b));
        assert_fails(b, sock_recvmsg(b, m, MSG_DONTWAIT), EAGAIN);
    }
    sock_message_free(m);
}

static void what_does_not_fit_stays_buffered(void **state)
{
    (void)state;
    each_kind(in_two_goes);
}

/* More is wanted than is buffered, and nobody said to wait for it. */
static void only_what_is_left(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    if (!kind->stream)
        return;
    letter_open(&l, 0);
    leave_in_buffer(a, b, "abc");
    assert_int_equal(letter_receive(&l, b, 0), 3);
    letter_is(&l, "abc");
    leave_in_buffer(a, b, "def");
    sock_shutdown(a, SHUT_WR);
    assert_int_equal(letter_receive(&l, b, MSG_WAITALL), 3);
    letter_is(&l, "def");
    assert_int_equal(letter_receive(&l, b, 0), 0);
    letter_close(&l);
}

static void buffered_bytes_are_enough_to_return(void **state)
{
    (void)state;
    each_kind(only_what_is_left);
}

/* Half of them are buffered, the other half comes while the call sleeps. */
static void waitall_waits_for_more_than_is_buffered(void **state)
{
    static const char *const names[] = {"recvmsg all, TCP",
                                        "recvmsg all, unix"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct scene c;

        scene_open(&c, situation_named(names[i]));
        leave_in_buffer(c.peer, c.s, "a");
        scene_start(&c);
        put(c.peer, "b");
        scene_join(&c);
        assert_in(&c, c.result == 2);
        scene_close(&c);
    }
}

static void urgent_bytes_go_past_the_buffer(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    tcp_pair(pair);
    letter_open(&l, 0);
    leave_in_buffer(pair[0], pair[1], "abc");
    assert_fails(pair[1], letter_receive(&l, pair[1], MSG_OOB), EINVAL);
    assert_fails(pair[1], letter_receive(&l, pair[1], MSG_ERRQUEUE), EAGAIN);
    assert_int_equal(letter_receive(&l, pair[1], 0), 3);
    letter_is(&l, "abc");
    letter_close(&l);
    close_pair(pair);
}

/* ---- what is refused ---- */

static void no_room(sock_t *a, sock_t *b, const struct kind *kind)
{
    char          byte;
    struct iovec  parts[3] = {{&byte, 0}, {&byte, 0}, {&byte, 0}};
    struct letter l;

    (void)kind;
    letter_open(&l, 0);
    put(a, "x");
    assert_fails(b, sock_recvmsg(b, l.m, 0), EINVAL);
    sock_message_set_parts(l.m, parts, 0);
    assert_fails(b, sock_recvmsg(b, l.m, 0), EINVAL);
    for (size_t count = 1; count <= 3; count++) {
        sock_message_set_parts(l.m, parts, count);
        assert_fails(b, sock_recvmsg(b, l.m, MSG_PEEK), EINVAL);
        assert_fails(b, sock_recvmsg(b, l.m, 0), EINVAL);
    }
    assert_int_equal(letter_receive(&l, b, 0), 1);
    letter_close(&l);
}

static void receiving_into_no_room_is_refused(void **state)
{
    (void)state;
    each_kind(no_room);
}

static void null_part(sock_t *a, sock_t *b, const struct kind *kind)
{
    char          byte     = 'x';
    struct iovec  parts[3] = {{&byte, 1}, {NULL, 3}, {&byte, 1}};
    struct letter l;

    (void)kind;
    letter_open(&l, 0);
    sock_message_set_parts(l.m, parts, 3);
    assert_fails(a, sock_sendmsg(a, l.m, 0), EINVAL);
    sock_message_set_parts(l.m, NULL, 1);
    assert_fails(a, sock_sendmsg(a, l.m, 0), EINVAL);
    assert_int_equal(letter_send(&l, a, "y"), 1);
    sock_message_set_parts(l.m, parts, 3);
    assert_fails(b, sock_recvmsg(b, l.m, 0), EINVAL);
    sock_message_set_parts(l.m, NULL, 1);
    assert_fails(b, sock_recvmsg(b, l.m, 0), EINVAL);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    letter_is(&l, "y");
    letter_close(&l);
}

static void a_null_part_is_refused_and_nothing_moves(void **state)
{
    (void)state;
    each_kind(null_part);
}

static void too_much(sock_t *a, sock_t *b, const struct kind *kind)
{
    static const size_t sizes[][2] = {
        {SSIZE_MAX, 1}, {1, SSIZE_MAX}, {SIZE_MAX, 0}, {SIZE_MAX, 2}};
    char          bytes[2] = "xx";
    struct letter l;

    (void)kind;
    letter_open(&l, 0);
    put(a, "y");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct iovec parts[2] = {{bytes, sizes[i][0]},
                                 {bytes + 1, sizes[i][1]}};

        sock_message_set_parts(l.m, parts, 2);
        assert_fails(a, sock_sendmsg(a, l.m, 0), EINVAL);
        assert_fails(b, sock_recvmsg(b, l.m, 0), EINVAL);
    }
    assert_int_equal(letter_receive(&l, b, 0), 1);
    letter_is(&l, "y");
    letter_close(&l);
}

static void more_bytes_than_a_count_can_tell_are_refused(void **state)
{
    (void)state;
    each_kind(too_much);
}

static void bad_memory(sock_t *a, sock_t *b, const struct kind *kind)
{
    size_t        size = (size_t)sysconf(_SC_PAGESIZE);
    struct iovec  part = {NULL, 16};
    struct letter l;

    (void)kind;
    letter_open(&l, 0);
    part.iov_base =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sock_message_set_parts(l.m, &part, 1);
    assert_fails(a, sock_sendmsg(a, l.m, 0), EFAULT);
    put(a, "x");
    wait_readable(b);
    assert_fails(b, sock_recvmsg(b, l.m, 0), EFAULT);
    assert_int_equal(sock_message_length(l.m), 0);
    munmap(part.iov_base, size);
    letter_close(&l);
}

static void a_part_that_is_no_memory_is_refused(void **state)
{
    (void)state;
    each_kind(bad_memory);
}

static void a_datagram_that_is_too_long_is_refused(void **state)
{
    static char     big[70000];
    struct iovec    parts[] = {{big, 35000}, {big + 35000, 35000}};
    sock_message_t *m       = new_message(0);
    sock_t         *pair[2];

    (void)state;
    udp_pair(pair);
    sock_message_set_parts(m, parts, 2);
    assert_fails(pair[0], sock_sendmsg(pair[0], m, 0), EMSGSIZE);
    sock_message_free(m);
    close_pair(pair);
}

/* ---- how many ---- */

static char         many_bytes[MANY];
static struct iovec many[MANY];

/* Each part is a byte; the bytes differ from their neighbours. */
static void cut_into_bytes(char *bytes)
{
    for (size_t i = 0; i < MANY; i++)
        many[i] = (struct iovec){bytes + i, 1};
}

static void prepare_many(void)
{
    for (size_t i = 0; i < MANY; i++)
        many_bytes[i] = (char)(i % 251);
    cut_into_bytes(many_bytes);
}

static void datagram_of_many(sock_t *a, sock_t *b, const struct kind *kind)
{
    static char   in[MANY];
    struct letter l;

    if (kind->stream)
        return;
    letter_open(&l, 0);
    prepare_many();
    sock_message_set_parts(l.m, many, MOST + 1);
    assert_fails(a, sock_sendmsg(a, l.m, 0), EMSGSIZE);
    sock_message_set_parts(l.m, many, MOST);
    assert_int_equal(sock_sendmsg(a, l.m, 0), MOST);
    cut_into_bytes(in);
    sock_message_set_parts(l.m, many, MOST + 1);
    assert_fails(b, sock_recvmsg(b, l.m, 0), EMSGSIZE);
    sock_message_set_parts(l.m, many, MOST);
    assert_int_equal(sock_recvmsg(b, l.m, 0), MOST);
    assert_memory_equal(in, many_bytes, MOST);
    letter_close(&l);
}

static void a_datagram_has_1024_parts_at_most(void **state)
{
    (void)state;
    each_kind(datagram_of_many);
}

/* All of them, in goes of at most as many as go at once. */
static void move_many(sock_t *s, bool sends)
{
    sock_message_t *m     = new_message(0);
    size_t          moved = 0;

    while (moved < MANY) {
        ssize_t n;

        sock_message_set_parts(m, many + moved, MANY - moved);
        n = sends ? sock_sendmsg(s, m, 0) : sock_recvmsg(s, m, 0);
        assert_in_range(n, 1, MOST);
        moved += (size_t)n;
    }
    sock_message_free(m);
}

static void stream_of_many(sock_t *a, sock_t *b, const struct kind *kind)
{
    static char in[MANY];

    if (!kind->stream)
        return;
    prepare_many();
    move_many(a, true);
    memset(in, 0, sizeof in);
    cut_into_bytes(in);
    move_many(b, false);
    assert_memory_equal(in, many_bytes, MANY);
}

static void of_a_stream_the_first_1024_parts_move(void **state)
{
    (void)state;
    each_kind(stream_of_many);
}

/* Also buffered bytes fill no more, and WAITALL waits for no more. */
static void most_of_many(sock_t *a, sock_t *b, const struct kind *kind)
{
    static char     in[MANY];
    sock_message_t *m = new_message(0);

    if (kind->stream) {
        prepare_many();
        leave_in_buffer(a, b, "abc");
        assert_true(sock_write_all(a, many_bytes, MOST, NULL));
        cut_into_bytes(in);
        sock_message_set_parts(m, many, MANY);
        assert_int_equal(sock_recvmsg(b, m, MSG_WAITALL), MOST);
        assert_memory_equal(in, "abc", 3);
        assert_memory_equal(in + 3, many_bytes, MOST - 3);
        assert_int_equal(in[MOST], 0);
        drain(b);
    }
    sock_message_free(m);
}

static void waitall_waits_for_the_first_1024_parts(void **state)
{
    (void)state;
    each_kind(most_of_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_line_read_left_comes_first_then_the_systems),
        cmocka_unit_test(what_does_not_fit_stays_buffered),
        cmocka_unit_test(buffered_bytes_are_enough_to_return),
        cmocka_unit_test(waitall_waits_for_more_than_is_buffered),
        cmocka_unit_test(urgent_bytes_go_past_the_buffer),
        cmocka_unit_test(receiving_into_no_room_is_refused),
        cmocka_unit_test(a_null_part_is_refused_and_nothing_moves),
        cmocka_unit_test(more_bytes_than_a_count_can_tell_are_refused),
        cmocka_unit_test(a_part_that_is_no_memory_is_refused),
        cmocka_unit_test(a_datagram_that_is_too_long_is_refused),
        cmocka_unit_test(a_datagram_has_1024_parts_at_most),
        cmocka_unit_test(of_a_stream_the_first_1024_parts_move),
        cmocka_unit_test(waitall_waits_for_the_first_1024_parts),
    };

    return cmocka_run_group_tests_name("sendmsg_parts", tests,
                                       count_descriptors, compare_descriptors);
}
