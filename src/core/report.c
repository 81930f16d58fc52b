/* report.c - where a failure is remembered, and how it becomes a sentence.
 *
 * A failure is a number in the handle (verb and code in one atomic word) and a
 * record in the thread. Only a failure with an address of its own is given a
 * text in the handle too, under the handle's lock; EAGAIN never is, for it is
 * no news. The sentence is made when somebody asks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/report.h"

#include "core/addr.h"
#include "core/handle.h"
#include "core/peer.h"

#include <sock/error.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WHERE_MAX 320 /* an address of 255 bytes, and its port */
#define DETAIL_MAX 512

#define CODE_BITS 24
#define NO_ERROR 0u

static _Thread_local struct {
    sock_t      *handle;
    enum sk_verb verb;
    sk_err       code;
    char         where[WHERE_MAX]; /* "": the socket's own name */
    char         detail[DETAIL_MAX];
} last;

static _Thread_local char sentence[LIBSOCK_MESSAGE_MAX];

static uint32_t packed(enum sk_verb verb, sk_err code)
{
    return (uint32_t)verb << CODE_BITS | (uint32_t)code;
}

/* "127.0.0.1:80", "[::1]:80", a path, whatever stands alone. */
static void describe(char *out, size_t size, const struct sk_sock *s,
                     const struct sk_scene *scene)
{
    const char *text = scene->address;
    bool        bare = scene->port == SK_NO_PORT;

    if (!text)
        out[0] = '\0';
    else if (bare || (s && s->domain == AF_UNIX))
        snprintf(out, size, "%.255s", text);
    else if (strchr(text, ':'))
        snprintf(out, size, "[%.255s]:%d", text, scene->port);
    else
        snprintf(out, size, "%.255s:%d", *text ? text : "*", scene->port);
}

/* The text is where, NUL, detail. No memory: the sentence does without. */
static void keep_text(struct sk_sock *s, uint32_t error)
{
    size_t where  = strlen(last.where) + 1;
    size_t detail = strlen(last.detail) + 1;
    char  *text   = malloc(where + detail);

    if (text) {
        memcpy(text, last.where, where);
        memcpy(text + where, last.detail, detail);
    }
    pthread_mutex_lock(&s->lock);
    free(s->where);
    s->where       = text;
    s->where_error = text ? error : 0;
    pthread_mutex_unlock(&s->lock);
}

void sk_report(sock_t *h, struct sk_sock *s, const struct sk_scene *scene,
               sk_err code)
{
    uint32_t error = packed(scene->verb, code);

    last.handle   = h;
    last.verb     = scene->verb;
    last.code     = code;
    last.where[0] = last.detail[0] = '\0';
    if (s)
        atomic_store_explicit(&s->error, error, memory_order_relaxed);
    if ((!scene->address && !scene->detail) || code == EAGAIN)
        return;
    describe(last.where, sizeof last.where, s, scene);
    if (scene->detail)
        snprintf(last.detail, sizeof last.detail, "%s", scene->detail);
    if (s)
        keep_text(s, error);
}

/* ---- asking ---- */

/* Is this thread's record the one that is asked for? */
static bool is_own(sock_t *h)
{
    return !h || (last.code && last.handle == h);
}

/* Verb and code of the failure that is asked for. */
static uint32_t error_of(sock_t *h)
{
    struct sk_sock *s;
    uint64_t        held;
    uint32_t        error;

    if (is_own(h))
        return packed(last.verb, last.code);
    if (!(s = sk_handle_hold(h, SK_HOLDER, &held)))
        return packed(SK_NONE, EBADF);
    error = atomic_load_explicit(&s->error, memory_order_relaxed);
    sk_handle_release(s, held);
    return error;
}

static int code_of(uint32_t error)
{
    return (int)(error & ((1u << CODE_BITS) - 1));
}

int sock_last_error(sock_t *s)
{
    return code_of(error_of(s));
}

void sock_clear_error(sock_t *s)
{
    struct sk_sock *slot;
    uint64_t        held;

    if (!s || last.handle == s) {
        last.code   = 0;
        last.handle = NULL;
    }
    if (!s || !(slot = sk_handle_hold(s, SK_HOLDER, &held)))
        return;
    atomic_store_explicit(&slot->error, 0, memory_order_relaxed);
    sk_handle_release(slot, held);
}

const char *sock_strerror(int code)
{
    const char *own = sk_err_text(code);

    return own ? own : sk_plat_strerror(code);
}

/* The peer's name, else its own, else its number. */
static void name_socket(struct sk_sock *s, char *out, size_t size)
{
    struct sk_addr a;

    if (!sk_peer(s, &a) && sk_addr_name(&a, out, size))
        return;
    if (!sk_plat_sockname(s->fd, &a) && sk_addr_name(&a, out, size))
        return;
    snprintf(out, size, "socket #%lu", (unsigned long)s->id);
}

/* The handle's own text if it is of `error`, else the socket's name. */
static void look_up_text(sock_t *h, uint32_t error, char *where, char *detail)
{
    struct sk_sock *s;
    uint64_t        held;
    bool            kept = false;

    if (!(s = sk_handle_hold(h, SK_HOLDER, &held))) {
        if (h)
            snprintf(where, WHERE_MAX, "socket #%lu",
                     (unsigned long)sk_handle_id(h));
        return;
    }
    pthread_mutex_lock(&s->lock);
    if (s->where && s->where_error == error) {
        kept = *s->where;
        snprintf(where, WHERE_MAX, "%s", s->where);
        snprintf(detail, DETAIL_MAX, "%s", s->where + strlen(s->where) + 1);
    }
    pthread_mutex_unlock(&s->lock);
    if (!kept)
        name_socket(s, where, WHERE_MAX);
    sk_handle_release(s, held);
}

static const char *compose(enum sk_verb verb, const char *where, int code,
                           const char *detail)
{
    const char *what = sk_err_verb(verb);

    snprintf(sentence, sizeof sentence, "%s%s%s: %s%s%s%s", what,
             *what && *where ? " " : "", where, sock_strerror(code),
             *detail ? " (" : "", detail, *detail ? ")" : "");
    return sentence;
}

const char *sock_last_message(sock_t *s)
{
    char         where[WHERE_MAX]   = "";
    char         detail[DETAIL_MAX] = "";
    uint32_t     error              = error_of(s);
    int          code               = code_of(error);
    enum sk_verb verb               = (enum sk_verb)(error >> CODE_BITS);

    if (!code)
        return "Success";
    if (is_own(s) && *last.where)
        return compose(verb, last.where, code, last.detail);
    if (is_own(s)) {
        look_up_text(last.handle, NO_ERROR, where, detail);
        return compose(verb, where, code, last.detail);
    }
    look_up_text(s, error, where, detail);
    return compose(verb, where, code, detail);
}
