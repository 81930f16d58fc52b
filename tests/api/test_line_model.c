/* test_line_model.c - proves that lines of every kind, and any mix of them with
 * plain reads, are what a few lines of reference say, however the bytes were
 * cut under way. The seeds are fixed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { SIZE = 3000, SEEDS = 60 };

/* Ways to read: two with an end that is kept, then those by sock_stream_
 * get_line(), then plain. */
enum { NORMAL, GETS, GET_LINE, PLAIN = 9, WAYS };

static const char *const endings[WAYS] = {
    NULL, "\n", "\n", "\r\n", "aab", "\r\r", "\r\n\r\n", "abababab", "b", NULL,
};

struct stream {
    char     bytes[SIZE];
    size_t   sent;
    size_t   at; /* so many were read */
    uint32_t dice;
    sock_t  *from, *to;
};

static uint32_t roll(uint32_t *dice, uint32_t sides)
{
    *dice ^= *dice << 13;
    *dice ^= *dice >> 17;
    *dice ^= *dice << 5;
    return *dice % sides;
}

/* ---- the reference ---- */

static bool begins(const char *bytes, size_t left, const char *ending)
{
    size_t len = ending ? strlen(ending) : 1;

    if (!ending)
        return *bytes == '\r' || *bytes == '\n';
    return left >= len && !memcmp(bytes, ending, len);
}

/* The text of the next line, and how many bytes are over with it. */
static size_t reference(const struct stream *m, int way, size_t max,
                        size_t *taken)
{
    const char *bytes  = m->bytes + m->at;
    size_t      left   = SIZE - m->at;
    const char *ending = endings[way];

    for (size_t p = 0; p < max && p < left; p++)
        if (begins(bytes + p, left - p, ending)) {
            *taken = p + (ending ? strlen(ending) : 1);
            return way < GET_LINE ? *taken : p;
        }
    *taken = left < max ? left : max;
    return *taken;
}

/* ---- the stream under test ---- */

static void start(struct stream *m, uint32_t seed, sock_t *from, sock_t *to)
{
    static const char letters[] = "aaabbb\r\r\r\n\n";

    m->sent = m->at = 0;
    m->dice         = seed * 2654435761u + 1;
    m->from         = from;
    m->to           = to;
    for (size_t i = 0; i < SIZE; i++)
        m->bytes[i] = letters[roll(&m->dice, sizeof letters)]; /* NULs, too */
}

/* False: all had been sent. */
static bool send_some(struct stream *m, uint32_t *dice)
{
    size_t some = 1 + roll(dice, roll(dice, 4) ? 5 : 200);

    if (m->sent == SIZE) {
        sock_shutdown(m->from, SHUT_WR);
        return false;
    }
    if (some > SIZE - m->sent)
        some = SIZE - m->sent;
    assert_true(sock_write_all(m->from, m->bytes + m->sent, some, NULL));
    m->sent += some;
    return true;
}

/* As sock_stream_get_line() for every way; *got is the text's length. */
static int read_one(sock_t *s, int way, char *out, size_t max, size_t *got)
{
    ssize_t n;

    if (way > GETS && way < PLAIN)
        return sock_stream_get_line(s, out, max + 1, endings[way], got);
    if (way == PLAIN)
        n = sock_recv(s, out, max, 0);
    else if (way == GETS)
        n = sock_gets(s, out, max + 1);
    else
        n = sock_read(s, out, max, LIBSOCK_NORMAL_READ);
    *got = n > 0 ? (size_t)n : 0;
    return n > 0 ? 1 : (int)n;
}

static void compare(struct stream *m, int way, size_t max, const char *out,
                    size_t got)
{
    size_t taken, want = reference(m, way, max, &taken);

    if (way == PLAIN)
        taken = want = got;
    if (got != want || memcmp(out, m->bytes + m->at, want))
        fail_msg("way %d at %zu, at most %zu: %zu bytes, not %zu", way, m->at,
                 max, got, want);
    if (way != NORMAL && way != PLAIN)
        assert_int_equal(out[got], '\0');
    m->at += taken;
}

/* way WAYS: another each time, also after a refusal. */
static int choose(struct stream *m, int way, size_t *max)
{
    *max = 1 + roll(&m->dice, roll(&m->dice, 3) ? 9 : 100);
    return way < WAYS ? way : (int)roll(&m->dice, WAYS);
}

static void read_refused(struct stream *m, int way)
{
    char   out[128];
    size_t max, got;
    int    now, n;

    assert_true(sock_set_nonblock(m->to));
    do {
        now = choose(m, way, &max);
        n   = read_one(m->to, now, out, max, &got);
        if (n > 0) {
            compare(m, now, max, out, got);
        } else if (n < 0) {
            assert_int_equal(sock_last_error(m->to), EAGAIN);
            if (!send_some(m, &m->dice))
                sched_yield();
        }
    } while (n);
    assert_int_equal(m->at, SIZE);
}

static void *send_all(void *arg)
{
    struct stream *m    = arg;
    uint32_t       dice = 77;

    while (send_some(m, &dice))
        if (!roll(&dice, 3))
            sched_yield();
    return NULL;
}

static void read_waiting(struct stream *m, int way)
{
    pthread_t sender;
    char      out[128];
    size_t    max, got;
    int       now, n;

    assert_int_equal(pthread_create(&sender, NULL, send_all, m), 0);
    do {
        now = choose(m, way, &max);
        n   = read_one(m->to, now, out, max, &got);
        assert_true(n >= 0);
        if (n)
            compare(m, now, max, out, got);
    } while (n);
    pthread_join(sender, NULL);
    assert_int_equal(m->at, SIZE);
}

static void each_stream(void (*run)(struct stream *m, int way), int domain)
{
    for (int way = 0; way <= WAYS; way++)
        for (uint32_t seed = 1; seed <= (way == WAYS ? SEEDS : 2); seed++) {
            static struct stream m;
            sock_t              *pair[2];

            if (domain == AF_UNIX)
                unix_pair(SOCK_STREAM, pair);
            else
                tcp_pair(pair);
            sock_set_option_int(pair[0], SOL_TCP, TCP_NODELAY, 1);
            start(&m, seed, pair[0], pair[1]);
            run(&m, way);
            close_pair(pair);
        }
}

/* ---- the promises ---- */

static void lines_over_tcp_are_the_references(void **state)
{
    (void)state;
    each_stream(read_waiting, AF_INET);
}

static void lines_over_unix_are_the_references(void **state)
{
    (void)state;
    each_stream(read_waiting, AF_UNIX);
}

static void refusals_over_tcp_change_no_line(void **state)
{
    (void)state;
    each_stream(read_refused, AF_INET);
}

static void refusals_over_unix_change_no_line(void **state)
{
    (void)state;
    each_stream(read_refused, AF_UNIX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_over_tcp_are_the_references),
        cmocka_unit_test(lines_over_unix_are_the_references),
        cmocka_unit_test(refusals_over_tcp_change_no_line),
        cmocka_unit_test(refusals_over_unix_change_no_line),
    };

    return cmocka_run_group_tests_name("line_model", tests, count_descriptors,
                                       compare_descriptors);
}
