/* test_printf.c - proves that sock_printf() writes all of a text of any length,
 * or tells why not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/memory.h"
#include "support/pollset.h"
#include "support/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void arrives(sock_t *s, const char *text)
{
    char bytes[64];

    assert_int_equal(sock_recv(s, bytes, strlen(text), MSG_WAITALL),
                     strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

static void formats(sock_t *peer, sock_t *s)
{
    char bytes[8];

    assert_int_equal(sock_printf(peer, "plain"), 5);
    arrives(s, "plain");
    assert_int_equal(sock_printf(peer, "%s=%d %5.2f%%\r\n", "n", -7, 2.5), 13);
    arrives(s, "n=-7  2.50%\r\n");
    assert_int_equal(sock_printf(peer, "a%cb", 0), 3);
    assert_int_equal(sock_printf(peer, "%s", ""), 0);
    assert_int_equal(sock_printf(peer, "|"), 1);
    sock_shutdown(peer, SHUT_WR);
    assert_int_equal(sock_stream_get_contents(s, bytes, 8), 4);
    assert_memory_equal(bytes, "a\0b|", 4);
}

static void text_is_formatted_as_printf_does(void **state)
{
    (void)state;
    each(formats);
}

struct receiver {
    sock_t *s;
    char   *bytes;
    size_t  size;
};

static void *receive(void *arg)
{
    struct receiver *r = arg;

    assert_int_equal(sock_recv(r->s, r->bytes, r->size, MSG_WAITALL), r->size);
    return NULL;
}

/* On both sides of what fits without memory of its own, and far beyond. */
static void any_length(sock_t *peer, sock_t *s)
{
    static const size_t sizes[] = {1022, 1023, 1024, 1025, 5000, 2000000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t          size = sizes[i];
        char           *text = calloc(1, size + 1);
        struct receiver r    = {s, calloc(1, size), size};
        pthread_t       thread;

        assert_true(text && r.bytes);
        for (size_t k = 0; k < size; k++)
            text[k] = (char)('a' + k % 23);
        assert_int_equal(pthread_create(&thread, NULL, receive, &r), 0);
        assert_int_equal(sock_printf(peer, "%s", text), size);
        pthread_join(thread, NULL);
        assert_memory_equal(text, r.bytes, size);
        free(text);
        free(r.bytes);
    }
}

static void text_of_any_length_goes_out_whole(void **state)
{
    (void)state;
    each(any_length);
}

/* The warnings are what the compiler is right about. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-overflow"
#endif
static void misused(sock_t *peer, sock_t *s)
{
    static const wchar_t none[] = {0x1f600, 0};

    assert_int_equal(sock_printf(peer, NULL), -1);
    assert_int_equal(sock_last_error(peer), EINVAL);
    assert_non_null(strstr(sock_last_message(peer), "printf"));
    assert_int_equal(sock_printf(peer, "%ls", none), -1);
    assert_int_equal(sock_last_error(peer), EINVAL);
    assert_int_equal(sock_printf(peer, "%2147483648d", 1), -1);
    assert_int_equal(sock_last_error(peer), EOVERFLOW);
    sock_set_nonblock(s);
    assert_int_equal(sock_recv(s, (char[1]){0}, 1, 0), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
}
#pragma GCC diagnostic pop

static void what_cannot_be_formatted_sends_nothing(void **state)
{
    (void)state;
    each(misused);
}

static void what_is_not_open_is_told(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    close_pair(pair);
    assert_int_equal(sock_printf(pair[0], "x"), -1);
    assert_int_equal(sock_last_error(pair[0]), EBADF);
    assert_int_equal(sock_printf(NULL, "x"), -1);
    assert_int_equal(sock_last_error(NULL), EBADF);
}

/* SIGPIPE would end this program. */
static void gone(sock_t *peer, sock_t *s)
{
    sock_close(s);
    while (sock_printf(peer, "x") == 1)
        ;
    assert_true(sock_last_error(peer) == EPIPE ||
                sock_last_error(peer) == ECONNRESET);
}

static void a_peer_that_is_gone_is_an_error(void **state)
{
    (void)state;
    each(gone);
}

static void full(sock_t *peer, sock_t *s)
{
    (void)s;
    fill(peer);
    sock_set_timeout(peer, 20);
    assert_int_equal(sock_printf(peer, "%s", "xx"), -1);
    assert_int_equal(sock_last_error(peer), ETIMEDOUT);
    sock_set_nonblock(peer);
    assert_int_equal(sock_printf(peer, "%s", "xx"), -1);
    assert_int_equal(sock_last_error(peer), EAGAIN);
}

static void the_limits_of_writing_hold(void **state)
{
    (void)state;
    each(full);
}

/* A set that tells of edges learns of the refusal as from any other write. */
static void a_refusal_is_a_writers(sock_t *peer, sock_t *s)
{
    sock_poll_t *set;

    fill(peer);
    set = set_of(peer, LIBSOCK_POLL_WRITE | LIBSOCK_POLL_EDGE);
    sock_set_nonblock(peer);
    assert_true(is_silent(set));
    assert_int_equal(sock_printf(peer, "%s", "xx"), -1);
    assert_int_equal(sock_last_error(peer), EAGAIN);
    drain(s);
    assert_int_equal(told(set, peer), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
}

static void an_edge_comes_after_a_refusal(void **state)
{
    (void)state;
    each(a_refusal_is_a_writers);
}

static void a_text_is_one_datagram(void **state)
{
    sock_t *pair[2];
    char    bytes[64];

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    assert_int_equal(sock_printf(pair[0], "%d-%d", 1, 2), 3);
    assert_int_equal(sock_printf(pair[0], "%s", ""), 0);
    assert_int_equal(sock_printf(pair[0], "x"), 1);
    assert_int_equal(sock_recv(pair[1], bytes, 64, 0), 3);
    assert_memory_equal(bytes, "1-2", 3);
    assert_int_equal(sock_recv(pair[1], bytes, 64, 0), 0);
    assert_int_equal(sock_recv(pair[1], bytes, 64, 0), 1);
    close_pair(pair);
}

#if MEMORY_HAS_LIMIT
static void out_of_memory(sock_t *peer, sock_t *s)
{
    memory_limit(8 << 20);
    assert_int_equal(sock_printf(peer, "%*d", 16 << 20, 1), -1);
    assert_int_equal(sock_last_error(peer), ENOMEM);
    memory_unlimit();
    sock_set_nonblock(s);
    assert_int_equal(sock_recv(s, (char[1]){0}, 1, 0), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

static void without_memory_nothing_is_sent(void **state)
{
    (void)state;
    each(out_of_memory);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_formatted_as_printf_does),
        cmocka_unit_test(text_of_any_length_goes_out_whole),
        cmocka_unit_test(what_cannot_be_formatted_sends_nothing),
        cmocka_unit_test(what_is_not_open_is_told),
        cmocka_unit_test(a_peer_that_is_gone_is_an_error),
        cmocka_unit_test(the_limits_of_writing_hold),
        cmocka_unit_test(an_edge_comes_after_a_refusal),
        cmocka_unit_test(a_text_is_one_datagram),
#if MEMORY_HAS_LIMIT
        cmocka_unit_test(without_memory_nothing_is_sent),
#endif
    };

    return cmocka_run_group_tests_name("printf", tests, count_descriptors,
                                       compare_descriptors);
}
