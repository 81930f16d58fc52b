/* test_context.c - proves what stands in a context: the defaults, what was set,
 * nothing of what was refused; and that it is frozen, shared and freed as its
 * owners come and go.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/context.h"

#include "support/net.h"

#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 2000

static sock_context_t *create(void)
{
    sock_context_t *c = sock_context_create();

    SK_ASSERT(c);
    return c;
}

/* ---- defaults ---- */

static void assert_socket_defaults(const struct sk_options *o)
{
    assert_null(o->bindto);
    assert_int_equal(o->backlog, -1);
    assert_false(o->ipv6_v6only);
    assert_int_equal(o->so_reuseaddr, SK_UNSET);
    assert_false(o->so_reuseport);
    assert_false(o->so_broadcast);
    assert_false(o->tcp_nodelay);
    assert_false(o->keepalive);
    assert_int_equal(o->tcp_keepidle, SK_UNSET);
    assert_int_equal(o->tcp_keepintvl, SK_UNSET);
    assert_int_equal(o->tcp_keepcnt, SK_UNSET);
    assert_int_equal(o->user_timeout, SK_UNSET);
    assert_int_equal(o->mptcp, SK_OFF);
    assert_int_equal(o->tfo, SK_OFF);
    assert_int_equal(o->unix_mode, SK_UNSET);
    assert_false(o->unlink);
}

static void assert_ssl_defaults(const struct sk_options *o)
{
    char *const texts[] = {
        o->peer_name,    o->cafile,   o->capath,         o->crlfile,
        o->local_cert,   o->local_pk, o->passphrase,     o->ciphers,
        o->ciphersuites, o->curves,   o->alpn_protocols, o->peer_fingerprint};

    for (size_t i = 0; i < SK_COUNT(texts); i++)
        assert_null(texts[i]);
    assert_null(o->sni_server);
    assert_null(o->fingerprints);
    assert_int_equal(o->verify_peer, SK_UNSET);
    assert_int_equal(o->verify_peer_name, SK_UNSET);
    assert_false(o->allow_self_signed);
    assert_int_equal(o->verify_depth, 9);
    assert_int_equal(o->security_level, SK_UNSET);
    assert_int_equal(o->crypto_method, 0);
    assert_int_equal(o->min_proto_version, 0);
    assert_int_equal(o->max_proto_version, 0);
    assert_true(o->sni_enabled);
    assert_true(o->honor_cipher_order);
    assert_true(o->disable_compression);
    assert_false(o->no_ticket);
    assert_true(o->capture_peer_cert);
    assert_true(o->capture_peer_cert_chain);
}

static void a_new_context_has_the_defaults(void **state)
{
    sock_context_t *c = create();

    (void)state;
    assert_socket_defaults(&c->options);
    assert_ssl_defaults(&c->options);
    assert_false(c->frozen);
    assert_int_equal(c->owners, 1);
    assert_null(c->made[0]);
    assert_null(c->made[1]);
    sock_context_free(c);
}

static void no_context_is_one_of_defaults(void **state)
{
    sock_context_t *a, *b;

    (void)state;
    assert_int_equal(sk_context_use(NULL, &a), 0);
    assert_int_equal(sk_context_use(NULL, &b), 0);
    assert_ptr_equal(a, b);
    assert_socket_defaults(&a->options);
    assert_ssl_defaults(&a->options);
    assert_true(a->frozen);
    sk_context_release(a);
    sk_context_release(b);
    assert_int_equal(sk_context_use(NULL, &b), 0);
    assert_ptr_equal(a, b);
    assert_int_equal(b->options.verify_depth, 9);
    sk_context_release(b);
}

/* ---- what was set ---- */

static void every_number_has_its_place(void **state)
{
    sock_context_t          *c = create();
    const struct sk_options *o = &c->options;
    const struct {
        const char *name;
        const int  *place;
        int         value;
    } all[] = {
        {"socket.backlog", &o->backlog, 10},
        {"socket.tcp_keepidle", &o->tcp_keepidle, 11},
        {"socket.tcp_keepintvl", &o->tcp_keepintvl, 12},
        {"socket.tcp_keepcnt", &o->tcp_keepcnt, 13},
        {"socket.user_timeout", &o->user_timeout, 14},
        {"socket.unix_mode", &o->unix_mode, 0640},
        {"ssl.verify_depth", &o->verify_depth, 2},
        {"ssl.security_level", &o->security_level, 4},
        {"ssl.crypto_method", &o->crypto_method, 97},
        {"ssl.min_proto_version", &o->min_proto_version, 32},
        {"ssl.max_proto_version", &o->max_proto_version, 64},
    };

    (void)state;
    for (size_t i = 0; i < SK_COUNT(all); i++)
        assert_true(sock_context_set_int(c, all[i].name, all[i].value));
    for (size_t i = 0; i < SK_COUNT(all); i++)
        assert_int_equal(*all[i].place, all[i].value);
    sock_context_free(c);
}

/* Each changes its own field alone: all others are at their defaults then. */
static void every_answer_has_its_place(void **state)
{
    sock_context_t          *c = create();
    const struct sk_options *o = &c->options;
    const struct {
        const char *name;
        const bool *place;
    } all[] = {
        {"socket.ipv6_v6only", &o->ipv6_v6only},
        {"socket.so_reuseport", &o->so_reuseport},
        {"socket.so_broadcast", &o->so_broadcast},
        {"socket.tcp_nodelay", &o->tcp_nodelay},
        {"socket.keepalive", &o->keepalive},
        {"socket.so_keepalive", &o->keepalive},
        {"socket.unlink", &o->unlink},
        {"ssl.allow_self_signed", &o->allow_self_signed},
        {"ssl.SNI_enabled", &o->sni_enabled},
        {"ssl.honor_cipher_order", &o->honor_cipher_order},
        {"ssl.disable_compression", &o->disable_compression},
        {"ssl.no_ticket", &o->no_ticket},
        {"ssl.capture_peer_cert", &o->capture_peer_cert},
        {"ssl.capture_peer_cert_chain", &o->capture_peer_cert_chain},
    };

    (void)state;
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        bool before = *all[i].place;

        assert_true(sock_context_set_bool(c, all[i].name, !before));
        assert_int_equal(*all[i].place, !before);
        assert_true(sock_context_set_bool(c, all[i].name, before));
        assert_socket_defaults(o);
        assert_ssl_defaults(o);
    }
    sock_context_free(c);
}

static void an_answer_by_the_role_can_be_said(void **state)
{
    sock_context_t          *c = create();
    const struct sk_options *o = &c->options;
    const struct {
        const char *name;
        const int  *place;
    } all[] = {
        {"socket.so_reuseaddr", &o->so_reuseaddr},
        {"ssl.verify_peer", &o->verify_peer},
        {"ssl.verify_peer_name", &o->verify_peer_name},
    };

    (void)state;
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        assert_true(sock_context_set_bool(c, all[i].name, true));
        assert_int_equal(*all[i].place, 1);
        assert_true(sock_context_set_bool(c, all[i].name, false));
        assert_int_equal(*all[i].place, 0);
    }
    sock_context_free(c);
}

static void every_text_has_its_place_and_is_copied(void **state)
{
    sock_context_t          *c      = create();
    const struct sk_options *o      = &c->options;
    char                     text[] = "?.pem";
    const struct {
        const char  *name;
        char *const *place;
    } all[] = {
        {"ssl.peer_name", &o->peer_name},
        {"ssl.cafile", &o->cafile},
        {"ssl.capath", &o->capath},
        {"ssl.crlfile", &o->crlfile},
        {"ssl.local_cert", &o->local_cert},
        {"ssl.local_pk", &o->local_pk},
        {"ssl.passphrase", &o->passphrase},
        {"ssl.ciphers", &o->ciphers},
        {"ssl.ciphersuites", &o->ciphersuites},
        {"ssl.curves", &o->curves},
        {"ssl.alpn_protocols", &o->alpn_protocols},
    };

    (void)state;
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        text[0] = (char)('a' + i);
        assert_true(sock_context_set_string(c, all[i].name, text));
    }
    memset(text, 0, sizeof text);
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        assert_int_equal((*all[i].place)[0], 'a' + i);
        assert_string_equal(*all[i].place + 1, ".pem");
        assert_true(sock_context_set_string(c, all[i].name, NULL));
    }
    assert_ssl_defaults(o);
    sock_context_free(c);
}

static void a_wish_is_kept_and_forgotten(void **state)
{
    sock_context_t *c = create();

    (void)state;
    assert_true(sock_context_set_string(c, "socket.mptcp", "try"));
    assert_true(sock_context_set_string(c, "socket.tfo", "require"));
    assert_int_equal(c->options.mptcp, SK_TRY);
    assert_int_equal(c->options.tfo, SK_REQUIRE);
    assert_true(sock_context_set_string(c, "socket.mptcp", NULL));
    assert_true(sock_context_set_string(c, "socket.tfo", "off"));
    assert_socket_defaults(&c->options);
    sock_context_free(c);
}

static void what_is_refused_changes_nothing(void **state)
{
    sock_context_t          *c = create();
    const struct sk_options *o = &c->options;

    (void)state;
    assert_true(sock_context_set_string(c, "ssl.peer_name", "a.example"));
    assert_true(sock_context_set_string(c, "socket.tfo", "try"));
    assert_true(sock_context_set_int(c, "ssl.security_level", 3));
    assert_false(sock_context_set_string(c, "ssl.peer_name", "a\nb"));
    assert_false(sock_context_set_string(c, "socket.tfo", "on"));
    assert_false(sock_context_set_int(c, "ssl.security_level", 6));
    assert_false(
        sock_context_set_int(c, "ssl.security_level", (long)UINT_MAX + 1));
    assert_string_equal(o->peer_name, "a.example");
    assert_int_equal(o->tfo, SK_TRY);
    assert_int_equal(o->security_level, 3);
    sock_context_free(c);
}

/* ---- maps and fingerprints ---- */

static void a_fingerprint_is_kept_plain(void **state)
{
    sock_context_t *c = create();

    (void)state;
    assert_true(
        sock_context_set_string(c, "ssl.peer_fingerprint",
                                "00:11:22:33:44:55:66:77:88:99:aA:Bb:CC:dd:"
                                "EE:ff"));
    assert_string_equal(c->options.peer_fingerprint,
                        "00112233445566778899aabbccddeeff");
    assert_true(
        sock_context_set_string(c, "ssl.peer_fingerprint.SHA256", "AB:cd"));
    assert_string_equal(c->options.fingerprints->key, "sha256");
    assert_string_equal(c->options.fingerprints->value, "abcd");
    assert_null(c->options.fingerprints->value2);
    sock_context_free(c);
}

static void a_certificate_and_its_key_share_an_entry(void **state)
{
    sock_context_t         *c = create();
    struct sk_option_entry *e;

    (void)state;
    assert_true(sock_context_set_string(c, "ssl.SNI_server_certs.B", "b.pem"));
    assert_true(sock_context_set_string(c, "ssl.SNI_server_keys.a", "a.key"));
    assert_true(sock_context_set_string(c, "ssl.SNI_server_keys.b", "b.key"));
    assert_true(sock_context_set_string(c, "ssl.SNI_server_certs.b", "c.pem"));
    e = c->options.sni_server;
    assert_string_equal(e->key, "b");
    assert_string_equal(e->value, "c.pem");
    assert_string_equal(e->value2, "b.key");
    e = e->next;
    assert_string_equal(e->key, "a");
    assert_null(e->value);
    assert_string_equal(e->value2, "a.key");
    assert_null(e->next);
    sock_context_free(c);
}

static void an_entry_goes_with_its_last_text(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    sock_context_t          *c       = create();
    char                     cert[]  = "ssl.SNI_server_certs.?";
    char                     key[]   = "ssl.SNI_server_keys.?";

    (void)state;
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        cert[sizeof cert - 2] = key[sizeof key - 2] = *names[i];
        assert_true(sock_context_set_string(c, cert, "x"));
        assert_true(sock_context_set_string(c, key, "y"));
    }
    assert_true(sock_context_set_string(c, "ssl.SNI_server_certs.b", NULL));
    assert_null(c->options.sni_server->next->value);
    assert_true(sock_context_set_string(c, "ssl.SNI_server_keys.b", NULL));
    assert_true(sock_context_set_string(c, "ssl.SNI_server_keys.b", NULL));
    assert_string_equal(c->options.sni_server->next->key, "c");
    assert_null(c->options.sni_server->next->next);
    sock_context_free(c);
}

/* ---- frozen, shared, freed ---- */

static void a_used_context_does_not_change(void **state)
{
    sock_context_t *c = create(), *mine;

    (void)state;
    assert_true(sock_context_set_int(c, "socket.backlog", 5));
    assert_int_equal(sk_context_use(c, &mine), 0);
    assert_ptr_equal(mine, c);
    assert_false(sock_context_set_int(c, "socket.backlog", 6));
    assert_int_equal(sock_last_error(NULL), EBUSY);
    assert_non_null(
        strstr(sock_last_message(NULL), "context_set socket.backlog: "));
    assert_non_null(strstr(sock_last_message(NULL), "(the context is in use)"));
    assert_false(sock_context_set_string(c, "ssl.cafile", "x"));
    assert_false(sock_context_set_bool(c, "ssl.no_ticket", true));
    sk_context_release(mine);
    assert_false(sock_context_set_bool(c, "ssl.no_ticket", true));
    assert_int_equal(sock_last_error(NULL), EBUSY);
    assert_int_equal(c->options.backlog, 5);
    assert_false(c->options.no_ticket);
    sock_context_free(c);
}

static void a_stream_keeps_what_its_maker_frees(void **state)
{
    sock_context_t *c = create(), *mine, *other;

    (void)state;
    assert_true(sock_context_set_string(c, "ssl.cafile", "ca.pem"));
    assert_int_equal(sk_context_use(c, &mine), 0);
    sock_context_free(c);
    assert_string_equal(mine->options.cafile, "ca.pem");
    other = sk_context_share(mine);
    assert_ptr_equal(other, mine);
    sk_context_release(mine);
    assert_string_equal(other->options.cafile, "ca.pem");
    assert_int_equal(other->owners, 1);
    sk_context_release(other);
}

static void nothing_can_be_shared_and_released(void **state)
{
    (void)state;
    assert_null(sk_context_share(NULL));
    sk_context_release(NULL);
}

/* ---- threads ---- */

static void *use_and_release(void *arg)
{
    sock_context_t *mine;

    for (int i = 0; i < ROUNDS; i++) {
        SK_ASSERT(!sk_context_use(i % 2 ? arg : NULL, &mine));
        SK_ASSERT(mine->options.verify_depth == 9 && mine->frozen);
        sk_context_release(sk_context_share(mine));
        sk_context_release(mine);
    }
    sk_context_release(arg);
    return NULL;
}

static void threads_use_and_free_at_once(void **state)
{
    pthread_t       threads[THREADS];
    sock_context_t *c = create();

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, use_and_release, sk_context_share(c));
    sock_context_free(c);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Until it is refused; what was set last stands in the context for good. */
static void *set_until_frozen(void *arg)
{
    sock_context_t *c      = arg;
    char            text[] = "a.pem";

    while (sock_context_set_string(c, "ssl.cafile", text))
        text[0] = text[0] == 'z' ? 'a' : (char)(text[0] + 1);
    SK_ASSERT(sock_last_error(NULL) == EBUSY);
    return NULL;
}

static void freezing_parts_setting_from_using(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (int round = 0; round < 50; round++) {
        sock_context_t *c = create(), *mine;
        char            first;

        for (size_t i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, set_until_frozen, c);
        assert_int_equal(sk_context_use(c, &mine), 0);
        first = mine->options.cafile ? *mine->options.cafile : '\0';
        for (size_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(first,
                         mine->options.cafile ? *mine->options.cafile : '\0');
        sk_context_release(mine);
        sock_context_free(c);
    }
}

/* ---- fork ---- */

struct holder {
    sock_context_t *c;
    pthread_mutex_t turn; /* the holder lets go when it gets this */
    pthread_cond_t  told;
    bool            has;
};

static void *hold_lock(void *arg)
{
    struct holder *h = arg;

    sk_context_lock(h->c);
    pthread_mutex_lock(&h->turn);
    h->has = true;
    pthread_cond_signal(&h->told);
    while (h->has)
        pthread_cond_wait(&h->told, &h->turn);
    pthread_mutex_unlock(&h->turn);
    sk_context_unlock(h->c);
    return NULL;
}

/* In the child: the lock that nobody there can give back is no hindrance. */
static int go_on(sock_context_t *c)
{
    sock_context_t *mine;

    alarm(10);
    if (!sock_context_set_int(c, "socket.backlog", 7))
        return 1;
    if (sk_context_use(c, &mine) || mine->options.backlog != 7)
        return 2;
    sk_context_lock(mine);
    sk_context_unlock(mine);
    sk_context_release(mine);
    if (sk_context_use(NULL, &mine) || mine->options.verify_depth != 9)
        return 3;
    sk_context_lock(mine);
    sk_context_unlock(mine);
    sk_context_release(mine);
    return 0;
}

static void a_child_goes_on_whoever_had_the_lock(void **state)
{
    struct holder h = {create(), PTHREAD_MUTEX_INITIALIZER,
                       PTHREAD_COND_INITIALIZER, false};
    pthread_t     thread;
    pid_t         child;
    int           status = -1;

    (void)state;
    pthread_create(&thread, NULL, hold_lock, &h);
    pthread_mutex_lock(&h.turn);
    while (!h.has)
        pthread_cond_wait(&h.told, &h.turn);
    if (!(child = fork()))
        _exit(go_on(h.c));
    h.has = false;
    pthread_cond_signal(&h.told);
    pthread_mutex_unlock(&h.turn);
    pthread_join(thread, NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(h.c->options.backlog, -1);
    sock_context_free(h.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_context_has_the_defaults),
        cmocka_unit_test(no_context_is_one_of_defaults),
        cmocka_unit_test(every_number_has_its_place),
        cmocka_unit_test(every_answer_has_its_place),
        cmocka_unit_test(an_answer_by_the_role_can_be_said),
        cmocka_unit_test(every_text_has_its_place_and_is_copied),
        cmocka_unit_test(a_wish_is_kept_and_forgotten),
        cmocka_unit_test(what_is_refused_changes_nothing),
        cmocka_unit_test(a_fingerprint_is_kept_plain),
        cmocka_unit_test(a_certificate_and_its_key_share_an_entry),
        cmocka_unit_test(an_entry_goes_with_its_last_text),
        cmocka_unit_test(a_used_context_does_not_change),
        cmocka_unit_test(a_stream_keeps_what_its_maker_frees),
        cmocka_unit_test(nothing_can_be_shared_and_released),
        cmocka_unit_test(threads_use_and_free_at_once),
        cmocka_unit_test(freezing_parts_setting_from_using),
        cmocka_unit_test(a_child_goes_on_whoever_had_the_lock),
    };

    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
