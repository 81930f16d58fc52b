/* test_rights.c - proves that descriptors passed over AF_UNIX arrive usable and
 * close-on-exec, that none leaks on any way, and that credentials are true.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RIGHTS(count) sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, count)

/* ---- between processes ---- */

/* The child takes a listener and a pipe's end, and serves with both. */
static void serve(void *arg)
{
    struct letter l;
    sock_t       *server, *client;
    int           fds[2];

    letter_open(&l, RIGHTS(2));
    expect(letter_receive(&l, arg, 0) == 4);
    expect(sock_message_take_fds(l.m, fds, 2) == 2);
    for (int i = 0; i < 2; i++)
        expect(fcntl(fds[i], F_GETFD) == FD_CLOEXEC);
    server = sock_import_fd(fds[0]);
    client = sock_accept(server);
    expect(sock_write_all(client, "served", 6, NULL));
    expect(write(fds[1], "done", 4) == 4);
}

static void descriptors_serve_in_another_process(void **state)
{
    sock_t       *pair[2], *server = sock_create_listen(0, 1), *client;
    struct letter l;
    char          text[8] = "";
    int           ends[2];
    pid_t         child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = start_child(serve, pair[1]);
    letter_open(&l, RIGHTS(1) * 2);
    assert_true(sock_message_add_handles(l.m, &server, 1));
    assert_true(sock_message_add_fds(l.m, &ends[1], 1));
    assert_int_equal(letter_send(&l, pair[0], "both"), 4);
    client = sock_create(AF_INET, SOCK_STREAM, 0);
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    assert_int_equal(sock_recv(client, text, 6, MSG_WAITALL), 6);
    assert_string_equal(text, "served");
    assert_int_equal(read(ends[0], text, 4), 4);
    child_succeeded(child);
    letter_close(&l);
    close_pair(pair);
    close(ends[0]);
    close(ends[1]);
    sock_close(client);
    sock_close(server);
}

/* ---- taking ---- */

static void they_are_taken_in_order_and_piecemeal(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    int           fds[3], got[4];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    for (int i = 0; i < 3; i++)
        fds[i] = memfd_create("m", 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ftruncate(fds[i], 10 + i), 0);
    letter_open(&l, 2 * RIGHTS(2));
    assert_true(sock_message_add_fds(l.m, fds, 2));
    assert_true(sock_message_add_fds(l.m, fds + 2, 1));
    assert_int_equal(letter_send(&l, pair[0], "x"), 1);
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_int_equal(sock_message_take_fds(l.m, got, 1), 1);
    assert_int_equal(sock_message_take_fds(l.m, got + 1, 3), 2);
    assert_int_equal(sock_message_take_fds(l.m, got, 1), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(lseek(got[i], 0, SEEK_END), 10 + i);
        close(got[i]);
        close(fds[i]);
    }
    letter_close(&l);
    close_pair(pair);
}

static void what_nobody_took_is_closed(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    int           before, fd;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, RIGHTS(4));
    before = open_descriptors();
    for (int way = 0; way < 4; way++) {
        send_descriptors(pair[0], 4);
        assert_int_equal(letter_receive(&l, pair[1], 0), 1);
        assert_int_equal(open_descriptors(), before + 4);
        assert_int_equal(sock_message_take_fds(l.m, &fd, 1), 1);
        close(fd);
        if (way == 0)
            sock_message_clear(l.m);
        else if (way == 1)
            assert_fails(pair[1], letter_receive(&l, pair[1], MSG_DONTWAIT),
                         EAGAIN);
        else if (way == 2)
            assert_true(sock_message_add_int(l.m, SOL_SOCKET, SO_MARK, 1));
        else
            letter_close(&l);
        assert_int_equal(open_descriptors(), before);
    }
    close_pair(pair);
}

static void none_leaks_whatever_the_room(void **state)
{
    sock_t *pair[2];
    int     before, fds[8];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    before = open_descriptors();
    for (size_t room = 0; room <= 64; room++)
        for (size_t sent = 1; sent <= 4; sent++) {
            struct letter l;
            ssize_t       taken;

            letter_open(&l, room);
            send_descriptors(pair[0], sent);
            assert_int_equal(letter_receive(&l, pair[1], 0), 1);
            taken = sock_message_take_fds(l.m, fds, 8);
            assert_true(taken >= 0 && (size_t)taken <= sent);
            assert_int_equal(!!(sock_message_flags(l.m) & MSG_CTRUNC),
                             (size_t)taken < sent);
            assert_int_equal(open_descriptors(), before + taken);
            while (taken)
                close(fds[--taken]);
            letter_close(&l);
        }
    assert_int_equal(open_descriptors(), before);
    close_pair(pair);
}

static void a_read_that_asks_for_none_leaks_none(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    char          bytes[8];
    int           before;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, RIGHTS(2));
    before = open_descriptors();
    send_descriptors(pair[0], 2);
    assert_int_equal(sock_recv(pair[1], bytes, sizeof bytes, 0), 1);
    send_descriptors(pair[0], 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(letter_receive(&l, pair[1], MSG_PEEK), 1);
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    sock_message_clear(l.m);
    assert_int_equal(open_descriptors(), before);
    letter_close(&l);
    close_pair(pair);
}

static void a_line_leaves_them_with_the_bytes_behind_it(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    char          line[8];
    int           fd;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, RIGHTS(1));
    put(pair[0], "line\n");
    send_descriptors(pair[0], 1);
    assert_int_equal(sock_read(pair[1], line, sizeof line, LIBSOCK_NORMAL_READ),
                     5);
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_int_equal(sock_message_take_fds(l.m, &fd, 1), 1);
    close(fd);
    letter_close(&l);
    close_pair(pair);
}

/* With room for them, and without. */
static void waitall_ends_behind_them(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    sock_set_deadline(pair[1], 10000);
    for (size_t room = 0; room <= RIGHTS(1); room += RIGHTS(1)) {
        letter_open(&l, room);
        send_descriptors(pair[0], 1);
        put(pair[0], "more");
        assert_int_equal(letter_receive(&l, pair[1], MSG_WAITALL), 1);
        assert_int_equal(letter_receive(&l, pair[1], 0), 4);
        letter_close(&l);
    }
    close_pair(pair);
}

/* ---- what cannot be sent ---- */

static void a_handle_is_looked_up_when_it_is_sent(void **state)
{
    sock_t       *pair[2], *other = sock_create(AF_INET, SOCK_STREAM, 0);
    struct letter l;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, RIGHTS(1));
    assert_true(sock_message_add_handles(l.m, &other, 1));
    assert_int_equal(letter_send(&l, pair[0], "x"), 1);
    sock_close(other);
    assert_fails(pair[0], letter_send(&l, pair[0], "x"), EBADF);
    sock_message_clear(l.m);
    assert_true(sock_message_add_handles(l.m, &pair[0], 1));
    assert_int_equal(letter_send(&l, pair[0], "x"), 1); /* over itself */
    letter_close(&l);
    close_pair(pair);
}

static void a_handle_with_buffered_bytes_stays(void **state)
{
    sock_t       *pair[2], *tcp[2];
    struct letter l;
    char          line[8];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    tcp_pair(tcp);
    put(tcp[0], "a\nb");
    assert_int_equal(sock_read(tcp[1], line, sizeof line, LIBSOCK_NORMAL_READ),
                     2);
    letter_open(&l, RIGHTS(1));
    assert_true(sock_message_add_handles(l.m, &tcp[1], 1));
    assert_fails(pair[0], letter_send(&l, pair[0], "x"), EBUSY);
    assert_int_equal(sock_recv(tcp[1], line, sizeof line, 0), 1);
    assert_int_equal(letter_send(&l, pair[0], "x"), 1);
    letter_close(&l);
    close_pair(pair);
    close_pair(tcp);
}

static void takes_rights(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)b;
    letter_open(&l, RIGHTS(1));
    assert_true(sock_message_add_handles(l.m, &a, 1));
    if (!kind->is_unix)
        assert_fails(a, letter_send(&l, a, "x"), EOPNOTSUPP);
    else if (kind->stream)
        assert_fails(a, letter_send(&l, a, ""), EINVAL);
    else
        assert_int_equal(letter_send(&l, a, ""), 0);
    letter_close(&l);
}

static void what_would_be_dropped_without_a_word_is_refused(void **state)
{
    sock_t       *pair[2];
    struct letter l;

    (void)state;
    each_kind(takes_rights);
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, 64);
    assert_true(sock_message_add_int(l.m, IPPROTO_IP, IP_TTL, 3));
    assert_fails(pair[0], letter_send(&l, pair[0], "x"), EOPNOTSUPP);
    close_pair(pair);
    tcp_pair(pair);
    assert_fails(pair[0], letter_send(&l, pair[0], "x"), EOPNOTSUPP);
    letter_close(&l);
    close_pair(pair);
}

static void as_many_pass_as_a_message_carries(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    int           before;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, RIGHTS(253));
    before = open_descriptors();
    send_descriptors(pair[0], 253);
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_int_equal(open_descriptors(), before + 253);
    letter_close(&l);
    close_pair(pair);
}

static void each_may_have_an_item_of_its_own(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    int           before;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, 253 * RIGHTS(1));
    for (int i = 0; i < 253; i++)
        assert_true(sock_message_add_handles(l.m, &pair[i % 2], 1));
    assert_refused(sock_message_add_handles(l.m, &pair[0], 1), EINVAL);
    assert_int_equal(letter_send(&l, pair[0], "x"), 1);
    before = open_descriptors();
    assert_int_equal(letter_receive(&l, pair[1], 0), 1);
    assert_int_equal(open_descriptors(), before + 253);
    letter_close(&l);
    close_pair(pair);
}

/* ---- credentials ---- */

static void credentials_come_with_a_message(void **state)
{
    const size_t room = sock_cmsg_space(SOL_SOCKET, SCM_CREDENTIALS, 1);
    const sock_credentials_t own = {getpid(), getuid(), getgid()};
    sock_credentials_t       who;
    sock_t                  *pair[2];
    struct letter            l;

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    assert_true(sock_set_option_int(pair[1], SOL_SOCKET, SO_PASSCRED, 1));
    letter_open(&l, room);
    for (int given = 0; given < 2; given++) {
        sock_message_clear(l.m);
        if (given)
            assert_true(sock_message_add_credentials(l.m, &own));
        assert_int_equal(letter_send(&l, pair[0], "x"), 1);
        assert_int_equal(letter_receive(&l, pair[1], 0), 1);
        assert_true(sock_message_get_credentials(l.m, &who));
        assert_memory_equal(&who, &own, sizeof own);
    }
    letter_close(&l);
    close_pair(pair);
}

static void forge(void *s)
{
    const sock_credentials_t root = {1, 0, 0};
    struct letter            l;

    become_nobody();
    letter_open(&l, sock_cmsg_space(SOL_SOCKET, SCM_CREDENTIALS, 1));
    expect(sock_message_add_credentials(l.m, &root));
    expect(letter_send(&l, s, "x") == -1);
    expect(sock_last_error(s) == EPERM);
}

static void nobody_passes_for_somebody_else(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    in_child(forge, pair[0]);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_serve_in_another_process),
        cmocka_unit_test(they_are_taken_in_order_and_piecemeal),
        cmocka_unit_test(what_nobody_took_is_closed),
        cmocka_unit_test(none_leaks_whatever_the_room),
        cmocka_unit_test(a_read_that_asks_for_none_leaks_none),
        cmocka_unit_test(a_line_leaves_them_with_the_bytes_behind_it),
        cmocka_unit_test(waitall_ends_behind_them),
        cmocka_unit_test(a_handle_is_looked_up_when_it_is_sent),
        cmocka_unit_test(a_handle_with_buffered_bytes_stays),
        cmocka_unit_test(what_would_be_dropped_without_a_word_is_refused),
        cmocka_unit_test(as_many_pass_as_a_message_carries),
        cmocka_unit_test(each_may_have_an_item_of_its_own),
        cmocka_unit_test(credentials_come_with_a_message),
        cmocka_unit_test(nobody_passes_for_somebody_else),
    };

    return cmocka_run_group_tests_name("rights", tests, count_descriptors,
                                       compare_descriptors);
}
