/* test_line_at_once.c - proves that a line which stands in the buffer whole is
 * given at once, and still heeds all that a line has to heed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/scene.h"

#include <errno.h>
#include <string.h>

#define LINES 500000

static void gets_is(sock_t *s, const char *text)
{
    char line[64];

    assert_int_equal(sock_gets(s, line, sizeof line), strlen(text));
    assert_string_equal(line, text);
}

/* Wait for all of `text`; it is in the buffer behind that. */
static void have_buffered(sock_t *peer, sock_t *s, const char *text)
{
    char bytes[64];

    put(peer, "before\n");
    gets_is(s, "before\n");
    put(peer, text);
    assert_int_equal(sock_recv(s, bytes, strlen(text), MSG_PEEK | MSG_WAITALL),
                     strlen(text));
}

static void deadline(sock_t *peer, sock_t *s)
{
    char line[8];

    have_buffered(peer, s, "a\nb\nc\n");
    gets_is(s, "a\n");
    assert_true(sock_set_deadline(s, 0));
    assert_int_equal(sock_gets(s, line, 8), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_int_equal(sock_read(s, line, 8, LIBSOCK_NORMAL_READ), -1);
    assert_true(sock_set_deadline(s, -1));
    line_is(s, "b\n");
}

static void a_passed_deadline_ends_it_too(void **state)
{
    (void)state;
    each(deadline);
}

static void refused(sock_t *peer, sock_t *s)
{
    char line[8];

    sock_set_nonblock(s);
    put(peer, "a\nb");
    wait_readable(s);
    assert_int_equal(sock_stream_get_line(s, line, 8, "----", NULL), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
    assert_false(is_readable(s));
    gets_is(s, "a\n");
    assert_true(is_readable(s));
}

static void what_was_refused_wakes_again_behind_it(void **state)
{
    (void)state;
    each(refused);
}

/* A look has what was refused count again, and reads ahead. */
static void searched(sock_t *peer, sock_t *s)
{
    char line[8];

    sock_set_nonblock(s);
    put(peer, "a\nb");
    wait_readable(s);
    assert_int_equal(sock_stream_get_line(s, line, 8, "--", NULL), -1);
    assert_int_equal(sock_recv(s, line, 8, MSG_PEEK), 3);
    gets_is(s, "a\n");
    sock_set_block(s);
    put(peer, "--c");
    assert_int_equal(sock_recv(s, line, 4, MSG_PEEK | MSG_WAITALL), 4);
    sock_set_nonblock(s);
    assert_int_equal(sock_stream_get_line(s, line, 8, "--", NULL), 1);
    assert_string_equal(line, "b");
}

static void what_was_searched_is_counted_from_behind_it(void **state)
{
    (void)state;
    each(searched);
}

/* ---- two threads ---- */

struct reader {
    sock_t   *s;
    pthread_t thread;
    size_t    lines, broken;
};

static void *read_lines(void *arg)
{
    struct reader *r = arg;
    char           line[64];
    ssize_t        n;

    while ((n = sock_gets(r->s, line, sizeof line)) > 0) {
        r->lines++;
        r->broken += n != 8 || memcmp(line, "abcdefg\n", 8);
    }
    return NULL;
}

static void *write_lines(void *arg)
{
    static char lines[8 * 1000];

    for (size_t at = 0; at < sizeof lines; at += 8)
        memcpy(lines + at, "abcdefg\n", 8);
    for (int i = 0; i < LINES / 1000; i++)
        if (!sock_write_all(arg, lines, sizeof lines, NULL))
            break;
    sock_shutdown(arg, SHUT_WR);
    return NULL;
}

static void two_threads_get_every_line_whole(void **state)
{
    sock_t       *pair[2];
    struct reader readers[2];
    pthread_t     writer;

    (void)state;
    tcp_pair(pair);
    for (int i = 0; i < 2; i++) {
        readers[i] = (struct reader){.s = pair[1]};
        pthread_create(&readers[i].thread, NULL, read_lines, &readers[i]);
    }
    pthread_create(&writer, NULL, write_lines, pair[0]);
    pthread_join(writer, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i].thread, NULL);
    assert_int_equal(readers[0].lines + readers[1].lines, LINES);
    assert_int_equal(readers[0].broken + readers[1].broken, 0);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passed_deadline_ends_it_too),
        cmocka_unit_test(what_was_refused_wakes_again_behind_it),
        cmocka_unit_test(what_was_searched_is_counted_from_behind_it),
        cmocka_unit_test(two_threads_get_every_line_whole),
    };

    return cmocka_run_group_tests_name("line_at_once", tests, count_descriptors,
                                       compare_descriptors);
}
