/* test_stream_deadlines.c - proves that a look-up that gets no answer ends with
 * the time of the call that needs it, and leaves nothing behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/resolve.h"

#include "support/aside.h"
#include "support/net.h"
#include "support/resolver.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 80

static void took(int64_t begin, int64_t least)
{
    int64_t ms = now_ms() - begin;

    if (ms < least - 10 || ms > least + SLACK)
        fail_msg("it took %ld ms, not %ld", (long)ms, (long)least);
}

static int made_up(void **state)
{
    (void)state;
    resolver_reset();
    sk_resolve_use(resolver_look_up, resolver_release);
    return 0;
}

static int the_systems(void **state)
{
    (void)state;
    resolver_drain();
    sk_resolve_use(NULL, NULL);
    return 0;
}

static void shut_both(void)
{
    resolver_shut(AF_INET);
    resolver_shut(AF_INET6);
}

static void a_look_up_without_answer_ends_in_time(void **state)
{
    static const char *const urls[] = {
        "tcp://host.example:80", "udp://host.example:80", "host.example:80"};

    (void)state;
    shut_both();
    for (size_t i = 0; i < 3; i++) {
        int64_t begin = now_ms();

        assert_null(sock_stream_client(urls[i], LIMIT, 0, NULL));
        assert_int_equal(sock_last_error(NULL), ETIMEDOUT);
        assert_non_null(strstr(sock_last_message(NULL), "host.example"));
        took(begin, LIMIT);
    }
}

static void an_async_client_waits_for_the_look_up_only(void **state)
{
    int64_t begin = now_ms();

    (void)state;
    shut_both();
    assert_null(sock_stream_client("tcp://host.example:80", LIMIT,
                                   LIBSOCK_CLIENT_ASYNC, NULL));
    assert_int_equal(sock_last_error(NULL), ETIMEDOUT);
    took(begin, LIMIT);
}

static void no_time_is_no_look_up(void **state)
{
    int64_t begin = now_ms();

    (void)state;
    shut_both();
    assert_null(sock_stream_client("tcp://host.example:80", 0, 0, NULL));
    assert_int_equal(sock_last_error(NULL), ETIMEDOUT);
    took(begin, 0);
}

static void a_name_that_is_sent_to_is_looked_up_in_time(void **state)
{
    sock_t *s     = sock_create(AF_INET, SOCK_DGRAM, 0);
    int64_t begin = now_ms();

    (void)state;
    shut_both();
    sock_set_timeout(s, LIMIT);
    assert_int_equal(sock_stream_sendto(s, "x", 1, 0, "host.example:9"), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    took(begin, LIMIT);
    sock_close(s);
}

/* The time is for all of it: what the look-up took the connect has not. */
static void open_later(void *with)
{
    resolver_wait_inside(2);
    wait_until_asleep(*(int *)with);
    resolver_open(AF_INET6);
    resolver_open(AF_INET);
}

static void a_look_up_and_a_connect_share_the_time(void **state)
{
    static const char *const loopback[] = {"127.0.0.1", NULL};
    struct full              f;
    struct aside             a;
    char                     url[64];
    int                      tid = gettid();
    int64_t                  begin;

    (void)state;
    full_backlog(AF_INET, &f);
    snprintf(url, sizeof url, "tcp://host.example:%d", f.port);
    resolver_say(AF_INET, loopback);
    shut_both();
    aside_start(&a, open_later, &tid);
    begin = now_ms();
    assert_null(sock_stream_client(url, 2 * LIMIT, 0, NULL));
    assert_int_equal(sock_last_error(NULL), ETIMEDOUT);
    took(begin, 2 * LIMIT);
    aside_join(&a);
    close_full(&f);
}

static void the_name_is_found_and_its_server_too(void **state)
{
    static const char *const loopback[] = {"127.0.0.1", NULL};
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    sock_t *s;
    char    url[64];

    (void)state;
    snprintf(url, sizeof url, "tcp://host.example:%d", port_of(server));
    resolver_say(AF_INET, loopback);
    s = sock_stream_client(url, 5000, 0, NULL);
    assert_non_null(s);
    sock_close(s);
    sock_close(server);
}

static int begin_all(void **state)
{
    resolver_begin();
    return count_descriptors(state);
}

#define test(name) cmocka_unit_test_setup_teardown(name, made_up, the_systems)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_look_up_without_answer_ends_in_time),
        test(an_async_client_waits_for_the_look_up_only),
        test(no_time_is_no_look_up),
        test(a_name_that_is_sent_to_is_looked_up_in_time),
        test(a_look_up_and_a_connect_share_the_time),
        test(the_name_is_found_and_its_server_too),
    };

    return cmocka_run_group_tests(tests, begin_all, compare_descriptors);
}
