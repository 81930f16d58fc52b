/* tls_ends.h - two ends that shake hands, made with options from a table; and
 * what each end says of it.
 *
 * A table of options names certificates instead of files, which are made when
 * the test runs: "@leaf" is the file with the certificate and its key, "+leaf"
 * that of the certificate alone, "-leaf" that of the key, "#leaf" the
 * fingerprint, "%list" another file that was given a name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_STREAM_TLS_ENDS_H
#define TESTS_STREAM_TLS_ENDS_H

#include "support/certs.h"
#include "support/net.h"
#include "support/resolver.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 10000

/* ---- certificates and files by name ---- */

struct made {
    const char      *name;
    const char      *issuer; /* the name of one made before; NULL: itself */
    struct cert_wish wish;
    struct cert     *cert;
};

#define CERT(name, issuer, ...)                                                \
    {                                                                          \
        name, issuer, {__VA_ARGS__}, NULL                                      \
    }

struct named_file {
    const char *name;
    char        path[160];
};

static struct made      *all_made;
static struct named_file named_files[32];

static inline struct cert *cert_of(const char *name)
{
    for (struct made *m = all_made; m && m->name; m++)
        if (!strcmp(m->name, name))
            return m->cert;
    fail_msg("no certificate %s", name);
    return NULL;
}

/* The last row has no name. */
static inline void make_certificates(struct made *rows)
{
    all_made = rows;
    for (struct made *m = rows; m->name; m++) {
        if (m->issuer)
            m->wish.issuer = cert_of(m->issuer);
        m->cert = cert_make(&m->wish);
    }
}

static inline void free_certificates(void)
{
    for (struct made *m = all_made; m && m->name; m++)
        cert_free(m->cert);
}

/* Room for the path of a file of that name. */
static inline struct named_file *name_file(const char *name)
{
    struct named_file *f = named_files;

    while (f->name)
        f++;
    f->name = name;
    return f;
}

static inline const char *file_of(const char *name)
{
    for (struct named_file *f = named_files; f->name; f++)
        if (!strcmp(f->name, name))
            return f->path;
    fail_msg("no file %s", name);
    return NULL;
}

static inline const char *text_of(const char *text)
{
    switch (*text) {
    case '@':
        return cert_of(text + 1)->path;
    case '+':
        return cert_of(text + 1)->cert_path;
    case '-':
        return cert_of(text + 1)->key_path;
    case '#':
        return cert_of(text + 1)->sha256;
    case '%':
        return file_of(text + 1);
    default:
        return text;
    }
}

/* ---- set-up and teardown ---- */

/* Instead of the system's: every name is this machine's, and nobody else is
 * asked. */
int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    return resolver_look_up(name, service, hints, out);
}

void freeaddrinfo(struct addrinfo *list)
{
    resolver_release(list);
}

static inline void set_up_ends(void **state, struct made *rows)
{
    static const char *const here[] = {"127.0.0.1", NULL};

    resolver_begin();
    resolver_reset();
    resolver_say(AF_INET, here);
    count_descriptors(state);
    make_certificates(rows);
}

static inline int tear_down_ends(void **state)
{
    resolver_drain();
    free_certificates();
    return compare_descriptors(state);
}

/* ---- contexts ---- */

struct set {
    const char *option; /* without "ssl." */
    const char *text;   /* NULL: it is a number, or yes or no */
    int         number;
};

#define TEXT(option, text)                                                     \
    {                                                                          \
        option, text, 0                                                        \
    }
#define NUMBER(option, number)                                                 \
    {                                                                          \
        option, NULL, number                                                   \
    }
#define END                                                                    \
    {                                                                          \
        0                                                                      \
    }

static inline void apply(sock_context_t *c, const struct set *set)
{
    char option[128];
    bool done;

    snprintf(option, sizeof option, "ssl.%s", set->option);
    if (set->text)
        done = sock_context_set_string(c, option, text_of(set->text));
    else
        done = sock_context_set_bool(c, option, set->number) ||
               sock_context_set_int(c, option, set->number);
    if (!done)
        fail_msg("%s", sock_last_message(NULL));
}

/* The last set has no option. */
static inline sock_context_t *context_of(const struct set *sets)
{
    sock_context_t *c = sock_context_create();

    assert_non_null(c);
    for (; sets && sets->option; sets++)
        apply(c, sets);
    return c;
}

#define CONTEXT(...) context_of((const struct set[]){__VA_ARGS__, END})

/* ---- two ends ---- */

struct end {
    int  code; /* 0: it has shaken hands */
    char message[LIBSOCK_MESSAGE_MAX];
};

struct ends {
    sock_t    *server, *client, *accepted; /* NULL: it failed */
    struct end at_client, at_server;
    pthread_t  thread;
};

static inline void blame(struct end *end, sock_t *s)
{
    end->code = sock_last_error(s);
    snprintf(end->message, sizeof end->message, "%s", sock_last_message(s));
}

static inline sock_t *serve_at(const char *url, sock_context_t *c)
{
    sock_t *server = sock_stream_server(url, 0, c);

    if (!server)
        fail_msg("%s", sock_last_message(NULL));
    return server;
}

static inline void write_url(sock_t *server, const char *transport,
                             const char *host, char *url, size_t size)
{
    snprintf(url, size, "%s://%s:%d", transport, host, port_of(server));
}

/* What a server writes behind its part of the handshake would else wait for
 * the client's acknowledgement, which takes its time. */
static inline void *shake_as_server(void *arg)
{
    struct ends *e = arg;

    e->accepted = sock_stream_accept(e->server, PATIENCE_MS, NULL, 0);
    if (!e->accepted) {
        blame(&e->at_server, e->server);
        return NULL;
    }
    sock_set_timeout(e->accepted, PATIENCE_MS);
    sock_set_option_int(e->accepted, SOL_TCP, TCP_NODELAY, 1);
    if (!sock_stream_enable_crypto(e->accepted, true, 0, NULL))
        blame(&e->at_server, e->accepted);
    return NULL;
}

/* Until the server has said what it thinks, too: with TLS 1.3 a client has
 * done its part before the server has seen the client's certificate, and hears
 * of it by its first read. */
static inline void finish(struct ends *e)
{
    char byte;

    pthread_join(e->thread, NULL);
    if (!e->client || !e->at_server.code)
        return;
    sock_set_timeout(e->client, PATIENCE_MS);
    if (sock_read(e->client, &byte, 1, LIBSOCK_BINARY_READ) < 0)
        blame(&e->at_client, e->client);
}

/* A client of `url` and e->server shake hands. */
static inline void shake_url(struct ends *e, const char *url,
                             sock_context_t *client)
{
    memset(&e->at_client, 0, sizeof e->at_client);
    memset(&e->at_server, 0, sizeof e->at_server);
    e->client = e->accepted = NULL;
    assert_int_equal(pthread_create(&e->thread, NULL, shake_as_server, e), 0);
    if (!(e->client = sock_stream_client(url, PATIENCE_MS, 0, client)))
        blame(&e->at_client, NULL);
    finish(e);
}

static inline void shake(struct ends *e, const char *host,
                         sock_context_t *client)
{
    char url[128];

    write_url(e->server, "tls", host, url, sizeof url);
    shake_url(e, url, client);
}

static inline void hang_up(struct ends *e)
{
    if (e->client)
        sock_close(e->client);
    if (e->accepted)
        sock_close(e->accepted);
    e->client = e->accepted = NULL;
}

static inline void close_ends(struct ends *e)
{
    hang_up(e);
    sock_close(e->server);
}

static inline void assert_shaken(const struct ends *e)
{
    if (e->at_client.code)
        fail_msg("client: %s", e->at_client.message);
    if (e->at_server.code)
        fail_msg("server: %s", e->at_server.message);
}

/* What one writes the other reads. */
static inline void assert_talk(sock_t *a, sock_t *b)
{
    char got[8] = "";

    assert_int_equal(sock_write(a, "hello", 5), 5);
    assert_int_equal(sock_read(b, got, sizeof got, LIBSOCK_BINARY_READ), 5);
    assert_string_equal(got, "hello");
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

#endif
