/* test_poll_stale.c - proves that no event comes of a member that is gone,
 * whatever is opened in its place meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

static const unsigned modes[] = {0, LIBSOCK_POLL_EDGE, LIBSOCK_POLL_ONESHOT,
                                 LIBSOCK_POLL_EDGE | LIBSOCK_POLL_ONESHOT};

#define ROUNDS (8000 / STRESS_SCALE)

/* One life of a member: its data. */
struct life {
    _Atomic(sock_t *) s;
    _Atomic long      last_wait; /* the latest wait that told of it; 0 none */
    long              end; /* no wait after this one may: it began before */
};

static struct life  lives[ROUNDS];
static _Atomic long waits; /* how many have begun */
static _Atomic bool stop;
static _Atomic long strangers;

/* Tells each life in which wait an event of it came, and never reads. */
static void *keep_waiting(void *set)
{
    while (!stop) {
        sock_event_t events[4];
        long         now = ++waits;
        int          n   = sock_poll_wait(set, events, 4, -1);

        for (int i = 0; i < n; i++) {
            struct life *life = events[i].data;

            if (life->s != events[i].sock)
                strangers++;
            life->last_wait = now;
        }
    }
    return NULL;
}

/* Three ways for a membership to end. */
static void end_membership(sock_poll_t *set, sock_t *s, int way)
{
    if (way == 0) {
        assert_true(sock_close(s));
    } else if (way == 1) {
        assert_true(sock_poll_remove(set, s));
    } else {
        int copy = dup(sock_fd(s));

        assert_true(sock_close(s));
        close(copy);
    }
}

/* Ready from its first moment to its last, and beyond. */
static void live(sock_poll_t *set, int i)
{
    struct life *life = &lives[i];
    sock_t      *pair[2];

    unix_pair(SOCK_STREAM, pair);
    put(pair[0], "x");
    life->s = pair[1];
    assert_true(
        sock_poll_add(set, pair[1], LIBSOCK_POLL_READ | modes[i % 4], life));
    for (int k = i % 64; k; k--)
        sched_yield();
    while (i % 16 == 0 && !life->last_wait)
        sched_yield();
    end_membership(set, pair[1], i % 3);
    life->end = waits;
    sock_close(pair[1]);
    sock_close(pair[0]);
}

static void no_event_comes_of_a_member_that_is_gone(void **state)
{
    sock_poll_t *set  = new_set();
    long         seen = 0;
    pthread_t    thread;

    (void)state;
    memset(lives, 0, sizeof lives);
    stop      = false;
    strangers = 0;
    assert_int_equal(pthread_create(&thread, NULL, keep_waiting, set), 0);
    for (int i = 0; i < ROUNDS; i++)
        live(set, i);
    stop = true;
    assert_true(sock_poll_wake(set));
    pthread_join(thread, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        assert_true(lives[i].last_wait <= lives[i].end);
        seen += lives[i].last_wait > 0;
    }
    assert_int_equal(strangers, 0);
    assert_true(seen >= ROUNDS / 16);
    sock_poll_free(set);
}

/* Closes and changes of one member meet from two threads: each change is done
 * or refused, and in the end nothing is left in the set. */
struct duel {
    sock_poll_t      *set;
    _Atomic(sock_t *) s;
    _Atomic long      done;
    long              rounds, wrong;
    pthread_t         thread;
};

static bool is_refusal(int error)
{
    return error == EBADF || error == ENOENT || error == ECANCELED;
}

static void *change_until_closed(void *arg)
{
    const unsigned both = LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE;
    struct duel   *d    = arg;

    for (long i = 1; i <= d->rounds; i++) {
        sock_t *s;

        while (!(s = d->s))
            sched_yield();
        while (sock_poll_add(d->set, s, LIBSOCK_POLL_WRITE, s) &&
               sock_poll_modify(d->set, s, both, s) &&
               sock_poll_remove(d->set, s))
            ;
        if (!is_refusal(sock_last_error(s)))
            d->wrong++;
        d->s    = NULL;
        d->done = i;
    }
    return NULL;
}

static void a_change_that_races_a_close_is_done_or_refused(void **state)
{
    struct duel d = {.set = new_set(), .rounds = ROUNDS / 2};

    (void)state;
    assert_int_equal(pthread_create(&d.thread, NULL, change_until_closed, &d),
                     0);
    for (long i = 1; i <= d.rounds; i++) {
        sock_t *pair[2];

        unix_pair(SOCK_STREAM, pair);
        d.s = pair[0];
        for (volatile long spin = i * 37 % 4096; spin; spin--)
            ;
        assert_true(sock_close(pair[0]));
        while (d.done < i)
            sched_yield();
        assert_true(is_silent(d.set));
        sock_close(pair[1]);
    }
    pthread_join(d.thread, NULL);
    assert_int_equal(d.wrong, 0);
    sock_poll_free(d.set);
}

/* ---- a set goes while its member is used ---- */

/* Uses a member each time `round` rises: it knows nothing of the set. */
struct user {
    sock_t      *s;
    _Atomic long round, done;
    long         rounds, failed;
    pthread_t    thread;
};

static bool use(sock_t *s, long way)
{
    const int mode = LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT;
    char      bytes[8];

    if (way == 0)
        return sock_close(s);
    if (way == 1)
        return sock_read(s, bytes, 1, LIBSOCK_BINARY_READ) == 1;
    return sock_read(s, bytes, sizeof bytes, mode) == -1;
}

static void *use_members(void *arg)
{
    struct user *u = arg;

    for (long i = 1; i <= u->rounds; i++) {
        while (u->round < i)
            sched_yield();
        if (!use(u->s, i % 3))
            u->failed++;
        u->done = i;
    }
    return NULL;
}

/* Half a line is buffered, and silent: the read tells the set of the rest. */
static void free_under(struct user *u, long i)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    unix_pair(SOCK_STREAM, pair);
    put(pair[0], "abc");
    line_is_refused(pair[1]);
    set      = set_of(pair[1], LIBSOCK_POLL_READ);
    u->s     = pair[1];
    u->round = i;
    for (volatile long spin = i * 37 % 4096; spin; spin--)
        ;
    sock_poll_free(set);
    while (u->done < i)
        sched_yield();
    close_pair(pair);
}

/* No call on the set is in progress, so it may go, whatever its member does. */
static void a_set_may_be_freed_while_its_members_are_used(void **state)
{
    struct user u = {.rounds = ROUNDS};

    (void)state;
    assert_int_equal(pthread_create(&u.thread, NULL, use_members, &u), 0);
    for (long i = 1; i <= u.rounds; i++)
        free_under(&u, i);
    pthread_join(u.thread, NULL);
    assert_int_equal(u.failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_event_comes_of_a_member_that_is_gone),
        cmocka_unit_test(a_change_that_races_a_close_is_done_or_refused),
        cmocka_unit_test(a_set_may_be_freed_while_its_members_are_used),
    };

    return run_on_every_backend("poll_stale", tests);
}
