/* test_select_ways.c - proves that every way of select says the same as poll(2)
 * does of the same descriptors, whatever the arrays and however they change.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/ways.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- against poll(2) ---- */

enum { PAIRS = 24, SLOTS = 40, ROUNDS = 1500 };

static sock_t *ends[PAIRS][2]; /* [0] is selected */

/* A small generator of our own: the same numbers everywhere. */
static unsigned any(unsigned below)
{
    static uint64_t seed = 88172645463325252u;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % below);
}

static void open_pair(int i)
{
    if (i % 2)
        tcp_pair(ends[i]);
    else
        unix_pair(SOCK_STREAM, ends[i]);
}

/* Something happens to one pair: a byte comes or goes, its peer leaves, or both
 * are closed and others come. */
static void happen(void)
{
    int  i = (int)any(PAIRS);
    char byte;

    switch (any(8)) {
    case 0:
        close_pair(ends[i]);
        open_pair(i);
        break;
    case 1:
        sock_shutdown(ends[i][1], SHUT_WR);
        break;
    case 2:
    case 3:
        (void)!sock_recv(ends[i][0], &byte, 1, MSG_DONTWAIT);
        break;
    default:
        (void)!sock_send(ends[i][1], "x", 1, MSG_DONTWAIT);
    }
}

/* What the arrays hold is changed a little, mostly; places, order and repeats
 * are all the same to select. */
static void change(sock_t **slots, size_t *count)
{
    size_t at = any(SLOTS);

    switch (any(6)) {
    case 0: /* one leaves, the others move up */
        if (*count > 1) {
            at %= *count;
            memmove(slots + at, slots + at + 1,
                    (*count - at - 1) * sizeof *slots);
            --*count;
        }
        break;
    case 1: /* one comes */
        if (*count < SLOTS)
            slots[(*count)++] = ends[any(PAIRS)][0];
        break;
    case 2: /* the last takes a place */
        if (*count > 1) {
            slots[at % *count] = slots[*count - 1];
            --*count;
        }
        break;
    case 3:
        slots[at % *count] = any(2) ? NULL : ends[any(PAIRS)][0];
        break;
    case 4:
        if (!any(40))
            for (size_t i = 0; i < *count; i++)
                slots[i] = ends[any(PAIRS)][0];
        break;
    default:
        break;
    }
}

/* A handle that was closed meanwhile is in the arrays, too. */
static short truth(sock_t *s, short asks)
{
    const short   over = POLLHUP | POLLERR | POLLNVAL;
    struct pollfd one  = {sock_fd(s), asks, 0};

    if (one.fd < 0)
        return asks;
    poll(&one, 1, 0);
    return one.revents & (asks | (asks == POLLPRI ? POLLNVAL : over));
}

static int expect(sock_t *const *slots, size_t count, short asks,
                  sock_t **expected)
{
    int ready = 0;

    for (size_t i = 0; i < count; i++) {
        expected[i] = slots[i] && truth(slots[i], asks) ? slots[i] : NULL;
        ready += expected[i] != NULL;
    }
    return ready;
}

static void every_answer_is_what_poll_says(void **state)
{
    sock_t *lists[3][SLOTS] = {{NULL}}, *now[3][SLOTS], *expected[3][SLOTS];
    size_t  counts[3]       = {1, 1, 1};
    int     ready;

    (void)state;
    for (int i = 0; i < PAIRS; i++)
        open_pair(i);
    for (int round = 0; round < ROUNDS; round++) {
        happen();
        for (int i = 0; i < 3; i++)
            change(lists[i], &counts[i]);
        lists[0][0] = ends[0][0];
        memcpy(now, lists, sizeof now);
        ready = expect(now[0], counts[0], POLLIN, expected[0]) +
                expect(now[1], counts[1], POLLOUT, expected[1]) +
                expect(now[2], counts[2], POLLPRI, expected[2]);
        assert_int_equal(sock_select(now[0], counts[0], now[1], counts[1],
                                     now[2], counts[2], 0),
                         ready);
        for (int i = 0; i < 3; i++)
            assert_memory_equal(now[i], expected[i],
                                counts[i] * sizeof *now[i]);
    }
    for (int i = 0; i < PAIRS; i++)
        close_pair(ends[i]);
}

/* ---- many at once ---- */

enum { MANY = 700 };

static void all_that_are_ready_are_told(void **state)
{
    static sock_t *all[MANY], *now[MANY], *before[MANY];
    sock_t        *twice = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    for (int i = 0; i < MANY; i++)
        all[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
    for (int round = 0; round < 8; round++) {
        memcpy(now, all, sizeof now);
        now[any(MANY)] = now[any(MANY)] = twice;
        memcpy(before, now, sizeof now);
        assert_int_equal(sock_select(NULL, 0, now, MANY, NULL, 0, -1), MANY);
        assert_memory_equal(now, before, sizeof now);
    }
    for (int i = 0; i < MANY; i++)
        sock_close(all[i]);
    sock_close(twice);
}

/* Those that are buffered and those that the system knows of take turns. */
static void the_buffered_and_the_others_are_all_told(void **state)
{
    enum { BUFFERED = 300, OTHERS = 500 };
    static sock_t *pairs[BUFFERED][2], *others[OTHERS], *now[BUFFERED];
    sock_t        *writes[OTHERS];
    char           line[8];

    (void)state;
    for (int i = 0; i < BUFFERED; i++) {
        tcp_pair(pairs[i]);
        assert_int_equal(sock_send(pairs[i][1], "a\nb\n", 4, 0), 4);
        assert_int_equal(sock_gets(pairs[i][0], line, sizeof line), 2);
    }
    for (int i = 0; i < OTHERS; i++)
        others[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < BUFFERED; i++)
            now[i] = pairs[i][0];
        memcpy(writes, others, sizeof writes);
        assert_int_equal(sock_select(now, BUFFERED, writes, OTHERS, NULL, 0, 0),
                         BUFFERED + OTHERS);
    }
    for (int i = 0; i < BUFFERED; i++)
        close_pair(pairs[i]);
    for (int i = 0; i < OTHERS; i++)
        sock_close(others[i]);
}

/* ---- other sets in turn ---- */

static void two_sets_in_turn_do_not_mix(void **state)
{
    sock_t *now[PAIRS / 2];
    char    byte;

    (void)state;
    for (int i = 0; i < PAIRS; i++)
        open_pair(i);
    for (int round = 0; round < 40; round++) {
        int first = round % 2 * (PAIRS / 2), busy = first + round / 4;

        assert_int_equal(sock_send(ends[busy][1], "x", 1, 0), 1);
        for (int i = 0; i < PAIRS / 2; i++)
            now[i] = ends[first + i][0];
        assert_int_equal(sock_select(now, PAIRS / 2, NULL, 0, NULL, 0, 5000),
                         1);
        assert_ptr_equal(now[busy - first], ends[busy][0]);
        assert_int_equal(sock_recv(ends[busy][0], &byte, 1, 0), 1);
    }
    for (int i = 0; i < PAIRS; i++)
        close_pair(ends[i]);
}

/* Each array is answered by itself, so none may be another's. */
static void arrays_that_overlap_are_refused(void **state)
{
    sock_t *s      = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *now[4] = {s, s, s, s};

    (void)state;
    assert_int_equal(sock_select(now, 4, now, 4, NULL, 0, 0), -1);
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_int_equal(sock_select(now, 2, NULL, 0, now + 1, 3, 0), -1);
    assert_int_equal(sock_select(NULL, 0, now + 1, 3, now, 2, 0), -1);
    for (int i = 0; i < 4; i++)
        assert_ptr_equal(now[i], s);
    assert_int_equal(sock_select(now, 2, now + 2, 2, now + 1, 0, 0), 2);
    sock_close(s);
}

/* ---- nothing to be told ---- */

/* Nothing is asked of the system about what is no longer in the arrays. */
static void what_left_the_arrays_wakes_nobody(void **state)
{
    sock_t *a[2], *b[2], *now[8];
    int64_t begin;

    (void)state;
    tcp_pair(a);
    tcp_pair(b);
    for (int i = 0; i < 8; i++)
        now[i] = i % 2 ? a[0] : b[0];
    assert_int_equal(sock_select(now, 8, NULL, 0, NULL, 0, 0), 0);
    assert_int_equal(sock_send(a[1], "x", 1, 0), 1);
    for (int i = 0; i < 8; i++)
        now[i] = b[0];
    begin = now_ms();
    assert_int_equal(sock_select(now, 8, NULL, 0, NULL, 0, 30), 0);
    assert_true(now_ms() - begin >= 29);
    close_pair(a);
    close_pair(b);
}

/* An end is told again and again, urgent data too, until it is dealt with. */
static void urgent_data_is_told_until_it_is_read(void **state)
{
    sock_t *pair[2], *now[1];
    char    byte;

    (void)state;
    tcp_pair(pair);
    assert_int_equal(sock_send(pair[1], "!", 1, MSG_OOB), 1);
    for (int round = 0; round < 3; round++) {
        now[0] = pair[0];
        assert_int_equal(sock_select(NULL, 0, NULL, 0, now, 1, 5000), 1);
        assert_ptr_equal(now[0], pair[0]);
    }
    assert_int_equal(sock_recv(pair[0], &byte, 1, MSG_OOB), 1);
    now[0] = pair[0];
    assert_int_equal(sock_select(NULL, 0, NULL, 0, now, 1, 10), 0);
    close_pair(pair);
}

/* ---- signals ---- */

static sock_t      *from_handler[1];
static volatile int handler_result;

static void select_in_handler(int number)
{
    sock_t *now[1] = {from_handler[0]};

    (void)number;
    handler_result = sock_select(NULL, 0, now, 1, NULL, 0, 0);
}

/* The arrays are as they were; a handler that interrupts it may select, too. */
static void a_signal_changes_nothing(void **state)
{
    struct sigaction act = {.sa_handler = select_in_handler}, old;
    sock_t          *pair[2], *now[6], *before[6];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    from_handler[0] = pair[1];
    for (int i = 0; i < 6; i++)
        now[i] = before[i] = i == 2 ? NULL : pair[0];
    sigaction(SIGALRM, &act, &old);
    ualarm(20000, 0);
    assert_int_equal(sock_select(now, 6, NULL, 0, NULL, 0, 20000), -1);
    assert_int_equal(sock_last_error(NULL), EINTR);
    assert_memory_equal(now, before, sizeof now);
    assert_int_equal(handler_result, 1);
    sigaction(SIGALRM, &old, NULL);
    alarm(110);
    close_pair(pair);
}

/* A stop is no handler; the time goes on. */
static void a_stop_is_no_signal(void **state)
{
    sock_t *pair[2];
    int     status = -1;
    pid_t   child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    if (!(child = fork())) {
        sock_t *now[6];

        for (int i = 0; i < 6; i++)
            now[i] = pair[0];
        _exit(sock_select(now, 6, NULL, 0, NULL, 0, 200));
    }
    for (int i = 0; i < 3; i++) {
        wait_until_asleep(child);
        kill(child, SIGSTOP);
        waitpid(child, &status, WUNTRACED);
        kill(child, SIGCONT);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    close_pair(pair);
}

/* ---- descriptors that go ---- */

static int lose_descriptors(void)
{
    sock_t *pair[2], *now[6];
    int     taken[8];

    unix_pair(SOCK_STREAM, pair);
    for (int i = 0; i < 6; i++)
        now[i] = pair[0];
    if (sock_select(now, 6, NULL, 0, NULL, 0, 0))
        return 1;
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    for (int i = 0; i < 8; i++)
        taken[i] = dup(0);
    unix_pair(SOCK_STREAM, pair);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 6; i++)
            now[i] = pair[0];
        if (sock_select(now, 6, NULL, 0, NULL, 0, 0))
            return 2;
    }
    for (int i = 0; i < 8; i++)
        if (close(taken[i]))
            return 3;
    return 0;
}

/* What has the numbers now is not the set's. */
static void who_closed_all_descriptors_selects_on(void **state)
{
    int   status = -1;
    pid_t child;

    (void)state;
    if (!(child = fork()))
        _exit(lose_descriptors());
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* ---- fork ---- */

static int select_one(sock_t *s, int timeout_ms)
{
    sock_t *now[6];
    int     ready;

    for (int i = 0; i < 6; i++)
        now[i] = s;
    ready = sock_select(now, 6, NULL, 0, NULL, 0, timeout_ms);
    return ready == 6 ? 1 : ready;
}

/* The parent's set takes no descriptor of the child's. */
static int be_a_child(sock_t *pair[2], int descriptors)
{
    char byte;

    if (open_descriptors() != descriptors || select_one(pair[0], 0))
        return 1;
    if (sock_send(pair[1], "c", 1, 0) != 1 || select_one(pair[0], 5000) != 1)
        return 2;
    if (sock_recv(pair[0], &byte, 1, 0) != 1 || select_one(pair[0], 0))
        return 3;
    sock_close(pair[0]);
    return select_one(pair[0], 0) == 1 ? 0 : 4;
}

/* What the child selects and closes is nothing to the parent's set. */
static void a_child_has_a_set_of_its_own(void **state)
{
    sock_t *pair[2];
    int     status = -1;
    pid_t   child;
    int     descriptors = open_descriptors() + 2 - kept_descriptors;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_int_equal(select_one(pair[0], 0), 0);
    if (!(child = fork()))
        _exit(be_a_child(pair, descriptors));
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(select_one(pair[0], 0), 0);
    assert_int_equal(sock_send(pair[1], "p", 1, 0), 1);
    assert_int_equal(select_one(pair[0], 5000), 1);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_what_poll_says),
        cmocka_unit_test(all_that_are_ready_are_told),
        cmocka_unit_test(the_buffered_and_the_others_are_all_told),
        cmocka_unit_test(two_sets_in_turn_do_not_mix),
        cmocka_unit_test(arrays_that_overlap_are_refused),
        cmocka_unit_test(what_left_the_arrays_wakes_nobody),
        cmocka_unit_test(urgent_data_is_told_until_it_is_read),
        cmocka_unit_test(a_signal_changes_nothing),
        cmocka_unit_test(a_stop_is_no_signal),
        cmocka_unit_test(who_closed_all_descriptors_selects_on),
        cmocka_unit_test(a_child_has_a_set_of_its_own),
    };

    return run_every_way("select", tests);
}
