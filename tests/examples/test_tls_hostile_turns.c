/* test_tls_hostile_turns.c - the TLS server serves the next client as soon as
 * a hostile one has gone: who speaks no TLS, or breaks it off.
 */
#include "support/hostile.h"
#include "support/tls_peer.h"

#include <limits.h>
#include <string.h>

#define BATCH 4
#define REQUEST "GET / HTTP/1.0\r\n\r\n"

struct row {
    const struct hostile *kind; /* who speaks no TLS; or */
    void (*act)(SSL *ssl);      /* what one does who speaks it, */
    void (*leave)(int fd);      /* and then does */
};

static int descriptors; /* of the program, when nobody is there */

/* ---- the next client ---- */

/* It comes, and waits for its turn. */
static SSL *comes(void)
{
    SSL *ssl = tls_peer_new(stage_enter(), NULL, 0);

    tls_peer_begin(ssl);
    return ssl;
}

/* Its request is answered, soon, and nothing is left of anybody. */
static void is_served(SSL *ssl)
{
    long begin = hostile_now();
    char answer[4096];
    int  n, have = 0;

    assert_true(tls_peer_shake(ssl));
    assert_true(tls_peer_send_text(ssl, REQUEST));
    while ((n = SSL_read(ssl, answer + have, (int)sizeof answer - have)) > 0)
        have += n;
    assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_ZERO_RETURN);
    assert_non_null(memmem(answer, (size_t)have, "<pre>" REQUEST "</pre>",
                           strlen("<pre>" REQUEST "</pre>")));
    assert_in_range(hostile_now() - begin, 0, HOSTILE_PATIENCE);
    stage_leave(SSL_get_fd(ssl));
    tls_peer_free(ssl);
    hostile_await_descriptors(descriptors);
}

/* ---- after who speaks no TLS ---- */

static void after_plain(void **state)
{
    const struct hostile *kind = ((const struct row *)*state)->kind;
    SSL                  *next;
    int                   total, batch;

    hostile_begin();
    for (total = kind->count; total > 0; total -= batch) {
        batch = total < BATCH ? total : BATCH;
        hostile_come(kind, batch);
        next = comes();
        hostile_rest();
        if (kind->end != HOSTILE_HALF_CLOSES)
            hostile_go();
        is_served(next);
        hostile_go();
    }
}

/* ---- after who speaks it for a while ---- */

static void sends_half_a_hello(SSL *ssl)
{
    SSL  *other = SSL_new(SSL_get_SSL_CTX(ssl));
    BIO  *out   = BIO_new(BIO_s_mem());
    char *hello;
    long  len;

    SSL_set_bio(other, BIO_new(BIO_s_mem()), out);
    (void)SSL_connect(other);
    len = BIO_get_mem_data(out, &hello);
    assert_true(spawn_send(SSL_get_fd(ssl), hello, (size_t)len / 2));
    SSL_free(other);
}

static void sends_a_hello(SSL *ssl)
{
    tls_peer_begin(ssl);
}

static void shakes(SSL *ssl)
{
    assert_true(tls_peer_shake(ssl));
}

static void sends_half_a_request(SSL *ssl)
{
    shakes(ssl);
    assert_true(tls_peer_send_text(ssl, "GET / HTTP/1.0\r\n"));
}

static void says_goodbye_early(SSL *ssl)
{
    sends_half_a_request(ssl);
    tls_peer_say_goodbye(ssl);
}

static void sends_garbage_later(SSL *ssl)
{
    char garbage[512];

    sends_half_a_request(ssl);
    memset(garbage, 0xa5, sizeof garbage);
    assert_true(spawn_send(SSL_get_fd(ssl), garbage, sizeof garbage));
}

/* As much as anybody takes. */
static void sends_an_endless_request(SSL *ssl)
{
    char piece[16384];
    int  i;

    shakes(ssl);
    memset(piece, 'x', sizeof piece);
    for (i = 0; i < 64 && tls_peer_send(ssl, piece, sizeof piece); i++)
        continue;
}

static void takes_no_answer(SSL *ssl)
{
    shakes(ssl);
    assert_true(tls_peer_send_text(ssl, REQUEST));
}

static void after(void **state)
{
    const struct row *row = *state;
    SSL              *ssl = tls_peer_new(stage_enter(), NULL, 0), *next;

    hostile_begin();
    row->act(ssl);
    next = comes();
    row->leave(SSL_get_fd(ssl));
    tls_peer_free(ssl);
    is_served(next);
}

/* ---- all of them with one server, as its key takes a while ---- */

static int open_server(void **state)
{
    hostile_begin();
    stage_program(EXAMPLES_DIR "/tls_hello_server");
    stage_open(state);
    stage_set_folder();
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("waiting...");
    descriptors = hostile_descriptors(INT_MAX);
    return 0;
}

#define STATE(...) (&(struct row){__VA_ARGS__})
#define ROW(unused, kind)                                                      \
    {                                                                          \
        "instead of TLS: " #kind, after_plain, NULL, NULL,                     \
            STATE(&hostile_##kind, NULL, NULL)                                 \
    }
#define THEN(act, leave)                                                       \
    {                                                                          \
        "a client " #act ", then " #leave, after, NULL, NULL,                  \
            STATE(NULL, act, leave)                                            \
    }
#define AFTER(act) THEN(act, stage_leave), THEN(act, stage_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_ROWS(ROW, ),         AFTER(sends_half_a_hello),
        AFTER(sends_a_hello),        AFTER(shakes),
        AFTER(sends_half_a_request), AFTER(says_goodbye_early),
        AFTER(sends_garbage_later),  AFTER(sends_an_endless_request),
        AFTER(takes_no_answer),
    };

    return cmocka_run_group_tests(tests, open_server, stage_close);
}
