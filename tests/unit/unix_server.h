/* unix_server.h - servers with files, in a folder of the test's own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_UNIX_SERVER_H
#define TESTS_UNIT_UNIX_SERVER_H

#include "core/handle.h"
#include "core/socket.h"
#include "stream/file.h"
#include "support/net.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- the folder ---- */

static char folder[32];

static inline int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/libsock-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    DIR           *dir = opendir(folder);
    struct dirent *e;

    (void)state;
    while (dir && (e = readdir(dir)))
        if (unlinkat(dirfd(dir), e->d_name, 0))
            unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
    if (dir)
        closedir(dir);
    return rmdir(folder);
}

/* Valid until it was asked for four more. */
static inline const char *in_folder(const char *name)
{
    static char paths[4][256];
    static int  next;
    char       *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline int files_in_folder(void)
{
    DIR *dir   = opendir(folder);
    int  count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2; /* ".", ".." */
}

static inline struct stat stat_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st;
}

static inline bool exists(const char *path)
{
    struct stat st;

    return !lstat(path, &st);
}

static inline bool is_socket(const char *path)
{
    return S_ISSOCK(stat_of(path).st_mode);
}

static inline void make_regular(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
}

/* Somebody else has the folder for himself; close it. */
static inline int lock_folder(void)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    return fd;
}

/* ---- servers ---- */

struct server {
    struct sk_sock *s;
    struct sk_file  file;
};

static inline struct sk_options options(bool unlinks, int mode)
{
    return (struct sk_options){
        .backlog = 5, .unlink = unlinks, .unix_mode = mode};
}

static const struct sk_options *const replaces =
    &(const struct sk_options){.backlog = 5, .unlink = true, .unix_mode = -1};
static const struct sk_options *const plain =
    &(const struct sk_options){.backlog = 5, .unix_mode = -1};

/* Only what has connections listens. */
static inline sk_err start(struct server *v, int type, const char *path,
                           const struct sk_options *o)
{
    sk_err err = sk_socket_make(AF_UNIX, type, 0, &v->s);

    return err ? err
               : sk_file_bind(v->s, path, type != SOCK_DGRAM, o, &v->file);
}

static inline void stop(struct server *v)
{
    sk_file_remove(&v->file);
    sk_handle_discard(v->s);
    v->s = NULL;
}

/* The server ends, its file stays. */
static inline void crash(struct server *v)
{
    v->file.made = false;
    stop(v);
}

static inline void run(struct server *v, int type, const char *path,
                       const struct sk_options *o)
{
    assert_int_equal(start(v, type, path, o), 0);
}

static inline void refuse(int type, const char *path,
                          const struct sk_options *o, sk_err reason)
{
    struct server v;

    assert_int_equal(start(&v, type, path, o), reason);
    assert_false(v.file.made);
    assert_null(v.file.path);
    stop(&v);
}

static inline void leave_stale(int type, const char *path)
{
    struct server v;

    run(&v, type, path, plain);
    crash(&v);
    assert_true(is_socket(path));
}

/* 0, or why nobody answers. */
static inline int answer_of(int type, const char *path)
{
    sock_t *c   = sock_create(AF_UNIX, type, 0);
    int     err = 0;

    assert_true(sock_set_timeout(c, 0));
    if (!sock_connect(c, path, 0))
        err = sock_last_error(c);
    sock_close(c);
    return err;
}

/* ---- children ---- */

/* In a child: no assertion may unwind into the parent's tests. */
static inline void expect(bool good, int code)
{
    if (!good)
        _exit(code);
}

static inline pid_t fork_child(void)
{
    pid_t child = fork();

    if (!child)
        alarm(30);
    return child;
}

static inline void child_succeeded(pid_t child)
{
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
