/* test_handle_lives.c - proves that a slot's lives, holders and turns are
 * counted as handle.h says, up to their ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static sock_t *open_one(struct sk_sock **out)
{
    struct sk_sock *s;

    assert_int_equal(sk_handle_reserve(&s), 0);
    if (out)
        *out = s;
    return sk_handle_publish(s);
}

static uint64_t holders(struct sk_sock *s)
{
    return (s->word & SK_HOLDERS_MASK) / SK_HOLDER;
}

/* Two threads on two handles never share a cache line; and a handle stays
 * small: see docs/performance.md. */
static void a_slot_has_cache_lines_of_its_own(void **state)
{
    struct sk_sock *s;
    sock_t         *h = open_one(&s);

    (void)state;
    assert_int_equal((uintptr_t)s % 64, 0);
    assert_int_equal(sizeof *s % 64, 0);
    assert_true(sizeof *s <= 256);
    sk_handle_close(h);
}

static void a_reserved_slot_has_no_handle_yet(void **state)
{
    struct sk_sock *s;
    uint64_t        held;
    sock_t         *h = open_one(&s);

    (void)state;
    assert_int_equal(sk_handle_close(h), 0);
    assert_null(sk_handle_hold(h, SK_HOLDER, &held));
    assert_int_equal(sk_handle_refusal(h), EBADF);
    assert_int_equal(sk_handle_close(h), EBADF);
}

static void free_slots_are_used_oldest_first(void **state)
{
    struct sk_sock *a, *b, *again;
    sock_t         *ha = open_one(&a);
    sock_t         *hb = open_one(&b);

    (void)state;
    sk_handle_close(ha);
    sk_handle_close(hb);
    for (int i = 0; i < 2; i++) {
        sock_t *h = open_one(&again);

        assert_ptr_equal(again, i ? b : a);
        sk_handle_close(h);
    }
}

/* The slot leaves the free list for good: no word ever names it again. */
static void a_slot_out_of_lives_is_retired(void **state)
{
    const uint64_t  last_life = UINT32_MAX;
    struct sk_sock *s, *other;
    sock_t         *h;

    (void)state;
    if (sizeof(void *) < 8)
        skip();
    assert_int_equal(sk_handle_reserve(&s), 0);
    s->word = last_life << 32 | SK_CLOSING;
    h       = sk_handle_publish(s);
    assert_int_equal(sk_handle_close(h), 0);
    assert_int_equal(sk_handle_refusal(h), EBADF);
    for (int i = 0; i < 600; i++) {
        sock_t *more = open_one(&other);

        assert_ptr_not_equal(other, s);
        sk_handle_close(more);
    }
}

static void one_call_too_many_is_refused(void **state)
{
    struct sk_sock *s;
    uint64_t        held;
    unsigned        count = 0;
    sock_t         *h     = open_one(&s);

    (void)state;
    while (sk_handle_hold(h, SK_HOLDER | SK_BLOCKED, &held))
        count++;
    assert_int_equal(count, 8192);
    assert_null(sk_handle_hold(h, SK_HOLDER, &held));
    assert_int_equal(sk_handle_refusal(h), EBUSY);
    assert_int_equal(sk_handle_close(h), 0);
    assert_int_equal(holders(s), count);
    while (count--)
        sk_handle_release(s, SK_HOLDER | SK_BLOCKED);
    assert_int_equal(holders(s), 0);
}

static void the_turn_is_given_to_one(void **state)
{
    struct sk_sock *s;
    uint64_t        first = 0, second = 0;
    sock_t         *h = open_one(&s);

    (void)state;
    assert_ptr_equal(sk_handle_hold(h, SK_HOLDER | SK_TURN, &first), s);
    assert_ptr_equal(sk_handle_hold(h, SK_HOLDER | SK_TURN, &second), s);
    assert_true(first & SK_TURN);
    assert_false(second & SK_TURN);
    assert_false(sk_handle_take_turn(s));
    sk_handle_release(s, first);
    assert_true(sk_handle_take_turn(s));
    sk_handle_release(s, second | SK_TURN);
    assert_int_equal(s->word & (SK_TURN | SK_HOLDERS_MASK), 0);
    sk_handle_close(h);
}

/* The closer does not wait; the last one out empties the slot. */
static void the_last_holder_empties_a_closed_slot(void **state)
{
    struct sk_sock *s;
    uint64_t        held, life;
    sock_t         *h = open_one(&s);

    (void)state;
    assert_ptr_equal(sk_handle_hold(h, SK_HOLDER, &held), s);
    life = s->word & SK_LIFE_MASK;
    assert_int_equal(sk_handle_close(h), 0);
    assert_true(sk_handle_closing(s));
    assert_int_equal(s->word & SK_LIFE_MASK, life);
    sk_handle_release(s, held);
    assert_int_not_equal(s->word & SK_LIFE_MASK, life);
}

static void detaching_needs_the_only_holder(void **state)
{
    struct sk_sock *s;
    uint64_t        held;
    int             fd;
    sock_t         *h = open_one(&s);

    (void)state;
    assert_ptr_equal(sk_handle_hold(h, SK_HOLDER, &held), s);
    assert_ptr_equal(sk_handle_hold(h, SK_HOLDER, &held), s);
    assert_int_equal(sk_handle_detach(s, &fd), EBUSY);
    sk_handle_release(s, held);
    assert_int_equal(sk_handle_detach(s, &fd), 0);
    assert_int_equal(fd, -1);
    sk_handle_release(s, held);
    assert_int_equal(sk_handle_close(h), EBADF);
}

/* What another thread had half done: the child closes its copies. */
static void a_forked_child_keeps_nothing_half_done(void **state)
{
    struct sk_sock *making, *connecting;
    int             status = -1, fd = dup(1);
    sock_t         *h = open_one(&connecting);
    pid_t           child;

    (void)state;
    assert_int_equal(sk_handle_reserve(&making), 0);
    making->fd = fd;
    sk_sock_raise(connecting, SK_CONNECTING);
    connecting->selectors = 3;
    if (!(child = fork())) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
            _exit(1);
        if (sk_sock_flags(connecting) & SK_CONNECTING)
            _exit(2);
        _exit(connecting->selectors ? 3 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sk_handle_discard(making);
    sk_handle_close(h);
}

static void many_slots_have_many_numbers(void **state)
{
    enum { COUNT = 2000 };
    static sock_t *h[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++)
        h[i] = open_one(NULL);
    for (int i = 1; i < COUNT; i++)
        assert_int_not_equal(sk_handle_id(h[i]), sk_handle_id(h[i - 1]));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(sk_handle_close(h[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_has_cache_lines_of_its_own),
        cmocka_unit_test(a_reserved_slot_has_no_handle_yet),
        cmocka_unit_test(free_slots_are_used_oldest_first),
        cmocka_unit_test(a_slot_out_of_lives_is_retired),
        cmocka_unit_test(one_call_too_many_is_refused),
        cmocka_unit_test(the_turn_is_given_to_one),
        cmocka_unit_test(the_last_holder_empties_a_closed_slot),
        cmocka_unit_test(detaching_needs_the_only_holder),
        cmocka_unit_test(a_forked_child_keeps_nothing_half_done),
        cmocka_unit_test(many_slots_have_many_numbers),
    };

    return cmocka_run_group_tests_name("handle_lives", tests, NULL, NULL);
}
