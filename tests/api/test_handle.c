/* test_handle.c - proves that NULL, closed and made-up handles are refused with
 * EBADF by every function, and that a stale one never reaches a newer socket.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <stdio.h>
#include <stdlib.h>

/* Every function that takes a handle; each must fail. */
static char   bytes[200];
static int    number = 1;
static size_t size;
static bool   yes;

static bool f_shutdown(sock_t *s)
{
    return sock_shutdown(s, SHUT_RDWR);
}
static bool f_bind(sock_t *s)
{
    return sock_bind(s, "", 0);
}
static bool f_connect(sock_t *s)
{
    return sock_connect(s, "127.0.0.1", 1);
}
static bool f_listen(sock_t *s)
{
    return sock_listen(s, 1);
}
static bool f_accept(sock_t *s)
{
    return sock_accept(s);
}
static bool f_name(sock_t *s)
{
    return sock_getsockname(s, bytes, 200, NULL);
}
static bool f_peer(sock_t *s)
{
    return sock_getpeername(s, bytes, 200, NULL);
}
static bool f_read(sock_t *s)
{
    return sock_read(s, bytes, 9, LIBSOCK_BINARY_READ) >= 0;
}
static bool f_line(sock_t *s)
{
    return sock_read(s, bytes, 9, LIBSOCK_NORMAL_READ) >= 0;
}
static bool f_mode(sock_t *s)
{
    return sock_read(s, bytes, 9, 0) >= 0;
}
static bool f_write(sock_t *s)
{
    return sock_write(s, bytes, 9) >= 0;
}
static bool f_recv(sock_t *s)
{
    return sock_recv(s, bytes, 9, 0) >= 0;
}
static bool f_send(sock_t *s)
{
    return sock_send(s, bytes, 9, 0) >= 0;
}
static bool f_recvfrom(sock_t *s)
{
    return sock_recvfrom(s, bytes, 9, 0, NULL, 0, NULL) >= 0;
}
static bool f_sendto(sock_t *s)
{
    return sock_sendto(s, bytes, 9, 0, "127.0.0.1", 1) >= 0;
}
static bool f_write_all(sock_t *s)
{
    return sock_write_all(s, bytes, 9, NULL);
}
static bool f_atmark(sock_t *s)
{
    return sock_atmark(s, &yes);
}
static bool f_nonblock(sock_t *s)
{
    return sock_set_nonblock(s);
}
static bool f_block(sock_t *s)
{
    return sock_set_block(s);
}
static bool f_timeout(sock_t *s)
{
    return sock_set_timeout(s, 1);
}
static bool f_deadline(sock_t *s)
{
    return sock_set_deadline(s, 1);
}
static bool f_export(sock_t *s)
{
    return sock_export_fd(s) >= 0;
}
static bool f_fd(sock_t *s)
{
    return sock_fd(s) >= 0;
}
static bool f_set(sock_t *s)
{
    return sock_set_option(s, SOL_SOCKET, SO_REUSEADDR, &number, sizeof number);
}
static bool f_get(sock_t *s)
{
    size = sizeof number;
    return sock_get_option(s, SOL_SOCKET, SO_TYPE, &number, &size);
}
static bool f_set_int(sock_t *s)
{
    return sock_set_option_int(s, SOL_SOCKET, SO_REUSEADDR, 1);
}
static bool f_get_int(sock_t *s)
{
    return sock_get_option_int(s, SOL_SOCKET, SO_TYPE, &number);
}
static bool f_set_linger(sock_t *s)
{
    return sock_set_linger(s, 1);
}
static bool f_get_linger(sock_t *s)
{
    return sock_get_linger(s, &number);
}
static bool f_keepalive(sock_t *s)
{
    return sock_set_keepalive(s, 1, 1, 1);
}
static bool f_close(sock_t *s)
{
    return sock_close(s);
}

static bool (*const functions[])(sock_t *) = {
    f_shutdown, f_bind,     f_connect,  f_listen,     f_accept,     f_name,
    f_peer,     f_read,     f_line,     f_mode,       f_write,      f_recv,
    f_send,     f_recvfrom, f_sendto,   f_write_all,  f_atmark,     f_nonblock,
    f_block,    f_timeout,  f_deadline, f_export,     f_fd,         f_set,
    f_get,      f_set_int,  f_get_int,  f_set_linger, f_get_linger, f_keepalive,
    f_close,
};

static void is_refused(sock_t *s)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        sock_clear_error(NULL);
        assert_false(functions[i](s));
        assert_int_equal(sock_last_error(NULL), EBADF);
        assert_int_equal(sock_last_error(s), EBADF);
        assert_non_null(sock_last_message(s));
    }
}

static void null_is_refused_everywhere(void **state)
{
    (void)state;
    is_refused(NULL);
    assert_int_equal(sock_id(NULL), 0);
}

static void a_closed_handle_is_refused_everywhere(void **state)
{
    sock_t *s  = sock_create(AF_INET, SOCK_STREAM, 0);
    long    id = sock_id(s);

    (void)state;
    assert_true(id >= 1);
    assert_true(sock_close(s));
    is_refused(s);
    assert_int_equal(sock_id(s), id);
}

static void a_made_up_handle_is_refused_everywhere(void **state)
{
    uint64_t seed = 42;

    (void)state;
    for (uintptr_t i = 1; i < 300; i++)
        is_refused((sock_t *)i);
    for (int i = 0; i < 300; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        is_refused((sock_t *)(uintptr_t)seed);
    }
    is_refused((sock_t *)(uintptr_t)-1);
}

/* Every name but the right one, while its socket is open and stays unharmed. */
static void a_handle_with_one_bit_wrong_is_refused(void **state)
{
    sock_t   *pair[2];
    uintptr_t right;

    (void)state;
    assert_true(sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair));
    right = (uintptr_t)pair[0];
    for (size_t bit = 0; bit < sizeof right * 8; bit++) {
        sock_t *made_up = (sock_t *)(right ^ (uintptr_t)1 << bit);

        if (made_up != pair[1])
            is_refused(made_up);
    }
    sock_clear_error(NULL);
    assert_int_equal(sock_last_error(pair[0]), 0);
    assert_true(sock_write_all(pair[0], "x", 1, NULL));
    assert_int_equal(sock_recv(pair[1], bytes, 9, 0), 1);
    assert_true(sock_close(pair[0]));
    assert_true(sock_close(pair[1]));
}

static void open_handles_have_different_numbers(void **state)
{
    sock_t *s[50];

    (void)state;
    for (int i = 0; i < 50; i++) {
        s[i] = sock_create(AF_UNIX, SOCK_DGRAM, 0);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(sock_id(s[i]), sock_id(s[k]));
    }
    for (int i = 0; i < 50; i++)
        assert_true(sock_close(s[i]));
}

static void the_version_is_that_of_the_headers(void **state)
{
    char want[32];

    (void)state;
    snprintf(want, sizeof want, "%d.%d.%d", LIBSOCK_VERSION_MAJOR,
             LIBSOCK_VERSION_MINOR, LIBSOCK_VERSION_PATCH);
    assert_string_equal(sock_version(), want);
}

/* The slot comes back; the old name does not. */
static void a_stale_handle_stays_stale(void **state)
{
    sock_t *old = sock_create(AF_INET, SOCK_STREAM, 0);
    long    id  = sock_id(old);
    sock_t *s   = NULL;

    (void)state;
    sock_close(old);
    for (int i = 0; i < 1000; i++) {
        s = sock_create(AF_INET, SOCK_STREAM, 0);
        if (sock_id(s) == id)
            break;
        sock_close(s);
    }
    assert_int_equal(sock_id(s), id);
    assert_ptr_not_equal(s, old);
    is_refused(old);
    assert_true(sock_fd(s) >= 0);
    assert_true(sock_close(s));
}

static void opening_and_closing_leaks_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        sock_t *s = sock_create(AF_UNIX, SOCK_DGRAM, 0);

        assert_non_null(s);
        assert_true(sock_close(s));
        assert_true(sock_id(s) < 1000);
    }
}

static void what_cannot_be_made_is_refused(void **state)
{
    sock_t *pair[2] = {NULL, NULL};

    (void)state;
    assert_null(sock_create(AF_PACKET, SOCK_RAW, 0));
    assert_int_equal(sock_last_error(NULL), EAFNOSUPPORT);
    assert_null(sock_create(-1, SOCK_STREAM, 0));
    assert_null(sock_create(AF_INET, 99, 0));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_null(sock_create(AF_INET, SOCK_STREAM, 9999));
    assert_false(sock_create_pair(AF_INET, SOCK_STREAM, 0, pair));
    assert_int_equal(sock_last_error(NULL), EOPNOTSUPP);
    assert_null(pair[0]);
    assert_false(sock_create_pair(AF_UNIX, SOCK_STREAM, 0, NULL));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_null(sock_create_listen(-1, 1));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_null(sock_create_listen(65536, 1));
    assert_null(sock_import_fd(-1));
    assert_int_equal(sock_last_error(NULL), EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_refused_everywhere),
        cmocka_unit_test(a_closed_handle_is_refused_everywhere),
        cmocka_unit_test(a_made_up_handle_is_refused_everywhere),
        cmocka_unit_test(a_handle_with_one_bit_wrong_is_refused),
        cmocka_unit_test(open_handles_have_different_numbers),
        cmocka_unit_test(the_version_is_that_of_the_headers),
        cmocka_unit_test(a_stale_handle_stays_stale),
        cmocka_unit_test(opening_and_closing_leaks_nothing),
        cmocka_unit_test(what_cannot_be_made_is_refused),
    };

    return cmocka_run_group_tests_name("handle", tests, count_descriptors,
                                       compare_descriptors);
}
