/* example.h - what several examples share: arguments and a few of PHP's words.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <sock/sock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Print how the program is called, and end: with 0 if that was asked for. */
static inline void usage(const char *program, const char *arguments, int status)
{
    fprintf(status ? stderr : stdout, "usage: %s %s\n", program, arguments);
    exit(status);
}

/** What ob_implicit_flush() does, and [ADDRESS [PORT]] of the command line. */
static inline void begin(int argc, char **argv, const char **address,
                         const char **port)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        usage(argv[0], "[ADDRESS [PORT]]", 0);
    if (argc > 3)
        usage(argv[0], "[ADDRESS [PORT]]", 2);
    if (argc > 1)
        *address = argv[1];
    if (argc > 2)
        *port = argv[2];
}

/** The number that a text is; -1, which is no port, if it is none. */
static inline int port_number(const char *text)
{
    char *end;
    long  port = strtol(text, &end, 10);

    return end != text && *end == '\0' && port >= 0 && port <= 65535 ? (int)port
                                                                     : -1;
}

/** PHP's trim(), in place; returns the new length. */
static inline size_t trim(char *buf, size_t len)
{
    static const char blank[] = " \t\n\r\v"; /* its NUL counts, too */
    size_t            start   = 0;

    while (len > 0 && memchr(blank, buf[len - 1], sizeof blank))
        len--;
    while (start < len && memchr(blank, buf[start], sizeof blank))
        start++;
    memmove(buf, buf + start, len - start);
    return len - start;
}

/** Are these bytes that word? */
static inline bool same(const char *buf, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(buf, word, len) == 0;
}

/** PHP's .= operator; returns the new length. */
static inline size_t append(char *out, size_t at, const void *bytes, size_t len)
{
    memcpy(out + at, bytes, len);
    return at + len;
}

#endif
