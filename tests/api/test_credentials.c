/* test_credentials.c - proves that a message tells who sent it, as the system
 * vouches, and that nobody says he is somebody else.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/receiver.h"

#include <unistd.h>

#define ROOM sock_cmsg_space(SOL_SOCKET, SCM_CREDENTIALS, 1)
#define SOMEBODY 12345

static void ask_for_them(sock_t *s)
{
    assert_true(sock_set_option_int(s, SOL_SOCKET, SO_PASSCRED, 1));
}

static sock_credentials_t myself(void)
{
    return (sock_credentials_t){getpid(), getuid(), getgid()};
}

/* "x", and the words of its sender on who that is. */
static ssize_t claim(sock_t *s, const sock_credentials_t *who)
{
    struct letter l;
    ssize_t       n;

    letter_open(&l, ROOM);
    if (!sock_message_add_credentials(l.m, who))
        fail_msg("%s", sock_last_message(NULL));
    n = letter_send(&l, s, "x");
    letter_close(&l);
    return n;
}

/* The next message is of him. */
static void is_from(sock_t *s, sock_credentials_t want)
{
    sock_credentials_t who = {0, 0, 0};
    struct letter      l;

    letter_open(&l, ROOM);
    assert_int_equal(letter_receive(&l, s, 0), 1);
    assert_true(sock_message_get_credentials(l.m, &who));
    assert_int_equal(who.pid, want.pid);
    assert_int_equal(who.uid, want.uid);
    assert_int_equal(who.gid, want.gid);
    assert_int_equal(sock_message_flags(l.m), 0);
    letter_close(&l);
}

/* ---- what the system says ---- */

static void asked_for(sock_t *a, sock_t *b, const struct kind *kind)
{
    (void)kind;
    ask_for_them(b);
    put(a, "x");
    is_from(b, myself());
}

static void the_sender_is_told_where_it_is_asked(void **state)
{
    (void)state;
    each_unix_kind(asked_for);
}

static void not_asked_for(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_credentials_t who = {SOMEBODY, SOMEBODY, SOMEBODY};
    sock_credentials_t me  = myself();
    struct letter      l;

    (void)kind;
    letter_open(&l, ROOM);
    assert_int_equal(claim(a, &me), 1);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_int_equal(sock_message_flags(l.m), 0);
    assert_refused(sock_message_get_credentials(l.m, &who), ENOMSG);
    assert_int_equal(who.pid, SOMEBODY);
    assert_int_equal(who.uid, SOMEBODY);
    letter_close(&l);
}

static void nobody_is_told_where_it_is_not_asked(void **state)
{
    (void)state;
    each_unix_kind(not_asked_for);
}

static void send_as_nobody(void *arg)
{
    become_nobody();
    expect(sock_write((sock_t *)arg, "x", 1) == 1);
}

static void by_a_child(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_credentials_t want = myself();

    (void)kind;
    ask_for_them(b);
    want.pid = start_child(send_as_nobody, a);
    if (want.uid == 0)
        want.uid = want.gid = 65534;
    child_succeeded(want.pid);
    is_from(b, want);
}

static void another_process_is_told(void **state)
{
    (void)state;
    each_unix_kind(by_a_child);
}

static void no_room(sock_t *a, sock_t *b, const struct kind *kind)
{
    static const size_t rooms[] = {0, 1, 15};

    (void)kind;
    ask_for_them(b);
    for (size_t i = 0; i < COUNT(rooms); i++) {
        sock_credentials_t who = {SOMEBODY, SOMEBODY, SOMEBODY};
        struct letter      l;

        letter_open(&l, rooms[i]);
        put(a, "x");
        assert_int_equal(letter_receive(&l, b, 0), 1);
        assert_int_equal(sock_message_flags(l.m), MSG_CTRUNC);
        assert_refused(sock_message_get_credentials(l.m, &who), ENOMSG);
        assert_int_equal(who.pid, SOMEBODY);
        letter_close(&l);
    }
}

static void without_room_it_is_told_that_something_was_lost(void **state)
{
    (void)state;
    each_unix_kind(no_room);
}

/* Half an item is none. */
static void little_room(sock_t *a, sock_t *b, const struct kind *kind)
{
    (void)kind;
    ask_for_them(b);
    for (size_t room = 16; room < CMSG_LEN(sizeof(sock_credentials_t));
         room++) {
        sock_credentials_t who = {SOMEBODY, SOMEBODY, SOMEBODY};
        struct letter      l;

        letter_open(&l, room);
        put(a, "x");
        assert_int_equal(letter_receive(&l, b, 0), 1);
        assert_int_equal(sock_message_flags(l.m), MSG_CTRUNC);
        assert_refused(sock_message_get_credentials(l.m, &who), ENOMSG);
        assert_int_equal(who.gid, SOMEBODY);
        letter_close(&l);
    }
}

static void an_item_that_was_cut_is_none(void **state)
{
    (void)state;
    each_unix_kind(little_room);
}

/* ---- what the sender says ---- */

static void truth(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_credentials_t me = myself();

    (void)kind;
    ask_for_them(b);
    assert_int_equal(claim(a, &me), 1);
    is_from(b, me);
}

static void one_may_say_who_one_is(void **state)
{
    (void)state;
    each_unix_kind(truth);
}

static void lie(void *arg)
{
    sock_t                  *s      = arg;
    const sock_credentials_t lies[] = {
        {getppid(), 65534, 65534}, {getpid(), 0, 65534}, {getpid(), 65534, 0}};

    become_nobody();
    for (size_t i = 0; i < COUNT(lies); i++) {
        sock_credentials_t who = lies[i];

        if (getuid() != 65534 && who.uid)
            who.uid = getuid();
        if (getgid() != 65534 && who.gid)
            who.gid = getgid();
        expect(claim(s, &who) == -1);
        expect(sock_last_error(s) == EPERM);
        sock_clear_error(s);
    }
}

static void lies(sock_t *a, sock_t *b, const struct kind *kind)
{
    (void)kind;
    in_child(lie, a);
    assert_fails(b, sock_recv(b, &(char){0}, 1, MSG_DONTWAIT), EAGAIN);
}

static void nobody_may_say_he_is_somebody_else(void **state)
{
    (void)state;
    each_unix_kind(lies);
}

static void for_root(sock_t *a, sock_t *b, const struct kind *kind)
{
    const sock_credentials_t other = {getpid(), SOMEBODY, SOMEBODY + 1};

    (void)kind;
    ask_for_them(b);
    assert_int_equal(claim(a, &other), 1);
    is_from(b, other);
}

static void the_superuser_may(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip_aloud("not the superuser");
    each_unix_kind(for_root);
}

static void both(sock_t *a, sock_t *b, const struct kind *kind)
{
    const size_t       room = ROOM + sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 1);
    sock_credentials_t me   = myself(), who;
    struct letter      l;
    int                fd = STDERR_FILENO;

    (void)kind;
    ask_for_them(b);
    letter_open(&l, room);
    assert_true(sock_message_add_credentials(l.m, &me));
    assert_true(sock_message_add_fds(l.m, &fd, 1));
    assert_int_equal(letter_send(&l, a, "x"), 1);
    assert_int_equal(letter_receive(&l, b, 0), 1);
    assert_true(sock_message_get_credentials(l.m, &who));
    assert_int_equal(who.pid, me.pid);
    assert_int_equal(sock_message_take_fds(l.m, &fd, 1), 1);
    close(fd);
    letter_close(&l);
}

static void they_travel_beside_descriptors(void **state)
{
    (void)state;
    each_unix_kind(both);
}

static void elsewhere(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_credentials_t me = myself();

    if (kind->is_unix)
        return;
    assert_fails(a, claim(a, &me), EOPNOTSUPP);
    assert_fails(b, sock_recv(b, &(char){0}, 1, MSG_DONTWAIT), EAGAIN);
}

static void other_families_carry_no_credentials(void **state)
{
    (void)state;
    each_kind(elsewhere);
}

static void on_a_stream_they_need_a_byte_to_go_with(void **state)
{
    sock_credentials_t me = myself();
    struct letter      l;
    sock_t            *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, ROOM);
    assert_true(sock_message_add_credentials(l.m, &me));
    assert_fails(pair[0], letter_send(&l, pair[0], ""), EINVAL);
    letter_close(&l);
    close_pair(pair);
}

/* Only descriptors end a receive of everything. */
static void in_two_pieces(bool (*limit)(sock_t *s, int ms))
{
    struct receiver    r;
    sock_t            *pair[2];
    sock_credentials_t who;

    unix_pair(SOCK_STREAM, pair);
    ask_for_them(pair[1]);
    limit(pair[1], 10000);
    put(pair[0], "ab");
    receiver_start(&r, pair[1], ROOM);
    put(pair[0], "cd");
    sock_shutdown(pair[0], SHUT_WR);
    receiver_join(&r);
    assert_int_equal(r.result, 4);
    letter_is(&r.l, "abcd");
    assert_true(sock_message_get_credentials(r.l.m, &who));
    assert_int_equal(who.pid, getpid());
    letter_close(&r.l);
    close_pair(pair);
}

static void waitall_goes_on_past_them(void **state)
{
    (void)state;
    in_two_pieces(sock_set_timeout);
    in_two_pieces(sock_set_deadline);
}

/* The system writes items without what fills them up to the next: there is
 * what an earlier receive left, and it makes nobody another sender. */
static void waitall_knows_a_sender_by_his_credentials_only(void **state)
{
    struct receiver r;
    sock_t         *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&r.l, ROOM);
    send_descriptors(pair[0], 4);
    assert_int_equal(letter_receive(&r.l, pair[1], 0), 1);
    sock_message_clear(r.l.m);
    ask_for_them(pair[1]);
    sock_set_deadline(pair[1], 10000);
    put(pair[0], "ab");
    receiver_resume(&r, pair[1]);
    put(pair[0], "cd");
    sock_shutdown(pair[0], SHUT_WR);
    receiver_join(&r);
    assert_int_equal(r.result, 4);
    letter_is(&r.l, "abcd");
    letter_close(&r.l);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sender_is_told_where_it_is_asked),
        cmocka_unit_test(nobody_is_told_where_it_is_not_asked),
        cmocka_unit_test(another_process_is_told),
        cmocka_unit_test(without_room_it_is_told_that_something_was_lost),
        cmocka_unit_test(an_item_that_was_cut_is_none),
        cmocka_unit_test(one_may_say_who_one_is),
        cmocka_unit_test(nobody_may_say_he_is_somebody_else),
        cmocka_unit_test(the_superuser_may),
        cmocka_unit_test(they_travel_beside_descriptors),
        cmocka_unit_test(other_families_carry_no_credentials),
        cmocka_unit_test(on_a_stream_they_need_a_byte_to_go_with),
        cmocka_unit_test(waitall_goes_on_past_them),
        cmocka_unit_test(waitall_knows_a_sender_by_his_credentials_only),
    };

    return cmocka_run_group_tests_name("credentials", tests, count_descriptors,
                                       compare_descriptors);
}
