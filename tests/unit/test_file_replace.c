/* test_file_replace.c - proves that a server replaces a file only if nobody
 * answers on it, that of two only one does, and that it removes only its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unix_server.h"

#include <errno.h>

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

/* ---- what is replaced ---- */

static void a_stale_file_is_replaced(void **state)
{
    const char *path = in_folder("s");

    (void)state;
    for (size_t i = 0; i < SK_COUNT(types); i++)
        for (size_t old = 0; old < SK_COUNT(types); old++) {
            struct server v;

            leave_stale(types[old], path);
            run(&v, types[i], path, replaces);
            assert_int_equal(answer_of(types[i], path), 0);
            stop(&v);
            assert_int_equal(files_in_folder(), 0);
        }
}

static void a_server_is_not_replaced_by_one_of_any_kind(void **state)
{
    const char *path = in_folder("s");

    (void)state;
    for (size_t i = 0; i < SK_COUNT(types); i++) {
        struct server v;

        run(&v, types[i], path, replaces);
        for (size_t other = 0; other < SK_COUNT(types); other++)
            refuse(types[other], path, replaces, EADDRINUSE);
        assert_int_equal(answer_of(types[i], path), 0);
        stop(&v);
    }
}

static void one_whose_backlog_is_full_is_somebody(void **state)
{
    struct sk_options o = options(true, SK_UNSET);
    struct server     v;
    sock_t           *waits = sock_create(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    o.backlog = 0;
    run(&v, SOCK_STREAM, in_folder("s"), &o);
    assert_true(sock_connect(waits, in_folder("s"), 0));
    assert_int_equal(answer_of(SOCK_STREAM, in_folder("s")), ETIMEDOUT);
    refuse(SOCK_STREAM, in_folder("s"), replaces, EADDRINUSE);
    assert_true(is_socket(in_folder("s")));
    sock_close(waits);
    stop(&v);
}

/* It talks to one peer only, and refuses everybody else. */
static void one_that_is_connected_is_somebody(void **state)
{
    sock_t        *peer = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    struct server  v;
    struct sk_addr at;

    (void)state;
    run(&v, SOCK_DGRAM, in_folder("s"), replaces);
    assert_true(sock_bind(peer, in_folder("peer"), 0));
    assert_int_equal(sk_plat_sockname(sock_fd(peer), &at), 0);
    assert_int_equal(sk_plat_connect(v.s->fd, &at), 0);
    assert_int_equal(answer_of(SOCK_DGRAM, in_folder("s")), EPERM);
    refuse(SOCK_DGRAM, in_folder("s"), replaces, EADDRINUSE);
    assert_true(is_socket(in_folder("s")));
    sock_close(peer);
    stop(&v);
}

/* root may reach everything. */
static void one_that_may_not_be_reached_is_somebody(void **state)
{
    pid_t child;

    (void)state;
    leave_stale(SOCK_STREAM, in_folder("s"));
    assert_int_equal(chmod(in_folder("s"), 0), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    if (!(child = fork_child())) {
        struct server v;

        expect(geteuid() || !setuid(65534), 1);
        expect(start(&v, SOCK_STREAM, in_folder("s"), replaces) == EADDRINUSE,
               2);
        _exit(0);
    }
    child_succeeded(child);
    assert_true(is_socket(in_folder("s")));
}

/* ---- what is no socket ---- */

static void other_files_are_left_alone(void **state)
{
    (void)state;
    make_regular(in_folder("file"));
    assert_int_equal(mkdir(in_folder("directory"), 0700), 0);
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    for (int i = 0; i < 2; i++) {
        const struct sk_options *o = i ? replaces : plain;

        refuse(SOCK_STREAM, in_folder("file"), o, EADDRINUSE);
        refuse(SOCK_DGRAM, in_folder("file"), o, EADDRINUSE);
        refuse(SOCK_STREAM, in_folder("directory"), o, EADDRINUSE);
        refuse(SOCK_STREAM, in_folder("fifo"), o, EADDRINUSE);
    }
    assert_int_equal(stat_of(in_folder("file")).st_size, 8);
    assert_int_equal(files_in_folder(), 3);
}

static void a_symbolic_link_is_neither_followed_nor_replaced(void **state)
{
    const char *const targets[] = {"stale", "file", "missing"};

    (void)state;
    leave_stale(SOCK_STREAM, in_folder("stale"));
    make_regular(in_folder("file"));
    for (size_t i = 0; i < SK_COUNT(targets); i++) {
        assert_int_equal(symlink(in_folder(targets[i]), in_folder("s")), 0);
        refuse(SOCK_STREAM, in_folder("s"), replaces, EADDRINUSE);
        refuse(SOCK_STREAM, in_folder("s"), plain, EADDRINUSE);
        assert_true(S_ISLNK(stat_of(in_folder("s")).st_mode));
        assert_int_equal(files_in_folder(), 3);
        unlink(in_folder("s"));
    }
    assert_true(is_socket(in_folder("stale")));
}

/* The link may lead to the folder, only not to the file. */
static void a_directory_may_be_a_link(void **state)
{
    struct server v;

    (void)state;
    assert_int_equal(mkdir(in_folder("real"), 0700), 0);
    assert_int_equal(symlink("real", in_folder("link")), 0);
    leave_stale(SOCK_STREAM, in_folder("link/s"));
    run(&v, SOCK_STREAM, in_folder("link/s"), replaces);
    assert_int_equal(answer_of(SOCK_STREAM, in_folder("real/s")), 0);
    stop(&v);
    assert_false(exists(in_folder("real/s")));
}

/* ---- the lock ---- */

static void a_locked_directory_is_waited_for_a_second_at_most(void **state)
{
    struct server v;
    int           lock;

    (void)state;
    leave_stale(SOCK_STREAM, in_folder("s"));
    lock = lock_folder();
    refuse(SOCK_STREAM, in_folder("s"), replaces, EBUSY);
    assert_int_equal(files_in_folder(), 1);
    run(&v, SOCK_STREAM, in_folder("plain"), plain);
    stop(&v);
    close(lock);
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    stop(&v);
}

static void nobody_keeps_the_lock(void **state)
{
    struct server v;

    (void)state;
    make_regular(in_folder("file"));
    refuse(SOCK_STREAM, in_folder("file"), replaces, EADDRINUSE);
    close(lock_folder());
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    close(lock_folder());
    stop(&v);
    close(lock_folder());
}

/* One that was forked at the wrong moment has the descriptor, too. */
static void a_child_does_not_keep_the_lock(void **state)
{
    int   gate[2], dir;
    pid_t child;

    (void)state;
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    assert_int_equal(sk_plat_file_enter(in_folder("s"), true, &dir), 0);
    if (!(child = fork_child())) {
        char byte;

        close(gate[1]);
        expect(read(gate[0], &byte, 1) == 0, 1);
        _exit(0);
    }
    sk_plat_file_leave(dir);
    close(lock_folder());
    close(gate[1]);
    child_succeeded(child);
    close(gate[0]);
}

/* One of two that start at the same moment: says what became of it, and lives
 * until it is told to end. */
static void compete(int gate, int verdict, int type)
{
    struct server v;
    char          byte;

    expect(read(gate, &byte, 1) == 0, 1);
    byte = (char)start(&v, type, in_folder("s"), replaces);
    expect(write(verdict, &byte, 1) == 1, 2);
    expect(recv(verdict, &byte, 1, 0) == 0, 3);
    _exit(0);
}

static void race(int type)
{
    int   gate[2], verdict[2];
    char  said[2] = {-1, -1};
    pid_t children[2];

    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, verdict), 0);
    for (int i = 0; i < 2; i++)
        if (!(children[i] = fork_child())) {
            close(gate[1]);
            close(verdict[0]);
            compete(gate[0], verdict[1], type);
        }
    close(gate[0]);
    close(verdict[1]);
    close(gate[1]); /* off they go */
    for (int i = 0; i < 2; i++)
        assert_int_equal(recv(verdict[0], &said[i], 1, 0), 1);
    assert_int_equal(said[0] + said[1], EADDRINUSE);
    assert_int_equal(answer_of(type, in_folder("s")), 0);
    close(verdict[0]);
    for (int i = 0; i < 2; i++)
        child_succeeded(children[i]);
}

static void of_two_that_start_at_once_one_wins(void **state)
{
    (void)state;
    leave_stale(SOCK_STREAM, in_folder("s"));
    for (int i = 0; i < 50; i++)
        race(i % 2 ? SOCK_DGRAM : SOCK_STREAM);
    assert_int_equal(files_in_folder(), 1);
}

/* ---- removal ---- */

static void its_own_file_is_removed_once(void **state)
{
    struct server v;

    (void)state;
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    assert_true(v.file.made);
    sk_file_remove(&v.file);
    assert_false(exists(in_folder("s")));
    assert_false(v.file.made);
    sk_file_remove(&v.file);
    stop(&v);
}

static void a_file_that_is_gone_is_not_missed(void **state)
{
    struct server v;

    (void)state;
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    unlink(in_folder("s"));
    stop(&v);
}

static void what_took_its_place_is_left_alone(void **state)
{
    struct server v, other;

    (void)state;
    for (int i = 0; i < 3; i++) {
        run(&v, SOCK_STREAM, in_folder("s"), replaces);
        unlink(in_folder("s"));
        if (i == 0)
            run(&other, SOCK_STREAM, in_folder("s"), replaces);
        else if (i == 1)
            make_regular(in_folder("s"));
        else
            assert_int_equal(symlink("elsewhere", in_folder("s")), 0);
        stop(&v);
        assert_true(exists(in_folder("s")));
        if (i == 0)
            stop(&other);
        else
            unlink(in_folder("s"));
    }
}

/* Not even a link to the very file is the file. */
static void a_link_to_the_file_is_left_alone(void **state)
{
    struct server v;

    (void)state;
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    assert_int_equal(rename(in_folder("s"), in_folder("moved")), 0);
    assert_int_equal(symlink("moved", in_folder("s")), 0);
    stop(&v);
    assert_int_equal(files_in_folder(), 2);
}

static void under_a_lock_the_file_is_left(void **state)
{
    struct server v;
    int           lock;

    (void)state;
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    lock = lock_folder();
    stop(&v);
    assert_true(is_socket(in_folder("s")));
    close(lock);
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    stop(&v);
}

static void a_child_leaves_its_parents_file(void **state)
{
    struct server v;
    pid_t         child;

    (void)state;
    run(&v, SOCK_STREAM, in_folder("s"), replaces);
    if (!(child = fork_child())) {
        stop(&v);
        expect(exists(in_folder("s")), 1);
        expect(!start(&v, SOCK_STREAM, in_folder("childs"), replaces), 2);
        stop(&v);
        expect(!exists(in_folder("childs")), 3);
        _exit(0);
    }
    child_succeeded(child);
    assert_int_equal(answer_of(SOCK_STREAM, in_folder("s")), 0);
    stop(&v);
    assert_false(exists(in_folder("s")));
}

/* ---- the working directory ---- */

static void a_relative_file_is_found_again_from_elsewhere(void **state)
{
    int           back = open(".", O_PATH | O_CLOEXEC);
    struct server v;

    (void)state;
    assert_int_equal(mkdir(in_folder("other"), 0700), 0);
    assert_int_equal(chdir(folder), 0);
    leave_stale(SOCK_STREAM, "s");
    run(&v, SOCK_STREAM, "s", replaces);
    assert_int_equal(chdir("other"), 0);
    make_regular("s");
    stop(&v);
    assert_false(exists("../s"));
    assert_true(exists("s"));
    unlink("s");
    assert_int_equal(fchdir(back), 0);
    close(back);
}

/* The name alone must be short, not where it stands. */
static void a_deep_working_directory_does_not_matter(void **state)
{
    int           back = open(".", O_PATH | O_CLOEXEC);
    char          name[101];
    struct server v;

    (void)state;
    memset(name, 'd', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir(name, 0700), 0);
    assert_int_equal(chdir(name), 0);
    run(&v, SOCK_STREAM, name, replaces);
    assert_int_equal(fchdir(back), 0);
    stop(&v);
    assert_int_equal(rmdir(in_folder(name)), 0); /* it is empty */
    close(back);
}

static void a_working_directory_that_is_gone_is_told(void **state)
{
    int back = open(".", O_PATH | O_CLOEXEC);

    (void)state;
    assert_int_equal(mkdir(in_folder("gone"), 0700), 0);
    assert_int_equal(chdir(in_folder("gone")), 0);
    assert_int_equal(rmdir(in_folder("gone")), 0);
    refuse(SOCK_STREAM, "s", replaces, ENOENT);
    refuse(SOCK_STREAM, "s", plain, ENOENT);
    assert_int_equal(fchdir(back), 0);
    close(back);
}

#define PROMISE(f)                                                             \
    cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_stale_file_is_replaced),
        PROMISE(a_server_is_not_replaced_by_one_of_any_kind),
        PROMISE(one_whose_backlog_is_full_is_somebody),
        PROMISE(one_that_is_connected_is_somebody),
        PROMISE(one_that_may_not_be_reached_is_somebody),
        PROMISE(other_files_are_left_alone),
        PROMISE(a_symbolic_link_is_neither_followed_nor_replaced),
        PROMISE(a_directory_may_be_a_link),
        PROMISE(a_locked_directory_is_waited_for_a_second_at_most),
        PROMISE(nobody_keeps_the_lock),
        PROMISE(a_child_does_not_keep_the_lock),
        PROMISE(of_two_that_start_at_once_one_wins),
        PROMISE(its_own_file_is_removed_once),
        PROMISE(a_file_that_is_gone_is_not_missed),
        PROMISE(what_took_its_place_is_left_alone),
        PROMISE(a_link_to_the_file_is_left_alone),
        PROMISE(under_a_lock_the_file_is_left),
        PROMISE(a_child_leaves_its_parents_file),
        PROMISE(a_relative_file_is_found_again_from_elsewhere),
        PROMISE(a_deep_working_directory_does_not_matter),
        PROMISE(a_working_directory_that_is_gone_is_told),
    };

    return cmocka_run_group_tests_name("file_replace", tests, count_descriptors,
                                       compare_descriptors);
}
