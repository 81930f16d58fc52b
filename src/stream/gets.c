/* gets.c - a stream read and written as a file is: by lines, to its end, with a
 * format.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/io.h"
#include "core/line.h"
#include "core/outcome.h"
#include "core/send.h"

#include <sock/stream.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Texts that fit, with their NUL, need no memory but the stack's. */
#define SHORT_TEXT 1024u

/* Longer lines would not go into a count. */
static size_t most_text(size_t size)
{
    return size <= PTRDIFF_MAX ? size - 1 : PTRDIFF_MAX - 1;
}

/* ---- lines ---- */

static void clear(char *buf, size_t size)
{
    if (buf && size)
        buf[0] = '\0';
}

/* The long way of a line that does not stand there. */
SK_COLD static ssize_t await_line(struct sk_call c, char *buf, size_t size)
{
    static const struct sk_ending feed = {"\n", 1};
    size_t                        got  = 0;
    sk_err                        err  = EINVAL;

    clear(buf, size);
    if (buf && size >= 2)
        err = sk_line_read(&c, &feed, buf, most_text(size), 0, &got);
    if (!err)
        buf[got] = '\0';
    return sk_call_count(&c, SK_GETS, err, got);
}

ssize_t sock_gets(sock_t *s, char *buf, size_t size)
{
    struct sk_call c;
    size_t         got = 0;

    if (!sk_call_enter(&c, s, SK_GETS, SK_LINES)) {
        clear(buf, size);
        return -1;
    }
    if (SK_LIKELY(size))
        got = sk_line_at_once(&c, '\n', '\n', buf, size - 1);
    if (SK_UNLIKELY(!got))
        return await_line(c, buf, size);
    buf[got] = '\0';
    return sk_call_moved(&c, SK_LINES, (ssize_t)got);
}

static sk_err get_line(struct sk_call *c, char *buf, size_t size,
                       const char *ending, size_t *got, size_t *taken)
{
    struct sk_ending end = {ending, 0};
    sk_err           err;

    if (!buf || size < 2 || !ending)
        return EINVAL;
    while (end.len <= SK_ENDING_MAX && ending[end.len])
        end.len++;
    if (!end.len || end.len > SK_ENDING_MAX)
        return EINVAL;
    if (!(err = sk_line_get(c, &end, buf, most_text(size), got, taken)))
        buf[*got] = '\0';
    return err;
}

int sock_stream_get_line(sock_t *s, char *buf, size_t size, const char *ending,
                         size_t *length)
{
    struct sk_call c;
    size_t         got = 0, taken = 0;
    ssize_t        n;
    sk_err         err;

    clear(buf, size);
    if (length)
        *length = 0;
    if (!sk_call_enter(&c, s, SK_STREAM_GET_LINE, SK_LINES))
        return -1;
    err = get_line(&c, buf, size, ending, &got, &taken);
    if (length)
        *length = got;
    n = sk_call_count(&c, SK_STREAM_GET_LINE, err, taken);
    return n > 0 ? 1 : (int)n;
}

/* ---- to the end ---- */

/* One call waits for all, but on a non-blocking handle each takes what is
 * there. */
static sk_err get_all(struct sk_call *c, char *buf, size_t size, size_t *got)
{
    int    flags = MSG_WAITALL;
    size_t some;
    sk_err err;

    if (!buf || !size)
        return EINVAL;
    if (!sk_sock_is_stream(c->s))
        return EOPNOTSUPP;
    do {
        some = 0;
        err  = sk_io_receive(c, buf + *got, size - *got, flags, NULL, &some);
        *got += some;
        flags = MSG_DONTWAIT;
    } while (!err && some && *got < size &&
             (sk_sock_flags(c->s) & SK_NONBLOCK));
    if (!*got)
        return err;
    sk_outcome_tell_later(c->s, err);
    return 0;
}

ssize_t sock_stream_get_contents(sock_t *s, void *buf, size_t size)
{
    struct sk_call c;
    size_t         got = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_STREAM_GET_CONTENTS, SK_WAITS))
        return -1;
    if (size > PTRDIFF_MAX)
        size = PTRDIFF_MAX;
    err = get_all(&c, buf, size, &got);
    return sk_call_count(&c, SK_STREAM_GET_CONTENTS, err, got);
}

/* ---- formatted text ---- */

/* Why vsnprintf failed. */
static sk_err reason(void)
{
    return errno == EOVERFLOW || errno == ENOMEM ? errno : EINVAL;
}

/* A text of `len` bytes; if another thread changes it meanwhile, it is cut. */
SK_FORMAT(3)
static sk_err print_long(struct sk_call *c, size_t len, const char *format,
                         va_list arguments, size_t *sent)
{
    char  *text = malloc(len + 1);
    int    n;
    sk_err err;

    if (!text)
        return ENOMEM;
    n = vsnprintf(text, len + 1, format, arguments);
    if (n >= 0 && (size_t)n < len)
        len = (size_t)n;
    err = n < 0 ? reason() : sk_send_all(c, text, len, sent);
    free(text);
    return err;
}

SK_FORMAT(2)
static sk_err print(struct sk_call *c, const char *format, va_list arguments,
                    size_t *sent)
{
    char    text[SHORT_TEXT];
    va_list again;
    int     n;
    sk_err  err;

    if (!format)
        return EINVAL;
    va_copy(again, arguments);
    n = vsnprintf(text, sizeof text, format, arguments);
    if (n < 0)
        err = reason();
    else if ((size_t)n < sizeof text)
        err = sk_send_all(c, text, (size_t)n, sent);
    else
        err = print_long(c, (size_t)n, format, again, sent);
    va_end(again);
    return err;
}

ssize_t sock_printf(sock_t *s, const char *format, ...)
{
    struct sk_call c;
    va_list        arguments;
    size_t         sent = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_PRINTF, SK_WAITS))
        return -1;
    va_start(arguments, format);
    err = print(&c, format, arguments, &sent);
    va_end(arguments);
    return sk_call_leave(&c, SK_PRINTF, err) ? (ssize_t)sent : -1;
}

/* ---- the end ---- */

bool sock_eof(sock_t *handle)
{
    const unsigned  over  = SK_ENDED | SK_FAILED;
    const unsigned  bytes = SK_BUFFERED | SK_PENDING;
    uint64_t        held;
    struct sk_sock *s = sk_handle_hold(handle, SK_HOLDER, &held);
    unsigned        flags;

    if (!s)
        return sk_handle_refusal(handle) == EBADF;
    flags = sk_sock_flags(s);
    sk_handle_release(s, held);
    return (flags & over) && !(flags & bytes);
}
