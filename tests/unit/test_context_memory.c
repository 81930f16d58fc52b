/* test_context_memory.c - proves that no passphrase stays in memory that was
 * freed, and that running out of memory loses nothing.
 *
 * The program's own malloc() and free() look at what passes through them; a
 * sanitizer has such functions itself, so there these tests are skipped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/context.h"

#include "support/net.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OURS 0
#else
#define OURS 1
#endif

#define SECRET "correct horse battery staple"

static int    calls_left = -1; /* until memory is out; -1: it never is */
static size_t secrets_freed;   /* pieces that still held SECRET */

#if OURS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void  __libc_free(void *p);

static bool is_out(void)
{
    if (calls_left > 0)
        calls_left--;
    return !calls_left;
}

void *malloc(size_t size)
{
    return is_out() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_out() ? NULL : __libc_calloc(count, size);
}

/* What is beyond the text's own size was never ours. */
void free(void *p)
{
    if (p && memmem(p, malloc_usable_size(p), &SECRET[1], sizeof SECRET - 2))
        secrets_freed++;
    __libc_free(p);
}
#endif

static int set_up(void **state)
{
    (void)state;
    secrets_freed = 0;
    return 0;
}

static sock_context_t *create_or_skip(void)
{
    sock_context_t *c;

    if (!OURS)
        skip();
    c = sock_context_create();
    SK_ASSERT(c);
    return c;
}

/* ---- passphrases ---- */

static void a_freed_secret_would_be_noticed(void **state)
{
    char *volatile p;

    (void)state;
    if (!OURS)
        skip();
    p = malloc(sizeof SECRET);
    assert_non_null(p);
    memcpy(p, SECRET, sizeof SECRET);
    free(p);
    assert_int_equal(secrets_freed, 1);
}

static void no_passphrase_is_left_behind(void **state)
{
    sock_context_t *c = create_or_skip(), *mine;

    (void)state;
    assert_true(sock_context_set_string(c, "ssl.passphrase", SECRET));
    assert_string_equal(c->options.passphrase, SECRET);
    assert_true(sock_context_set_string(c, "ssl.passphrase", SECRET));
    assert_int_equal(secrets_freed, 0);
    assert_true(sock_context_set_string(c, "ssl.passphrase", NULL));
    assert_int_equal(secrets_freed, 0);
    assert_true(sock_context_set_string(c, "ssl.passphrase", SECRET));
    assert_int_equal(sk_context_use(c, &mine), 0);
    sock_context_free(c);
    sk_context_release(mine);
    assert_int_equal(secrets_freed, 0);
}

/* ---- out of memory ---- */

static void without_memory_there_is_no_context(void **state)
{
    sock_context_t *c;

    (void)state;
    if (!OURS)
        skip();
    calls_left = 1;
    c          = sock_context_create();
    calls_left = -1;
    assert_null(c);
    assert_int_equal(sock_last_error(NULL), ENOMEM);
    assert_non_null(strstr(sock_last_message(NULL), "context_create"));
}

static void without_memory_there_are_still_the_defaults(void **state)
{
    sock_context_t *c   = NULL;
    sk_err          err = -1;

    (void)state;
    if (!OURS)
        skip();
    calls_left = 1;
    err        = sk_context_use(NULL, &c);
    calls_left = -1;
    assert_int_equal(err, 0);
    assert_int_equal(c->options.verify_depth, 9);
    sk_context_release(c);
}

/* Does the setting fail if the n-th piece of memory, and all behind it, is not
 * to be had? */
static bool runs_out(sock_context_t *c, const char *option, const char *text,
                     int n)
{
    bool done;

    calls_left = n;
    done       = sock_context_set_string(c, option, text);
    calls_left = -1;
    if (done)
        return false;
    assert_int_equal(sock_last_error(NULL), ENOMEM);
    assert_non_null(strstr(sock_last_message(NULL), option));
    assert_null(strchr(sock_last_message(NULL), '('));
    return true;
}

/* How many pieces of memory a setting takes. */
static int pieces(sock_context_t *c, const char *option, const char *text)
{
    int n = 1;

    while (n < 10 && runs_out(c, option, text, n))
        n++;
    return n - 1;
}

static void a_text_that_finds_no_memory_changes_nothing(void **state)
{
    sock_context_t *c = create_or_skip();

    (void)state;
    assert_true(sock_context_set_string(c, "ssl.cafile", "old.pem"));
    assert_true(runs_out(c, "ssl.cafile", "new.pem", 1));
    assert_string_equal(c->options.cafile, "old.pem");
    assert_int_equal(pieces(c, "ssl.cafile", "new.pem"), 1);
    assert_string_equal(c->options.cafile, "new.pem");
    sock_context_free(c);
}

static void an_entry_that_finds_no_memory_is_none(void **state)
{
    static const char *const certs = "ssl.SNI_server_certs.a";
    sock_context_t          *c     = create_or_skip();

    (void)state;
    for (int n = 1; n <= 3; n++) {
        assert_true(runs_out(c, certs, "a.pem", n));
        assert_null(c->options.sni_server);
    }
    assert_int_equal(pieces(c, certs, "a.pem"), 3);
    assert_string_equal(c->options.sni_server->value, "a.pem");
    assert_int_equal(pieces(c, certs, "b.pem"), 1);
    assert_string_equal(c->options.sni_server->value, "b.pem");
    assert_int_equal(pieces(c, "ssl.SNI_server_keys.a", "a.key"), 1);
    sock_context_free(c);
}

#define EACH(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(without_memory_there_are_still_the_defaults), /* the first use */
        EACH(a_freed_secret_would_be_noticed),
        EACH(no_passphrase_is_left_behind),
        EACH(without_memory_there_is_no_context),
        EACH(a_text_that_finds_no_memory_changes_nothing),
        EACH(an_entry_that_finds_no_memory_is_none),
    };

    return cmocka_run_group_tests_name("context_memory", tests, NULL, NULL);
}
