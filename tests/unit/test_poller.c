/* test_poller.c - proves what a backend of poll sets does when a change comes
 * between the system's answer and its telling.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/poller.h"

#include "support/net.h"

#include <unistd.h>

#include <sys/eventfd.h>

static const struct sk_poller *const backends[] = {&sk_poller_epoll,
                                                   &sk_poller_poll};

/* An EDGE that is asked for something else is told of that, whatever was found
 * before. */
static void a_change_behind_the_answer_loses_no_edge(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct sk_poller *b      = backends[i];
        struct sk_poller_node   node   = {.fd     = eventfd(1, 0),
                                          .events = LIBSOCK_POLL_READ |
                                                    LIBSOCK_POLL_EDGE};
        unsigned                events = 0;
        void                   *set;
        size_t                  found;

        assert_int_equal(b->open(&set), 0);
        assert_int_equal(b->add(set, &node), 0);
        if (b->begin)
            assert_int_equal(b->begin(set), 0);
        assert_int_equal(b->wait(set, 8, 0, &found), 0);
        node.events = LIBSOCK_POLL_WRITE | LIBSOCK_POLL_EDGE;
        assert_int_equal(b->modify(set, &node), 0);
        assert_null(b->next(set, &events));
        if (b->begin)
            assert_int_equal(b->begin(set), 0);
        assert_int_equal(b->wait(set, 8, 0, &found), 0);
        assert_ptr_equal(b->next(set, &events), &node);
        assert_int_equal(events, LIBSOCK_POLL_WRITE);
        assert_null(b->next(set, &events));
        b->remove(set, &node);
        b->shut(set);
        close(node.fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_behind_the_answer_loses_no_edge),
    };

    return cmocka_run_group_tests_name("poller", tests, NULL, NULL);
}
