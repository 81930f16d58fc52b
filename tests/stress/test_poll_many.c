/* test_poll_many.c - proves that the promises of a poll set hold for ten
 * thousand members: everybody who is ready is told, and nobody else.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <string.h>
#include <sys/resource.h>

/* Both ends of every pair are members. A few pairs are TCP: there a line read
 * buffers what is behind its line. */
enum { MANY = 10000, TCP = 400, ROOM = 256, NEEDED = MANY + 100 };

struct member {
    sock_t *s;
    int     told; /* how often */
    int     due;  /* how often it should be */
};

static struct member members[MANY];

/* The same numbers every time. */
static unsigned random_below(unsigned limit)
{
    static unsigned seed = 1;

    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % limit;
}

/* Its peer stands beside it. */
static sock_t *peer_of(int i)
{
    return members[i ^ 1].s;
}

/* ---- sets ---- */

static bool allow_many(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= NEEDED)
        return true;
    limit.rlim_cur = NEEDED;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int open_members(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i += 2) {
        sock_t *pair[2];

        if (i < TCP)
            tcp_pair(pair);
        else
            unix_pair(SOCK_STREAM, pair);
        members[i].s     = pair[0];
        members[i + 1].s = pair[1];
    }
    return 0;
}

static int close_members(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        if (members[i].s)
            sock_close(members[i].s);
    return 0;
}

static void start_over(void)
{
    for (int i = 0; i < MANY; i++)
        members[i].told = members[i].due = 0;
}

static sock_poll_t *set_of_all(unsigned events)
{
    sock_poll_t *set = new_set();

    for (int i = 0; i < MANY; i++)
        assert_true(sock_poll_add(set, members[i].s, events, &members[i]));
    start_over();
    return set;
}

/* One wait: counts who is told. */
static int hear(sock_poll_t *set, sock_event_t *events, int timeout_ms)
{
    int n = sock_poll_wait(set, events, ROOM, timeout_ms);

    assert_true(n >= 0 && n <= ROOM);
    for (int i = 0; i < n; i++) {
        struct member *m = events[i].data;

        assert_ptr_equal(m->s, events[i].sock);
        m->told++;
    }
    return n;
}

static void everybody_was_told_what_was_due(void)
{
    for (int i = 0; i < MANY; i++)
        assert_int_equal(members[i].told, members[i].due);
}

/* Something for `count` of them, chosen at random: for each at most once. */
static void send_to_some(int count, const char *text)
{
    while (count) {
        int i = (int)random_below(MANY);

        if (members[i].due || !members[i].s)
            continue;
        put(peer_of(i), text);
        wait_readable(members[i].s);
        members[i].due = 1;
        count--;
    }
}

/* Hear and take what is there until all is told that is due. */
static void take_all(sock_poll_t *set, int due)
{
    sock_event_t events[ROOM];

    while (due > 0) {
        int n = hear(set, events, 5000);

        assert_true(n > 0);
        due -= n;
        for (int i = 0; i < n; i++) {
            assert_int_equal(events[i].events, LIBSOCK_POLL_READ);
            drain(events[i].sock);
        }
    }
    assert_int_equal(due, 0);
    assert_true(is_silent(set));
    everybody_was_told_what_was_due();
}

/* ---- the promises ---- */

static void one_of_ten_thousand_is_found(void **state)
{
    sock_poll_t *set = set_of_all(LIBSOCK_POLL_READ);

    (void)state;
    assert_true(is_silent(set));
    for (int i = 0; i < 50; i++) {
        sock_event_t events[ROOM];
        int          at = (int)random_below(MANY);

        put(peer_of(at), "x");
        assert_int_equal(hear(set, events, 5000), 1);
        assert_ptr_equal(events[0].sock, members[at].s);
        assert_int_equal(events[0].events, LIBSOCK_POLL_READ);
        drain(members[at].s);
        assert_true(is_silent(set));
    }
    sock_poll_free(set);
}

static void each_of_ten_thousand_is_told_once_in_oneshot_mode(void **state)
{
    const unsigned once = LIBSOCK_POLL_WRITE | LIBSOCK_POLL_ONESHOT;
    sock_poll_t   *set  = set_of_all(once);
    sock_event_t   events[ROOM];

    (void)state;
    for (int i = 0; i < MANY; i++)
        members[i].due = 1;
    for (int left = MANY; left > 0; left -= ROOM)
        assert_int_equal(hear(set, events, 0), left < ROOM ? left : ROOM);
    assert_true(is_silent(set));
    everybody_was_told_what_was_due();
    for (int i = 0; i < MANY; i += 100) {
        struct member *m = &members[i];

        assert_true(sock_poll_modify(set, m->s, once, m));
        m->due++;
    }
    assert_int_equal(hear(set, events, 0), MANY / 100);
    assert_true(is_silent(set));
    everybody_was_told_what_was_due();
    sock_poll_free(set);
}

static void each_of_ten_thousand_has_its_turn(void **state)
{
    sock_poll_t *set = set_of_all(LIBSOCK_POLL_WRITE);
    sock_event_t events[ROOM];

    (void)state;
    for (int i = 0; i < 2 * (MANY / ROOM + 1); i++)
        assert_int_equal(hear(set, events, 0), ROOM);
    for (int i = 0; i < MANY; i++)
        assert_true(members[i].told > 0);
    sock_poll_free(set);
}

static void those_written_to_are_told(unsigned modes)
{
    sock_poll_t *set = set_of_all(LIBSOCK_POLL_READ | modes);

    for (int round = 0; round < 5; round++) {
        send_to_some(600, "x");
        take_all(set, 600);
        start_over();
    }
    sock_poll_free(set);
}

static void exactly_those_written_to_are_told(void **state)
{
    (void)state;
    those_written_to_are_told(0);
}

static void exactly_those_written_to_are_told_in_edge_mode(void **state)
{
    (void)state;
    those_written_to_are_told(LIBSOCK_POLL_EDGE);
}

static void leave_two_lines(int i)
{
    put(peer_of(i), "first\nline\nline\n");
    wait_readable(members[i].s);
    line_is(members[i].s, "first\n");
}

/* Some before they are members, some afterwards; each wait takes one line of
 * each who is told. */
static void every_buffered_line_is_told(void **state)
{
    enum { CHOSEN = 600 };
    sock_event_t events[ROOM];
    sock_poll_t *set;
    int          lines = 0;

    (void)state;
    for (int i = 0; i < CHOSEN / 2; i++)
        leave_two_lines(i);
    set = set_of_all(LIBSOCK_POLL_READ);
    for (int i = CHOSEN / 2; i < CHOSEN; i++)
        leave_two_lines(i);
    for (int i = 0; i < CHOSEN; i++)
        members[i].due = 2;
    while (lines < 2 * CHOSEN) {
        int n = hear(set, events, 5000);

        assert_true(n > 0);
        for (int i = 0; i < n; i++, lines++)
            line_is(events[i].sock, "line\n");
    }
    assert_true(is_silent(set));
    everybody_was_told_what_was_due();
    sock_poll_free(set);
}

static void a_wait_among_ten_thousand_is_woken(void **state)
{
    sock_poll_t  *set = set_of_all(LIBSOCK_POLL_READ);
    struct waiter w;

    (void)state;
    for (int i = 0; i < 5; i++) {
        waiter_start(&w, set);
        assert_true(sock_poll_wake(set));
        assert_int_equal(waiter_join(&w), 0);
    }
    waiter_start(&w, set);
    put(peer_of(MANY / 2), "x");
    assert_int_equal(waiter_join(&w), 1);
    assert_ptr_equal(w.events[0].sock, members[MANY / 2].s);
    drain(members[MANY / 2].s);
    sock_poll_free(set);
}

/* ---- the members go ---- */

/* The pairs in random order. */
static void shuffle(int order[], int count)
{
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int k    = (int)random_below((unsigned)i + 1);
        int kept = order[i];

        order[i] = order[k];
        order[k] = kept;
    }
}

static void close_pair_at(int i)
{
    assert_true(sock_close(members[i].s));
    assert_true(sock_close(members[i + 1].s));
    members[i].s = members[i + 1].s = NULL;
}

static int count_due(void)
{
    int due = 0;

    for (int i = 0; i < MANY; i++) {
        if (!members[i].s)
            members[i].due = 0;
        due += members[i].due;
    }
    return due;
}

/* Every other pair goes, and then the rest. */
static void those_that_stay_work_when_half_are_closed(void **state)
{
    static int   order[MANY / 4];
    sock_poll_t *set = set_of_all(LIBSOCK_POLL_READ);

    (void)state;
    shuffle(order, MANY / 4);
    send_to_some(300, "x"); /* some that go have something to tell */
    for (int i = 0; i < MANY / 4; i++)
        close_pair_at(4 * order[i]);
    take_all(set, count_due());
    start_over();
    send_to_some(600, "y");
    take_all(set, 600);
    for (int i = 0; i < MANY / 4; i++)
        close_pair_at(4 * order[i] + 2);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

#define many(test)                                                             \
    cmocka_unit_test_setup_teardown(test, open_members, close_members)

int main(void)
{
    const struct CMUnitTest tests[] = {
        many(one_of_ten_thousand_is_found),
        many(each_of_ten_thousand_is_told_once_in_oneshot_mode),
        many(each_of_ten_thousand_has_its_turn),
        many(exactly_those_written_to_are_told),
        many(exactly_those_written_to_are_told_in_edge_mode),
        many(every_buffered_line_is_told),
        many(a_wait_among_ten_thousand_is_woken),
        many(those_that_stay_work_when_half_are_closed),
    };

    if (allow_many())
        return run_on_every_backend("poll_many", tests);
    print_message("SKIPPED: the hard limit on descriptors is below %d\n",
                  NEEDED);
    return 0;
}
