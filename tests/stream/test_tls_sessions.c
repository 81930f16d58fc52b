/* test_tls_sessions.c - a client goes on with its sessions by itself, but only
 * within one context and for one name; and with that of another handle if told
 * to.
 *
 * Each test runs with TLS 1.2 and with 1.3. With 1.3 a session comes with what
 * is read first: who reads nothing has none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tls_ends.h"

#include <errno.h>

static struct made certificates[] = {
    CERT("root", NULL, .subject = "Root", .is_ca = true),
    CERT("server", "root", .subject = "server"),
    CERT("alice", "root", .subject = "alice", .names = ""),
    CERT(NULL, NULL, 0),
};

static int set_up(void **state)
{
    set_up_ends(state, certificates);
    return 0;
}

#define TRUST TEXT("cafile", "+root")
#define VERSION(state) NUMBER("max_proto_version", *(const int *)*(state))

static sock_t *serve(void)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "@server"));
    sock_t         *s = serve_at("tls://127.0.0.1:0", c);

    sock_context_free(c);
    return s;
}

static bool resumed(sock_t *s)
{
    sock_meta_t meta;

    assert_true(sock_stream_get_meta_data(s, &meta, sizeof meta));
    return meta.resumed;
}

/* Both ends say the same. */
static bool both_resumed(const struct ends *e)
{
    assert_shaken(e);
    assert_int_equal(resumed(e->client), resumed(e->accepted));
    return resumed(e->client);
}

/* Connect, read something, and leave: was it resumed? */
static bool visit(struct ends *e, const char *host, sock_context_t *c)
{
    bool yes;

    shake(e, host, c);
    yes = both_resumed(e);
    assert_talk(e->accepted, e->client);
    assert_talk(e->client, e->accepted);
    hang_up(e);
    return yes;
}

/* ---- by itself ---- */

static void later_connections_of_a_context_resume(void **state)
{
    sock_context_t *c = CONTEXT(TRUST, VERSION(state));
    struct ends     e = {.server = serve()};

    assert_false(visit(&e, "127.0.0.1", c));
    for (int i = 0; i < 3; i++)
        assert_true(visit(&e, "127.0.0.1", c));
    sock_context_free(c);
    close_ends(&e);
}

static void other_contexts_do_not(void **state)
{
    sock_context_t *c     = CONTEXT(TRUST, VERSION(state));
    sock_context_t *other = CONTEXT(TRUST, VERSION(state));
    struct ends     e     = {.server = serve()};

    assert_false(visit(&e, "127.0.0.1", c));
    assert_false(visit(&e, "127.0.0.1", other));
    assert_true(visit(&e, "127.0.0.1", c));
    assert_true(visit(&e, "127.0.0.1", other));
    sock_context_free(c);
    sock_context_free(other);
    close_ends(&e);
}

static void other_names_do_not(void **state)
{
    sock_context_t *c = CONTEXT(TRUST, VERSION(state));
    struct ends     e = {.server = serve()};

    assert_false(visit(&e, "127.0.0.1", c));
    assert_false(visit(&e, "localhost", c));
    assert_true(visit(&e, "127.0.0.1", c));
    assert_true(visit(&e, "localhost", c));
    sock_context_free(c);
    close_ends(&e);
}

static void server_with_new_context_knows_no_old_session(void **state)
{
    sock_context_t *c     = CONTEXT(TRUST, VERSION(state));
    sock_context_t *fresh = CONTEXT(TEXT("local_cert", "@server"));
    struct ends     e     = {.server = serve()};

    assert_false(visit(&e, "127.0.0.1", c));
    assert_true(sock_stream_set_context(e.server, fresh));
    assert_false(visit(&e, "127.0.0.1", c));
    assert_true(visit(&e, "127.0.0.1", c));
    sock_context_free(c);
    sock_context_free(fresh);
    close_ends(&e);
}

/* The port is another, the name and the context are the same: the server says
 * no, and the handshake is a whole one. */
static void session_of_another_server_does_no_harm(void **state)
{
    sock_context_t *c     = CONTEXT(TRUST, VERSION(state));
    struct ends     e     = {.server = serve()};
    struct ends     other = {.server = serve()};

    assert_false(visit(&e, "127.0.0.1", c));
    assert_false(visit(&other, "127.0.0.1", c));
    sock_context_free(c);
    close_ends(&e);
    close_ends(&other);
}

static void no_ticket_of_the_client_means_no_session(void **state)
{
    sock_context_t *c = CONTEXT(TRUST, VERSION(state), NUMBER("no_ticket", 1));
    struct ends     e = {.server = serve()};

    assert_false(visit(&e, "127.0.0.1", c));
    assert_false(visit(&e, "127.0.0.1", c));
    sock_context_free(c);
    close_ends(&e);
}

static void no_ticket_of_the_server_means_no_session(void **state)
{
    sock_context_t *server =
        CONTEXT(TEXT("local_cert", "@server"), NUMBER("no_ticket", 1));
    sock_context_t *c = CONTEXT(TRUST, VERSION(state));
    struct ends     e = {.server = serve_at("tls://127.0.0.1:0", server)};

    assert_false(visit(&e, "127.0.0.1", c));
    assert_false(visit(&e, "127.0.0.1", c));
    sock_context_free(server);
    sock_context_free(c);
    close_ends(&e);
}

/* ---- what a resumed one is like ---- */

static void assert_has_certificate(sock_t *s, size_t depth)
{
    assert_true(sock_stream_get_peer_certificate(s, depth, NULL, 0) > 100);
}

static void certificates_are_known_as_before(void **state)
{
    sock_context_t *server =
        CONTEXT(TEXT("local_cert", "@server"), TRUST, NUMBER("verify_peer", 1),
                TEXT("peer_fingerprint", "#alice"));
    sock_context_t *c =
        CONTEXT(TRUST, VERSION(state), TEXT("local_cert", "@alice"),
                TEXT("peer_fingerprint", "#server"));
    struct ends e = {.server = serve_at("tls://127.0.0.1:0", server)};

    assert_false(visit(&e, "127.0.0.1", c));
    shake(&e, "127.0.0.1", c);
    assert_true(both_resumed(&e));
    assert_has_certificate(e.client, 0);
    assert_has_certificate(e.accepted, 0);
    sock_context_free(server);
    sock_context_free(c);
    close_ends(&e);
}

/* A client that showed no certificate must not get in by the session of an
 * earlier context of the server, which asked for none. */
static void session_does_not_stand_for_a_certificate(void **state)
{
    sock_context_t *strict =
        CONTEXT(TEXT("local_cert", "@server"), TRUST, NUMBER("verify_peer", 1));
    sock_context_t *c = CONTEXT(TRUST, VERSION(state));
    struct ends     e = {.server = serve()};

    assert_false(visit(&e, "127.0.0.1", c));
    assert_true(sock_stream_set_context(e.server, strict));
    shake(&e, "127.0.0.1", c);
    assert_int_equal(e.at_server.code, LIBSOCK_ETLS_NO_CERTIFICATE);
    sock_context_free(strict);
    sock_context_free(c);
    close_ends(&e);
}

/* ---- tickets that nobody reads ---- */

struct reader {
    sock_t   *s;
    pthread_t thread;
    size_t    count;
    int       code; /* of the end; 0: an orderly one */
};

static void *read_all(void *arg)
{
    static char    bytes[65536];
    struct reader *r = arg;
    ssize_t        n;

    while ((n = sock_read(r->s, bytes, sizeof bytes, LIBSOCK_BINARY_READ)) > 0)
        r->count += (size_t)n;
    r->code = n < 0 ? sock_last_error(r->s) : 0;
    return NULL;
}

/* The last of it is still on its way when the client closes. */
static void unread_ticket_does_not_cost_what_was_written(void **state)
{
    static char     block[65536];
    sock_context_t *c     = CONTEXT(TRUST, VERSION(state));
    struct ends     e     = {.server = serve()};
    struct reader   r     = {0};
    size_t          count = 64;

    shake(&e, "127.0.0.1", c);
    sock_context_free(c);
    assert_shaken(&e);
    r.s = e.accepted;
    assert_int_equal(pthread_create(&r.thread, NULL, read_all, &r), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(sock_write_all(e.client, block, sizeof block, NULL));
    assert_true(sock_close(e.client));
    e.client = NULL;
    pthread_join(r.thread, NULL);
    assert_int_equal(r.count, count * sizeof block);
    assert_int_equal(r.code, 0);
    close_ends(&e);
}

/* ---- when told to ---- */

/* A client of "tcp://localhost" that begins TLS with this session. */
static void begin(struct ends *e, sock_context_t *c, sock_t *session)
{
    char url[64];

    memset(&e->at_client, 0, sizeof e->at_client);
    memset(&e->at_server, 0, sizeof e->at_server);
    write_url(e->server, "tcp", "localhost", url, sizeof url);
    pthread_create(&e->thread, NULL, shake_as_server, e);
    e->client = sock_stream_client(url, PATIENCE_MS, 0, c);
    if (e->client && !sock_stream_enable_crypto(e->client, true, 0, session))
        blame(&e->at_client, e->client);
    pthread_join(e->thread, NULL);
    assert_non_null(e->client);
}

static sock_t *serve_plainly(void)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "@server"));
    sock_t         *s = serve_at("tcp://127.0.0.1:0", c);

    sock_context_free(c);
    return s;
}

static void begun_by_hand_they_resume_by_themselves(void **state)
{
    sock_context_t *c = CONTEXT(TRUST, VERSION(state));
    struct ends     e = {.server = serve_plainly()};

    for (int i = 0; i < 3; i++) {
        begin(&e, c, NULL);
        assert_int_equal(both_resumed(&e), i > 0);
        assert_talk(e.accepted, e.client);
        hang_up(&e);
    }
    sock_context_free(c);
    close_ends(&e);
}

/* The context remembers the newest session only, so if that was taken for the
 * one of `first`, nothing would be left for the last. */
static void session_of_a_handle_is_gone_on_with(void **state)
{
    sock_context_t *c = CONTEXT(TRUST, VERSION(state));
    struct ends first = {.server = serve_plainly()}, newest = first, e = first;

    begin(&first, c, NULL);
    begin(&newest, c, NULL);
    assert_talk(first.accepted, first.client);
    assert_talk(newest.accepted, newest.client);
    begin(&e, c, first.client);
    assert_true(both_resumed(&e));
    hang_up(&e);
    begin(&e, c, NULL);
    assert_true(both_resumed(&e));
    hang_up(&e);
    assert_talk(first.accepted, first.client);
    sock_context_free(c);
    hang_up(&newest);
    close_ends(&first);
}

static void session_of_another_context_is_left_alone(void **state)
{
    sock_context_t *c   = CONTEXT(TRUST, VERSION(state));
    sock_context_t *lax = CONTEXT(NUMBER("verify_peer", 0), VERSION(state));
    struct ends     e = {.server = serve_plainly()}, later = e;

    begin(&e, lax, NULL);
    assert_shaken(&e);
    assert_talk(e.accepted, e.client);
    begin(&later, c, e.client);
    assert_false(both_resumed(&later));
    hang_up(&later);
    begin(&later, lax, e.accepted);
    assert_false(both_resumed(&later));
    hang_up(&later);
    sock_context_free(c);
    sock_context_free(lax);
    close_ends(&e);
}

static void session_that_is_none_is_refused(void **state)
{
    sock_context_t *c = CONTEXT(TRUST, VERSION(state));
    sock_t         *pair[2], *closed = sock_create(AF_INET, SOCK_STREAM, 0);

    tcp_pair(pair);
    sock_close(closed);
    assert_false(sock_stream_enable_crypto(pair[0], true,
                                           LIBSOCK_CRYPTO_TLS_CLIENT, pair[1]));
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_false(sock_stream_enable_crypto(pair[0], true,
                                           LIBSOCK_CRYPTO_TLS_CLIENT, pair[0]));
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_false(sock_stream_enable_crypto(pair[0], true,
                                           LIBSOCK_CRYPTO_TLS_CLIENT, closed));
    assert_int_equal(sock_last_error(pair[0]), EBADF);
    assert_talk(pair[0], pair[1]);
    sock_context_free(c);
    close_pair(pair);
}

/* ---- */

static const int versions[] = {LIBSOCK_CRYPTO_PROTO_TLSv1_2,
                               LIBSOCK_CRYPTO_PROTO_TLSv1_3};

#define TEST(f)                                                                \
    {#f " (1.2)", f, NULL, NULL, (void *)(uintptr_t)&versions[0]},             \
    {                                                                          \
#f " (1.3)", f, NULL, NULL, (void *)(uintptr_t)&versions[1]            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(later_connections_of_a_context_resume),
        TEST(other_contexts_do_not),
        TEST(other_names_do_not),
        TEST(server_with_new_context_knows_no_old_session),
        TEST(session_of_another_server_does_no_harm),
        TEST(no_ticket_of_the_client_means_no_session),
        TEST(no_ticket_of_the_server_means_no_session),
        TEST(certificates_are_known_as_before),
        TEST(session_does_not_stand_for_a_certificate),
        TEST(unread_ticket_does_not_cost_what_was_written),
        TEST(begun_by_hand_they_resume_by_themselves),
        TEST(session_of_a_handle_is_gone_on_with),
        TEST(session_of_another_context_is_left_alone),
        TEST(session_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down_ends);
}
