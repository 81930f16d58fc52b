/* program.h - what the two helper programs share: options from the command
 * line, and how they tell what happened.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEROP_PROGRAM_H
#define TESTS_INTEROP_PROGRAM_H

#include <sock/sock.h>

#include <stdbool.h>
#include <stdio.h>

/* A word of the program's own, such as "http 1". */
struct program_option {
    const char *name;
    int        *value;
};

/* Read "option value" pairs: a program's own, and a context's, whose names have
 * a dot. Ends the process if one is neither. */
sock_context_t *program_options(char **words, int count,
                                const struct program_option *own,
                                size_t                       own_count);

/* Say on stderr why the last call on s failed (NULL: of this thread); returns
 * 1, for main. */
int program_failed(sock_t *s);

/* A line such as "TLSv1.3 resumed=0 alpn=h2 certificate=1", or "tcp". */
void program_describe(sock_t *s, FILE *out);

/* Does the text begin with that word, at a line's end? */
bool program_is(const char *line, size_t length, const char *word);

#endif
