/* test_poll_changes.c - proves that changes without end neither stretch a wait
 * in progress nor pile up during it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/member.h"

#include "support/backends.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct changer {
    sock_poll_t *set;
    sock_t      *s;
    _Atomic bool stop;
};

static void *modify_without_end(void *arg)
{
    struct changer *c = arg;

    while (!c->stop)
        sock_poll_modify(c->set, c->s, LIBSOCK_POLL_READ, NULL);
    return NULL;
}

static void changes_do_not_stretch_a_wait(void **state)
{
    sock_t        *pair[2];
    sock_event_t   event;
    struct changer c = {.set = new_set()};
    pthread_t      thread;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    watch(c.set, c.s = pair[0], LIBSOCK_POLL_READ);
    pthread_create(&thread, NULL, modify_without_end, &c);
    for (int i = 0; i < 20; i++) {
        int64_t begun = now_ms();

        assert_int_equal(sock_poll_wait(c.set, &event, 1, 10), 0);
        assert_true(now_ms() - begun < 2000);
    }
    c.stop = true;
    pthread_join(thread, NULL);
    sock_poll_free(c.set);
    close_pair(pair);
}

static size_t ended_members(sock_poll_t *set)
{
    size_t count;

    pthread_mutex_lock(&set->lock);
    count = set->gone_count;
    pthread_mutex_unlock(&set->lock);
    return count;
}

static void members_that_end_during_a_wait_do_not_pile_up(void **state)
{
    sock_t       *pair[2];
    struct waiter w;
    sock_poll_t  *set  = new_set();
    size_t        most = 0;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    waiter_start(&w, set);
    for (int i = 0; i < 20000; i++) {
        watch(set, pair[0], LIBSOCK_POLL_READ);
        assert_true(sock_poll_remove(set, pair[0]));
        while (i % 1000 == 999 && ended_members(set) >= 256)
            usleep(1000); /* the waiter has its turn */
        if (ended_members(set) > most)
            most = ended_members(set);
    }
    assert_true(most < 2000);
    assert_true(sock_poll_wake(set));
    assert_int_equal(waiter_join(&w), 0);
    sock_poll_free(set);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_do_not_stretch_a_wait),
        cmocka_unit_test(members_that_end_during_a_wait_do_not_pile_up),
    };

    return run_on_every_backend("poll_changes", tests);
}
