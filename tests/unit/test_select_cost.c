/* test_select_cost.c - proves what a select costs: one look at the system a
 * call, one change for what is different, and no changes for sets that are
 * asked for once.
 *
 * The backend of the kept set is the system's own, with a counter before it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/kept.h"
#include "core/poll.h"
#include "support/ways.h"

#include <string.h>

enum { MANY = 200, ROUNDS = 50 };

static int changes, looks;

static sk_err add(void *state, struct sk_poller_node *node)
{
    changes++;
    return sk_poller_epoll.add(state, node);
}

static sk_err modify(void *state, struct sk_poller_node *node)
{
    changes++;
    return sk_poller_epoll.modify(state, node);
}

static void take_out(void *state, struct sk_poller_node *node)
{
    changes++;
    sk_poller_epoll.remove(state, node);
}

static sk_err wait_for(void *state, size_t max, int timeout_ms, size_t *found)
{
    looks++;
    return sk_poller_epoll.wait(state, max, timeout_ms, found);
}

static struct sk_poller counted;

static sock_t *all[MANY], *sender;

/* The first `count` of them, from `from` on. */
static int select_some(int from, int count)
{
    sock_t *now[MANY];

    memcpy(now, all + from, (size_t)count * sizeof *now);
    return sock_select(now, (size_t)count, NULL, 0, NULL, 0, 0);
}

static void assert_cost(int most_changes, int exact_looks)
{
    assert_in_range(changes, 0, most_changes);
    assert_int_equal(looks, exact_looks);
    changes = looks = 0;
}

/* The first calls go to poll(2); then the set is made, once. */
static void settle(int from, int count)
{
    for (int i = 0; i < 10; i++)
        assert_int_equal(select_some(from, count), 0);
    assert_in_range(looks, 5, 10);
    changes = looks = 0;
}

static void the_same_again_is_one_look(void **state)
{
    char byte;

    (void)state;
    settle(0, MANY);
    for (int i = 0; i < ROUNDS; i++)
        select_some(0, MANY);
    assert_cost(0, ROUNDS);
    assert_int_equal(
        sock_sendto(sender, "x", 1, 0, "127.0.0.1", port_of(all[MANY / 2])), 1);
    assert_int_equal(select_some(0, MANY), 1);
    assert_cost(0, 1);
    assert_int_equal(sock_recv(all[MANY / 2], &byte, 1, 0), 1);
}

static void one_more_is_one_change_and_one_less_is_none(void **state)
{
    sock_t *old = all[0];

    (void)state;
    settle(0, MANY);
    select_some(1, MANY - 1); /* the first left: the others moved up */
    assert_cost(0, 1);
    select_some(0, MANY); /* and came again */
    assert_cost(0, 1);
    all[0] = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_bind(all[0], "127.0.0.1", 0);
    select_some(0, MANY); /* another one came in its place */
    assert_cost(1, 1);
    sock_close(old);
    select_some(0, MANY);
    assert_in_range(changes, 0, 1); /* the close's own */
    changes = looks = 0;
}

/* What left is watched until something comes for it. */
static void what_left_is_noticed_once(void **state)
{
    char byte;

    (void)state;
    settle(0, MANY);
    assert_int_equal(
        sock_sendto(sender, "x", 1, 0, "127.0.0.1", port_of(all[0])), 1);
    assert_int_equal(select_some(1, MANY - 1), 0);
    assert_int_equal(changes, 1);
    changes = looks = 0;
    assert_int_equal(select_some(1, MANY - 1), 0);
    assert_cost(0, 1);
    assert_int_equal(select_some(0, MANY), 1);
    assert_cost(1, 1);
    assert_int_equal(sock_recv(all[0], &byte, 1, 0), 1);
}

static void what_is_asked_once_is_not_followed(void **state)
{
    sock_t *now[20], *others[20];

    (void)state;
    settle(0, MANY);
    for (int i = 0; i < 20; i++)
        now[i] = others[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_select(now, 20, NULL, 0, NULL, 0, 0);
    assert_cost(0, 0);
    select_some(0, MANY);
    assert_cost(0, 1);
    for (int i = 0; i < 20; i++)
        sock_close(others[i]);
}

static void sets_in_turn_are_both_known(void **state)
{
    (void)state;
    settle(0, MANY);
    for (int i = 0; i < ROUNDS; i++)
        select_some(i % 2 ? MANY / 2 : 0, MANY / 2);
    assert_cost(0, ROUNDS);
}

/* Writable is what most are: who is no longer asked for would wake each call.
 */
static void who_may_write_is_left_at_once(void **state)
{
    sock_t *now[MANY], *one[1] = {all[0]};

    (void)state;
    settle(0, MANY);
    memcpy(now, all, sizeof now);
    assert_int_equal(sock_select(now, MANY, one, 1, NULL, 0, 0), 1);
    assert_cost(1, 1);
    select_some(0, MANY);
    assert_cost(1, 1);
}

/* poll(2) is cheaper for them; a quiet call goes back to the set. */
static void where_most_are_ready_no_set_is_asked(void **state)
{
    sock_t *now[MANY];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        memcpy(now, all, sizeof now);
        assert_int_equal(sock_select(NULL, 0, now, MANY, NULL, 0, 0), MANY);
    }
    assert_in_range(looks, 0, 4);
    assert_int_equal(select_some(0, MANY), 0);
    settle(0, MANY);
}

/* ---- what is remembered ---- */

static void closed_handles_are_forgotten(void **state)
{
    struct sk_kept   k;
    sock_t          *slots[MANY];
    struct sk_select call = {.arrays = {{slots, MANY}}, .slots = MANY};

    (void)state;
    sk_kept_init(&k);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < MANY; i++) /* never the same, each twice */
            slots[i] = (sock_t *)(uintptr_t)(round * MANY + i / 2 + 1);
        assert_int_equal(sk_kept_follow(&k, &call), 0);
        assert_int_equal(k.entry_count, MANY / 2);
        assert_int_equal(k.handle_count, MANY);
    }
    sk_kept_fini(&k);
}

static int set_up(void **state)
{
    counted        = sk_poller_epoll;
    counted.add    = add;
    counted.modify = modify;
    counted.remove = take_out;
    counted.wait   = wait_for;
    for (int i = 0; i < MANY; i++) {
        all[i] = sock_create(AF_INET, SOCK_DGRAM, 0);
        sock_bind(all[i], "127.0.0.1", 0);
    }
    sender = sock_create(AF_INET, SOCK_DGRAM, 0);
    return use(SK_SELECT_BEST, &counted, 2, state);
}

static int tear_down(void **state)
{
    int result = compare_descriptors(state);

    for (int i = 0; i < MANY; i++)
        sock_close(all[i]);
    sock_close(sender);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again_is_one_look),
        cmocka_unit_test(one_more_is_one_change_and_one_less_is_none),
        cmocka_unit_test(what_left_is_noticed_once),
        cmocka_unit_test(what_is_asked_once_is_not_followed),
        cmocka_unit_test(sets_in_turn_are_both_known),
        cmocka_unit_test(who_may_write_is_left_at_once),
        cmocka_unit_test(where_most_are_ready_no_set_is_asked),
        cmocka_unit_test(closed_handles_are_forgotten),
    };

    return cmocka_run_group_tests_name("select cost", tests, set_up, tear_down);
}
