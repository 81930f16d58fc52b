/* program.c - what the two helper programs share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "program.h"

#include <stdlib.h>
#include <string.h>

/* The kind of an option is not said on the command line: the context knows. */
static bool set_any(sock_context_t *c, const char *name, const char *value)
{
    char *end;
    long  number = strtol(value, &end, 10);

    if (sock_context_set_string(c, name, value))
        return true;
    if (*end || end == value)
        return false;
    return sock_context_set_int(c, name, number) ||
           sock_context_set_bool(c, name, number != 0);
}

static bool set_own(const struct program_option *own, size_t count,
                    const char *name, const char *value)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(own[i].name, name)) {
            *own[i].value = atoi(value);
            return true;
        }
    return false;
}

sock_context_t *program_options(char **words, int count,
                                const struct program_option *own,
                                size_t                       own_count)
{
    sock_context_t *c = sock_context_create();

    if (!c || count % 2)
        exit(2);
    for (int i = 0; i < count; i += 2) {
        if (set_own(own, own_count, words[i], words[i + 1]))
            continue;
        if (!set_any(c, words[i], words[i + 1])) {
            fprintf(stderr, "%s\n", sock_last_message(NULL));
            exit(2);
        }
    }
    return c;
}

int program_failed(sock_t *s)
{
    fprintf(stderr, "failed %d: %s\n", sock_last_error(s),
            sock_last_message(s));
    return 1;
}

void program_describe(sock_t *s, FILE *out)
{
    sock_meta_t m;

    if (!sock_stream_get_meta_data(s, &m, sizeof m)) {
        program_failed(s);
        return;
    }
    if (!m.protocol[0])
        fprintf(out, "%s\n", m.transport);
    else
        fprintf(out, "%s resumed=%d alpn=%s certificate=%d\n", m.protocol,
                m.resumed, m.alpn,
                sock_stream_get_peer_certificate(s, 0, NULL, 0) > 0);
    fflush(out);
}

bool program_is(const char *line, size_t length, const char *word)
{
    size_t n = strlen(word);

    return length >= n && !memcmp(line, word, n) &&
           (length == n || line[n] == '\r' || line[n] == '\n');
}
