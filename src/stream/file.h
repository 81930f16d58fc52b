/* file.h - the file of an AF_UNIX server: made with its mode, replaced when
 * stale, removed while it is ours.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_FILE_H
#define SK_STREAM_FILE_H

#include "core/state.h"
#include "stream/context.h"

/* Which file a server made; `made` false: none that it should remove. */
struct sk_file {
    bool                made;
    unsigned            forks; /* sk_handle_forks, as it was made */
    struct sk_plat_file is;    /* as it was made */
    char               *path;  /* from the root, its own; NULL: nothing made */
};

/* Bind s to path (or "@name"), with unix_mode and unlink; `listens` with
 * the backlog, too, so that nobody finds a file on which nobody answers.
 * EADDRINUSE: somebody answers there, or it is no socket. EBUSY: somebody keeps
 * the directory locked. EOPNOTSUPP: a unix_mode
 * for "@name". A failure leaves *out empty, and s to be discarded. */
sk_err sk_file_bind(struct sk_sock *s, const char *path, bool listens,
                    const struct sk_options *o, struct sk_file *out);

/* Remove the file if it is still the same, and this process made it; f is empty
 * then. To be called before the descriptor is closed: as long as it is open no
 * other file can have this one's numbers. */
void sk_file_remove(struct sk_file *f);

#endif
