/* file.c - the file of an AF_UNIX server.
 *
 * Servers that replace files do it one after the other: they lock the directory
 * for as long as that takes. Else two that start at once would both find the
 * old file stale, and the second would remove the file of the first. Whoever
 * may read the directory may lock it, so nobody waits for that longer than a
 * second. Rejected: a lock file beside the socket, because it stays behind.
 *
 * The umask belongs to the whole process and is never touched. Where the
 * system can, the file is born with what is asked for, or less; what the umask
 * took away is added while nobody can connect yet, or, to a datagram socket,
 * while fewer can than should.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/file.h"

#include "core/addr.h"
#include "core/handle.h"
#include "core/wait.h"

#include <errno.h>
#include <string.h>

/* A server that is being made. */
struct server {
    struct sk_sock          *s;
    bool                     listens;
    const struct sk_options *options;
    struct sk_addr           at;
    const char              *name; /* of the file, in the directory */
    int                      dir;  /* see sk_plat_file_enter() */
};

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Somebody else was here first, in whatever way. */
static sk_err taken(sk_err err)
{
    return err == ENOTSOCK || err == ESTALE ? EADDRINUSE : err;
}

/* How long to wait for a directory's lock, and how often to look. */
#define LOCK_MS 1000
#define LOOK_MS 5

/* EBUSY: somebody keeps the lock. */
static sk_err enter_and_lock(const char *path, int *dir)
{
    int64_t until = sk_wait_until(LOCK_MS);
    int     none;
    sk_err  err;

    while ((err = sk_plat_file_enter(path, true, dir)) == EAGAIN) {
        if (!sk_wait_left(until))
            return EBUSY;
        sk_wait_many(NULL, 0, until, LOOK_MS, &none);
    }
    return err;
}

/* ---- the way there ---- */

/* Whatever it is that a connect meets, but for a refusal, it means that
 * somebody has the file. It never waits: a full backlog is somebody, too. */
static sk_err probe(int type, const struct sk_addr *at)
{
    int    fd;
    sk_err err = sk_plat_socket(AF_UNIX, type | SOCK_NONBLOCK, 0, &fd);

    if (err)
        return err;
    err = sk_plat_connect(fd, at);
    sk_plat_close(fd, false);
    return err == ECONNREFUSED || err == ENOENT ? 0 : EADDRINUSE;
}

/* A stale file goes. Any other is left, and so is one that has changed between
 * the look at it and its end. */
static sk_err make_way(const struct server *v)
{
    struct sk_plat_file old;
    sk_err              err = sk_plat_file_look(v->dir, v->name, &old);

    if (!err && !(err = probe(v->s->type, &v->at)))
        err = sk_plat_file_remove(v->dir, v->name, &old);
    return err == ENOENT ? 0 : err;
}

/* ---- making ---- */

static sk_err listen_if_asked(const struct server *v)
{
    return v->listens ? sk_plat_listen(v->s->fd, v->options->backlog) : 0;
}

/* What comes after the bind, which made the file that `is`. */
static sk_err complete(const struct server *v, const struct sk_plat_file *is)
{
    int    mode = v->options->unix_mode;
    sk_err err  = 0;

    if (mode != SK_UNSET && is->mode != (unsigned)mode)
        err = sk_plat_file_change(v->dir, v->name, is, (unsigned)mode);
    return err ? err : listen_if_asked(v);
}

static sk_err make(const struct server *v, struct sk_plat_file *is)
{
    int    mode = v->options->unix_mode;
    sk_err err  = 0;

    if (mode != SK_UNSET)
        err = sk_plat_file_limit(v->s->fd, (unsigned)mode);
    if (!err && v->options->unlink)
        err = make_way(v);
    if (err || (err = sk_plat_bind(v->s->fd, &v->at)) ||
        (err = sk_plat_file_look(v->dir, v->name, is)))
        return err;
    if ((err = complete(v, is)))
        sk_plat_file_remove(v->dir, v->name, is);
    return err;
}

/* The directory is entered by the path that will be needed at the end, so that
 * one which cannot be used then fails now. */
static sk_err bind_file(struct server *v, const char *path, struct sk_file *out)
{
    struct sk_plat_file is;
    bool                unlinks = v->options->unlink;
    char               *whole   = NULL;
    sk_err              err;

    if (unlinks && (err = sk_plat_file_whole(path, &whole)))
        return err;
    v->name = name_in(path);
    err     = unlinks ? enter_and_lock(whole, &v->dir)
                      : sk_plat_file_enter(path, false, &v->dir);
    if (!err)
        err = make(v, &is);
    sk_plat_file_leave(v->dir);
    if (!err && unlinks) {
        *out  = (struct sk_file){true, sk_handle_forks, is, whole};
        whole = NULL;
    }
    free(whole);
    return taken(err);
}

/* An abstract name ends with its socket: there is nothing to replace. */
static sk_err bind_name(const struct server *v)
{
    sk_err err;

    if (v->options->unix_mode != SK_UNSET)
        return EOPNOTSUPP;
    if ((err = sk_plat_bind(v->s->fd, &v->at)))
        return err;
    return listen_if_asked(v);
}

sk_err sk_file_bind(struct sk_sock *s, const char *path, bool listens,
                    const struct sk_options *o, struct sk_file *out)
{
    struct server v = {.s = s, .listens = listens, .options = o, .dir = -1};
    sk_err        err;

    memset(out, 0, sizeof *out);
    if ((err = sk_addr_parse(AF_UNIX, path, 0, &v.at)))
        return err;
    return *path == '@' ? bind_name(&v) : bind_file(&v, path, out);
}

/* ---- the end ---- */

void sk_file_remove(struct sk_file *f)
{
    int dir;

    if (f->made && f->forks == sk_handle_forks &&
        !sk_plat_file_enter(f->path, true, &dir)) {
        sk_plat_file_remove(dir, name_in(f->path), &f->is);
        sk_plat_file_leave(dir);
    }
    free(f->path);
    memset(f, 0, sizeof *f);
}
