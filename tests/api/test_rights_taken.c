/* test_rights_taken.c - proves that what is sent serves its receiver and stays
 * its sender's, on each type of socket, and how it is taken.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM(count) sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, count)

static bool closes_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags >= 0 && (flags & FD_CLOEXEC);
}

static bool is_same_file(int a, int b)
{
    struct stat one, other;

    return !fstat(a, &one) && !fstat(b, &other) && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Exactly one is there: it is this file, by another number. */
static void brings(struct letter *l, int fd)
{
    int got[2];

    assert_int_equal(sock_message_take_fds(l->m, got, 2), 1);
    assert_int_not_equal(got[0], fd);
    assert_true(closes_on_exec(got[0]));
    assert_true(is_same_file(got[0], fd));
    close(got[0]);
}

static ssize_t send_handle(sock_t *s, sock_t *handle)
{
    struct letter l;
    ssize_t       n;

    letter_open(&l, ROOM(1));
    assert_true(sock_message_add_handles(l.m, &handle, 1));
    n = letter_send(&l, s, "x");
    letter_close(&l);
    return n;
}

/* ---- to another process ---- */

/* A socket comes, and the writing end of a pipe: both get a word. */
static void use_what_comes(void *arg)
{
    sock_t       *s = arg, *sock;
    struct letter l;
    int           fds[3];

    letter_open(&l, ROOM(3));
    expect(letter_receive(&l, s, 0) == 4);
    expect(!memcmp(l.bytes, "here", 4));
    expect(!(sock_message_flags(l.m) & MSG_CTRUNC));
    expect(sock_message_take_fds(l.m, fds, 3) == 2);
    expect(closes_on_exec(fds[0]) && closes_on_exec(fds[1]));
    sock = sock_import_fd(fds[0]);
    expect(sock);
    expect(sock_write_all(sock, "sock", 4, NULL));
    expect(write(fds[1], "pipe", 4) == 4);
    letter_close(&l);
}

static void give(sock_t *s, sock_t *handle, int fd)
{
    struct letter l;

    letter_open(&l, ROOM(1) + ROOM(1));
    assert_true(sock_message_add_handles(l.m, &handle, 1));
    assert_true(sock_message_add_fds(l.m, &fd, 1));
    assert_int_equal(letter_send(&l, s, "here"), 4);
    letter_close(&l);
}

static void to_a_child(sock_t *a, sock_t *b, const struct kind *kind)
{
    pid_t   child = start_child(use_what_comes, b);
    sock_t *tcp[2];
    char    word[8];
    int     ends[2];

    (void)kind;
    tcp_pair(tcp); /* made after the child, which has them by message only */
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    give(a, tcp[0], ends[1]);
    close(ends[1]);
    child_succeeded(child);
    assert_int_equal(sock_recv(tcp[1], word, 4, MSG_WAITALL), 4);
    assert_memory_equal(word, "sock", 4);
    assert_int_equal(read(ends[0], word, 8), 4);
    assert_memory_equal(word, "pipe", 4);
    put(tcp[0], "mine");
    assert_int_equal(sock_recv(tcp[1], word, 4, MSG_WAITALL), 4);
    assert_memory_equal(word, "mine", 4);
    close(ends[0]);
    close_pair(tcp);
}

static void another_process_uses_what_is_sent_and_the_sender_too(void **state)
{
    (void)state;
    each_unix_kind(to_a_child);
}

/* Nobody has it but the message that is under way. */
static void sent_and_closed(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;
    sock_t       *tcp[2];
    int           fd;

    (void)kind;
    tcp_pair(tcp);
    letter_open(&l, ROOM(1));
    assert_int_equal(send_handle(a, tcp[0]), 1);
    assert_true(sock_close(tcp[0]));
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_int_equal(sock_message_take_fds(l.m, &fd, 1), 1);
    tcp[0] = sock_import_fd(fd);
    assert_non_null(tcp[0]);
    put(tcp[0], "x");
    assert_int_equal(sock_recv(tcp[1], l.bytes, 1, 0), 1);
    close_pair(tcp);
    letter_close(&l);
}

static void a_sender_may_close_at_once_what_it_sent(void **state)
{
    (void)state;
    each_unix_kind(sent_and_closed);
}

/* ---- taking ---- */

/* Six files that differ. */
struct files {
    sock_t *handles[3];
    int     fds[3];
};

/* In the order in which they are sent. */
static void open_files(struct files *f, int order[6])
{
    static const int at[] = {0, 1, 4, 2, 3, 5};

    for (int i = 0; i < 3; i++) {
        f->handles[i]    = sock_create(AF_INET, SOCK_DGRAM, 0);
        f->fds[i]        = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        order[at[i]]     = sock_fd(f->handles[i]);
        order[at[i + 3]] = f->fds[i];
        assert_true(order[at[i]] >= 0 && order[at[i + 3]] >= 0);
    }
}

static void close_files(struct files *f)
{
    for (int i = 0; i < 3; i++) {
        sock_close(f->handles[i]);
        close(f->fds[i]);
    }
}

/* Four items: two handles, two descriptors, a handle, a descriptor. */
static void send_files(sock_t *s, const struct files *f)
{
    struct letter l;

    letter_open(&l, 2 * ROOM(2) + 2 * ROOM(1));
    assert_true(sock_message_add_handles(l.m, f->handles, 2));
    assert_true(sock_message_add_fds(l.m, f->fds, 2));
    assert_true(sock_message_add_handles(l.m, f->handles + 2, 1));
    assert_true(sock_message_add_fds(l.m, f->fds + 2, 1));
    assert_int_equal(letter_send(&l, s, "x"), 1);
    letter_close(&l);
}

static void takes_some(struct letter *l, size_t max, const int *want,
                       size_t count)
{
    int got[6];

    assert_int_equal(sock_message_take_fds(l->m, got, max), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(is_same_file(got[i], want[i]));
        assert_true(closes_on_exec(got[i]));
        close(got[i]);
    }
}

static void in_order(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct files  f;
    struct letter l;
    int           want[6];

    (void)kind;
    open_files(&f, want);
    letter_open(&l, ROOM(6));
    send_files(a, &f);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    takes_some(&l, 1, want, 1);
    takes_some(&l, 0, NULL, 0);
    takes_some(&l, 2, want + 1, 2);
    takes_some(&l, 6, want + 3, 3);
    takes_some(&l, 6, NULL, 0);
    letter_close(&l);
    close_files(&f);
}

static void items_are_taken_in_order_a_few_at_a_time(void **state)
{
    (void)state;
    each_unix_kind(in_order);
}

/* A message is used again, with what it has room for each time. */
static void again_and_again(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter out, in;

    (void)kind;
    letter_open(&out, ROOM(1));
    letter_open(&in, ROOM(1));
    for (int i = 0; i < 5; i++) {
        assert_true(sock_message_add_fds(out.m, &(int){STDERR_FILENO}, 1));
        for (int twice = 0; twice < 2; twice++) {
            assert_int_equal(letter_send(&out, a, "x"), 1);
            assert_int_equal(letter_receive(&in, b, 0), 1);
            brings(&in, STDERR_FILENO);
        }
        sock_message_clear(out.m);
    }
    letter_close(&out);
    letter_close(&in);
}

static void a_message_carries_them_at_every_send_until_cleared(void **state)
{
    (void)state;
    each_unix_kind(again_and_again);
}

/* Of what was received only the name and the own address are used again. */
static void sent_on(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)kind;
    letter_open(&l, ROOM(2));
    send_descriptors(a, 1);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_int_equal(letter_send(&l, b, "y"), 1);
    assert_int_equal(letter_receive(&l, a, 0), 1);
    letter_is(&l, "y");
    holds_no_item(l.m);
    letter_close(&l);
}

static void what_was_received_is_not_sent_on(void **state)
{
    int before = open_descriptors();

    (void)state;
    each_unix_kind(sent_on);
    assert_int_equal(open_descriptors(), before);
}

static void over_itself(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)kind;
    letter_open(&l, ROOM(1));
    assert_int_equal(send_handle(a, a), 1);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    brings(&l, sock_fd(a));
    assert_int_equal(send_handle(a, b), 1);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    brings(&l, sock_fd(b));
    letter_close(&l);
}

static void a_handle_is_sent_over_itself_and_to_itself(void **state)
{
    (void)state;
    each_unix_kind(over_itself);
}

/* As many items as descriptors. */
static void one_by_one(sock_t *a, sock_t *b, const struct kind *kind)
{
    static int    fds[253];
    int           before = open_descriptors();
    struct letter l;

    (void)kind;
    letter_open(&l, 253 * ROOM(1));
    for (int i = 0; i < 253; i++)
        assert_true(sock_message_add_handles(l.m, i % 2 ? &a : &b, 1));
    assert_int_equal(letter_send(&l, a, "x"), 1);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_int_equal(sock_message_take_fds(l.m, fds, 253), 253);
    for (int i = 0; i < 253; i++) {
        assert_true(is_same_file(fds[i], sock_fd(i % 2 ? a : b)));
        close(fds[i]);
    }
    letter_close(&l);
    assert_int_equal(open_descriptors(), before);
}

static void all_253_may_be_items_of_their_own(void **state)
{
    (void)state;
    each_unix_kind(one_by_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_process_uses_what_is_sent_and_the_sender_too),
        cmocka_unit_test(a_sender_may_close_at_once_what_it_sent),
        cmocka_unit_test(items_are_taken_in_order_a_few_at_a_time),
        cmocka_unit_test(a_message_carries_them_at_every_send_until_cleared),
        cmocka_unit_test(what_was_received_is_not_sent_on),
        cmocka_unit_test(a_handle_is_sent_over_itself_and_to_itself),
        cmocka_unit_test(all_253_may_be_items_of_their_own),
    };

    return cmocka_run_group_tests_name("rights_taken", tests, count_descriptors,
                                       compare_descriptors);
}
