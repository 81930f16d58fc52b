/* test_tls_deadlines.c - proves that every phase of TLS ends within its time:
 * the handshake of either end, writing, the goodbye; that none holds up an
 * accept or a close; and what a client that does not wait gets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"
#include "support/certs.h"
#include "support/resolver.h"
#include "support/scene.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 100
#define ENOUGH 20000

static sock_context_t *trusting, *serving; /* of a client, of a server */

static void took(int64_t begin, int64_t least)
{
    int64_t ms = now_ms() - begin;

    if (ms < least - 10 || ms > least + SLACK)
        fail_msg("it took %ld ms, not %ld", (long)ms, (long)least);
}

/* The call failed with that error, and at that time. */
static void ended(sock_t *s, ssize_t result, int error, int64_t begin,
                  int64_t least)
{
    assert_int_equal(result, -1);
    assert_int_equal(sock_last_error(s), error);
    took(begin, least);
}

static ssize_t read_one(sock_t *s)
{
    char byte;

    return sock_read(s, &byte, 1, LIBSOCK_BINARY_READ);
}

static ssize_t try_one(sock_t *s)
{
    char byte;

    return sock_recv(s, &byte, 1, MSG_DONTWAIT);
}

static ssize_t write_one(sock_t *s)
{
    return sock_write(s, "x", 1);
}

static ssize_t shake(sock_t *s)
{
    return sock_stream_enable_crypto(s, true, 0, NULL) ? 0 : -1;
}

/* ---- ends ---- */

static sock_t *serve(void)
{
    sock_t *s = sock_stream_server("tls://127.0.0.1:0", 0, serving);

    if (!s)
        fail_msg("%s", sock_last_message(NULL));
    return s;
}

static sock_t *client_of(sock_t *server, int timeout_ms, int flags)
{
    char url[64];

    snprintf(url, sizeof url, "tls://127.0.0.1:%d", port_of(server));
    return sock_stream_client(url, timeout_ms, flags, trusting);
}

/* A client in the clear that says nothing. */
static sock_t *silent_client(sock_t *server)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    assert_true(sock_connect(s, "127.0.0.1", port_of(server)));
    return s;
}

static sock_t *accept_one(sock_t *server)
{
    sock_t *s = sock_stream_accept(server, ENOUGH, NULL, 0);

    assert_non_null(s);
    return s;
}

static void shake_aside(void *with)
{
    shake(with);
}

/* Two that have shaken hands; pair[0] is the client. */
static void tls_pair(sock_t *pair[2])
{
    sock_t      *server = serve();
    struct aside a;

    pair[0] = client_of(server, ENOUGH, LIBSOCK_CLIENT_ASYNC);
    pair[1] = accept_one(server);
    aside_start(&a, shake_aside, pair[1]);
    assert_int_equal(shake(pair[0]), 0);
    aside_join(&a);
    sock_close(server);
}

/* ---- the client's handshake ---- */

static void a_server_that_never_answers_is_waited_for_in_time(void **state)
{
    sock_t *server = sock_create_listen(0, 5);
    int64_t begin  = now_ms();

    (void)state;
    assert_null(client_of(server, LIMIT, 0));
    ended(NULL, -1, ETIMEDOUT, begin, LIMIT);
    begin = now_ms();
    assert_null(client_of(server, 0, 0));
    ended(NULL, -1, ETIMEDOUT, begin, 0);
    sock_close(server);
}

static void a_connect_that_nobody_answers_ends_in_time(void **state)
{
    struct full f;
    int64_t     begin;

    (void)state;
    full_backlog(AF_INET, &f);
    begin = now_ms();
    assert_null(client_of(f.listener, LIMIT, 0));
    ended(NULL, -1, ETIMEDOUT, begin, LIMIT);
    close_full(&f);
}

/* A byte now and then, of a record that never ends. */
struct drip {
    sock_t      *s;
    _Atomic bool stop;
};

static void drip(void *with)
{
    static const char record[] = {22, 3, 3, 0x40, 0};
    struct drip      *d        = with;

    sock_write_all(d->s, record, sizeof record, NULL);
    while (!d->stop && sock_send(d->s, "\x02", 1, 0) == 1)
        poll(NULL, 0, 5);
}

static void a_server_that_drips_stretches_nothing(void **state)
{
    sock_t      *server = sock_create_listen(0, 5);
    sock_t      *s      = client_of(server, ENOUGH, LIBSOCK_CLIENT_ASYNC);
    struct drip  d      = {accept_one(server), false};
    struct aside a;
    int64_t      begin;

    (void)state;
    aside_start(&a, drip, &d);
    sock_set_timeout(s, LIMIT);
    begin = now_ms();
    ended(s, write_one(s), ETIMEDOUT, begin, LIMIT);
    begin = now_ms();
    ended(s, shake(s), ETIMEDOUT, begin, LIMIT);
    d.stop = true;
    aside_join(&a);
    sock_close(s);
    sock_close(d.s);
    sock_close(server);
}

/* ---- the server's handshake ---- */

static void a_silent_client_is_waited_for_in_time(void **state)
{
    static ssize_t (*const calls[])(sock_t *) = {read_one, write_one, shake};
    sock_t *server                            = serve();

    (void)state;
    for (int i = 0; i < 6; i++) {
        sock_t *client = silent_client(server);
        sock_t *s      = accept_one(server);
        int64_t begin  = now_ms();

        if (i % 2)
            sock_set_timeout(s, LIMIT);
        else
            sock_set_deadline(s, LIMIT);
        ended(s, calls[i / 2](s), ETIMEDOUT, begin, LIMIT);
        sock_close(s);
        sock_close(client);
    }
    sock_close(server);
}

static void a_timeout_of_the_server_holds_for_the_handshake(void **state)
{
    sock_t *server = serve();
    sock_t *client = silent_client(server);
    sock_t *s;
    int64_t begin;

    (void)state;
    sock_set_timeout(server, LIMIT);
    s     = accept_one(server);
    begin = now_ms();
    ended(s, read_one(s), ETIMEDOUT, begin, LIMIT);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

static void a_silent_client_holds_up_no_accept(void **state)
{
    sock_t *server = serve();
    sock_t *silent = silent_client(server);
    int64_t begin  = now_ms();
    sock_t *first  = accept_one(server);
    sock_t *client = client_of(server, ENOUGH, LIBSOCK_CLIENT_ASYNC);
    sock_t *second = accept_one(server);

    (void)state;
    took(begin, 0);
    sock_close(client);
    sock_close(second);
    sock_close(first);
    sock_close(silent);
    sock_close(server);
}

static void a_close_in_the_handshake_waits_for_nobody(void **state)
{
    sock_t *server = serve();
    sock_t *client = silent_client(server);
    sock_t *s      = accept_one(server);
    int64_t begin;

    (void)state;
    assert_int_equal(try_one(s), -1);
    begin = now_ms();
    assert_true(sock_close(s));
    took(begin, 0);
    sock_close(client);
    sock_close(server);
}

static void an_end_in_the_handshake_waits_for_nobody(void **state)
{
    sock_t *server = serve();
    sock_t *client = silent_client(server);
    sock_t *s      = accept_one(server);
    int64_t begin;

    (void)state;
    assert_int_equal(try_one(s), -1);
    begin = now_ms();
    sock_shutdown(s, SHUT_RDWR);
    took(begin, 0);
    assert_int_equal(read_one(client), 0);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

/* What has timed out can be gone on with. */
static void a_handshake_goes_on_after_its_time(void **state)
{
    sock_t      *server = serve();
    sock_t      *client = client_of(server, ENOUGH, LIBSOCK_CLIENT_ASYNC);
    sock_t      *s      = accept_one(server);
    struct aside a;

    (void)state;
    sock_set_timeout(s, 20);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read_one(s), -1);
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
    }
    sock_set_timeout(s, -1);
    aside_start(&a, shake_aside, client);
    assert_int_equal(shake(s), 0);
    aside_join(&a);
    assert_int_equal(write_one(client), 1);
    assert_int_equal(read_one(s), 1);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

/* ---- step by step ---- */

static void ready_to(sock_t *s, bool write)
{
    sock_t *one = s;

    if (write)
        sock_select(NULL, 0, &one, 1, NULL, 0, 0);
    else
        sock_select(&one, 1, NULL, 0, NULL, 0, 0);
}

/* One thread, both ends: each is called only when select says so. */
static void two_that_never_wait_shake_hands(void **state)
{
    sock_t *server = serve();
    sock_t *client = client_of(server, ENOUGH, LIBSOCK_CLIENT_ASYNC);
    sock_t *s      = accept_one(server);
    bool    sent = false, got = false;

    (void)state;
    sock_set_nonblock(client);
    sock_set_nonblock(s);
    for (int i = 0; i < 5000 && !got; i++) {
        sock_t *reads[1] = {s}, *writes[1] = {client};

        if (sock_select(reads, 1, writes, sent ? 0 : 1, NULL, 0, ENOUGH) < 1)
            break;
        if (!sent && writes[0])
            sent = write_one(client) == 1;
        if (!sent && writes[0])
            assert_int_equal(sock_last_error(client), EAGAIN);
        if (reads[0])
            got = read_one(s) == 1;
        if (reads[0] && !got)
            assert_int_equal(sock_last_error(s), EAGAIN);
        ready_to(client, false);
    }
    assert_true(sent && got);
    sock_close(s);
    sock_close(client);
    sock_close(server);
}

/* ---- behind the handshake ---- */

static void a_peer_that_does_not_read_is_waited_for_in_time(void **state)
{
    sock_t *pair[2];
    int64_t begin;
    size_t  done;

    (void)state;
    tls_pair(pair);
    fill(pair[0]);
    sock_set_timeout(pair[0], LIMIT);
    begin = now_ms();
    ended(pair[0], write_one(pair[0]), ETIMEDOUT, begin, LIMIT);
    begin = now_ms();
    assert_false(sock_write_all(pair[0], "abc", 3, &done));
    assert_int_equal(done, 0);
    took(begin, LIMIT);
    close_pair(pair);
}

static void a_close_with_much_to_send_waits_for_nobody(void **state)
{
    sock_t *pair[2];
    int64_t begin;

    (void)state;
    tls_pair(pair);
    fill(pair[0]);
    begin = now_ms();
    assert_true(sock_close(pair[0]));
    took(begin, 0);
    sock_close(pair[1]);
}

static void an_end_that_cannot_be_said_ends_in_time(void **state)
{
    static const int hows[] = {SHUT_WR, SHUT_RDWR};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t *pair[2];
        int64_t begin;

        tls_pair(pair);
        fill(pair[0]);
        sock_set_timeout(pair[0], LIMIT);
        begin = now_ms();
        ended(pair[0], sock_shutdown(pair[0], hows[i]) ? 0 : -1, ETIMEDOUT,
              begin, LIMIT);
        close_pair(pair);
    }
}

static void a_goodbye_that_never_comes_ends_in_time(void **state)
{
    sock_t *pair[2];
    int64_t begin;

    (void)state;
    for (int i = 0; i < 2; i++) {
        tls_pair(pair);
        if (i)
            sock_set_timeout(pair[0], LIMIT);
        else
            sock_set_deadline(pair[0], LIMIT);
        begin = now_ms();
        ended(pair[0], sock_shutdown(pair[0], SHUT_RDWR) ? 0 : -1, ETIMEDOUT,
              begin, LIMIT);
        assert_int_equal(read_one(pair[1]), 0);
        close_pair(pair);
    }
}

static void tls_that_ends_without_an_answer_ends_in_time(void **state)
{
    sock_t *pair[2];
    int64_t begin;

    (void)state;
    tls_pair(pair);
    sock_set_timeout(pair[0], LIMIT);
    begin = now_ms();
    ended(pair[0], sock_stream_enable_crypto(pair[0], false, 0, NULL) ? 0 : -1,
          ETIMEDOUT, begin, LIMIT);
    close_pair(pair);
}

/* What the peer says meanwhile stretches nothing. */
static void chatter(void *with)
{
    struct drip *d = with;

    while (!d->stop && sock_send(d->s, "chat", 4, 0) == 4)
        poll(NULL, 0, 5);
}

static void a_peer_that_chatters_instead_stretches_nothing(void **state)
{
    sock_t      *pair[2];
    struct drip  d = {NULL, false};
    struct aside a;
    int64_t      begin;

    (void)state;
    tls_pair(pair);
    d.s = pair[1];
    aside_start(&a, chatter, &d);
    sock_set_timeout(pair[0], LIMIT);
    begin = now_ms();
    ended(pair[0], sock_shutdown(pair[0], SHUT_RDWR) ? 0 : -1, ETIMEDOUT, begin,
          LIMIT);
    d.stop = true;
    aside_join(&a);
    close_pair(pair);
}

/* ---- the time of the client ---- */

struct service {
    sock_t *server, *s;
};

static void serve_one(void *with)
{
    struct service *v = with;

    v->s = sock_stream_accept(v->server, ENOUGH, NULL, 0);
    shake(v->s);
}

static void the_time_goes_on_only_if_it_is_told_so(void **state)
{
    (void)state;
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        struct service v           = {serve(), NULL};
        int            time_of_all = LIMIT + SLACK;
        struct aside   a;
        int64_t        begin, called;
        sock_t        *s;

        aside_start(&a, serve_one, &v);
        begin = now_ms();
        s     = client_of(v.server, time_of_all,
                      goes_on ? LIBSOCK_CLIENT_DEADLINE : 0);
        aside_join(&a);
        assert_non_null(s);
        called = now_ms();
        sock_set_timeout(s, 2 * time_of_all);
        if (goes_on)
            ended(s, read_one(s), ETIMEDOUT, begin, time_of_all);
        else
            ended(s, read_one(s), ETIMEDOUT, called, 2 * time_of_all);
        sock_close(s);
        sock_close(v.s);
        sock_close(v.server);
    }
}

static void an_async_client_begins_tls_at_its_first_use(void **state)
{
    sock_t        *server = serve();
    struct service v      = {server, NULL};
    int64_t        begin  = now_ms();
    sock_t        *s      = client_of(server, ENOUGH, LIBSOCK_CLIENT_ASYNC);
    struct aside   a;
    int            error = -1;

    (void)state;
    assert_non_null(s);
    took(begin, 0);
    for (int i = 0; i < 5000 && !is_writable(s); i++)
        poll(NULL, 0, 1);
    assert_true(is_writable(s));
    assert_true(sock_get_option_int(s, SOL_SOCKET, SO_ERROR, &error));
    assert_int_equal(error, 0);
    aside_start(&a, serve_one, &v);
    assert_int_equal(write_one(s), 1);
    aside_join(&a);
    assert_int_equal(read_one(v.s), 1);
    sock_close(v.s);
    sock_close(s);
    sock_close(server);
}

static void an_async_client_of_nobody_ends_in_time(void **state)
{
    struct full f;
    sock_t     *s;
    int64_t     begin;

    (void)state;
    full_backlog(AF_INET, &f);
    begin = now_ms();
    s     = client_of(f.listener, LIMIT,
                      LIBSOCK_CLIENT_ASYNC | LIBSOCK_CLIENT_DEADLINE);
    assert_non_null(s);
    took(begin, 0);
    assert_false(is_writable(s));
    assert_int_equal(try_one(s), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
    ended(s, read_one(s), ETIMEDOUT, begin, LIMIT);
    begin = now_ms();
    ended(s, write_one(s), ETIMEDOUT, begin, 0);
    sock_close(s);
    close_full(&f);
}

static void an_async_client_learns_of_a_refusal_at_its_first_use(void **state)
{
    static ssize_t (*const calls[])(sock_t *) = {read_one, write_one, shake};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *server = serve();
        char    url[64];
        sock_t *s;

        snprintf(url, sizeof url, "tls://127.0.0.1:%d", port_of(server));
        sock_close(server);
        s = sock_stream_client(url, ENOUGH, LIBSOCK_CLIENT_ASYNC, trusting);
        if (!s) /* the system may be that fast */
            continue;
        for (int again = 0; again < 2; again++) {
            assert_int_equal(calls[i](s), -1);
            assert_int_equal(sock_last_error(s), ECONNREFUSED);
        }
        sock_close(s);
    }
}

/* ---- all of them ---- */

/* The look-ups' helpers count threads: none is left. */
static int begin_all(void **state)
{
    resolver_begin();
    return count_descriptors(state);
}

static int end_all(void **state)
{
    resolver_drain();
    return compare_descriptors(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_server_that_never_answers_is_waited_for_in_time),
    cmocka_unit_test(a_connect_that_nobody_answers_ends_in_time),
    cmocka_unit_test(a_server_that_drips_stretches_nothing),
    cmocka_unit_test(a_silent_client_is_waited_for_in_time),
    cmocka_unit_test(a_timeout_of_the_server_holds_for_the_handshake),
    cmocka_unit_test(a_silent_client_holds_up_no_accept),
    cmocka_unit_test(a_close_in_the_handshake_waits_for_nobody),
    cmocka_unit_test(an_end_in_the_handshake_waits_for_nobody),
    cmocka_unit_test(a_handshake_goes_on_after_its_time),
    cmocka_unit_test(two_that_never_wait_shake_hands),
    cmocka_unit_test(a_peer_that_does_not_read_is_waited_for_in_time),
    cmocka_unit_test(a_close_with_much_to_send_waits_for_nobody),
    cmocka_unit_test(an_end_that_cannot_be_said_ends_in_time),
    cmocka_unit_test(a_goodbye_that_never_comes_ends_in_time),
    cmocka_unit_test(tls_that_ends_without_an_answer_ends_in_time),
    cmocka_unit_test(a_peer_that_chatters_instead_stretches_nothing),
    cmocka_unit_test(the_time_goes_on_only_if_it_is_told_so),
    cmocka_unit_test(an_async_client_begins_tls_at_its_first_use),
    cmocka_unit_test(an_async_client_of_nobody_ends_in_time),
    cmocka_unit_test(an_async_client_learns_of_a_refusal_at_its_first_use),
};

int main(void)
{
    struct cert *ca   = cert_make_ca("deadlines");
    struct cert *cert = cert_make_signed(ca);
    int          failed;

    serving  = sock_context_create();
    trusting = sock_context_create();
    sock_context_set_string(serving, "ssl.local_cert", cert->path);
    sock_context_set_string(trusting, "ssl.cafile", ca->cert_path);
    failed = cmocka_run_group_tests(tests, begin_all, end_all);
    sock_context_free(serving);
    sock_context_free(trusting);
    cert_free(cert);
    cert_free(ca);
    return failed;
}
