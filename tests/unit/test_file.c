/* test_file.c - proves that the file of an AF_UNIX server has the permissions
 * that were asked for from its first moment, and that a failure leaves nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unix_server.h"

#include <errno.h>
#include <limits.h>

#include <sys/inotify.h>
#include <sys/resource.h>

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

static unsigned mode_of(const char *path)
{
    return stat_of(path).st_mode & 07777;
}

/* ---- plain ---- */

static void a_plain_server_is_what_bind_makes(void **state)
{
    const char   *path = in_folder("s");
    mode_t        old  = umask(027);
    struct server v;

    (void)state;
    for (size_t i = 0; i < SK_COUNT(types); i++) {
        run(&v, types[i], path, plain);
        assert_int_equal(mode_of(path), 0750);
        assert_int_equal(answer_of(types[i], path), 0);
        assert_false(v.file.made);
        stop(&v);
        assert_true(is_socket(path)); /* nobody asked for its removal */
        refuse(types[i], path, plain, EADDRINUSE);
        unlink(path);
    }
    umask(old);
}

static void one_that_does_not_listen_is_bound_only(void **state)
{
    struct sk_sock *s;
    struct sk_file  f;

    (void)state;
    assert_int_equal(sk_socket_make(AF_UNIX, SOCK_STREAM, 0, &s), 0);
    assert_int_equal(sk_file_bind(s, in_folder("s"), false, plain, &f), 0);
    assert_int_equal(answer_of(SOCK_STREAM, in_folder("s")), ECONNREFUSED);
    sk_handle_discard(s);
}

/* ---- permissions ---- */

static void check_mode(int type, unsigned mask, unsigned mode, bool unlinks)
{
    const struct sk_options o    = options(unlinks, (int)mode);
    const char             *path = in_folder("s");
    mode_t                  old  = umask(mask);
    struct server           v;

    run(&v, type, path, &o);
    if (mode_of(path) != mode)
        fail_msg("umask %03o, unix_mode %03o: %03o", mask, mode, mode_of(path));
    assert_int_equal(umask(old), mask);
    stop(&v);
    unlink(path);
}

static void the_mode_is_what_was_asked_whatever_the_umask(void **state)
{
    const unsigned masks[] = {0, 022, 077, 0777};
    const unsigned modes[] = {0600, 0660, 0666, 0777, 0111, 0};

    (void)state;
    for (size_t i = 0; i < SK_COUNT(masks); i++)
        for (size_t j = 0; j < SK_COUNT(modes); j++)
            for (size_t t = 0; t < SK_COUNT(types); t++) {
                check_mode(types[t], masks[i], modes[j], false);
                check_mode(types[t], masks[i], modes[j], true);
            }
}

/* A file that was changed after its birth was something else before. */
static bool was_changed(int notes)
{
    _Alignas(struct inotify_event) char buf[4096];

    return read(notes, buf, sizeof buf) > 0;
}

static void count_changes(unsigned mask, int mode, bool *changed)
{
    const struct sk_options o     = options(true, mode);
    mode_t                  old   = umask(mask);
    int                     notes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    struct server           v;

    assert_true(inotify_add_watch(notes, folder, IN_ATTRIB) >= 0);
    run(&v, SOCK_STREAM, in_folder("s"), &o);
    *changed = was_changed(notes);
    close(notes);
    stop(&v);
    umask(old);
}

static void no_file_is_born_more_open_than_asked(void **state)
{
    bool changed;

    (void)state;
    count_changes(0, 0600, &changed);
    assert_false(changed);
    count_changes(0, 0, &changed);
    assert_false(changed);
    count_changes(077, 0666, &changed); /* opened afterwards: it is seen */
    assert_true(changed);
}

/* Somebody may change the directory between the bind and what follows. */
static void what_took_its_place_is_not_opened(void **state)
{
    struct sk_plat_file is;
    struct server       v;
    int                 dir;

    (void)state;
    run(&v, SOCK_STREAM, in_folder("s"), plain);
    assert_int_equal(sk_plat_file_enter(in_folder("s"), false, &dir), 0);
    assert_int_equal(sk_plat_file_look(dir, "s", &is), 0);
    assert_int_equal(sk_plat_file_change(dir, "s", &is, 0600), 0);
    assert_int_equal(mode_of(in_folder("s")), 0600);
    assert_int_equal(rename(in_folder("s"), in_folder("moved")), 0);
    assert_int_equal(sk_plat_file_change(dir, "s", &is, 0666), ENOENT);
    assert_int_equal(symlink("moved", in_folder("s")), 0);
    assert_int_equal(sk_plat_file_change(dir, "s", &is, 0666), ESTALE);
    unlink(in_folder("s"));
    make_regular(in_folder("s"));
    assert_int_equal(sk_plat_file_change(dir, "s", &is, 0666), ESTALE);
    assert_int_equal(mode_of(in_folder("s")), 0600);
    assert_int_equal(mode_of(in_folder("moved")), 0600);
    sk_plat_file_leave(dir);
    stop(&v);
}

/* ---- names ---- */

static void an_abstract_name_has_no_file(void **state)
{
    char          name[64];
    struct server v;

    (void)state;
    snprintf(name, sizeof name, "@libsock-%d", getpid());
    for (size_t i = 0; i < SK_COUNT(types); i++) {
        run(&v, types[i], name, replaces);
        assert_false(v.file.made);
        assert_int_equal(answer_of(types[i], name), 0);
        refuse(types[i], name, replaces, EADDRINUSE);
        stop(&v);
        assert_int_equal(answer_of(types[i], name), ECONNREFUSED);
    }
}

static void an_abstract_name_has_no_mode(void **state)
{
    const struct sk_options o = options(false, 0600);
    char                    name[64];

    (void)state;
    snprintf(name, sizeof name, "@libsock-%d", getpid());
    refuse(SOCK_STREAM, name, &o, EOPNOTSUPP);
    assert_int_equal(answer_of(SOCK_STREAM, name), ECONNREFUSED);
}

static void no_name_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct sk_options *o = i ? replaces : plain;

        refuse(SOCK_STREAM, NULL, o, EINVAL);
        refuse(SOCK_STREAM, "", o, EINVAL);
        refuse(SOCK_STREAM, "@", o, EINVAL);
        refuse(SOCK_STREAM, "/", o, EADDRINUSE);
        refuse(SOCK_STREAM, "..", o, EADDRINUSE);
        refuse(SOCK_STREAM, in_folder(""), o, EADDRINUSE);
        refuse(SOCK_STREAM, in_folder("s/"), o, ENOENT);
    }
}

/* A path of so many bytes in the folder. */
static const char *long_path(size_t length)
{
    static char path[128];

    memset(path, 'x', sizeof path);
    memcpy(path, folder, strlen(folder));
    path[strlen(folder)] = '/';
    path[length]         = '\0';
    return path;
}

static void a_path_of_107_bytes_fits(void **state)
{
    const struct sk_options o = options(true, 0600);
    struct server           v;

    (void)state;
    run(&v, SOCK_STREAM, long_path(107), &o);
    assert_int_equal(mode_of(long_path(107)), 0600);
    assert_int_equal(answer_of(SOCK_STREAM, long_path(107)), 0);
    stop(&v);
    assert_int_equal(files_in_folder(), 0);
}

static void a_path_of_108_bytes_is_too_long(void **state)
{
    (void)state;
    refuse(SOCK_STREAM, long_path(108), plain, ENAMETOOLONG);
    refuse(SOCK_STREAM, long_path(108), replaces, ENAMETOOLONG);
    assert_int_equal(files_in_folder(), 0);
}

static void a_missing_directory_is_told(void **state)
{
    (void)state;
    make_regular(in_folder("file"));
    for (int i = 0; i < 2; i++) {
        const struct sk_options *o = i ? replaces : plain;

        refuse(SOCK_STREAM, in_folder("none/s"), o, ENOENT);
        refuse(SOCK_STREAM, in_folder("file/s"), o, ENOTDIR);
    }
}

/* ---- failures ---- */

static void a_backlog_that_is_refused_leaves_no_file(void **state)
{
    const struct sk_options o[] = {options(false, SK_UNSET),
                                   options(true, 0600), options(false, 0666)};

    (void)state;
    for (size_t i = 0; i < SK_COUNT(o); i++) {
        struct sk_sock *s;
        struct sk_file  f;

        assert_int_equal(sk_socket_make(AF_UNIX, SOCK_DGRAM, 0, &s), 0);
        assert_int_equal(sk_file_bind(s, in_folder("s"), true, &o[i], &f),
                         EOPNOTSUPP);
        assert_false(f.made);
        assert_null(f.path);
        assert_int_equal(files_in_folder(), 0);
        sk_handle_discard(s);
    }
}

static void a_socket_that_is_bound_already_leaves_no_file(void **state)
{
    struct server  v;
    struct sk_file f;

    (void)state;
    run(&v, SOCK_STREAM, in_folder("s"), plain);
    assert_int_equal(sk_file_bind(v.s, in_folder("t"), true, plain, &f),
                     EINVAL);
    assert_int_equal(sk_file_bind(v.s, in_folder("t"), true, replaces, &f),
                     EINVAL);
    assert_int_equal(files_in_folder(), 1);
    assert_int_equal(answer_of(SOCK_STREAM, in_folder("s")), 0);
    stop(&v);
}

static void without_descriptors_all_stays_as_it_was(void **state)
{
    const struct rlimit none = {0, 0};
    struct rlimit       old;
    struct sk_sock     *s;
    struct sk_file      f;
    sk_err              err[2];

    (void)state;
    leave_stale(SOCK_STREAM, in_folder("s"));
    assert_int_equal(sk_socket_make(AF_UNIX, SOCK_STREAM, 0, &s), 0);
    getrlimit(RLIMIT_NOFILE, &old);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){none.rlim_cur, old.rlim_max});
    err[0] = sk_file_bind(s, in_folder("s"), true, replaces, &f);
    err[1] = sk_file_bind(s, in_folder("t"), true, plain, &f);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(err[0], EMFILE);
    assert_int_equal(err[1], EMFILE);
    assert_int_equal(files_in_folder(), 1);
    sk_handle_discard(s);
}

/* Nobody is to be asked who may not be seen; root may see everything. */
static void a_directory_one_may_not_read_cannot_be_locked(void **state)
{
    pid_t child;

    (void)state;
    assert_int_equal(chmod(folder, 0333), 0);
    if (!(child = fork_child())) {
        struct server v;

        expect(geteuid() || !setuid(65534), 1);
        expect(start(&v, SOCK_STREAM, in_folder("s"), replaces) == EACCES, 2);
        stop(&v);
        expect(!start(&v, SOCK_STREAM, in_folder("s"), plain), 3);
        _exit(0);
    }
    child_succeeded(child);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(files_in_folder(), 1);
}

#define PROMISE(f)                                                             \
    cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_plain_server_is_what_bind_makes),
        PROMISE(one_that_does_not_listen_is_bound_only),
        PROMISE(the_mode_is_what_was_asked_whatever_the_umask),
        PROMISE(no_file_is_born_more_open_than_asked),
        PROMISE(what_took_its_place_is_not_opened),
        PROMISE(an_abstract_name_has_no_file),
        PROMISE(an_abstract_name_has_no_mode),
        PROMISE(no_name_is_refused),
        PROMISE(a_path_of_107_bytes_fits),
        PROMISE(a_path_of_108_bytes_is_too_long),
        PROMISE(a_missing_directory_is_told),
        PROMISE(a_backlog_that_is_refused_leaves_no_file),
        PROMISE(a_socket_that_is_bound_already_leaves_no_file),
        PROMISE(without_descriptors_all_stays_as_it_was),
        PROMISE(a_directory_one_may_not_read_cannot_be_locked),
    };

    return cmocka_run_group_tests_name("file", tests, count_descriptors,
                                       compare_descriptors);
}
