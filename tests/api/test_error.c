/* test_error.c - proves which failure is remembered where, for how long, and
 * what its sentence says.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static sock_t *open_one(void)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    assert_non_null(s);
    sock_clear_error(NULL);
    return s;
}

/* Two failures that need nothing. */
static void fail_with_enotconn(sock_t *s)
{
    assert_false(sock_getpeername(s, NULL, 0, NULL));
}

static void fail_with_einval(sock_t *s)
{
    assert_false(sock_set_timeout(s, -2));
}

/* ---- codes ---- */

static void nothing_failed_yet_is_zero_and_success(void **state)
{
    sock_t *s = open_one();

    (void)state;
    assert_int_equal(sock_last_error(s), 0);
    assert_int_equal(sock_last_error(NULL), 0);
    assert_string_equal(sock_last_message(s), "Success");
    assert_string_equal(sock_last_message(NULL), "Success");
    sock_close(s);
}

static void a_failure_is_kept_with_the_handle_and_the_thread(void **state)
{
    sock_t *s = open_one();

    (void)state;
    fail_with_enotconn(s);
    assert_int_equal(sock_last_error(s), ENOTCONN);
    assert_int_equal(sock_last_error(NULL), ENOTCONN);
    sock_close(s);
}

static void a_failure_elsewhere_leaves_the_handles_own(void **state)
{
    sock_t *a = open_one();
    sock_t *b = open_one();

    (void)state;
    fail_with_enotconn(a);
    fail_with_einval(b);
    assert_int_equal(sock_last_error(a), ENOTCONN);
    assert_int_equal(sock_last_error(b), EINVAL);
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_null(sock_create(-1, SOCK_STREAM, 0));
    assert_int_equal(sock_last_error(NULL), EAFNOSUPPORT);
    assert_int_equal(sock_last_error(a), ENOTCONN);
    assert_int_equal(sock_last_error(b), EINVAL);
    sock_close(a);
    sock_close(b);
}

static void a_success_clears_nothing(void **state)
{
    sock_t *s = open_one();

    (void)state;
    fail_with_enotconn(s);
    assert_true(sock_set_timeout(s, 5));
    assert_true(sock_bind(s, "127.0.0.1", 0));
    assert_true(sock_listen(s, 1));
    assert_int_equal(sock_last_error(s), ENOTCONN);
    assert_int_equal(sock_last_error(NULL), ENOTCONN);
    sock_close(s);
}

static void clearing_a_handle_clears_this_threads_if_of_it(void **state)
{
    sock_t *a = open_one();
    sock_t *b = open_one();

    (void)state;
    fail_with_einval(a);
    fail_with_enotconn(b);
    sock_clear_error(a);
    assert_int_equal(sock_last_error(a), 0);
    assert_int_equal(sock_last_error(b), ENOTCONN);
    assert_int_equal(sock_last_error(NULL), ENOTCONN);
    sock_clear_error(b);
    assert_int_equal(sock_last_error(b), 0);
    assert_int_equal(sock_last_error(NULL), 0);
    assert_string_equal(sock_last_message(b), "Success");
    sock_close(a);
    sock_close(b);
}

static void clearing_null_leaves_the_handles_own(void **state)
{
    sock_t *s = open_one();

    (void)state;
    fail_with_enotconn(s);
    sock_clear_error(NULL);
    assert_int_equal(sock_last_error(NULL), 0);
    assert_int_equal(sock_last_error(s), ENOTCONN);
    sock_close(s);
}

static void a_closed_handle_tells_this_threads_failure_on_it(void **state)
{
    sock_t *s = open_one();

    (void)state;
    fail_with_enotconn(s);
    assert_true(sock_close(s));
    assert_int_equal(sock_last_error(s), ENOTCONN);
    sock_clear_error(s);
    assert_int_equal(sock_last_error(s), EBADF);
    assert_non_null(strstr(sock_last_message(s), "Bad file descriptor"));
    fail_with_einval(s);
    assert_int_equal(sock_last_error(s), EBADF);
}

static void the_next_socket_of_a_slot_starts_without_failure(void **state)
{
    sock_t *s  = open_one();
    long    id = sock_id(s);

    (void)state;
    assert_false(sock_bind(s, "192.0.2.1", 0));
    do {
        sock_close(s);
        s = sock_create(AF_INET, SOCK_STREAM, 0);
    } while (sock_id(s) != id);
    assert_int_equal(sock_last_error(s), 0);
    assert_string_equal(sock_last_message(s), "Success");
    sock_close(s);
}

/* ---- threads ---- */

struct other {
    sock_t *s;
    int     before, own, thread;
    char    message[LIBSOCK_MESSAGE_MAX];
};

static void *another(void *arg)
{
    struct other *o = arg;

    o->before = sock_last_error(o->s);
    o->thread = sock_last_error(NULL);
    snprintf(o->message, sizeof o->message, "%s", sock_last_message(o->s));
    sock_set_timeout(o->s, -2);
    o->own = sock_last_error(o->s);
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    struct other o = {.s = open_one()};
    pthread_t    thread;

    (void)state;
    assert_false(sock_bind(o.s, "192.0.2.1", 7));
    pthread_create(&thread, NULL, another, &o);
    pthread_join(thread, NULL);
    assert_int_equal(o.before, EADDRNOTAVAIL);
    assert_int_equal(o.thread, 0);
    assert_string_equal(o.message,
                        "bind 192.0.2.1:7: Cannot assign requested address");
    assert_int_equal(o.own, EINVAL);
    assert_int_equal(sock_last_error(o.s), EADDRNOTAVAIL);
    assert_int_equal(sock_last_error(NULL), EADDRNOTAVAIL);
    sock_clear_error(NULL);
    assert_int_equal(sock_last_error(o.s), EINVAL);
    sock_close(o.s);
}

static void *ask_many_times(void *arg)
{
    struct other *o = arg;

    for (int i = 0; i < 20000; i++) {
        if (sock_bind(o->s, "192.0.2.1", o->thread))
            o->own++;
        if (strcmp(sock_last_message(o->s), o->message))
            o->own++;
    }
    return NULL;
}

static void two_threads_failing_on_one_handle_read_their_own(void **state)
{
    struct other o[2] = {{.s = open_one()}};
    pthread_t    thread[2];

    (void)state;
    o[1].s = o[0].s;
    for (int i = 0; i < 2; i++) {
        o[i].thread = i + 1;
        snprintf(o[i].message, sizeof o[i].message,
                 "bind 192.0.2.1:%d: Cannot assign requested address", i + 1);
        pthread_create(&thread[i], NULL, ask_many_times, &o[i]);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(o[i].own, 0);
    }
    sock_close(o[0].s);
}

/* ---- texts ---- */

static void every_code_has_its_text(void **state)
{
    static const struct {
        int         code;
        const char *text;
    } known[] = {
        {0, "Success"},
        {EAGAIN, "Resource temporarily unavailable"},
        {ECONNREFUSED, "Connection refused"},
        {ECANCELED, "Operation canceled"},
        {ETIMEDOUT, "Connection timed out"},
        {EADDRINUSE, "Address already in use"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_string_equal(sock_strerror(known[i].code), known[i].text);
    for (int code = LIBSOCK_EAI_AGAIN; code <= LIBSOCK_EAI_OTHER; code++) {
        const char *text = sock_strerror(code);

        assert_true(strlen(text) > 10);
        assert_null(strstr(text, "Unknown"));
        for (int less = LIBSOCK_EAI_AGAIN; less < code; less++)
            assert_string_not_equal(text, sock_strerror(less));
    }
}

static void an_unknown_code_has_a_text_too(void **state)
{
    static const int unknown[] = {-1,
                                  -12345,
                                  9999,
                                  LIBSOCK_EAI_AGAIN - 1,
                                  LIBSOCK_EAI_OTHER + 1,
                                  2147483647,
                                  -2147483647 - 1};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_non_null(sock_strerror(unknown[i]));
        assert_true(strlen(sock_strerror(unknown[i])) > 0);
    }
}

/* ---- sentences ---- */

static void a_bind_names_the_address(void **state)
{
    sock_t *listener = sock_create_listen(0, 1);
    sock_t *s        = open_one();
    char    want[100];

    (void)state;
    assert_false(sock_bind(s, "127.0.0.1", port_of(listener)));
    snprintf(want, sizeof want, "bind 127.0.0.1:%d: Address already in use",
             port_of(listener));
    assert_string_equal(sock_last_message(s), want);
    assert_string_equal(sock_last_message(NULL), want);
    sock_close(listener);
    sock_close(s);
}

static void a_connect_names_the_address(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t *bound = sock_create(domains[i], SOCK_STREAM, 0);
        sock_t *s     = sock_create(domains[i], SOCK_STREAM, 0);
        char    want[100];

        assert_true(sock_bind(bound, i ? "::1" : "127.0.0.1", 0));
        assert_false(sock_connect(s, i ? "::1" : "127.0.0.1", port_of(bound)));
        snprintf(want, sizeof want, "connect %s:%d: Connection refused",
                 i ? "[::1]" : "127.0.0.1", port_of(bound));
        assert_string_equal(sock_last_message(s), want);
        sock_close(bound);
        sock_close(s);
    }
}

static void a_path_stands_in_the_sentence_as_it_is(void **state)
{
    sock_t *s = sock_create(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    assert_false(sock_connect(s, "/nowhere/x.sock", 5));
    assert_string_equal(sock_last_message(s),
                        "connect /nowhere/x.sock: No such file or directory");
    sock_close(s);
}

static void a_read_names_the_peer(void **state)
{
    sock_t *pair[2];
    char    byte, want[100];
    int     port = 0;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_getpeername(pair[1], NULL, 0, &port));
    close_with_reset(pair[0]);
    wait_readable(pair[1]);
    assert_int_equal(sock_read(pair[1], &byte, 1, LIBSOCK_BINARY_READ), -1);
    snprintf(want, sizeof want, "read 127.0.0.1:%d: Connection reset by peer",
             port);
    assert_string_equal(sock_last_message(pair[1]), want);
    sock_clear_error(NULL);
    assert_string_equal(sock_last_message(pair[1]), want);
    sock_close(pair[1]);
}

static void a_failed_maker_says_which(void **state)
{
    sock_t *listener = sock_create_listen(0, 1);
    char    want[100];

    (void)state;
    assert_null(sock_create(-1, SOCK_STREAM, 0));
    assert_string_equal(sock_last_message(NULL),
                        "create: Address family not supported by protocol");
    assert_null(sock_create_listen(port_of(listener), 1));
    snprintf(want, sizeof want,
             "create_listen 0.0.0.0:%d: Address already in use",
             port_of(listener));
    assert_string_equal(sock_last_message(NULL), want);
    sock_close(listener);
}

static void a_long_address_does_not_make_a_long_sentence(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6, AF_UNIX};
    char             name[301];

    (void)state;
    memset(name, 'n', 300);
    name[300] = '\0';
    for (int i = 0; i < 3; i++) {
        sock_t *s = sock_create(domains[i], SOCK_STREAM, 0);

        assert_false(sock_connect(s, name, 80));
        assert_int_equal(sock_last_error(s), ENAMETOOLONG);
        assert_true(strlen(sock_last_message(s)) < LIBSOCK_MESSAGE_MAX);
        assert_non_null(strstr(sock_last_message(s), "nnnn"));
        assert_non_null(strstr(sock_last_message(s), "File name too long"));
        sock_close(s);
    }
}

static void a_sentence_of_eagain_names_the_peer(void **state)
{
    sock_t *pair[2];
    char    byte, want[100];
    int     port = 0;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_getpeername(pair[0], NULL, 0, &port));
    assert_int_equal(sock_recv(pair[0], &byte, 1, MSG_DONTWAIT), -1);
    snprintf(want, sizeof want,
             "recv 127.0.0.1:%d: Resource temporarily unavailable", port);
    assert_string_equal(sock_last_message(pair[0]), want);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_failed_yet_is_zero_and_success),
        cmocka_unit_test(a_failure_is_kept_with_the_handle_and_the_thread),
        cmocka_unit_test(a_failure_elsewhere_leaves_the_handles_own),
        cmocka_unit_test(a_success_clears_nothing),
        cmocka_unit_test(clearing_a_handle_clears_this_threads_if_of_it),
        cmocka_unit_test(clearing_null_leaves_the_handles_own),
        cmocka_unit_test(a_closed_handle_tells_this_threads_failure_on_it),
        cmocka_unit_test(the_next_socket_of_a_slot_starts_without_failure),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(two_threads_failing_on_one_handle_read_their_own),
        cmocka_unit_test(every_code_has_its_text),
        cmocka_unit_test(an_unknown_code_has_a_text_too),
        cmocka_unit_test(a_bind_names_the_address),
        cmocka_unit_test(a_connect_names_the_address),
        cmocka_unit_test(a_path_stands_in_the_sentence_as_it_is),
        cmocka_unit_test(a_read_names_the_peer),
        cmocka_unit_test(a_failed_maker_says_which),
        cmocka_unit_test(a_long_address_does_not_make_a_long_sentence),
        cmocka_unit_test(a_sentence_of_eagain_names_the_peer),
    };

    return cmocka_run_group_tests_name("error", tests, count_descriptors,
                                       compare_descriptors);
}
