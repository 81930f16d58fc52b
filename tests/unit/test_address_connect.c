/* test_address_connect.c - proves that a socket that is being connected, whose
 * handle nobody was given yet, is left to no one: neither to a child of a fork
 * nor to a caller who guesses the handle.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/handle.h"

#include "support/net.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct connecting {
    struct full      full;
    sock_addrinfo_t *list;
    sock_t          *got;
    int              error;
    _Atomic int      tid;
    pthread_t        thread;
};

static void *connect_it(void *arg)
{
    struct connecting *c = arg;

    c->tid   = gettid();
    c->got   = sock_addrinfo_connect(c->list);
    c->error = sock_last_error(NULL);
    return NULL;
}

/* Returns while the connect waits. */
static void start(struct connecting *c)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char                  port[16];

    full_backlog(AF_INET, &c->full);
    snprintf(port, sizeof port, "%d", c->full.port);
    assert_true(sock_addrinfo_lookup(c->full.address, port, &hints, &c->list));
    pthread_create(&c->thread, NULL, connect_it, c);
    while (!c->tid)
        sched_yield();
    wait_until_asleep(c->tid);
}

/* What no caller can know without looking at every slot. */
static struct sk_sock *untold(void)
{
    for (uint32_t id = 1; id <= sk_handle_slots; id++) {
        struct sk_sock *s = sk_handle_slot(id);

        if ((sk_sock_flags(s) & SK_UNTOLD) && !sk_handle_closing(s))
            return s;
    }
    return NULL;
}

static void a_guessed_close_ends_the_connect(void **state)
{
    struct connecting c = {.got = NULL};
    struct sk_sock   *s;

    (void)state;
    start(&c);
    s = untold();
    SK_ASSERT(s);
    assert_true(sock_close(sk_handle_of(s)));
    pthread_join(c.thread, NULL);
    assert_null(c.got);
    assert_int_equal(c.error, ECANCELED);
    assert_null(untold());
    sock_addrinfo_free(c.list);
    close_full(&c.full);
}

/* In the child: the handle is closed, and so is the copy of the descriptor. */
static int look_for(sock_t *handle, int fd)
{
    if (fcntl(fd, F_GETFD) != -1)
        return 1;
    return sock_fd(handle) == -1 && sock_last_error(handle) == EBADF ? 0 : 2;
}

static void a_child_of_a_fork_keeps_no_copy(void **state)
{
    struct connecting c = {.got = NULL};
    struct sk_sock   *s;
    sock_t           *handle;
    pid_t             child;
    int               status = -1;

    (void)state;
    start(&c);
    s = untold();
    SK_ASSERT(s);
    handle = sk_handle_of(s);
    if (!(child = fork()))
        _exit(look_for(handle, s->fd));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(sock_close(handle));
    pthread_join(c.thread, NULL);
    assert_int_equal(c.error, ECANCELED);
    sock_addrinfo_free(c.list);
    close_full(&c.full);
}

static void a_child_keeps_what_its_parent_was_given(void **state)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    sock_addrinfo_t      *list  = NULL;
    sock_t               *s;
    pid_t                 child;
    int                   status = -1;

    (void)state;
    assert_true(sock_addrinfo_lookup("127.0.0.1", "9", &hints, &list));
    s = sock_addrinfo_connect(list);
    assert_non_null(s);
    if (!(child = fork()))
        _exit(sock_fd(s) >= 0 && sock_close(s) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sock_addrinfo_free(list);
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guessed_close_ends_the_connect),
        cmocka_unit_test(a_child_of_a_fork_keeps_no_copy),
        cmocka_unit_test(a_child_keeps_what_its_parent_was_given),
    };

    return cmocka_run_group_tests_name("address_connect", tests,
                                       count_descriptors, compare_descriptors);
}
