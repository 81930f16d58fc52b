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
    bool     made;
    unsigned forks;  /* sk_handle_forks, as it was made */
    uint64_t device; /* its numbers when it was made */
    uint64_t inode;
    char     path[108];
};

/* Bind s to path (or "@name"), with unix_mode and unlink; `listens` with
 * the backlog, too, so that nobody finds a file on which nobody answers.
 * EADDRINUSE: somebody answers there, or it is no socket. */
sk_err sk_file_bind(struct sk_sock *s, const char *path, bool listens,
                    const struct sk_options *o, struct sk_file *out);

/* Remove the file if it is still the same, and this process made it. */
void sk_file_remove(const struct sk_file *f);

#endif
