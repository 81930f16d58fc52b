/* plat_file.c - the files of AF_UNIX sockets on a POSIX system, with Linux's
 * habits.
 *
 * A directory is opened once and its files are reached through it: whoever
 * renames or links directories meanwhile leads nobody to another file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/plat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#define PERMISSIONS 0777u

/* ---- directories ---- */

/* Whatever is in front of the last slash; "." without one. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* A lock needs the right to read the directory, looking does not. */
sk_err sk_plat_file_enter(const char *path, bool lock, int *dir)
{
    char  *name = directory_of(path);
    sk_err err  = 0;

    *dir = -1;
    if (!name)
        return ENOMEM;
    *dir = open(name, (lock ? O_RDONLY : O_PATH) | O_DIRECTORY | O_CLOEXEC);
    if (*dir < 0)
        err = errno;
    free(name);
    if (!err && lock && flock(*dir, LOCK_EX | LOCK_NB)) {
        err = errno;
        sk_plat_close(*dir, false);
        *dir = -1;
    }
    return err;
}

/* Unlocked, not only closed: a child of a fork may have a copy. */
void sk_plat_file_leave(int dir)
{
    if (dir < 0)
        return;
    flock(dir, LOCK_UN);
    sk_plat_close(dir, false);
}

/* ---- files ---- */

static sk_err learn(const struct stat *st, struct sk_plat_file *out)
{
    out->device = st->st_dev;
    out->inode  = st->st_ino;
    out->mode   = st->st_mode & PERMISSIONS;
    return S_ISSOCK(st->st_mode) ? 0 : ENOTSOCK;
}

static bool is_same(const struct sk_plat_file *a, const struct sk_plat_file *b)
{
    return a->device == b->device && a->inode == b->inode;
}

sk_err sk_plat_file_look(int dir, const char *name, struct sk_plat_file *out)
{
    struct stat st;

    memset(out, 0, sizeof *out);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno;
    return learn(&st, out);
}

/* There is no call that changes a file by such a descriptor everywhere, but
 * its name in /proc stands for that very file. */
static sk_err change_open(int fd, unsigned mode)
{
    char name[sizeof "/proc/self/fd/" + 3 * sizeof fd];

    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (!chmod(name, mode))
        return 0;
    return errno == ENOENT ? EOPNOTSUPP : errno;
}

/* Opened first and compared then: no other file can take its place between. */
sk_err sk_plat_file_change(int dir, const char *name,
                           const struct sk_plat_file *which, unsigned mode)
{
    struct sk_plat_file now;
    struct stat         st;
    sk_err              err;
    int                 fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno;
    if (fstat(fd, &st))
        err = errno;
    else if (learn(&st, &now) || !is_same(&now, which))
        err = ESTALE;
    else
        err = change_open(fd, mode);
    sk_plat_close(fd, false);
    return err;
}

sk_err sk_plat_file_remove(int dir, const char *name,
                           const struct sk_plat_file *which)
{
    struct sk_plat_file now;
    sk_err              err = sk_plat_file_look(dir, name, &now);

    if (err && err != ENOTSOCK)
        return err;
    if (err || !is_same(&now, which))
        return ESTALE;
    return unlinkat(dir, name, 0) ? errno : 0;
}

/* Linux gives the file the permissions of the socket's own inode, less what
 * the umask takes. */
sk_err sk_plat_file_limit(int fd, unsigned mode)
{
    return fchmod(fd, mode) ? errno : 0;
}

sk_err sk_plat_file_whole(const char *path, char **out)
{
    char  *from = NULL;
    size_t size;

    if (*path != '/' && !(from = getcwd(NULL, 0)))
        return errno;
    size = (from ? strlen(from) : 0) + 1 + strlen(path) + 1;
    *out = malloc(size);
    if (*out)
        snprintf(*out, size, "%s%s%s", from ? from : "", from ? "/" : "", path);
    free(from);
    return *out ? 0 : ENOMEM;
}
